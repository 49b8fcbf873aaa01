//! Readings one by one, in the form that `davy import` takes.

use anyhow::Context;
use davy_history::{Found, Page, Sample};

use super::{
    Args,
    place::Place,
    sink::{Cell, Column, Kind, Sink},
    source::{Source, Stretch},
};

/// What a row has.
const COLUMNS: &[Column] = &[
    Column { name: "time", kind: Kind::Time },
    Column { name: "tag", kind: Kind::Name },
    Column { name: "value", kind: Kind::Number },
    Column { name: "unit", kind: Kind::Name },
    Column { name: "quality", kind: Kind::Name },
    Column { name: "arrival", kind: Kind::Time },
];

/// Readings fetched at a time.
const PAGE: usize = 20_000;

/// Writes all of them, tag by tag, each by time.
pub(super) async fn write(args: &Args, source: &Source, place: Place) -> anyhow::Result<u64> {
    let (series, stretch) = (source.series(args).await?, source.stretch(args).await?);
    let mut sink = Sink::open(place, COLUMNS)?;
    if let Some(stretch) = stretch {
        for of in &series {
            one(source, of, stretch, &mut sink).await.with_context(|| of.series.tag.to_string())?;
        }
    }
    sink.finish()
}

async fn one(source: &Source, of: &Found, stretch: Stretch, sink: &mut Sink) -> anyhow::Result<()> {
    let Stretch { from, until } = stretch;
    let mut page = Page { series: of.id, from, until, after: None, limit: PAGE };
    loop {
        let samples = source.store.readings(&page).await.context("reading history")?;
        for sample in &samples {
            sink.row(&row(of, sample))?;
        }
        let Some(last) = samples.last().filter(|_| samples.len() == PAGE) else { return Ok(()) };
        page.after = Some((last.time, last.value));
    }
}

fn row(of: &Found, sample: &Sample) -> [Cell; 6] {
    [
        Cell::Time(sample.time),
        Cell::text(&of.series.tag),
        sample.value.get().map_or(Cell::Null, Cell::Number),
        Cell::text(&of.series.unit),
        Cell::text(&sample.quality.to_string()),
        Cell::Time(sample.arrival),
    ]
}

//! Readings in buckets, as `TelemetryService.Query` tells them.

use std::time::Duration;

use anyhow::Context;
use davy_history::{Bucket, Found, HistoryError, aggregate, start_of};

use super::{
    Args,
    place::Place,
    sink::{Cell, Column, Kind, Sink},
    source::{Source, Stretch},
};
use crate::exit::Misuse;

/// What a row has. Those between `first` and `last` are of the readings that are evidence, and empty where there are none.
const COLUMNS: &[Column] = &[
    Column { name: "start", kind: Kind::Time },
    Column { name: "tag", kind: Kind::Name },
    Column { name: "unit", kind: Kind::Name },
    Column { name: "first", kind: Kind::Number },
    Column { name: "min", kind: Kind::Number },
    Column { name: "max", kind: Kind::Number },
    Column { name: "mean", kind: Kind::Number },
    Column { name: "last", kind: Kind::Number },
    Column { name: "count", kind: Kind::Count },
    Column { name: "share_good", kind: Kind::Number },
];

/// Buckets asked for at a time, at most.
const STRETCH_MAX: u32 = 10_000;
/// The narrowest there are.
const WIDTH_MIN: Duration = Duration::from_millis(1);

/// Whether buckets may be so wide.
pub(super) fn check(width: Duration) -> Result<(), Misuse> {
    if width < WIDTH_MIN || !width.subsec_nanos().is_multiple_of(1000) {
        return Err(Misuse("--every: at least 1ms, in whole microseconds".to_owned()));
    }
    Ok(())
}

/// Writes all that have readings, tag by tag, each by time.
pub(super) async fn write(
    args: &Args,
    source: &Source,
    width: Duration,
    place: Place,
) -> anyhow::Result<u64> {
    let (series, stretch) = (source.series(args).await?, source.stretch(args).await?);
    let mut sink = Sink::open(place, COLUMNS)?;
    if let Some(stretch) = stretch {
        for of in &series {
            one(source, of, stretch, width, &mut sink).await.with_context(|| of.series.tag.to_string())?;
        }
    }
    sink.finish()
}

async fn one(
    source: &Source,
    of: &Found,
    stretch: Stretch,
    width: Duration,
    sink: &mut Sink,
) -> anyhow::Result<()> {
    let mut at = start_of(stretch.from, width);
    let mut at_once = STRETCH_MAX;
    while at < stretch.until {
        let end = at.plus(width.saturating_mul(at_once)).min(stretch.until);
        let found = match aggregate(&*source.store, of.id, at, end, width).await {
            Ok(found) => found,
            // Too many readings for one answer: fewer buckets at once.
            Err(HistoryError::Asked(_)) if at_once > 1 => {
                at_once /= 2;
                continue;
            }
            Err(error) => return Err(error).context("reading history"),
        };
        for bucket in &found {
            sink.row(&row(of, bucket))?;
        }
        at = at.plus(width.saturating_mul(at_once));
    }
    Ok(())
}

fn row(of: &Found, bucket: &Bucket) -> [Cell; 10] {
    let number = |figure: Option<f64>| figure.map_or(Cell::Null, Cell::Number);
    let values = bucket.values;
    [
        Cell::Time(bucket.start),
        Cell::text(&of.series.tag),
        Cell::text(&of.series.unit),
        number(values.map(|values| values.first)),
        number(values.map(|values| values.min)),
        number(values.map(|values| values.max)),
        number(bucket.mean()),
        number(values.map(|values| values.last)),
        Cell::Count(bucket.readings),
        Cell::Number(bucket.share_good()),
    ]
}

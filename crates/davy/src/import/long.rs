//! CSV in Davy's own form: a reading a line.

use std::io::Read;

use anyhow::{Context, bail};
use csv::{Reader, ReaderBuilder, StringRecord};

use super::{
    found::Findings,
    judge::{Amount, Judge, Moment, Raw},
    rows::Batch,
};

/// A file that is being read.
pub(super) struct Long<'a> {
    reader: Reader<Box<dyn Read>>,
    file: String,
    columns: Columns,
    judge: Judge<'a>,
}

/// Where the cells of a row are.
pub(super) struct Columns {
    pub(super) time: usize,
    pub(super) tag: usize,
    pub(super) value: usize,
    pub(super) unit: Option<usize>,
    pub(super) quality: Option<usize>,
    pub(super) arrival: Option<usize>,
}

impl<'a> Long<'a> {
    /// Reads the header.
    pub(super) fn open(source: Box<dyn Read>, file: String, judge: Judge<'a>) -> anyhow::Result<Long<'a>> {
        let mut reader = ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(source);
        let header = reader.headers()?.iter().map(|name| name.trim_start_matches('\u{feff}'));
        let columns = Columns::of(&header.collect::<Vec<_>>())?;
        Ok(Long { reader, file, columns, judge })
    }

    /// The line that was read last, from 1.
    pub(super) fn line(&self) -> u64 {
        self.reader.position().line()
    }

    /// Reads so many lines, or what is left.
    pub(super) fn batch(&mut self, lines: usize, findings: &mut Findings) -> anyhow::Result<Batch> {
        let mut batch = Batch::default();
        let mut record = StringRecord::new();
        while batch.rows.len() < lines {
            let more = match self.reader.read_record(&mut record) {
                Ok(more) => more,
                Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                    batch.read += 1;
                    findings.add("not UTF-8", || format!("{}: {error}", self.file));
                    continue;
                }
                Err(error) => return Err(error).with_context(|| format!("reading {}", self.file)),
            };
            if !more {
                break;
            }
            batch.read += 1;
            match self.judge.row(&self.raw(&record)) {
                Ok(row) => batch.rows.push(row),
                Err((reason, told)) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    findings.add(reason, || format!("{}:{line}: {told}", self.file));
                }
            }
        }
        Ok(batch)
    }

    fn raw<'b>(&self, record: &'b StringRecord) -> Raw<'b> {
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let optional = |place: Option<usize>| place.map(cell).filter(|text| !text.is_empty());
        Raw {
            tag: cell(self.columns.tag),
            time: Moment::Text(cell(self.columns.time)),
            arrival: optional(self.columns.arrival).map(Moment::Text),
            value: Amount::Text(cell(self.columns.value)),
            unit: optional(self.columns.unit),
            quality: optional(self.columns.quality),
        }
    }
}

impl Columns {
    /// Where they are among these names.
    pub(super) fn of(names: &[&str]) -> anyhow::Result<Columns> {
        let find = |name: &str| names.iter().position(|found| *found == name);
        let needed = |name: &str| {
            find(name).with_context(|| {
                format!(
                    "no column {name}; expected time,tag,value,unit,quality with a header; --map says what other columns are"
                )
            })
        };
        let known = ["time", "tag", "value", "unit", "quality", "arrival"];
        if let Some(odd) = names.iter().find(|name| !known.contains(name)) {
            bail!(
                "column {odd:?} is none of {}; take it out, or say by --map what the columns are",
                known.join(", ")
            );
        }
        Ok(Columns {
            time: needed("time")?,
            tag: needed("tag")?,
            value: needed("value")?,
            unit: find("unit"),
            quality: find("quality"),
            arrival: find("arrival"),
        })
    }
}

//! Lines of a file in Davy's own form, as rows of history.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use anyhow::{Context, bail};
use csv::{Reader, ReaderBuilder, StringRecord};
use davy_history::Row;
use davy_model::{Quality, Timestamp, Unit, Value};
use flate2::bufread::MultiGzDecoder;

use super::{found::Findings, site::Tags};

/// The first bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file that is being read.
pub(super) struct Rows<'a> {
    reader: Reader<Box<dyn Read>>,
    file: String,
    columns: Columns,
    tags: &'a Tags,
    now: Timestamp,
}

/// Where the cells of a line are.
struct Columns {
    time: usize,
    tag: usize,
    value: usize,
    unit: Option<usize>,
    quality: Option<usize>,
    arrival: Option<usize>,
}

/// Some lines of a file.
#[derive(Default)]
pub(super) struct Batch {
    /// Lines read.
    pub(super) read: u64,
    /// Those that can be kept.
    pub(super) rows: Vec<Row>,
}

/// Why a line cannot be kept: the reason to count by, and the words.
type Refusal = (&'static str, String);

impl<'a> Rows<'a> {
    /// Opens a file and reads its header.
    pub(super) fn open(path: &Path, tags: &'a Tags, now: Timestamp) -> anyhow::Result<Rows<'a>> {
        let opening = || format!("reading {}", path.display());
        let mut plain = BufReader::new(File::open(path).with_context(opening)?);
        let packed = plain.fill_buf().with_context(opening)?.starts_with(&GZIP);
        let source: Box<dyn Read> =
            if packed { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) };
        let mut reader = ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(source);
        let columns = Columns::of(reader.headers().with_context(opening)?).with_context(opening)?;
        Ok(Rows { reader, file: path.display().to_string(), columns, tags, now })
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
            match self.row(&record) {
                Ok(row) => batch.rows.push(row),
                Err((reason, told)) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    findings.add(reason, || format!("{}:{line}: {told}", self.file));
                }
            }
        }
        Ok(batch)
    }

    fn row(&self, record: &StringRecord) -> Result<Row, Refusal> {
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let optional = |place: Option<usize>| place.map(cell).filter(|text| !text.is_empty());
        let name = cell(self.columns.tag);
        let (series, tag) = self.tags.find(name).ok_or_else(|| {
            ("unknown tag", format!("the site has no tag {name:?}; davy tags list shows them"))
        })?;
        let time = moment("time", cell(self.columns.time))?;
        if time > self.now {
            return Err(("time in the future", format!("it has not been {:?} yet", cell(self.columns.time))));
        }
        let arrival = optional(self.columns.arrival).map_or(Ok(time), |text| moment("arrival", text))?;
        let value = match cell(self.columns.value) {
            "" => Value::NONE,
            text => Value::of(number(text)?),
        };
        let value = match optional(self.columns.unit) {
            Some(text) => in_unit_of(tag, value, text)?,
            None => value,
        };
        let quality = match optional(self.columns.quality) {
            Some(word) => Quality::from_word(word).ok_or_else(|| {
                ("bad quality", format!("no such quality: {word:?}; good, uncertain, bad, or bad:stale"))
            })?,
            None if !value.is_some() => Quality::Bad(davy_model::QualityReason::Unspecified),
            None => Quality::Good,
        };
        Ok(Row { series, time, arrival, value, quality })
    }
}

impl Columns {
    fn of(header: &StringRecord) -> anyhow::Result<Columns> {
        let find = |name: &str| header.iter().position(|found| found.trim_start_matches('\u{feff}') == name);
        let needed = |name: &str| {
            find(name).with_context(|| {
                format!("no column {name}; expected time,tag,value,unit,quality with a header")
            })
        };
        let known = ["time", "tag", "value", "unit", "quality", "arrival"];
        let odd =
            header.iter().map(|name| name.trim_start_matches('\u{feff}')).find(|name| !known.contains(name));
        if let Some(odd) = odd {
            bail!("column {odd:?} is none of {}; take it out", known.join(", "));
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

fn moment(what: &str, text: &str) -> Result<Timestamp, Refusal> {
    text.parse::<jiff::Timestamp>().map(|moment| Timestamp::from_micros(moment.as_microsecond())).map_err(
        |_| ("bad time", format!("{what}: expected RFC 3339 such as 2026-03-01T08:00:00Z: {text:?}")),
    )
}

fn number(text: &str) -> Result<f64, Refusal> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| {
        ("bad value", format!("no number: {text:?}; leave it empty where nothing was measured"))
    })
}

fn in_unit_of(tag: &davy_model::Tag, value: Value, text: &str) -> Result<Value, Refusal> {
    let unit = Unit::parse(text).ok_or_else(|| ("unknown unit", format!("no such unit: {text:?}")))?;
    let line = unit
        .conversion(tag.unit, &tag.substance)
        .map_err(|error| ("unit that cannot be converted", format!("{}: {error}", tag.name)))?;
    Ok(value.get().map_or(Value::NONE, |number| Value::of(line.apply(number))))
}

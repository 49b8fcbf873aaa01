//! Rows of a recording, as messages.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder};
use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;

use super::map::{Clock, ReplayMap};
use super::{Ready, ReplayError};
use crate::{Reading, readings_message};

/// Bad cells kept for the report; the rest are counted.
const BAD_CELLS_MAX: usize = 20;
/// The first bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A cell that is not a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCell {
    /// Its line, from 1.
    pub line: u64,
    /// Its column's name.
    pub column: String,
    /// What stands there.
    pub found: String,
}

/// What was read so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) readings: u64,
    pub(super) cells_empty: u64,
    pub(super) cells_bad: u64,
    pub(super) bad_cells: Vec<BadCell>,
}

/// An open recording: CSV with a header, gzip or not, and a map that says what its columns are.
pub struct Recording {
    reader: Reader<Box<dyn Read + Send>>,
    path: String,
    clock: Clock,
    time_column: usize,
    columns: Vec<Column>,
    batch: usize,
    seq: u64,
    pub(super) tally: Tally,
}

struct Column {
    index: usize,
    name: String,
    tag: String,
    unit: String,
}

/// A number out of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecordedValue {
    /// Its column, a place in [`ReplayMap::tags`].
    pub column: usize,
    /// When it was measured.
    pub source_time: Timestamp,
    /// How much, in the unit that the map names.
    pub value: f64,
}

/// A row of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedRow {
    /// Its line, from 1.
    pub line: u64,
    /// Its numbers, in the order of the map's columns; empty where every cell is empty or no number.
    pub values: Vec<RecordedValue>,
}

/// The rows that go into one message.
#[derive(Default)]
struct Batch {
    rows: usize,
    /// Source time of its first row.
    first: Option<Timestamp>,
    readings: Vec<RecordedValue>,
}

impl Recording {
    /// Opens a recording and finds the columns of the map in its header.
    ///
    /// # Errors
    /// [`ReplayError`]: the file cannot be read, or lacks a column.
    pub fn open(path: &Path, map: &ReplayMap) -> Result<Recording, ReplayError> {
        let name = path.display().to_string();
        let file = open(path).map_err(|source| ReplayError::File { path: name.clone(), source })?;
        let mut reader = ReaderBuilder::new().from_reader(file);
        let header = reader.headers().map_err(|error| csv_error(&name, 1, error))?.clone();
        let find = |column: &str| {
            header.iter().position(|name| name.trim() == column).ok_or_else(|| ReplayError::Line {
                path: name.clone(),
                line: 1,
                message: format!(
                    "column {column:?} is not in the header; it has {}",
                    header.iter().collect::<Vec<_>>().join(", ")
                ),
            })
        };
        let time_column = find(&map.time.column)?;
        let mut columns = Vec::with_capacity(map.tags.len());
        for tag in &map.tags {
            columns.push(Column {
                index: find(&tag.column)?,
                name: tag.column.clone(),
                tag: tag.tag.clone(),
                unit: tag.unit.clone(),
            });
        }
        let clock = map.time.clock();
        let clock = clock.map_err(|message| ReplayError::Map { path: name.clone(), message })?;
        // Greater than any number of an earlier replay, so that Davy does not take this one for a repetition of it.
        let seq = u64::try_from(Timestamp::now().as_microsecond()).unwrap_or(0);
        let tally = Tally::default();
        Ok(Recording { reader, path: name, clock, time_column, columns, batch: map.batch, seq, tally })
    }

    /// The next row; none at the end.
    ///
    /// # Errors
    /// [`ReplayError::Line`] costs that line alone: what follows can still be read. Any other error is the end.
    pub fn next_row(&mut self) -> Result<Option<RecordedRow>, ReplayError> {
        let mut record = ByteRecord::new();
        let mut batch = Batch::default();
        let line = self.reader.position().line();
        let more = self.reader.read_byte_record(&mut record);
        if !more.map_err(|error| csv_error(&self.path, line, error))? {
            return Ok(None);
        }
        let line = record.position().map_or(line, csv::Position::line);
        self.row(&record, line, &mut batch)?;
        Ok(Some(RecordedRow { line, values: batch.readings }))
    }

    /// How many cells so far are no number.
    pub fn cells_bad(&self) -> u64 {
        self.tally.cells_bad
    }

    /// The first twenty of them.
    pub fn bad_cells(&self) -> &[BadCell] {
        &self.tally.bad_cells
    }

    /// Reads to the end, giving each message to `give` until that says false.
    pub(super) fn read_all(&mut self, mut give: impl FnMut(Ready) -> bool) -> Result<(), ReplayError> {
        let mut record = ByteRecord::new();
        let mut batch = Batch::default();
        loop {
            let more = self.reader.read_byte_record(&mut record);
            let line = record.position().map_or(0, csv::Position::line);
            match more.map_err(|error| csv_error(&self.path, line, error)) {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => {
                    self.flush(&mut batch, &mut give);
                    return Err(error);
                }
            }
            if let Err(error) = self.row(&record, line, &mut batch) {
                self.flush(&mut batch, &mut give);
                return Err(error);
            }
            if batch.rows >= self.batch && !self.flush(&mut batch, &mut give) {
                return Ok(());
            }
        }
        self.flush(&mut batch, &mut give);
        Ok(())
    }

    fn row(&mut self, record: &ByteRecord, line: u64, batch: &mut Batch) -> Result<(), ReplayError> {
        let text = record.get(self.time_column).unwrap_or_default();
        let text = String::from_utf8_lossy(text);
        let Some(time) = self.clock.read(text.trim()) else {
            let message = format!("time: found {:?}, which the format of the map cannot read", text.trim());
            return Err(ReplayError::Line { path: self.path.clone(), line, message });
        };
        self.tally.rows += 1;
        let before = batch.readings.len();
        for (place, column) in self.columns.iter().enumerate() {
            let cell = record.get(column.index).unwrap_or_default().trim_ascii();
            if cell.is_empty() {
                self.tally.cells_empty += 1;
                continue;
            }
            match number(cell) {
                Some(value) => {
                    batch.readings.push(RecordedValue { column: place, source_time: time, value });
                }
                None => self.tally.bad_cell(line, &column.name, cell),
            }
        }
        self.tally.readings += (batch.readings.len() - before) as u64;
        batch.first = batch.first.or(Some(time));
        batch.rows += 1;
        Ok(())
    }

    /// Gives the batch away; false when nobody takes it.
    fn flush(&mut self, batch: &mut Batch, give: &mut impl FnMut(Ready) -> bool) -> bool {
        let taken = std::mem::take(batch);
        let (Some(source_time), false) = (taken.first, taken.readings.is_empty()) else { return true };
        let reading = |recorded: RecordedValue| {
            let Column { tag, unit, .. } = &self.columns[recorded.column];
            let source_time = format!("{:.6}", recorded.source_time);
            Reading { tag, value: recorded.value, unit, source_time, quality: "" }
        };
        let readings: Vec<_> = taken.readings.into_iter().map(reading).collect();
        self.seq += 1;
        give(Ready { payload: readings_message(self.seq, &readings), source_time })
    }
}

impl Tally {
    fn bad_cell(&mut self, line: u64, column: &str, cell: &[u8]) {
        self.cells_bad += 1;
        if self.bad_cells.len() < BAD_CELLS_MAX {
            let found = String::from_utf8_lossy(&cell[..cell.len().min(64)]).into_owned();
            self.bad_cells.push(BadCell { line, column: column.to_owned(), found });
        }
    }
}

/// A finite number, as JSON can carry it.
fn number(cell: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(cell).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

fn open(path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let zipped = file.fill_buf()?.starts_with(&GZIP);
    Ok(if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

fn csv_error(path: &str, line: u64, error: csv::Error) -> ReplayError {
    let path = path.to_owned();
    let line = error.position().map_or(line, csv::Position::line);
    let message = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => ReplayError::File { path, source },
        _ => ReplayError::Line { path, line, message },
    }
}

//! Rows of one kind, in whichever format.

use davy_model::Timestamp;

use super::{
    csv_file::CsvFile,
    parquet_file::ParquetFile,
    place::{Format, Place},
};

/// Rows between two words of progress.
const TOLD_EVERY: u64 = 500_000;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// What a column holds. Every cell may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A moment.
    Time,
    /// A name, a word or an id.
    Name,
    /// What a person wrote.
    Text,
    /// A figure.
    Number,
    /// A whole number that is not negative.
    Count,
    /// Yes or no.
    Flag,
}

/// A cell of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Time(Timestamp),
    Text(String),
    Number(f64),
    Count(u64),
    Flag(bool),
}

/// Where rows go.
pub(super) struct Sink {
    file: File,
    rows: u64,
}

enum File {
    Csv(CsvFile),
    Parquet(ParquetFile),
}

impl Cell {
    /// A text.
    pub(super) fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl Sink {
    /// Begins a file of these columns.
    pub(super) fn open(place: Place, columns: &'static [Column]) -> anyhow::Result<Sink> {
        let format = place.format;
        let target = place.open()?;
        let file = match format {
            Format::Csv => File::Csv(CsvFile::begin(target, columns)?),
            Format::Parquet => File::Parquet(ParquetFile::begin(target, columns)?),
        };
        Ok(Sink { file, rows: 0 })
    }

    /// Writes a row: a cell a column.
    pub(super) fn row(&mut self, cells: &[Cell]) -> anyhow::Result<()> {
        match &mut self.file {
            File::Csv(file) => file.row(cells)?,
            File::Parquet(file) => file.row(cells)?,
        }
        self.rows += 1;
        if self.rows.is_multiple_of(TOLD_EVERY) {
            eprintln!("{} rows", self.rows);
        }
        Ok(())
    }

    /// Ends it; gives how many rows there are.
    pub(super) fn finish(self) -> anyhow::Result<u64> {
        let target = match self.file {
            File::Csv(file) => file.end()?,
            File::Parquet(file) => file.end()?,
        };
        target.finish()?;
        Ok(self.rows)
    }
}

//! Rows of a file, whatever it is made of.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use anyhow::Context;
use davy_history::Row;
use davy_simulators::replay::ReplayMap;
use flate2::bufread::MultiGzDecoder;

use super::{found::Findings, judge::Judge, long::Long, parquet_file::ParquetFile, wide::Wide};
use crate::exit::Misuse;

/// The first bytes of a gzip file.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// The first bytes of a Parquet file, and of one whose footer is encrypted.
const PARQUET: [&[u8]; 2] = [b"PAR1", b"PARE"];

/// A file that is being read.
pub(super) enum Rows<'a> {
    Long(Long<'a>),
    Wide(Wide<'a>),
    Parquet(ParquetFile<'a>),
}

/// Some rows of a file.
#[derive(Default)]
pub(super) struct Batch {
    /// Readings found, whatever became of them.
    pub(super) read: u64,
    /// Those that can be kept.
    pub(super) rows: Vec<Row>,
}

impl<'a> Rows<'a> {
    /// Opens a file: it is told by its first bytes, not by its name, what it is.
    pub(super) fn open(
        path: &Path,
        map: Option<&'a ReplayMap>,
        judge: Judge<'a>,
    ) -> anyhow::Result<Rows<'a>> {
        let opening = || format!("reading {}", path.display());
        let mut plain = BufReader::new(File::open(path).with_context(opening)?);
        let begin = plain.fill_buf().with_context(opening)?;
        let (packed, parquet) =
            (begin.starts_with(GZIP), PARQUET.iter().any(|magic| begin.starts_with(magic)));
        let name = path.display().to_string();
        match map {
            Some(_) if parquet => Err(Misuse(format!("{name} is Parquet: --map is for CSV")).into()),
            Some(map) => Ok(Rows::Wide(Wide::open(path, map, judge)?)),
            None if parquet => Ok(Rows::Parquet(ParquetFile::open(path, judge)?)),
            None => {
                let source: Box<dyn Read> =
                    if packed { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) };
                Ok(Rows::Long(Long::open(source, name, judge).with_context(opening)?))
            }
        }
    }

    /// Where reading stands: `line 17`.
    pub(super) fn place(&self) -> String {
        match self {
            Rows::Long(file) => format!("line {}", file.line()),
            Rows::Wide(file) => format!("line {}", file.line()),
            Rows::Parquet(file) => format!("row {}", file.number()),
        }
    }

    /// Reads about so many rows, or what is left.
    pub(super) fn batch(&mut self, rows: usize, findings: &mut Findings) -> anyhow::Result<Batch> {
        match self {
            Rows::Long(file) => file.batch(rows, findings),
            Rows::Wide(file) => file.batch(rows, findings),
            Rows::Parquet(file) => file.batch(rows, findings),
        }
    }
}

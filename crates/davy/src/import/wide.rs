//! CSV with a column a tag, as a map names them: what `davy replay` publishes.

use std::path::Path;

use davy_history::Row;
use davy_model::{Timestamp, Value};
use davy_simulators::replay::{RecordedRow, Recording, ReplayError, ReplayMap};

use super::{found::Findings, judge::Judge, rows::Batch, site::Tags};
use crate::{exit::Misuse, recorded::Recorded};

/// A recording that is being read.
pub(super) struct Wide<'a> {
    recording: Recording,
    file: String,
    /// The series of each column, and what its numbers are.
    columns: Vec<(u32, Recorded)>,
    judge: Judge<'a>,
    line: u64,
}

/// Whether a map is of this site, and names its tags.
pub(super) fn check(map: &ReplayMap, site: &str, tags: &Tags) -> anyhow::Result<()> {
    if map.site != site {
        return Err(Misuse(format!("the map is of site {}, --site says {site}", map.site)).into());
    }
    columns(map, tags).map(drop)
}

fn columns(map: &ReplayMap, tags: &Tags) -> anyhow::Result<Vec<(u32, Recorded)>> {
    let column = |column: &davy_simulators::replay::TagColumn| {
        let (series, tag) = tags
            .find(&column.tag)
            .ok_or_else(|| Misuse(format!("the site has no tag {}, which the map names", column.tag)))?;
        Ok((series, Recorded::of(tag, column).map_err(Misuse)?))
    };
    map.tags.iter().map(column).collect()
}

impl<'a> Wide<'a> {
    /// Reads the header.
    pub(super) fn open(path: &Path, map: &ReplayMap, judge: Judge<'a>) -> anyhow::Result<Wide<'a>> {
        let columns = columns(map, judge.tags)?;
        let recording = Recording::open(path, map)?;
        Ok(Wide { recording, file: path.display().to_string(), columns, judge, line: 1 })
    }

    /// The line that was read last, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Reads lines with so many readings, or what is left. A cell is a reading, empty, or refused.
    pub(super) fn batch(&mut self, rows: usize, findings: &mut Findings) -> anyhow::Result<Batch> {
        let mut batch = Batch::default();
        while batch.rows.len() < rows {
            let bad = self.recording.cells_bad();
            match self.recording.next_row() {
                Ok(Some(row)) => self.take(&row, &mut batch, findings),
                Ok(None) => break,
                Err(error @ ReplayError::Line { .. }) => {
                    batch.read += 1;
                    findings.add("bad line", || error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
            batch.read += self.recording.cells_bad() - bad;
            self.bad_cells(bad, findings);
        }
        Ok(batch)
    }

    fn take(&mut self, row: &RecordedRow, batch: &mut Batch, findings: &mut Findings) {
        self.line = row.line;
        batch.read += row.values.len() as u64;
        for recorded in &row.values {
            let time = Timestamp::from_micros(recorded.source_time.as_microsecond());
            if let Err((reason, told)) = self.judge.has_been(time) {
                findings.add(reason, || format!("{}:{}: {told}", self.file, row.line));
                continue;
            }
            let (series, column) = &self.columns[recorded.column];
            let (value, quality) = column.judge(recorded.value);
            batch.rows.push(Row { series: *series, time, arrival: time, value: Value::of(value), quality });
        }
    }

    /// Tells the cells that are no number and were found since there were `before` of them.
    fn bad_cells(&self, before: u64, findings: &mut Findings) {
        for place in before..self.recording.cells_bad() {
            let kept = usize::try_from(place).ok().and_then(|place| self.recording.bad_cells().get(place));
            findings.add("bad value", || {
                let cell =
                    kept.map(|cell| format!("{}: {}: no number: {:?}", cell.line, cell.column, cell.found));
                format!("{}:{}", self.file, cell.unwrap_or_default())
            });
        }
    }
}

//! Lines of values: each row is read as an object whose entries are its columns.

use std::{borrow::Cow, str};

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};
use davy_model::Reason;

use super::{
    chunks::Chunks,
    spec::CsvLayout,
    trail::Step,
    tree::{End, NodeId},
    walk::Walk,
};
use crate::{Rejection, clip::clip_bytes, json::Cell};

/// Columns of a row at most; what comes after them costs the row.
const COLUMNS_MAX: usize = 1_000;

/// All rows of a payload, out of their quotes. Of short rows there are many, so what is known of each is small.
pub(super) struct Rows {
    cells: Vec<u8>,
    /// Where each cell ends.
    ends: Chunks<u32>,
    /// How many cells there are to the end of each row, and its line, from 1.
    rows: Chunks<(u32, u32)>,
    /// The end of the last row has been seen.
    is_ended: bool,
}

/// One row.
#[derive(Clone, Copy)]
struct Row {
    /// Its cells among all.
    from: usize,
    to: usize,
    /// Where it begins, from 1.
    line: u32,
    /// Its end has been seen.
    is_ended: bool,
}

impl CsvLayout {
    /// Takes rows apart.
    pub(super) fn reader(&self) -> Reader {
        ReaderBuilder::new().delimiter(self.delimiter).quote(self.quote).comment(self.comment).build()
    }
}

impl Rows {
    pub(super) fn of(payload: &[u8], reader: &mut Reader) -> Rows {
        reader.reset();
        // A cell is never longer than what it was written as.
        let cells = vec![0; payload.len() + 1];
        let mut found = Rows { cells, ends: Chunks::new(), rows: Chunks::new(), is_ended: true };
        found.read(payload, reader);
        found
    }

    #[allow(clippy::cast_possible_truncation)] // Cells and lines are bytes of the payload, which is not as long.
    fn read(&mut self, payload: &[u8], reader: &mut Reader) {
        let (mut taken, mut written, mut line) = (0, 0, 1);
        loop {
            let input = &payload[taken..];
            let (result, read, wrote) = reader.read_field(input, &mut self.cells[written..]);
            taken += read;
            written += wrote;
            match result {
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull | ReadFieldResult::End => return,
                ReadFieldResult::Field { record_end } => {
                    self.ends.push(written as u32);
                    if record_end {
                        self.is_ended = !input.is_empty();
                        self.rows.push((self.ends.len() as u32, line));
                        line = reader.line() as u32;
                    }
                }
            }
        }
    }

    fn row(&self, at: usize) -> Option<Row> {
        let (to, line) = *self.rows.get(at)?;
        let from = at.checked_sub(1).map_or(0, |before| self.rows[before].0);
        let is_ended = self.is_ended || at + 1 < self.rows.len();
        Some(Row { from: from as usize, to: to as usize, line, is_ended })
    }

    fn cell(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.cells[start as usize..self.ends[at] as usize]
    }

    fn cells(&self, row: Row) -> impl Iterator<Item = &[u8]> {
        (row.from..row.to).map(|at| self.cell(at))
    }
}

/// A column, and the place of its values in the mapping.
struct Column<'r> {
    name: &'r str,
    node: Option<NodeId>,
}

/// Reads every row.
pub(super) fn read<'de>(rows: &'de Rows, layout: &'de CsvLayout, walk: &mut Walk<'_, 'de, 'de>) {
    let mut rest = (0..).map_while(|at| rows.row(at));
    let columns = match &layout.columns {
        Some(names) => names.iter().map(|name| column(name, walk)).collect(),
        None => {
            let Some(header) = rest.next() else { return };
            if !header.is_ended {
                return unended(header, walk);
            }
            match header_of(rows, header, walk) {
                Some(columns) => columns,
                None => return,
            }
        }
    };
    let root = &walk.spec.tree.nodes[0];
    let Some(row_node) = root.each else { return };
    let mark = walk.open(0);
    for (at, row) in (0..).zip(rest) {
        if !row.is_ended && !layout.takes_unended {
            unended(row, walk);
        } else if row.to - row.from == columns.len() {
            walk.known.trail.push(Step::Index(at));
            read_row(rows, row, &columns, row_node, walk);
            walk.known.trail.pop();
        } else {
            refused(row, &format!("{} cells", row.to - row.from), &format!("{} cells", columns.len()), walk);
        }
    }
    walk.close(0, mark);
    walk.finish(None);
}

fn header_of<'de>(rows: &'de Rows, header: Row, walk: &mut Walk<'_, 'de, 'de>) -> Option<Vec<Column<'de>>> {
    let count = header.to - header.from;
    if count > COLUMNS_MAX {
        refused(header, &format!("{count} columns"), "at most 1000 columns", walk);
        return None;
    }
    let mut columns = Vec::with_capacity(count);
    for cell in rows.cells(header) {
        let Ok(name) = str::from_utf8(cell) else {
            let pointer = format!("/{}", header.line - 1);
            let fix = "send UTF-8 (not GBK, GB 18030, Latin-1 or raw bytes)";
            let got = clip_bytes(cell);
            walk.tally.problem(Rejection::new(Reason::EncodingInvalid, pointer, &got, "UTF-8", fix));
            return None;
        };
        columns.push(column(name.trim(), walk));
    }
    Some(columns)
}

fn column<'de>(name: &'de str, walk: &mut Walk<'_, 'de, 'de>) -> Column<'de> {
    let spec = walk.spec;
    let row = spec.tree.nodes[0].each.map(|node| &spec.tree.nodes[node]);
    let entry = row.and_then(|row| row.entry(name));
    let node = match entry {
        Some((_, true)) if spec.ignore.get(name).is_some() => None,
        Some((node, _)) => Some(node),
        None => {
            walk.other_field(name);
            None
        }
    };
    Column { name, node }
}

fn read_row<'de>(
    rows: &'de Rows,
    row: Row,
    columns: &[Column<'de>],
    node: NodeId,
    walk: &mut Walk<'_, 'de, 'de>,
) {
    let mark = walk.open(node);
    let spec = walk.spec;
    let mut lost = false;
    for (column, cell) in columns.iter().zip(rows.cells(row)) {
        let Some(node) = column.node else { continue };
        walk.known.trail.push(Step::Key(column.name));
        match str::from_utf8(cell) {
            Ok("") => walk.value(node, Cell::Null),
            Ok(text) => walk.value(node, Cell::Text(Cow::Borrowed(text))),
            Err(_) => {
                // Without a field of theirs, the readings of the row would be others.
                lost |= spec.tree.nodes[node].ends.iter().any(|end| matches!(end, End::Slot(_)));
                walk.not_utf8(cell);
            }
        }
        walk.known.trail.pop();
    }
    if lost {
        walk.drop_waiting();
    }
    walk.close(node, mark);
}

fn unended(row: Row, walk: &mut Walk<'_, '_, '_>) {
    refused(row, "a last line without an end", "a line end behind every line", walk);
}

fn refused(row: Row, got: &str, expected: &str, walk: &mut Walk<'_, '_, '_>) {
    let got = format!("line {}: {got}", row.line);
    let fix = "send whole lines, each with as many cells as there are columns";
    walk.tally.problem(Rejection::new(Reason::SchemaViolation, walk.place(), &got, expected, fix));
}

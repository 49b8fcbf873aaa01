//! CSV text → rows of cells that know where they stand.

use csv::{ReaderBuilder, StringRecord};

use crate::{
    Code,
    report::{Finding, Place, Report},
};

/// A CSV file, and where its lines begin.
pub(crate) struct CsvText<'a> {
    text: &'a str,
    file: u32,
    line_starts: Vec<usize>,
}

/// One row, and where it begins.
pub(crate) struct Row {
    cells: StringRecord,
    /// Byte offset of its first cell.
    from: usize,
}

impl<'a> CsvText<'a> {
    /// Takes a file's text; a byte order mark is skipped.
    pub(crate) fn new(text: &'a str, file: u32) -> CsvText<'a> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let bytes = text.as_bytes();
        let ends_line = |at: &usize| match bytes[*at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        let starts = (0..bytes.len()).filter(ends_line).map(|at| at + 1);
        CsvText { text, file, line_starts: std::iter::once(0).chain(starts).collect() }
    }

    /// All rows that have anything in them, the header first. A quote that never closes is reported.
    pub(crate) fn rows(&self, report: &mut Report) -> Vec<Row> {
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).from_reader(self.text.as_bytes());
        let mut rows = Vec::new();
        let mut cells = StringRecord::new();
        while reader.read_record(&mut cells).expect("text in memory is UTF-8 and does not fail") {
            let at = cells.position().map_or(0, csv::Position::byte);
            let from = self.skip_blank_lines(usize::try_from(at).unwrap_or(usize::MAX));
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                rows.push(Row { cells: cells.clone(), from });
            }
        }
        if let Some(open) = rows.last().and_then(|row| self.open_quote(row)) {
            let finding = Finding::new(Code::CsvSyntax, "csv").found_words("a quote that never closes");
            report.error(
                self.place(open),
                finding.expected("a closing quote").help("inside a quoted cell, write \"\" for a quote"),
            );
        }
        rows
    }

    /// Where a row begins.
    pub(crate) fn row_place(&self, row: &Row) -> Place {
        self.place(row.from)
    }

    /// Where a cell begins; where the row ends, when it has no such cell.
    pub(crate) fn cell_place(&self, row: &Row, index: usize) -> Place {
        self.place(self.cells_from(row.from).nth(index).unwrap_or_else(|| self.row_end(row.from)))
    }

    /// Where each cell of a row begins, and then, without end, where the row ends: in one walk, however many there are.
    pub(crate) fn cell_places(&self, row: &Row) -> impl Iterator<Item = Place> {
        let mut last: Option<(usize, Place)> = None;
        let end = self.place(self.row_end(row.from));
        let each = self.cells_from(row.from).map(move |byte| {
            let place = match last {
                Some((before, place)) => self.place_after(before, place, byte),
                None => self.place(byte),
            };
            last = Some((byte, place));
            place
        });
        each.chain(std::iter::repeat(end))
    }

    /// The place of `byte`, known that of one before it.
    fn place_after(&self, before: usize, place: Place, byte: usize) -> Place {
        match self.text.get(before..byte) {
            Some(between) if !between.contains(['\n', '\r']) => {
                let further = u32::try_from(between.chars().count()).unwrap_or(u32::MAX);
                Place { column: place.column.saturating_add(further), ..place }
            }
            Some(_) | None => self.place(byte),
        }
    }

    fn place(&self, byte: usize) -> Place {
        let line = self.line_starts.partition_point(|start| *start <= byte);
        let from = self.line_starts[line.saturating_sub(1)];
        let column = self.text.get(from..byte).map_or(0, |text| text.chars().count()) + 1;
        let count = |figure: usize| u32::try_from(figure).unwrap_or(u32::MAX);
        Place { file: self.file, line: count(line), column: count(column) }
    }

    fn skip_blank_lines(&self, from: usize) -> usize {
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        from + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
    }

    /// The byte at which each cell of the row begins, as the CSV reader sees quotes.
    fn cells_from(&self, from: usize) -> impl Iterator<Item = usize> {
        let mut next = Some(from);
        std::iter::from_fn(move || {
            let start = next?;
            let (end, _) = self.cell_end(start);
            next = (self.text.as_bytes().get(end) == Some(&b',')).then_some(end + 1);
            Some(start)
        })
    }

    /// Where a cell's comma or line end is, and whether its quote is still open there.
    fn cell_end(&self, start: usize) -> (usize, bool) {
        let bytes = self.text.as_bytes();
        let quoted = bytes.get(start) == Some(&b'"');
        let (mut at, mut inside) = (if quoted { start + 1 } else { start }, quoted);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' if inside && bytes.get(at + 1) == Some(&b'"') => at += 1,
                b'"' if quoted => inside = !inside,
                b',' | b'\r' | b'\n' if !inside => return (at, false),
                _ => {}
            }
            at += 1;
        }
        (at, inside)
    }

    fn row_end(&self, from: usize) -> usize {
        let last = self.cells_from(from).last().unwrap_or(from);
        self.cell_end(last).0
    }

    fn open_quote(&self, row: &Row) -> Option<usize> {
        self.cells_from(row.from).find(|start| self.cell_end(*start).1)
    }
}

impl Row {
    /// How many cells it has.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// A cell without blanks around it; empty when the row has no such cell.
    pub(crate) fn cell(&self, index: usize) -> &str {
        self.cells.get(index).unwrap_or_default().trim()
    }

    /// All cells.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(str::trim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<String> {
        let csv = CsvText::new(text, 0);
        let mut report = Report::new(vec!["t.csv".into()]);
        let rows = csv.rows(&mut report);
        let shown = rows.iter().flat_map(|row| {
            let cell = |index| {
                let Place { line, column, .. } = csv.cell_place(row, index);
                format!("{line}:{column} {}", row.cell(index))
            };
            let each = csv.cell_places(row).take(row.len()).collect::<Vec<_>>();
            assert_eq!(each, (0..row.len()).map(|index| csv.cell_place(row, index)).collect::<Vec<_>>());
            (0..row.len()).map(cell).collect::<Vec<_>>()
        });
        shown
            .chain(
                report
                    .into_findings()
                    .iter()
                    .map(|found| format!("{}:{} {}", found.line, found.column, found.code)),
            )
            .collect()
    }

    #[test]
    fn every_cell_knows_its_line_and_column_in_characters() {
        for (text, want) in [
            ("a,b\n1,2\n", &["1:1 a", "1:3 b", "2:1 1", "2:3 2"][..]),
            ("\u{feff}a,b\r\n\r\n1,2\r\n", &["1:1 a", "1:3 b", "3:1 1", "3:3 2"]),
            ("气体,b\n\"x, \"\"y\"\"\",2", &["1:1 气体", "1:4 b", "2:1 x, \"y\"", "2:12 2"]),
            ("a\n\"two\nlines\",b\nc", &["1:1 a", "2:1 two\nlines", "3:8 b", "4:1 c"]),
            ("a\rb", &["1:1 a", "2:1 b"]),
            ("a\n,,\n , \nb", &["1:1 a", "4:1 b"]),
            ("a\nb,\"open\nc", &["1:1 a", "2:1 b", "2:3 open\nc", "2:3 CSV_SYNTAX"]),
            ("", &[]),
        ] {
            assert_eq!(places(text), want, "{text:?}");
        }
    }
}

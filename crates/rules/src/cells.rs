//! The cells of one row of `tags.csv`, and the readers of their texts. Whatever is wrong goes to the report.

use std::{sync::Arc, time::Duration};

use crate::{
    Code,
    csv_text::{CsvText, Row},
    duration,
    fields::TEXT_MAX,
    figure,
    report::{Finding, Place, Report},
    site_file::{Ids, unknown},
    tags_file::{Column, Places},
};

const A_MILLISECOND: Duration = Duration::from_millis(1);

/// One row, its columns, and where its errors go.
pub(crate) struct Cells<'a> {
    csv: &'a CsvText<'a>,
    row: &'a Row,
    columns: &'a Places,
    report: &'a mut Report,
    errors: usize,
}

impl<'a> Cells<'a> {
    /// The cells of one row.
    pub(crate) fn new(
        csv: &'a CsvText<'a>,
        row: &'a Row,
        columns: &'a Places,
        report: &'a mut Report,
    ) -> Cells<'a> {
        let errors = report.errors();
        Cells { csv, row, columns, report, errors }
    }

    /// A cell's text; `None` when it is empty or the column is not there.
    pub(crate) fn get(&self, column: Column) -> Option<&'a str> {
        let index = self.columns.get(&(column as usize))?;
        Some(self.row.cell(*index)).filter(|text| !text.is_empty())
    }

    /// Where the row begins.
    pub(crate) fn place(&self) -> Place {
        self.csv.row_place(self.row)
    }

    /// `tags.csv:14`, for texts that point elsewhere.
    pub(crate) fn line_of(&self, place: Place) -> String {
        self.report.line_of(place)
    }

    /// A finding about a cell.
    pub(crate) fn finding(&self, code: Code, column: Column) -> Finding {
        let finding = Finding::new(code, column.name());
        match self.get(column) {
            Some(text) => finding.found(text),
            None => finding,
        }
    }

    /// Adds an error about a cell; about the row, when the column is not there.
    pub(crate) fn error(&mut self, column: Column, finding: Finding) {
        let index = self.columns.get(&(column as usize));
        let place = index.map_or(self.place(), |index| self.csv.cell_place(self.row, *index));
        self.report.error(place, finding);
    }

    /// Whether nothing was wrong with the row so far.
    pub(crate) fn is_good(&self) -> bool {
        self.report.errors() == self.errors
    }

    /// A cell that must not be empty.
    pub(crate) fn need(&mut self, column: Column) -> Option<&'a str> {
        let text = self.get(column);
        if text.is_none() {
            self.error(
                column,
                self.finding(Code::CellMissing, column).expected(format!("a {}", column.name())),
            );
        }
        text
    }

    /// A text for people.
    pub(crate) fn words(&mut self, column: Column) -> Option<String> {
        let text = self.get(column)?;
        if text.chars().count() > TEXT_MAX {
            let expected = format!("at most {TEXT_MAX} characters");
            self.error(column, self.finding(Code::TextLength, column).expected(expected));
        }
        Some(text.to_owned())
    }

    /// A finite number.
    pub(crate) fn number(&mut self, column: Column) -> Option<f64> {
        let number = figure::number(self.get(column)?);
        if number.is_none() {
            self.error(column, self.finding(Code::NumberInvalid, column).expected("a number"));
        }
        number
    }

    /// A number that must lie between two others.
    pub(crate) fn number_within(
        &mut self,
        column: Column,
        low: f64,
        high: f64,
        expected: &str,
    ) -> Option<f64> {
        let number = self.number(column)?;
        if !(low..=high).contains(&number) {
            self.error(column, self.finding(Code::NumberRange, column).expected(expected));
            return None;
        }
        Some(number)
    }

    /// A duration of at least a millisecond.
    pub(crate) fn duration(&mut self, column: Column) -> Option<Duration> {
        match duration::parse(self.get(column)?) {
            None => self.error(column, self.finding(Code::DurationInvalid, column).expected(duration::FORM)),
            Some(span) if span < A_MILLISECOND => {
                self.error(column, self.finding(Code::DurationRange, column).expected("at least 1ms"));
            }
            Some(span) => return Some(span),
        }
        None
    }

    /// The id of something that is known, where that can be told.
    pub(crate) fn reference(
        &mut self,
        column: Column,
        code: Code,
        kind: &str,
        known: Option<&Ids>,
    ) -> Option<Arc<str>> {
        let id = self.get(column)?;
        if let Some(known) = known.filter(|known| !known.contains_key(id)) {
            let finding = unknown(code, column.name(), id, kind, known, self.report);
            self.error(column, finding);
            return None;
        }
        Some(id.into())
    }
}

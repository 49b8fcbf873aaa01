//! Rows as CSV: a header, times in UTC with microseconds, figures that read back as the same number, nothing where there is none.

use std::borrow::Cow;

use csv::{ByteRecord, Writer};

use super::{
    place::Target,
    sink::{Cell, Column, Kind},
};

/// A CSV file that is being written.
pub(super) struct CsvFile {
    writer: Writer<Target>,
    columns: &'static [Column],
    record: ByteRecord,
}

impl CsvFile {
    pub(super) fn begin(target: Target, columns: &'static [Column]) -> anyhow::Result<CsvFile> {
        let mut writer = Writer::from_writer(target);
        writer.write_record(columns.iter().map(|column| column.name))?;
        Ok(CsvFile { writer, columns, record: ByteRecord::new() })
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> std::io::Result<()> {
        self.record.clear();
        for (column, cell) in self.columns.iter().zip(cells) {
            self.record.push_field(text(column.kind, cell).as_bytes());
        }
        self.writer.write_byte_record(&self.record).map_err(std::io::Error::from)
    }

    pub(super) fn end(self) -> anyhow::Result<Target> {
        Ok(self.writer.into_inner().map_err(csv::IntoInnerError::into_error)?)
    }
}

fn text(kind: Kind, cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Null => Cow::Borrowed(""),
        Cell::Time(time) => time.to_string().into(),
        Cell::Text(text) if kind == Kind::Text => plain(text),
        Cell::Text(text) => Cow::Borrowed(text),
        Cell::Number(number) => number.to_string().into(),
        Cell::Count(count) => count.to_string().into(),
        Cell::Flag(flag) => flag.to_string().into(),
    }
}

/// What a person wrote, so that no spreadsheet takes it for a formula.
fn plain(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{text}").into();
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_is_no_formula_and_a_name_stays_as_it_is() {
        for (kind, written, told) in [
            (Kind::Text, "=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            (Kind::Text, "+49", "'+49"),
            (Kind::Text, "@home", "'@home"),
            (Kind::Text, "-1", "'-1"),
            (Kind::Text, "hose = off", "hose = off"),
            (Kind::Name, "-AT/1", "-AT/1"),
        ] {
            assert_eq!(text(kind, &Cell::text(written)), told, "{written}");
        }
    }

    #[test]
    fn a_figure_reads_back_as_the_same_number() {
        for number in [0.1 + 0.2, -0.0, 1e300, 5e-324, f64::MIN_POSITIVE, 1_234_567.25] {
            let told = text(Kind::Number, &Cell::Number(number)).into_owned();
            assert_eq!(told.parse::<f64>().map(f64::to_bits), Ok(number.to_bits()), "{told}");
        }
    }
}

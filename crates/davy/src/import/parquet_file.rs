//! Parquet in Davy's own form: a reading a row.

use std::{
    fs::File,
    panic::{self, AssertUnwindSafe},
    path::Path,
};

use anyhow::{Context, bail};
use parquet::{
    basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical},
    errors::ParquetError,
    file::{reader::FileReader, serialized_reader::SerializedFileReader},
    record::{Field, Row, reader::RowIter},
    schema::types::Type,
};

use davy_model::Timestamp;

use super::{
    found::Findings,
    judge::{Amount, Judge, Moment, Raw, Refusal},
    long::Columns,
    rows::Batch,
};

/// Rows decoded at a time.
const DECODED_ROWS: usize = 10_000;

/// A file that is being read.
pub(super) struct ParquetFile<'a> {
    rows: RowIter<'static>,
    file: String,
    columns: Columns,
    time: Clock,
    arrival: Clock,
    judge: Judge<'a>,
    number: u64,
    /// How many rows the footer promises.
    promised: u64,
}

/// How a column tells time.
#[derive(Clone, Copy)]
enum Clock {
    Text,
    Seconds { parts: i64 },
}

/// A file that cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[error(
    "{file}: after row {row}: it is damaged or not whole; nothing of what follows was read: bring a whole one"
)]
struct Damaged {
    file: String,
    row: u64,
    source: ParquetError,
}

impl<'a> ParquetFile<'a> {
    /// Reads the footer, and which columns there are.
    pub(super) fn open(path: &Path, judge: Judge<'a>) -> anyhow::Result<ParquetFile<'a>> {
        let file = path.display().to_string();
        let opened = File::open(path).with_context(|| format!("reading {file}"))?;
        let damaged = |source| Damaged { file: file.clone(), row: 0, source };
        let reader = unharmed(|| SerializedFileReader::new(opened)).map_err(damaged)?;
        let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
        let reading = || format!("reading {file}");
        let names: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
        let columns = Columns::of(&names).with_context(reading)?;
        let field = |place: usize| &*schema.get_fields()[place];
        let clock = |place| clock(field(place)).with_context(reading);
        let (time, arrival) = (clock(columns.time)?, columns.arrival.map_or(Ok(Clock::Text), clock)?);
        for place in [Some(columns.tag), columns.unit, columns.quality].into_iter().flatten() {
            if !is_text(field(place)) {
                bail!("{file}: column {}: expected text (UTF-8)", field(place).name());
            }
        }
        if !is_number(field(columns.value)) && !is_text(field(columns.value)) {
            bail!("{file}: column value: expected DOUBLE, FLOAT, INT32 or INT64");
        }
        let promised = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
        let rows = unharmed(|| Ok(reader.into_iter())).map_err(damaged)?;
        Ok(ParquetFile { rows, file, columns, time, arrival, judge, number: 0, promised })
    }

    /// The row that was read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Reads so many rows, or what is left.
    pub(super) fn batch(&mut self, rows: usize, findings: &mut Findings) -> anyhow::Result<Batch> {
        let mut batch = Batch::default();
        while batch.rows.len() < rows {
            let found = self.some_rows(rows - batch.rows.len())?;
            if found.is_empty() {
                break;
            }
            for row in found {
                self.number += 1;
                batch.read += 1;
                match self.row(row) {
                    Ok(row) => batch.rows.push(row),
                    Err((reason, told)) => {
                        findings.add(reason, || format!("{}: row {}: {told}", self.file, self.number));
                    }
                }
            }
        }
        Ok(batch)
    }

    /// The next so many rows, or what is left; none only where the file promises no more.
    fn some_rows(&mut self, rows: usize) -> Result<Vec<Row>, Damaged> {
        let damaged = |source| Damaged { file: self.file.clone(), row: self.number, source };
        let iter = &mut self.rows;
        let found =
            unharmed(|| iter.take(rows.min(DECODED_ROWS)).collect::<Result<Vec<_>, _>>()).map_err(damaged)?;
        let (read, promised) = (self.number + found.len() as u64, self.promised);
        if read > promised || (found.is_empty() && read < promised) {
            let told = format!("its footer promises {promised} rows, and there are {read}");
            return Err(damaged(ParquetError::General(told)));
        }
        Ok(found)
    }

    fn row(&self, row: Row) -> Result<davy_history::Row, Refusal> {
        let fields = row.into_columns();
        let field = |place: usize| &fields[place].1;
        let text = |place: Option<usize>| place.map_or(Ok(""), |place| text(field(place)));
        let optional = |place| text(place).map(|text| Some(text).filter(|text| !text.is_empty()));
        let arrival = match self.columns.arrival.map(field) {
            None | Some(Field::Null) => None,
            Some(field) => Some(self.arrival.read(field)?),
        };
        self.judge.row(&Raw {
            tag: text(Some(self.columns.tag))?,
            time: self.time.read(field(self.columns.time))?,
            arrival,
            value: amount(field(self.columns.value)),
            unit: optional(self.columns.unit)?,
            quality: optional(self.columns.quality)?,
        })
    }
}

/// What reading comes to. Of some damaged bytes the library makes a panic: that is an error like any other.
fn unharmed<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let read = panic::catch_unwind(AssertUnwindSafe(read));
    panic::set_hook(hook);
    read.unwrap_or_else(|_| Err(ParquetError::General("its pages contradict its footer".to_owned())))
}

impl Clock {
    fn read(self, field: &Field) -> Result<Moment<'_>, Refusal> {
        match (self, field) {
            (
                Clock::Seconds { parts },
                Field::Long(count) | Field::TimestampMillis(count) | Field::TimestampMicros(count),
            ) => {
                let micros = i128::from(*count) * 1_000_000;
                let micros = micros.div_euclid(i128::from(parts));
                let clamped = i64::try_from(micros).unwrap_or(if *count < 0 { i64::MIN } else { i64::MAX });
                Ok(Moment::Known(Timestamp::from_micros(clamped)))
            }
            (_, field) => text(field).map(Moment::Text),
        }
    }
}

fn amount(field: &Field) -> Amount<'_> {
    match field {
        // What is written for nothing where a column has no nulls.
        Field::Double(number) if number.is_nan() => Amount::None,
        Field::Float(number) if number.is_nan() => Amount::None,
        Field::Double(number) => Amount::Number(*number),
        Field::Float(number) => Amount::Number((*number).into()),
        Field::Byte(number) => Amount::Number((*number).into()),
        Field::Short(number) => Amount::Number((*number).into()),
        Field::Int(number) => Amount::Number((*number).into()),
        Field::Long(number) => Amount::Number(*number as f64),
        Field::UByte(number) => Amount::Number((*number).into()),
        Field::UShort(number) => Amount::Number((*number).into()),
        Field::UInt(number) => Amount::Number((*number).into()),
        Field::ULong(number) => Amount::Number(*number as f64),
        Field::Str(text) => Amount::Text(text),
        _ => Amount::None,
    }
}

fn text(field: &Field) -> Result<&str, Refusal> {
    match field {
        Field::Str(text) => Ok(text),
        Field::Bytes(bytes) => bytes.as_utf8().map_err(|_| ("not UTF-8", "a text is not UTF-8".to_owned())),
        _ => Ok(""),
    }
}

fn clock(field: &Type) -> anyhow::Result<Clock> {
    if is_text(field) {
        return Ok(Clock::Text);
    }
    let expected = "expected TIMESTAMP of INT64 in UTC, or RFC 3339 text";
    let name = field.name();
    if !is_single(field, &[Physical::INT64]) {
        bail!("column {name}: {expected}");
    }
    let info = field.get_basic_info();
    let parts = match (info.logical_type_ref(), info.converted_type()) {
        (Some(LogicalType::Timestamp(time)), _) if !time.is_adjusted_to_u_t_c => bail!(
            "column {name} is local time and does not say where: write it in UTC (pandas: dt.tz_localize(...).dt.tz_convert(\"UTC\"))"
        ),
        (Some(LogicalType::Timestamp(time)), _) => match time.unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        },
        (None, ConvertedType::TIMESTAMP_MILLIS) => 1_000,
        (None, ConvertedType::TIMESTAMP_MICROS) => 1_000_000,
        _ => bail!("column {name}: {expected}"),
    };
    Ok(Clock::Seconds { parts })
}

fn is_text(field: &Type) -> bool {
    is_single(field, &[Physical::BYTE_ARRAY])
        && matches!(
            field.get_basic_info().converted_type(),
            ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::ENUM
        )
}

fn is_number(field: &Type) -> bool {
    let kinds = [Physical::DOUBLE, Physical::FLOAT, Physical::INT32, Physical::INT64];
    is_single(field, &kinds)
        && matches!(
            field.get_basic_info().converted_type(),
            ConvertedType::NONE
                | ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64
                | ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64
        )
}

/// Whether a column holds one cell a row, of one of these kinds.
fn is_single(field: &Type, kinds: &[Physical]) -> bool {
    field.is_primitive()
        && kinds.contains(&field.get_physical_type())
        && field.get_basic_info().repetition() != Repetition::REPEATED
}

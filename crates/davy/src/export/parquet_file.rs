//! Rows as Parquet: times are TIMESTAMP(MICROS, UTC), texts are UTF-8 and kept in a dictionary, pages are compressed by zstd.

use std::sync::Arc;

use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel},
    data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type},
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::Type,
};

use super::{
    place::Target,
    sink::{Cell, Column, Kind},
};

/// Rows that are held until they are written: one group.
const GROUP_ROWS: usize = 50_000;

/// A Parquet file that is being written.
pub(super) struct ParquetFile {
    writer: SerializedFileWriter<Target>,
    held: Vec<Held>,
    rows: usize,
}

/// The cells of one column that are held.
struct Held {
    values: Values,
    /// 1 where there is a value, 0 where there is none.
    levels: Vec<i16>,
}

enum Values {
    Whole(Vec<i64>),
    Numbers(Vec<f64>),
    Texts(Vec<ByteArray>),
    Flags(Vec<bool>),
}

impl ParquetFile {
    pub(super) fn begin(target: Target, columns: &'static [Column]) -> anyhow::Result<ParquetFile> {
        let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("davy").with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("davy version ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let writer = SerializedFileWriter::new(target, Arc::new(schema), Arc::new(properties))?;
        Ok(ParquetFile { writer, held: columns.iter().map(Held::of).collect(), rows: 0 })
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> anyhow::Result<()> {
        for (held, cell) in self.held.iter_mut().zip(cells) {
            held.take(cell);
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS { self.group() } else { Ok(()) }
    }

    pub(super) fn end(mut self) -> anyhow::Result<Target> {
        if self.rows > 0 {
            self.group()?;
        }
        Ok(self.writer.into_inner()?)
    }

    /// Writes what is held as one group.
    fn group(&mut self) -> anyhow::Result<()> {
        let mut group = self.writer.next_row_group()?;
        for held in &mut self.held {
            let column = group.next_column()?;
            held.write(column.expect("the schema has a column for each"))?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl Held {
    fn of(column: &Column) -> Held {
        let values = match column.kind {
            Kind::Time | Kind::Count => Values::Whole(Vec::new()),
            Kind::Number => Values::Numbers(Vec::new()),
            Kind::Name | Kind::Text => Values::Texts(Vec::new()),
            Kind::Flag => Values::Flags(Vec::new()),
        };
        Held { values, levels: Vec::new() }
    }

    fn take(&mut self, cell: &Cell) {
        self.levels.push(i16::from(*cell != Cell::Null));
        match (&mut self.values, cell) {
            (_, Cell::Null) => {}
            (Values::Whole(values), Cell::Time(time)) => values.push(time.as_micros()),
            (Values::Whole(values), Cell::Count(count)) => {
                values.push(i64::try_from(*count).unwrap_or(i64::MAX));
            }
            (Values::Numbers(values), Cell::Number(number)) => values.push(*number),
            (Values::Texts(values), Cell::Text(text)) => values.push(text.as_str().into()),
            (Values::Flags(values), Cell::Flag(flag)) => values.push(*flag),
            (_, cell) => unreachable!("{cell:?} is not of its column"),
        }
    }

    fn write(&mut self, mut column: SerializedColumnWriter<'_>) -> parquet::errors::Result<()> {
        let levels = std::mem::take(&mut self.levels);
        match &mut self.values {
            Values::Whole(values) => put::<Int64Type>(&mut column, values, &levels),
            Values::Numbers(values) => put::<DoubleType>(&mut column, values, &levels),
            Values::Texts(values) => put::<ByteArrayType>(&mut column, values, &levels),
            Values::Flags(values) => put::<BoolType>(&mut column, values, &levels),
        }?;
        column.close()
    }
}

fn put<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    values: &mut Vec<T::T>,
    levels: &[i16],
) -> parquet::errors::Result<()> {
    column.typed::<T>().write_batch(values, Some(levels), None)?;
    values.clear();
    Ok(())
}

fn field(column: &Column) -> parquet::errors::Result<Arc<Type>> {
    let (physical, logical) = match column.kind {
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        Kind::Count => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Name | Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Flag => (Physical::BOOLEAN, None),
    };
    let field = Type::primitive_type_builder(column.name, physical).with_logical_type(logical);
    Ok(Arc::new(field.with_repetition(Repetition::OPTIONAL).build()?))
}

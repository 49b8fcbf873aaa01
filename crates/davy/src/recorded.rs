//! What the numbers in a column of a recording are, by the map that names it.

use davy_model::{Conversion, Quality, Range, Tag, Unit};
use davy_simulators::replay::TagColumn;

/// The way from a column's numbers to values of a tag.
pub(crate) struct Recorded {
    line: Conversion,
    range: Option<Range>,
}

impl Recorded {
    /// That of a column of this tag, or what is wrong with the map.
    pub(crate) fn of(tag: &Tag, column: &TagColumn) -> Result<Recorded, String> {
        let unit = match &*column.unit {
            "" => tag.unit,
            text => Unit::parse(text).ok_or_else(|| format!("{}: no such unit: {text:?}", column.column))?,
        };
        let line = unit.conversion(tag.unit, &tag.substance);
        let line = line.map_err(|error| format!("{}: {error}", column.column))?;
        Ok(Recorded { line, range: tag.range })
    }

    /// The value in the tag's unit; good, unless no sensor of that range can show it.
    pub(crate) fn judge(&self, number: f64) -> (f64, Quality) {
        let value = self.line.apply(number);
        let quality = match self.range {
            Some(range) if !range.holds(value) => range.quality_of(value, Quality::Good),
            Some(_) | None => Quality::Good,
        };
        (value, quality)
    }
}

//! What a row of a file says, as a row of history, or why it cannot be kept.

use davy_history::Row;
use davy_model::{Conversion, Quality, QualityReason, Tag, Timestamp, Unit, Value};

use super::site::Tags;

/// Why a row cannot be kept: the reason to count by, and the words.
pub(super) type Refusal = (&'static str, String);

/// A row as a file has it.
pub(super) struct Raw<'a> {
    pub(super) tag: &'a str,
    pub(super) time: Moment<'a>,
    /// As the time, without.
    pub(super) arrival: Option<Moment<'a>>,
    pub(super) value: Amount<'a>,
    /// The tag's own, without.
    pub(super) unit: Option<&'a str>,
    /// Good where there is a value, without.
    pub(super) quality: Option<&'a str>,
}

/// A moment as a file has it.
#[derive(Clone, Copy)]
pub(super) enum Moment<'a> {
    Text(&'a str),
    Known(Timestamp),
}

/// A value as a file has it.
#[derive(Clone, Copy)]
pub(super) enum Amount<'a> {
    Text(&'a str),
    Number(f64),
    None,
}

/// Who decides about rows.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) tags: &'a Tags,
    pub(super) now: Timestamp,
}

impl Judge<'_> {
    /// The row of history, or why not.
    pub(super) fn row(&self, raw: &Raw<'_>) -> Result<Row, Refusal> {
        let (series, tag) = self.tags.find(raw.tag).ok_or_else(|| {
            ("unknown tag", format!("the site has no tag {:?}; davy tags list shows them", raw.tag))
        })?;
        let time = raw.time.read("time")?;
        self.has_been(time)?;
        let arrival = raw.arrival.map_or(Ok(time), |arrival| arrival.read("arrival"))?;
        let value = raw.value.read()?;
        let value = match raw.unit {
            Some(text) => in_unit_of(tag, value, text)?,
            None => value,
        };
        let quality = match raw.quality {
            Some(word) => Quality::from_word(word).ok_or_else(|| {
                ("bad quality", format!("no such quality: {word:?}; good, uncertain, bad, or bad:stale"))
            })?,
            None if !value.is_some() => Quality::Bad(QualityReason::Unspecified),
            None => Quality::Good,
        };
        Ok(Row { series, time, arrival, value, quality })
    }

    /// Whether a time is not still to come.
    pub(super) fn has_been(&self, time: Timestamp) -> Result<(), Refusal> {
        if time > self.now {
            return Err(("time in the future", format!("it has not been {time} yet")));
        }
        Ok(())
    }
}

impl Moment<'_> {
    fn read(self, what: &str) -> Result<Timestamp, Refusal> {
        let text = match self {
            Moment::Known(time) => return Ok(time),
            Moment::Text(text) => text,
        };
        text.parse().map_err(|_| {
            ("bad time", format!("{what}: expected RFC 3339 such as 2026-03-01T08:00:00Z: {text:?}"))
        })
    }
}

impl Amount<'_> {
    fn read(self) -> Result<Value, Refusal> {
        let number = match self {
            Amount::None | Amount::Text("") => return Ok(Value::NONE),
            Amount::Number(number) => Some(number),
            Amount::Text(text) => text.parse::<f64>().ok(),
        };
        number.filter(|number| number.is_finite()).map(Value::of).ok_or_else(|| {
            let found = match self {
                Amount::Text(text) => format!("{text:?}"),
                Amount::Number(number) => number.to_string(),
                Amount::None => String::new(),
            };
            ("bad value", format!("no number: {found}; leave it empty where nothing was measured"))
        })
    }
}

/// A unit as it is written.
pub(super) fn unit(text: &str) -> Result<Unit, Refusal> {
    Unit::parse(text).ok_or_else(|| ("unknown unit", format!("no such unit: {text:?}")))
}

/// The way from a unit to the tag's own.
pub(super) fn conversion(tag: &Tag, unit: Unit) -> Result<Conversion, Refusal> {
    unit.conversion(tag.unit, &tag.substance)
        .map_err(|error| ("unit that cannot be converted", format!("{}: {error}", tag.name)))
}

fn in_unit_of(tag: &Tag, value: Value, text: &str) -> Result<Value, Refusal> {
    let line = conversion(tag, unit(text)?)?;
    Ok(value.get().map_or(Value::NONE, |number| Value::of(line.apply(number))))
}

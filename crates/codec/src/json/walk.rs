//! The way through one payload: what is known of it, and the checks of single fields.

use std::borrow::Cow;

use davy_model::{Quality, QualityReason, Reason, Timestamp};
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use super::{cell::Cell, syntax, texts::Texts, values::Values};
use crate::{
    Metric, Place, Rejection,
    check::{name_is_fit, quality_unknown},
    tally::Tally,
    time::{self, from_millis, from_millis_f64, from_text},
};

type Checked<T> = Result<T, Box<Rejection>>;

/// What is known on the way through one payload.
pub(super) struct Walk<'s, 'de> {
    pub(super) tally: Tally<'s>,
    /// The object being read.
    pub(super) place: Place,
    /// The last entry of `values`, until it is known to be complete.
    pub(super) pending: Option<Metric<'de>>,
    /// The refusal of all entries of a `values` that broke off, and how many they were so far.
    pub(super) lost: Option<Rejection>,
    /// An error inside a part that was read later, and where that part begins.
    pub(super) nested: Option<(usize, serde_json::Error)>,
    pub(super) texts: Texts<'de>,
    /// Most readings of a message share their time: it is read once.
    last_time: Option<(&'de str, Timestamp)>,
}

impl<'s, 'de> Walk<'s, 'de> {
    pub(super) fn new(tally: Tally<'s>, texts: Texts<'de>) -> Walk<'s, 'de> {
        let (place, pending, lost, nested, last_time) = (Place::Root, None, None, None, None);
        Walk { tally, place, pending, lost, nested, texts, last_time }
    }

    /// The pending entry is complete.
    pub(super) fn flush(&mut self) {
        if let Some(metric) = self.pending.take() {
            self.tally.metric(metric);
        }
    }

    /// After the payload broke off: a comma behind the pending entry says that it is complete.
    pub(super) fn flush_if_complete(&mut self, error: &serde_json::Error) {
        if let Some(rejection) = self.lost.take() {
            self.tally.problem(rejection);
        }
        if syntax::is_behind_a_comma(error) {
            self.flush();
        }
        self.pending = None;
    }

    /// Reads `values` that stood before their `ts`.
    pub(super) fn values_in(
        &mut self,
        raw: &'de RawValue,
        place: Place,
        ts: Option<&Cell<'de>>,
    ) -> Result<(), &'static str> {
        let mut json = serde_json::Deserializer::from_str(raw.get());
        let read = Values::new(self, place, ts).deserialize(&mut json);
        read.map_err(|error| {
            self.nested = Some((self.texts.offset_of(raw.get()), error));
            "values"
        })
    }

    /// The sender's number for the message.
    pub(super) fn seq(&mut self, cell: &Cell<'_>) {
        match cell {
            Cell::Integer(seq) if *seq >= 0 => self.tally.summary.seq = Some(seq.unsigned_abs()),
            Cell::Null => {}
            Cell::Integer(_)
            | Cell::Number(_)
            | Cell::Bool(_)
            | Cell::Text(_)
            | Cell::Array
            | Cell::Object => {
                let pointer = Place::Root.field("seq");
                let fix = "count messages from 0, or leave seq out";
                let expected = "a whole number from 0 to 2^63 - 1";
                let problem = Rejection::new(Reason::FieldType, pointer, &cell.shown(), expected, fix);
                self.tally.problem(problem.free());
            }
        }
    }

    /// A text field.
    pub(super) fn text(
        &self,
        cell: Cell<'de>,
        pointer: impl FnOnce() -> String,
        expected: &str,
    ) -> Checked<Cow<'de, str>> {
        let shown = match cell {
            Cell::Text(text) if !self.texts.is_marked(&text) => return Ok(text),
            Cell::Text(text) => match self.texts.bare_word(&text) {
                Some(word) => word,
                None => return Err(self.texts.not_utf8(&text, pointer())),
            },
            other => other.shown(),
        };
        let fix = "send it in quotation marks";
        Err(Rejection::new(Reason::FieldType, pointer(), &shown, expected, fix).into())
    }

    /// Whether a text may name a tag.
    pub(super) fn name_is_fit(&self, name: &str, pointer: impl Fn() -> String) -> Checked<()> {
        if self.texts.is_marked(name) {
            return Err(self.texts.not_utf8(name, pointer()));
        }
        name_is_fit(name, pointer)
    }

    /// A finite number; true and false are 1 and 0.
    pub(super) fn value(&self, cell: &Cell<'_>, pointer: impl FnOnce() -> String) -> Checked<f64> {
        #[allow(clippy::cast_precision_loss)] // A value is a double.
        let fix = match cell {
            Cell::Number(value) => return Ok(*value),
            Cell::Integer(value) => return Ok(*value as f64),
            Cell::Bool(value) => return Ok(f64::from(u8::from(*value))),
            Cell::Null => "leave the reading out while there is no value",
            Cell::Text(text) => return Err(self.texts.text_for_a_value(text, pointer())),
            Cell::Array | Cell::Object => "send one reading a number",
        };
        Err(Rejection::new(Reason::FieldType, pointer(), &cell.shown(), "a number", fix).into())
    }

    /// A source time. Remembers the last one.
    pub(super) fn time(&mut self, ts: Option<&Cell<'de>>, place: Place) -> Checked<Option<Timestamp>> {
        let read = match ts {
            None | Some(Cell::Null) => return Ok(None),
            Some(Cell::Integer(millis)) => from_millis(*millis),
            Some(Cell::Number(millis)) => from_millis_f64(*millis),
            Some(Cell::Text(Cow::Borrowed(text))) => self.text_time(text),
            Some(Cell::Text(Cow::Owned(text))) => from_text(text),
            Some(Cell::Bool(_) | Cell::Array | Cell::Object) => Err("send RFC 3339 text or milliseconds"),
        };
        read.map(Some).map_err(|fix| {
            let got = match ts {
                Some(Cell::Text(text)) => self.texts.original_of(text),
                Some(cell) => cell.shown(),
                None => String::new(),
            };
            Rejection::new(Reason::TimestampFormat, place.field("ts"), &got, time::EXPECTED, fix).into()
        })
    }

    /// How far to believe a value. One that is not known is told, and taken as bad.
    pub(super) fn quality(&mut self, cell: &Cell<'de>, place: Place) -> Checked<Quality> {
        let got = match cell {
            Cell::Text(word) => match (Quality::from_word(word), self.texts.bare_word(word)) {
                (Some(quality), _) => return Ok(quality),
                (None, Some(word)) => word,
                (None, None) if self.texts.is_marked(word) => {
                    return Err(self.texts.not_utf8(word, place.field("quality")));
                }
                (None, None) => word.to_string(),
            },
            other => other.shown(),
        };
        self.tally.problem(quality_unknown(place, &got));
        Ok(Quality::Bad(QualityReason::Unspecified))
    }

    fn text_time(&mut self, text: &'de str) -> Result<Timestamp, &'static str> {
        match self.last_time {
            Some((last, time)) if last == text => Ok(time),
            Some(_) | None => {
                let time = from_text(text)?;
                self.last_time = Some((text, time));
                Ok(time)
            }
        }
    }
}

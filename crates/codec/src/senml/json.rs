//! `application/senml+json`, read as it streams by.

use std::{borrow::Cow, fmt};

use davy_model::{Reason, Timestamp};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use typed_arena::Arena;

use super::{
    label::Key,
    pack::Pack,
    record::{Record, Records, Value},
    scan::Scan,
};
use crate::{
    Form, Limits, Place, Rejection, Sink, Summary,
    clip::clip_bytes,
    json::{
        Broken, Source,
        cell::{AnyCell, Cell, other_than_wanted},
        passes,
        patch::MARK,
        without_bare_words,
    },
    tally::Tally,
};

pub(super) fn decode(payload: &[u8], arrival: Timestamp, limits: Limits, sink: &mut dyn Sink) -> Summary {
    passes(payload, Form::SenmlJson, limits, sink, |source, tally, may_patch| {
        pass(source, arrival, tally, may_patch)
    })
}

/// Reads a payload once, up to where it ends or breaks off.
fn pass<'s>(
    source: &Source<'_>,
    arrival: Timestamp,
    mut tally: Tally<'s>,
    may_patch: bool,
) -> (Tally<'s>, Option<String>) {
    if may_be_refused_whole(&source.text) {
        let mut scan = Scan::default();
        // What is wrong with the JSON, the pass itself will tell. A word that is no number does not end the pack: behind it
        // may stand what refuses all of it.
        if let Err(error) = read(source, &mut scan)
            && scan.found.is_none()
            && error.is_syntax()
            && let Some(text) = without_bare_words(&source.text)
        {
            scan = Scan::default();
            let _ = read(&source.with(text), &mut scan);
        }
        if let Some(refusal) = scan.found {
            tally.problem(refusal);
            return (tally, None);
        }
    }
    let mut pack = Pack::new(&mut tally, arrival);
    let Err(error) = read(source, &mut pack) else {
        if let Some(refusal) = source.rest() {
            tally.problem(refusal);
        }
        return (tally, None);
    };
    let place = if pack.count() == 0 && !source.text.trim_start().starts_with('[') {
        Place::Root
    } else {
        Place::Item(pack.count())
    };
    match source.broken(&error, 0, place.pointer(), may_patch) {
        Broken::Again(text) => (tally, Some(text)),
        Broken::Refused(refusal) => {
            tally.problem(refusal);
            (tally, None)
        }
    }
}

/// Whether a version or a label that must be understood may be in it.
fn may_be_refused_whole(text: &str) -> bool {
    ["_\"", "bver", "\\u"].iter().any(|part| memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some())
}

fn read(source: &Source<'_>, records: &mut dyn Records) -> Result<(), serde_json::Error> {
    let texts = Arena::with_capacity(0);
    let mut json = serde_json::Deserializer::from_str(&source.text);
    let mut record = Record::new();
    let texts = &texts;
    Root(Item { records, source, record: &mut record, texts })
        .deserialize(&mut json)
        .and_then(|()| json.end())
}

/// The pack.
struct Root<'r, 's, 'p>(Item<'r, 's, 'p>);

/// One element of it.
struct Item<'r, 's, 'p> {
    records: &'r mut dyn Records,
    source: &'p Source<'s>,
    record: &'r mut Record<'p>,
    /// Holds what does not stand in the payload as it is.
    texts: &'p Arena<String>,
}

impl Root<'_, '_, '_> {
    fn other(self, cell: &Cell<'_>) {
        self.0.records.no_record(&cell.shown());
    }
}

impl<'p> DeserializeSeed<'p> for Root<'_, '_, 'p> {
    type Value = ();

    fn deserialize<D: Deserializer<'p>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'p> Visitor<'p> for Root<'_, '_, 'p> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'p>>(mut self, mut list: A) -> Result<(), A::Error> {
        loop {
            let Item { records, source, record, texts } = &mut self.0;
            let item = Item { records: &mut **records, source, record, texts };
            if list.next_element_seed(item)?.is_none() {
                return Ok(());
            }
        }
    }

    /// One record alone is no pack; it is read as if it were in one, since it can mean nothing else.
    fn visit_map<A: MapAccess<'p>>(self, map: A) -> Result<(), A::Error> {
        self.0.visit_map(map)
    }

    other_than_wanted!();
}

impl<'p> Item<'_, '_, 'p> {
    fn other(self, cell: &Cell<'_>) {
        self.records.no_record(&cell.shown());
    }

    fn value(&self, cell: Cell<'p>) -> Value<'p> {
        match cell {
            Cell::Number(value) => Value::Number(value),
            #[allow(clippy::cast_precision_loss)] // A value is a double.
            Cell::Integer(value) => Value::Number(value as f64),
            Cell::Bool(value) => value.into(),
            Cell::Text(text) if self.is_marked(&text) => self.marked(&text),
            Cell::Text(Cow::Borrowed(text)) => Value::Text(text),
            Cell::Text(Cow::Owned(text)) => Value::Text(self.texts.alloc(text)),
            other @ (Cell::Null | Cell::Array | Cell::Object) => {
                Value::Other(self.texts.alloc(other.shown()))
            }
        }
    }

    /// Whether marks in a text stand for something else. In a payload of UTF-8 only bare words were replaced: there the
    /// mark is a character like others, or two passes over one payload would not tell the same.
    fn is_marked(&self, text: &str) -> bool {
        let is_bare = || self.start_of(text).is_some_and(|start| self.source.payload[start - 1] != b'"');
        self.source.is_patched && text.as_bytes().contains(&MARK) && (!self.source.is_utf8() || is_bare())
    }

    /// Where in the payload a text begins, when it stands there as it is.
    fn start_of(&self, text: &str) -> Option<usize> {
        let start = (text.as_ptr() as usize).checked_sub(self.source.text.as_ptr() as usize)?;
        (start > 0 && start + text.len() < self.source.payload.len()).then_some(start)
    }

    /// What stood where marks stand now: a word that is no number, or text that is not UTF-8.
    fn marked(&self, text: &str) -> Value<'p> {
        let payload = self.source.payload;
        let Some(start) = self.start_of(text) else {
            return Value::NotText(self.texts.alloc(text.to_owned()));
        };
        if payload[start - 1] == b'"' {
            Value::NotText(self.texts.alloc(clip_bytes(&payload[start..start + text.len()])))
        } else {
            Value::NotFinite(self.texts.alloc(clip_bytes(&payload[start - 1..=start + text.len()])))
        }
    }
}

impl<'p> DeserializeSeed<'p> for Item<'_, '_, 'p> {
    type Value = ();

    fn deserialize<D: Deserializer<'p>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

/// How deep a record's values stand.
const DEPTH: u32 = 2;

impl<'p> Visitor<'p> for Item<'_, '_, 'p> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'p>>(self, mut map: A) -> Result<(), A::Error> {
        self.record.clear();
        while let Some(key) = map.next_key_seed(AnyKey(self.texts))? {
            let cell = map.next_value_seed(AnyCell { depth: DEPTH })?;
            match key {
                Key::Known(label) => {
                    let value = self.value(cell);
                    self.record.put(label, value);
                }
                Key::Extension => {}
                Key::MustUnderstand(label) => self.record.must_understand = Some(label),
            }
        }
        self.records.record(self.record);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'p>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(AnyCell { depth: DEPTH })?.is_some() {}
        self.other(&Cell::Array);
        Ok(())
    }

    other_than_wanted!();
}

/// Reads the key of a field.
struct AnyKey<'p>(&'p Arena<String>);

impl<'p> DeserializeSeed<'p> for AnyKey<'p> {
    type Value = Key<'p>;

    fn deserialize<D: Deserializer<'p>>(self, json: D) -> Result<Key<'p>, D::Error> {
        json.deserialize_identifier(self)
    }
}

impl<'p> Visitor<'p> for AnyKey<'p> {
    type Value = Key<'p>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a label")
    }

    fn visit_borrowed_str<E: Error>(self, word: &'p str) -> Result<Key<'p>, E> {
        Ok(Key::of_word(word))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Key<'p>, E> {
        Ok(match Key::of_word(word) {
            Key::Known(label) => Key::Known(label),
            Key::Extension => Key::Extension,
            Key::MustUnderstand(label) => Key::MustUnderstand(self.0.alloc(label.to_owned())),
        })
    }
}

/// The refusal of what is no record.
pub(super) fn no_record(place: Place, shown: &str) -> Rejection {
    let fix = "send an array of records: [{\"n\": \"AT-0412/h2s\", \"u\": \"ppm\", \"v\": 12.4}]";
    Rejection::new(Reason::FieldType, place.pointer(), shown, "a record (an object)", fix)
}

//! `values`: numbers by tag, under one time.

use std::{borrow::Cow, fmt};

use davy_model::{Quality, Reason, Timestamp};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{
    cell::{AnyCell, Cell, other_than_wanted},
    name::AnyName,
    walk::Walk,
};
use crate::{At, Metric, Place, Rejection};

/// Reads the entries of `values`, each for itself.
pub(super) struct Values<'w, 's, 'de> {
    walk: &'w mut Walk<'s, 'de>,
    place: Place,
    /// A time that cannot be read costs all entries.
    time: Result<Option<Timestamp>, Box<Rejection>>,
}

/// How deep the entries can stand at most in the documented forms.
const DEPTH: u32 = 4;

impl<'w, 's, 'de> Values<'w, 's, 'de> {
    pub(super) fn new(
        walk: &'w mut Walk<'s, 'de>,
        place: Place,
        ts: Option<&Cell<'de>>,
    ) -> Values<'w, 's, 'de> {
        let time = walk.time(ts, place);
        Values { walk, place, time }
    }

    fn other(self, cell: &Cell<'_>) {
        let fix = "send {\"values\": {\"AT-0412/h2s\": 12.4}}";
        let pointer = self.place.field("values");
        let refusal = Rejection::new(Reason::FieldType, pointer, &cell.shown(), "an object", fix);
        self.walk.tally.problem(refusal);
    }

    fn entry(&mut self, name: Cow<'de, str>, cell: &Cell<'de>, time: Option<Timestamp>) {
        let place = self.place;
        let checked = self
            .walk
            .name_is_fit(&name, || place.value_of(&name))
            .and_then(|()| self.walk.value(cell, || place.value_of(&name)));
        match checked {
            Ok(value) => {
                let quality = Quality::Good;
                // Held back until the comma or brace behind it is seen: `12` may be a cut `12.4`.
                self.walk.pending = Some(Metric {
                    name,
                    value: Some(value),
                    unit: None,
                    time,
                    quality,
                    historical: false,
                    at: At::Value(place),
                });
            }
            Err(rejection) => self.walk.tally.problem(*rejection),
        }
    }

    fn entries<A: MapAccess<'de>>(&mut self, map: &mut A, lost: &mut u32) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Name { walk: self.walk })? {
            let cell = map.next_value_seed(AnyCell { depth: DEPTH })?;
            match self.time {
                Ok(time) => self.entry(name, &cell, time),
                Err(_) => *lost += 1,
            }
        }
        self.walk.flush();
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Values<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut lost = 0;
        let read = self.entries(&mut map, &mut lost);
        if let Err(rejection) = self.time {
            let rejection = Rejection { readings: lost, ..*rejection };
            match read {
                Ok(()) => self.walk.tally.problem(rejection),
                // Whether this pass is the last, and how many there are, is not known yet.
                Err(_) => self.walk.lost = Some(rejection),
            }
        }
        read
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(AnyCell { depth: DEPTH })?.is_some() {}
        self.other(&Cell::Array);
        Ok(())
    }

    other_than_wanted!();
}

/// Reads the name of an entry. That there is one says that the entry before it was complete.
struct Name<'w, 's, 'de> {
    walk: &'w mut Walk<'s, 'de>,
}

impl<'de> DeserializeSeed<'de> for Name<'_, '_, 'de> {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Cow<'de, str>, D::Error> {
        self.walk.flush();
        AnyName.deserialize(json)
    }
}

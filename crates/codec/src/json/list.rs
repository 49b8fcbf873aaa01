//! An array of readings, or of objects of readings.

use std::fmt;

use davy_model::Reason;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{
    cell::{AnyCell, Cell, other_than_wanted},
    item::Item,
    walk::Walk,
};
use crate::{Place, Rejection};

/// Reads the elements of an array, each for itself.
pub(super) struct List<'w, 's, 'de> {
    pub(super) walk: &'w mut Walk<'s, 'de>,
    /// The place of an element.
    pub(super) place: fn(u32) -> Place,
}

impl List<'_, '_, '_> {
    fn other(self, cell: &Cell<'_>) {
        let pointer = Place::Root.field("readings");
        let fix = "put the readings into [ ], one too";
        let refusal = Rejection::new(Reason::FieldType, pointer, &cell.shown(), "an array of readings", fix);
        self.walk.tally.problem(refusal);
    }
}

impl<'de> DeserializeSeed<'de> for List<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for at in 0.. {
            let place = (self.place)(at);
            self.walk.place = place;
            if list.next_element_seed(Item { walk: self.walk, place })?.is_none() {
                break;
            }
        }
        self.walk.place = Place::Root;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let depth = 2;
        while map.next_key_seed(AnyCell { depth })?.is_some() {
            map.next_value_seed(AnyCell { depth })?;
        }
        self.other(&Cell::Object);
        Ok(())
    }

    other_than_wanted!();
}

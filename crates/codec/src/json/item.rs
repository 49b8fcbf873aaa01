//! The payload itself, or one element of an array: a reading, `{ts, values}`, or `{seq, readings}`.

use std::fmt;

use davy_model::Reason;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    cell::{AnyCell, Cell, other_than_wanted},
    draft::Draft,
    field::{AnyField, Field},
    list::List,
    values::Values,
    walk::Walk,
};
use crate::{Place, Rejection};

/// Reads one object of readings.
pub(super) struct Item<'w, 's, 'de> {
    pub(super) walk: &'w mut Walk<'s, 'de>,
    pub(super) place: Place,
}

impl<'de> Item<'_, '_, 'de> {
    fn other(self, cell: &Cell<'_>) {
        let (reason, expected) = match self.place {
            Place::Root => (Reason::SchemaViolation, "an object or an array"),
            Place::Item(_) | Place::Reading(_) => (Reason::FieldType, "an object"),
        };
        let fix = "send {\"tag\": ..., \"value\": ...} or {\"ts\": ..., \"values\": {...}}";
        self.walk.tally.problem(Rejection::new(reason, self.place.pointer(), &cell.shown(), expected, fix));
    }

    const fn cell(&self) -> AnyCell {
        AnyCell { depth: depth_of(self.place) }
    }

    fn field<A: MapAccess<'de>>(
        &mut self,
        field: Field<'de>,
        map: &mut A,
        draft: &mut Draft<'de>,
    ) -> Result<(), A::Error> {
        let is_root = self.place == Place::Root;
        match field {
            Field::Tag => draft.tag.put("tag", map.next_value_seed(self.cell())?, &mut draft.repeated),
            Field::Value => draft.value.put("value", map.next_value_seed(self.cell())?, &mut draft.repeated),
            Field::Unit => draft.unit.put("unit", map.next_value_seed(self.cell())?, &mut draft.repeated),
            Field::Ts => draft.ts.put("ts", map.next_value_seed(self.cell())?, &mut draft.repeated),
            Field::Quality => {
                draft.quality.put("quality", map.next_value_seed(self.cell())?, &mut draft.repeated);
            }
            Field::Values => self.values(map, draft)?,
            Field::Readings if is_root => self.readings(map, draft)?,
            Field::Seq if is_root => draft.seq = Some(map.next_value_seed(self.cell())?),
            Field::Readings => self.unknown("readings", map)?,
            Field::Seq => self.unknown("seq", map)?,
            Field::Unknown(name) => {
                draft.note_alias(&name);
                self.unknown(&name, map)?;
            }
        }
        Ok(())
    }

    fn unknown<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        self.walk.tally.unknown_field(self.place, name);
        map.next_value_seed(self.cell()).map(|_| ())
    }

    fn readings<A: MapAccess<'de>>(&mut self, map: &mut A, draft: &mut Draft<'de>) -> Result<(), A::Error> {
        if std::mem::replace(&mut draft.has_readings, true) {
            return self.repeated("readings", map);
        }
        map.next_value_seed(List { walk: self.walk, place: Place::Reading })
    }

    /// Values before their time are kept as text until the time is known: a value must never be given another time.
    fn values<A: MapAccess<'de>>(&mut self, map: &mut A, draft: &mut Draft<'de>) -> Result<(), A::Error> {
        if std::mem::replace(&mut draft.has_values, true) {
            return self.repeated("values", map);
        }
        if draft.ts.is_none() {
            draft.values_before_ts = Some(map.next_value::<&'de RawValue>()?);
            return Ok(());
        }
        let values = Values::new(self.walk, self.place, draft.ts.as_ref());
        map.next_value_seed(values)
    }

    fn repeated<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        map.next_value_seed(self.cell())?;
        self.walk.tally.problem(Rejection::new(
            Reason::SchemaViolation,
            self.place.field(name),
            &format!("{name} twice"),
            "every field once",
            "the first was read; put all into one",
        ));
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Item<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut draft = Draft::new(self.place);
        while let Some(field) = map.next_key_seed(AnyField)? {
            // Only now is it known that the number was complete: `41` may be a cut `41207`.
            draft.tell_seq(self.walk);
            self.field(field, &mut map, &mut draft)?;
        }
        draft.tell_seq(self.walk);
        if let Some(raw) = draft.values_before_ts.take() {
            self.walk.values_in(raw, self.place, draft.ts.as_ref()).map_err(serde::de::Error::custom)?;
        }
        draft.finish(self.walk);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.place == Place::Root {
            return List { walk: self.walk, place: Place::Item }.visit_seq(list);
        }
        let cell = AnyCell { depth: depth_of(self.place) };
        while list.next_element_seed(cell)?.is_some() {}
        self.other(&Cell::Array);
        Ok(())
    }

    other_than_wanted!();
}

/// How deep the inside of an object at that place stands.
const fn depth_of(place: Place) -> u32 {
    match place {
        Place::Root => 1,
        Place::Item(_) => 2,
        Place::Reading(_) => 3,
    }
}

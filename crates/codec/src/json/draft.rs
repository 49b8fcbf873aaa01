//! An object of readings while it is read.

use davy_model::{Quality, Reason};
use serde_json::value::RawValue;

use super::{cell::Cell, walk::Walk};
use crate::{At, Metric, Place, Rejection, tally::meant};

/// What an object has said so far.
pub(super) struct Draft<'de> {
    place: Place,
    /// The message's number, until it is told.
    pub(super) seq: Option<Cell<'de>>,
    pub(super) tag: Slot<'de>,
    pub(super) value: Slot<'de>,
    pub(super) unit: Slot<'de>,
    pub(super) ts: Slot<'de>,
    pub(super) quality: Slot<'de>,
    pub(super) values_before_ts: Option<&'de RawValue>,
    pub(super) has_values: bool,
    pub(super) has_readings: bool,
    /// The first field that came twice.
    pub(super) repeated: Option<&'static str>,
    /// An unknown field that was surely meant for a documented one: its name, and the one meant.
    alias: Option<(String, &'static str)>,
}

/// A field that has come, or not yet.
#[derive(Default)]
pub(super) struct Slot<'de>(Option<Cell<'de>>);

impl<'de> Slot<'de> {
    /// Keeps the first, and notes a second.
    pub(super) fn put(&mut self, name: &'static str, cell: Cell<'de>, repeated: &mut Option<&'static str>) {
        if self.0.is_some() {
            repeated.get_or_insert(name);
        } else {
            self.0 = Some(cell);
        }
    }

    pub(super) const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    pub(super) const fn as_ref(&self) -> Option<&Cell<'de>> {
        self.0.as_ref()
    }
}

type Checked<T> = Result<T, Box<Rejection>>;

impl<'de> Draft<'de> {
    pub(super) fn new(place: Place) -> Draft<'de> {
        Draft {
            place,
            seq: None,
            tag: Slot::default(),
            value: Slot::default(),
            unit: Slot::default(),
            ts: Slot::default(),
            quality: Slot::default(),
            values_before_ts: None,
            has_values: false,
            has_readings: false,
            repeated: None,
            alias: None,
        }
    }

    /// The message's number is complete.
    pub(super) fn tell_seq(&mut self, walk: &mut Walk<'_, 'de>) {
        if let Some(cell) = self.seq.take() {
            walk.seq(&cell);
        }
    }

    /// Remembers the first unknown field that stands for a documented one.
    pub(super) fn note_alias(&mut self, name: &str) {
        if self.alias.is_none() {
            self.alias = meant(name).map(|known| (name.to_owned(), known));
        }
    }

    /// The object is complete.
    pub(super) fn finish(self, walk: &mut Walk<'_, 'de>) {
        if self.has_values || self.has_readings {
            self.finish_container(walk);
        } else if self.tag.is_none() && self.value.is_none() && self.place == Place::Root {
            let expected = "{seq, readings: [...]}, {ts, values: {...}}, {tag, value}, or an array of these";
            let fix = "send one of these forms, or ask the site for a mapping file";
            let got = "an object without readings, values or tag";
            walk.tally.problem(Rejection::new(Reason::SchemaViolation, String::new(), got, expected, fix));
        } else {
            self.finish_reading(walk);
        }
    }

    fn finish_container(self, walk: &mut Walk<'_, 'de>) {
        if self.repeated == Some("ts") {
            let (got, expected) = ("ts twice", "every field once");
            let fix = "the first was taken; leave the other out";
            let pointer = self.place.field("ts");
            let problem = Rejection::new(Reason::SchemaViolation, pointer, got, expected, fix);
            walk.tally.problem(problem.free());
        }
        let stray =
            [("tag", &self.tag), ("value", &self.value), ("unit", &self.unit), ("quality", &self.quality)];
        for (name, _) in stray.into_iter().filter(|(_, slot)| !slot.is_none()) {
            walk.tally.unknown_field(self.place, name);
        }
        if !self.has_values && !self.ts.is_none() {
            walk.tally.unknown_field(self.place, "ts");
        }
    }

    fn finish_reading(self, walk: &mut Walk<'_, 'de>) {
        match self.metric(walk) {
            Ok(metric) => walk.tally.metric(metric),
            Err(rejection) => walk.tally.problem(*rejection),
        }
    }

    fn metric(self, walk: &mut Walk<'_, 'de>) -> Checked<Metric<'de>> {
        let place = self.place;
        if let Some(name) = self.repeated {
            let got = format!("{name} twice");
            let fix = "leave one of them out";
            let pointer = place.field(name);
            return Err(
                Rejection::new(Reason::SchemaViolation, pointer, &got, "every field once", fix).into()
            );
        }
        let Some(tag) = self.tag.0 else { return Err(missing(place, "tag", self.alias)) };
        let early = match self.value.0 {
            None | Some(Cell::Null) => Some(quality(self.quality.as_ref(), walk, place)?),
            Some(_) => None,
        };
        let is_empty = matches!(early, Some(Quality::Bad(_)));
        if self.value.is_none() && !is_empty {
            return Err(missing(place, "value", self.alias));
        }
        let name = walk.text(tag, || place.field("tag"), "the name of a tag, as text")?;
        walk.name_is_fit(&name, || place.field("tag"))?;
        let value = match &self.value.0 {
            Some(value) if !is_empty => Some(walk.value(value, || place.field("value"))?),
            Some(_) | None => None,
        };
        let unit = match self.unit.0 {
            None | Some(Cell::Null) => None,
            Some(cell) => Some(walk.text(cell, || place.field("unit"), "a unit, as text")?),
        };
        let unit = unit.filter(|unit| !unit.is_empty());
        let time = walk.time(self.ts.as_ref(), place)?;
        let quality = match early {
            Some(quality) => quality,
            None => quality(self.quality.as_ref(), walk, place)?,
        };
        Ok(Metric { name, value, unit, time, quality, historical: false, at: At::Reading(place) })
    }
}

fn quality<'de>(sent: Option<&Cell<'de>>, walk: &mut Walk<'_, 'de>, place: Place) -> Checked<Quality> {
    match sent {
        None | Some(Cell::Null) => Ok(Quality::Good),
        Some(cell) => walk.quality(cell, place),
    }
}

fn missing(place: Place, field: &'static str, alias: Option<(String, &'static str)>) -> Box<Rejection> {
    let fix = match alias {
        Some((name, known)) if known == field => format!("call {name} {field}"),
        Some(_) | None => {
            format!("add {field}; a reading needs tag and value, or a bad quality in place of the value")
        }
    };
    Rejection::new(Reason::FieldMissing, place.field(field), "", field, &fix).into()
}

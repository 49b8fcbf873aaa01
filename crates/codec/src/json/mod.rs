//! Native JSON: `{seq, readings: [{tag, value, unit, ts, quality}]}`, `{ts, values: {tag: number}}`, one reading alone,
//! or an array of any of these.

pub(crate) mod cell;
mod draft;
mod field;
mod item;
mod list;
mod name;
pub(crate) mod patch;
mod source;
mod syntax;
mod texts;
mod values;
mod walk;

use davy_model::Timestamp;
use serde::de::DeserializeSeed;

pub(crate) use self::{
    cell::{AnyCell, Cell},
    name::AnyName,
    patch::without_bare_words,
    source::{Broken, Source, passes},
    syntax::{TOO_DEEP, is_behind_a_comma},
    texts::Texts,
};
use self::{item::Item, walk::Walk};
use crate::{Codec, Form, Limits, Place, Sink, Summary, native::refused_whole, tally::Tally};

/// Reads native JSON.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json {
    /// How much one payload may ask for.
    pub limits: Limits,
}

impl Codec for Json {
    fn decode(&self, payload: &[u8], _arrival: Timestamp, sink: &mut dyn Sink) -> Summary {
        if let Some(summary) = refused_whole(payload, Form::Json, self.limits, sink) {
            return summary;
        }
        passes(payload, Form::Json, self.limits, sink, pass)
    }
}

/// Reads a payload once, up to where it ends or breaks off.
fn pass<'s>(source: &Source<'_>, tally: Tally<'s>, may_patch: bool) -> (Tally<'s>, Option<String>) {
    let mut walk = Walk::new(tally, source.texts());
    let mut json = serde_json::Deserializer::from_str(&source.text);
    let read = Item { walk: &mut walk, place: Place::Root }.deserialize(&mut json).and_then(|()| json.end());
    let Err(error) = read else {
        if let Some(refusal) = source.rest() {
            walk.tally.problem(refusal);
        }
        return (walk.tally, None);
    };
    let (base, error) = walk.nested.take().unwrap_or((0, error));
    match source.broken(&error, base, walk.place.pointer(), may_patch) {
        Broken::Again(text) => (walk.tally, Some(text)),
        Broken::Refused(refusal) => {
            walk.flush_if_complete(&error);
            walk.tally.problem(refusal);
            (walk.tally, None)
        }
    }
}

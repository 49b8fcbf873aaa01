//! A decoded value not yet bound to a tag.

use std::{borrow::Cow, fmt};

use davy_model::{Quality, Timestamp};

use crate::Place;

/// A decoded value not yet bound to a tag.
#[derive(Clone, Debug)]
pub struct Metric<'a> {
    /// The name sent, 1 to 128 bytes. Whether the site has such a tag is not known here.
    pub name: Cow<'a, str>,
    /// Finite, in the unit sent; none where the sender says that nothing was measured. Then its quality is bad.
    pub value: Option<f64>,
    /// The unit as it was written; the tag's own when absent.
    pub unit: Option<Cow<'a, str>>,
    /// When the source says it was measured; its arrival when absent.
    pub time: Option<Timestamp>,
    /// How far to believe it; good when the sender did not say.
    pub quality: Quality,
    /// The sender says that it is history, kept while it could not be sent: it is judged as a backlog is.
    pub historical: bool,
    /// Where it stands.
    pub at: At<'a>,
}

/// Where a metric stands in its payload.
#[derive(Clone, Copy)]
pub enum At<'a> {
    /// In a native payload: it is that object.
    Reading(Place),
    /// In a native payload: it is an entry of that object's `values`.
    Value(Place),
    /// In another form, which is asked only when there is something to say.
    Spot(&'a dyn Spot),
}

/// Says where a metric stands in a payload of its form.
pub trait Spot {
    /// The JSON pointer (RFC 6901) to its `tag`, `value`, `unit`, `ts` or `quality`, whatever the form calls them; of a
    /// form that is not JSON, as if it were.
    fn pointer(&self, field: &str) -> String;
}

impl Metric<'_> {
    /// The JSON pointer to a field of it (`tag`, `value`, `unit`, `ts`, `quality`), for a refusal after decoding. An
    /// entry of `values` has one pointer for all but its `ts`, which it shares.
    pub fn pointer(&self, field: &str) -> String {
        match self.at {
            At::Value(place) if field != "ts" => place.value_of(&self.name),
            At::Value(place) | At::Reading(place) => place.field(field),
            At::Spot(spot) => spot.pointer(field),
        }
    }
}

impl fmt::Debug for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Reading(place) => f.debug_tuple("Reading").field(place).finish(),
            At::Value(place) => f.debug_tuple("Value").field(place).finish(),
            At::Spot(spot) => f.debug_tuple("Spot").field(&spot.pointer("value")).finish(),
        }
    }
}

//! A decoded value not yet bound to a tag.

use std::borrow::Cow;

use davy_model::{Quality, Timestamp};

use crate::Place;

/// A decoded value not yet bound to a tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric<'a> {
    /// The name sent, 1 to 128 bytes. Whether the site has such a tag is not known here.
    pub name: Cow<'a, str>,
    /// Finite, in the unit sent.
    pub value: f64,
    /// The unit as it was written; the tag's own when absent.
    pub unit: Option<Cow<'a, str>>,
    /// When the source says it was measured; its arrival when absent.
    pub time: Option<Timestamp>,
    /// How far to believe it; good when the sender did not say.
    pub quality: Quality,
    /// The object it stands in.
    pub place: Place,
    /// It is an entry of that object's `values`, and the object is not a reading itself.
    pub in_values: bool,
}

impl Metric<'_> {
    /// The JSON pointer to a field of it (`tag`, `value`, `unit`, `ts`, `quality`), for a refusal after decoding. An
    /// entry of `values` has one pointer for all but its `ts`, which it shares.
    pub fn pointer(&self, field: &str) -> String {
        if self.in_values && field != "ts" {
            self.place.value_of(&self.name)
        } else {
            self.place.field(field)
        }
    }
}

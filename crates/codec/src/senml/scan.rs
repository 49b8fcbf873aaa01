//! What must be known before the first record of a pack may be believed.
//!
//! A pack of another version, or with a field that must be understood and is not, is refused as a whole (RFC 8428, 4.4):
//! so the whole of it is looked through first, when it may hold either.

use davy_model::Reason;

use super::{
    label::Label,
    record::{Record, Records, Value},
};
use crate::{Place, Rejection};

/// RFC 8428.
const VERSION: f64 = 10.0;
/// With the secondary units of RFC 8798: feature code 4, which is 2^4 more (RFC 9100, 2 and 4).
const VERSION_WITH_SECONDARY_UNITS: f64 = 26.0;

/// Looks for the first reason to refuse a pack.
#[derive(Debug, Default)]
pub(super) struct Scan {
    at: u32,
    pub(super) found: Option<Rejection>,
}

impl Scan {
    fn version(&mut self, value: Value<'_>) {
        let known = match value {
            Value::Number(version) => {
                version.fract() == 0.0 && (1.0..=VERSION).contains(&version)
                    || version == VERSION_WITH_SECONDARY_UNITS
            }
            _ => false,
        };
        if !known {
            let expected = "a version up to 10, or 26 (10 and secondary units)";
            let fix = "send SenML of RFC 8428; of RFC 9100, only the secondary units are known here";
            let pointer = Place::Item(self.at).field(Label::BaseVersion.word());
            self.found =
                Some(Rejection::new(Reason::SchemaViolation, pointer, &value.shown(), expected, fix));
        }
    }
}

impl Records for Scan {
    fn record(&mut self, record: &Record<'_>) {
        if self.found.is_none() {
            if let Some(label) = record.must_understand {
                let expected = "fields that Davy knows: a label that ends with _ must be understood";
                let fix = "leave the field out; the whole pack was refused, as RFC 8428 asks";
                let pointer = Place::Item(self.at).field(label);
                self.found = Some(Rejection::new(Reason::SchemaViolation, pointer, label, expected, fix));
            } else if let Some(version) = record.get(Label::BaseVersion) {
                self.version(version);
            }
        }
        self.at += 1;
    }

    fn no_record(&mut self, _shown: &str) {
        self.at += 1;
    }

    fn count(&self) -> u32 {
        self.at
    }
}

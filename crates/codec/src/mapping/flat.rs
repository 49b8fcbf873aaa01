//! A flat object: numbers by key.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use davy_model::{Quality, Reason, Timestamp};

use super::Mapping;
use crate::{
    At, Captures, Codec, Form, Limits, Metric, Place, Rejection, Sink, Summary, check::name_is_fit,
    native::refused_whole, tally::Tally,
};

pub(super) struct Flat {
    pub(super) mapping: Arc<Mapping>,
    pub(super) captures: Captures,
    pub(super) limits: Limits,
}

impl Codec for Flat {
    fn decode(&self, payload: &[u8], _arrival: Timestamp, sink: &mut dyn Sink) -> Summary {
        if let Some(summary) = refused_whole(payload, Form::MappedJson, self.limits, sink) {
            return summary;
        }
        let mut tally = Tally::new(sink, Summary::empty(Form::MappedJson), self.limits, 0);
        match serde_json::from_slice::<BTreeMap<Cow<'_, str>, f64>>(payload) {
            Ok(values) => values.iter().for_each(|(key, value)| self.value(key, *value, &mut tally)),
            Err(error) => {
                let reason = if error.is_data() { Reason::SchemaViolation } else { Reason::JsonSyntax };
                let fix = "send one object of numbers by name";
                tally.problem(Rejection::new(
                    reason,
                    String::new(),
                    &error.to_string(),
                    "an object of numbers",
                    fix,
                ));
            }
        }
        tally.finish()
    }
}

impl Flat {
    fn value(&self, key: &str, value: f64, tally: &mut Tally<'_>) {
        let mut name = self.mapping.tag.replace("{key}", key);
        for (known, level) in self.captures.iter() {
            name = name.replace(&format!("{{{known}}}"), level);
        }
        match name_is_fit(&name, || Place::Root.field(key)) {
            Ok(()) => tally.metric(Metric {
                name: name.into(),
                value,
                unit: None,
                time: None,
                quality: Quality::Good,
                historical: false,
                at: At::Reading(Place::Root),
            }),
            Err(refusal) => tally.problem(*refusal),
        }
    }
}

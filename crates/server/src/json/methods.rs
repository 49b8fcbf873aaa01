//! The methods that are mirrored.

use std::{collections::HashMap, sync::LazyLock};

use prost_reflect::{MessageDescriptor, MethodDescriptor, Value};

use crate::contract::CONTRACT;

/// A method that only reads.
pub(crate) struct Mirrored {
    pub(crate) input: MessageDescriptor,
    pub(crate) output: MessageDescriptor,
    /// Answers with more than one message.
    pub(crate) streams: bool,
}

static METHODS: LazyLock<HashMap<String, Mirrored>> = LazyLock::new(|| {
    let methods: Vec<MethodDescriptor> =
        CONTRACT.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    methods
        .iter()
        .filter(|method| reads_only(method))
        .map(|method| (path(method), mirrored(method)))
        .collect()
});

/// The method at that path, if it only reads.
pub(crate) fn find(path: &str) -> Option<&'static Mirrored> {
    METHODS.get(path)
}

fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

fn mirrored(method: &MethodDescriptor) -> Mirrored {
    Mirrored { input: method.input(), output: method.output(), streams: method.is_server_streaming() }
}

fn reads_only(method: &MethodDescriptor) -> bool {
    const NO_SIDE_EFFECTS: i32 = 1;
    let options = method.options();
    let level = options.get_field_by_name("idempotency_level").map(|level| level.into_owned());
    level == Some(Value::EnumNumber(NO_SIDE_EFFECTS)) && !method.is_client_streaming()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_is_mirrored_and_what_acts_is_not() {
        assert!(find("/davy.v1.AlarmService/List").is_some_and(|method| !method.streams));
        assert!(find("/davy.v1.AlertService/Subscribe").is_some_and(|method| method.streams));
        for acts in [
            "AlarmService/Acknowledge",
            "AlertService/Confirm",
            "RuleService/Activate",
            "TelemetryService/Publish",
        ] {
            assert!(find(&format!("/davy.v1.{acts}")).is_none(), "{acts} changes something");
        }
    }
}

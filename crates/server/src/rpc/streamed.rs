//! Which methods take a stream from their caller, and so are answered when the caller has come to an end.

use std::collections::BTreeSet;

use crate::contract::CONTRACT;

/// Their paths, `/davy.v1.TelemetryService/Publish`, as the contract has them.
pub(crate) fn taking_streams() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for service in CONTRACT.services() {
        for method in service.methods().filter(|method| method.is_client_streaming()) {
            paths.insert(format!("/{}/{}", service.full_name(), method.name()));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_that_readings_and_transitions_are_streamed_to_are_told_from_all_others() {
        let due = ["/davy.v1.LinkService/Forward", "/davy.v1.TelemetryService/Publish"];
        assert_eq!(Vec::from_iter(taking_streams()), due);
    }
}

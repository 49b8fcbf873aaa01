//! Which methods take a stream from their caller, and so are answered when the caller has come to an end.

use std::collections::BTreeSet;

use prost::Message;
use prost_types::FileDescriptorSet;

/// Their paths, `/davy.v1.TelemetryService/Publish`, as the contract has them.
pub(crate) fn taking_streams() -> BTreeSet<String> {
    let contract = FileDescriptorSet::decode(davy_proto::FILE_DESCRIPTOR_SET)
        .expect("the contract is part of the program");
    let mut paths = BTreeSet::new();
    for file in &contract.file {
        for service in &file.service {
            for method in service.method.iter().filter(|method| method.client_streaming()) {
                paths.insert(format!("/{}.{}/{}", file.package(), service.name(), method.name()));
            }
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_method_that_readings_are_streamed_to_is_told_from_all_others() {
        assert_eq!(Vec::from_iter(taking_streams()), ["/davy.v1.TelemetryService/Publish"]);
    }
}

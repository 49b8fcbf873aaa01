//! What the `.proto` files say of a thing.

use prost_reflect::FileDescriptor;

/// The comment in front of the thing at `path`, as one paragraph a paragraph; empty where there is none.
pub(crate) fn before(file: &FileDescriptor, path: &[i32]) -> String {
    let proto = file.file_descriptor_proto();
    let locations = proto.source_code_info.iter().flat_map(|info| &info.location);
    let found = locations.into_iter().find(|location| location.path == path);
    let text = found.map(|location| location.leading_comments()).unwrap_or_default();
    let paragraphs = text.split("\n\n").map(|one| one.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.filter(|one| !one.is_empty()).collect::<Vec<_>>().join("\n\n")
}

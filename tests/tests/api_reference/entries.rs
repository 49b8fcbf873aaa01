//! The things of a file that need a word of explanation.

use prost_reflect::{FileDescriptor, MessageDescriptor};

use crate::comments;

/// A service, method, message, field, enum or value.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) comment: String,
}

/// All of them, in the order of the file.
pub(crate) fn of(file: &FileDescriptor) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut note = |name: &str, path: &[i32]| {
        found.push(Entry { name: name.to_owned(), comment: comments::before(file, path) });
    };
    for service in file.services() {
        note(service.full_name(), service.path());
        service.methods().for_each(|method| note(method.full_name(), method.path()));
    }
    for message in file.messages() {
        note_message(&message, &mut note);
    }
    for words in file.enums() {
        note(words.full_name(), words.path());
        words.values().for_each(|value| note(value.full_name(), value.path()));
    }
    found
}

fn note_message(message: &MessageDescriptor, note: &mut impl FnMut(&str, &[i32])) {
    if message.is_map_entry() {
        return;
    }
    note(message.full_name(), message.path());
    message.fields().for_each(|field| note(field.full_name(), field.path()));
    message.child_messages().for_each(|child| note_message(&child, note));
}

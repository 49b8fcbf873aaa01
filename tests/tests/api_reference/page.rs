//! A file of the contract as a page.

use std::fmt::Write as _;

use prost_reflect::{
    EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    ServiceDescriptor, Value,
};

use crate::comments::before;

const MADE: &str = "<!-- Made from proto/davy/v1 by tests/tests/api_reference: change that, not this. -->\n";

/// What the page of a file is called.
pub(crate) fn name(file: &FileDescriptor) -> String {
    format!("{}.md", stem(file.name()))
}

fn stem(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file).trim_end_matches(".proto")
}

/// The page of a file.
pub(crate) fn of(file: &FileDescriptor) -> String {
    let mut page = format!("{MADE}# `{}`\n", file.name());
    file.services().for_each(|one| service(&mut page, file, &one));
    file.messages().for_each(|one| message(&mut page, file, &one));
    file.enums().for_each(|one| words(&mut page, file, &one));
    page
}

/// The page that leads to the others.
pub(crate) fn contents(files: &[FileDescriptor]) -> String {
    let mut page = format!("{MADE}# The contract, field by field\n\n");
    page += "Package `davy.v1`. How to use it: [subscribing](../subscribing.md), [looking back](../telemetry.md).\n\n";
    page += "| Service | Method | Permission | Reads only | |\n|---|---|---|---|---|\n";
    for file in files {
        for service in file.services() {
            for method in service.methods() {
                let (name, anchor) = (service.name(), service.name().to_lowercase());
                let link = format!("[{name}]({}#{anchor})", self::name(file));
                let words = cell(&before(file, method.path()));
                let reads = if reads_only(&method) { "yes" } else { "" };
                let permission = permission(&method);
                writeln!(page, "| {link} | `{}` | {permission} | {reads} | {words} |", method.name())
                    .expect("a string");
            }
        }
    }
    page += "\nMessages and words: ";
    let links = files.iter().map(|file| format!("[{}]({})", stem(file.name()), name(file)));
    page += &links.collect::<Vec<_>>().join(" · ");
    page + "\n"
}

fn service(page: &mut String, file: &FileDescriptor, service: &ServiceDescriptor) {
    write!(page, "\n## {}\n\n{}\n", service.name(), before(file, service.path())).expect("a string");
    for method in service.methods() {
        let stream = |yes: bool| if yes { "stream of " } else { "" };
        let (takes, gives) = (method.input(), method.output());
        write!(
            page,
            "\n### {}.{}\n\n{}\n\n{}{} → {}{}. Permission: {}.{}\n",
            service.name(),
            method.name(),
            before(file, method.path()),
            stream(method.is_client_streaming()),
            message_link(file, &takes),
            stream(method.is_server_streaming()),
            message_link(file, &gives),
            permission(&method),
            if reads_only(&method) { " Reads only." } else { "" },
        )
        .expect("a string");
    }
}

fn message(page: &mut String, file: &FileDescriptor, message: &MessageDescriptor) {
    write!(page, "\n## {}\n\n{}\n", message.name(), before(file, message.path())).expect("a string");
    if message.fields().len() > 0 {
        *page += "\n| Number | Field | Type | |\n|---|---|---|---|\n";
    }
    for field in message.fields() {
        let words = cell(&before(file, field.path()));
        writeln!(page, "| {} | `{}` | {} | {words} |", field.number(), field.name(), kind(file, &field))
            .expect("a string");
    }
    message
        .child_messages()
        .filter(|child| !child.is_map_entry())
        .for_each(|child| self::message(page, file, &child));
}

fn words(page: &mut String, file: &FileDescriptor, words: &EnumDescriptor) {
    write!(page, "\n## {}\n\n{}\n", words.name(), before(file, words.path())).expect("a string");
    *page += "\n| Number | Word | |\n|---|---|---|\n";
    for value in words.values() {
        let said = cell(&before(file, value.path()));
        writeln!(page, "| {} | `{}` | {said} |", value.number(), value.name()).expect("a string");
    }
}

fn kind(file: &FileDescriptor, field: &FieldDescriptor) -> String {
    let one = match field.kind() {
        Kind::Message(of) if field.is_map() => {
            let (key, value) = (of.map_entry_key_field(), of.map_entry_value_field());
            return format!("map of {} to {}", kind(file, &key), kind(file, &value));
        }
        Kind::Message(of) => message_link(file, &of),
        Kind::Enum(of) => link(file, &of.parent_file(), of.name(), of.full_name()),
        plain => format!("{plain:?}").to_lowercase(),
    };
    if field.is_list() {
        return format!("{one}, repeated");
    }
    match field.containing_oneof() {
        Some(_) if field.field_descriptor_proto().proto3_optional() => format!("{one}, optional"),
        Some(oneof) => format!("{one}, one of `{}`", oneof.name()),
        None => one,
    }
}

fn message_link(from: &FileDescriptor, of: &MessageDescriptor) -> String {
    link(from, &of.parent_file(), of.name(), of.full_name())
}

fn link(from: &FileDescriptor, to: &FileDescriptor, name: &str, full_name: &str) -> String {
    if to.package_name() != "davy.v1" {
        return format!("`{full_name}`");
    }
    let page = if from.name() == to.name() { String::new() } else { self::name(to) };
    format!("[{name}]({page}#{})", name.to_lowercase())
}

/// What a caller must be permitted, as the page on access has it.
fn permission(method: &MethodDescriptor) -> String {
    let options = method.options();
    let option =
        method.parent_pool().get_extension_by_name("davy.v1.permission").expect("the option is there");
    let said = options.get_extension(&option).into_owned();
    let Value::EnumNumber(number) = said else { panic!("{}: no permission", method.full_name()) };
    let kinds = option.kind();
    let word = kinds.as_enum().and_then(|words| words.get_value(number)).expect("a known permission");
    format!("`{}`", word.name().trim_start_matches("PERMISSION_").to_lowercase())
}

fn reads_only(method: &MethodDescriptor) -> bool {
    let level = method.options().get_field_by_name("idempotency_level").map(|level| level.into_owned());
    // NO_SIDE_EFFECTS
    level == Some(Value::EnumNumber(1))
}

/// Words that stand in a cell of a table.
fn cell(words: &str) -> String {
    words.replace("\n\n", " ").replace('|', "\\|")
}

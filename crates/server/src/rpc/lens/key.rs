//! A value that can be compared: what stands in a field, and what a filter holds against it.

use std::cmp::Ordering;

use aip_160::Value as Literal;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};

const TIME: &str = "google.protobuf.Timestamp";
const SPAN: &str = "google.protobuf.Duration";
const NANOS: i128 = 1_000_000_000;

/// A value that can be compared with one of its kind.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::rpc) enum Key {
    Flag(bool),
    /// An integer, or an enum's number: tiers and states have an order.
    Whole(i128),
    Number(f64),
    Text(String),
    /// A time since 1970, or a span: ns.
    Nanos(i128),
    /// A message: there, and nothing else can be said of it.
    There,
}

impl Key {
    /// Whether a message is one that paths lead into, and no time.
    pub(super) fn is_message(kind: &MessageDescriptor) -> bool {
        ![TIME, SPAN].contains(&kind.full_name())
    }

    /// What stands in a field; nothing for what cannot be compared.
    pub(super) fn of(value: &Value) -> Option<Key> {
        Some(match value {
            Value::Bool(flag) => Key::Flag(*flag),
            Value::I32(whole) | Value::EnumNumber(whole) => Key::Whole((*whole).into()),
            Value::I64(whole) => Key::Whole((*whole).into()),
            Value::U32(whole) => Key::Whole((*whole).into()),
            Value::U64(whole) => Key::Whole((*whole).into()),
            Value::F32(number) => Key::Number((*number).into()),
            Value::F64(number) => Key::Number(*number),
            Value::String(text) => Key::Text(text.clone()),
            Value::Message(message) if Key::is_message(&message.descriptor()) => Key::There,
            Value::Message(time) => {
                let part = |name| time.get_field_by_name(name).and_then(|part| Key::of(&part));
                let (Some(Key::Whole(seconds)), Some(Key::Whole(nanos))) = (part("seconds"), part("nanos"))
                else {
                    return None;
                };
                Key::Nanos(seconds * NANOS + nanos)
            }
            Value::Bytes(_) | Value::List(_) | Value::Map(_) => return None,
        })
    }

    /// What a filter says, as the field has it.
    ///
    /// # Errors
    /// What the field wants instead.
    pub(super) fn parse(field: &FieldDescriptor, literal: &Literal) -> Result<Key, String> {
        let name = field.name();
        let wants = |what: &str| Err(format!("{name}: {:?} is no {what}", literal.as_str()));
        match field.kind() {
            Kind::Bool => {
                literal.as_bool().map_or_else(|| wants("true or false"), |flag| Ok(Key::Flag(flag)))
            }
            Kind::String => Ok(Key::Text(literal.as_str().to_owned())),
            Kind::Double | Kind::Float => {
                literal.as_f64().map_or_else(|| wants("number"), |number| Ok(Key::Number(number)))
            }
            Kind::Enum(kind) => {
                let prefix = format!("{}_", screaming(kind.name()));
                let word = literal.as_str().to_uppercase();
                let called = |word: &str| kind.get_value_by_name(word).map(|value| value.number());
                match called(&word).or_else(|| called(&format!("{prefix}{word}"))) {
                    Some(number) => Ok(Key::Whole(number.into())),
                    None => {
                        let words = kind.values().filter(|value| value.number() != 0);
                        let words: Vec<_> =
                            words.map(|value| value.name().trim_start_matches(&prefix).to_owned()).collect();
                        wants(&format!("{}: {}", kind.name(), words.join(", ")))
                    }
                }
            }
            Kind::Message(kind) if kind.full_name() == TIME => match literal.as_str().parse::<Timestamp>() {
                Ok(time) => Ok(Key::Nanos(time.as_nanosecond())),
                Err(_) => wants("time such as \"2026-11-23T08:00:00Z\""),
            },
            Kind::Message(kind) if kind.full_name() == SPAN => match literal.as_duration() {
                Some(span) => Ok(Key::Nanos(i128::try_from(span.as_nanos()).unwrap_or(i128::MAX))),
                None => wants("span such as 90s"),
            },
            Kind::Message(_) => Err(format!("{name} holds fields: compare one of them, or ask {name}:*")),
            Kind::Bytes => Err(format!("{name}: bytes are not compared")),
            _ => literal
                .as_i64()
                .map(i128::from)
                .or_else(|| literal.as_u64().map(i128::from))
                .map_or_else(|| wants("whole number"), |whole| Ok(Key::Whole(whole))),
        }
    }

    /// How two of a kind are ordered.
    pub(super) fn compare(&self, other: &Key) -> Ordering {
        match (self, other) {
            (Key::Flag(one), Key::Flag(other)) => one.cmp(other),
            (Key::Whole(one), Key::Whole(other)) | (Key::Nanos(one), Key::Nanos(other)) => one.cmp(other),
            (Key::Number(one), Key::Number(other)) => one.total_cmp(other),
            (Key::Text(one), Key::Text(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }

    /// As a token has it: a letter for its kind, and what it is.
    pub(super) fn written(&self) -> String {
        match self {
            Key::Flag(flag) => format!("f{}", u8::from(*flag)),
            Key::Whole(whole) => format!("w{whole}"),
            // Every number is one that is read again, also what no text of it would say.
            Key::Number(number) => format!("d{:x}", number.to_bits()),
            Key::Text(text) => format!("t{}", URL_SAFE_NO_PAD.encode(text)),
            Key::Nanos(nanos) => format!("n{nanos}"),
            Key::There => "m".to_owned(),
        }
    }

    /// What was [`Key::written`]; `None` when it is nothing of the kind.
    pub(super) fn read(text: &str) -> Option<Key> {
        let (kind, what) = text.split_at_checked(1)?;
        match (kind, what) {
            ("f", "0") => Some(Key::Flag(false)),
            ("f", "1") => Some(Key::Flag(true)),
            ("w", whole) => whole.parse().ok().map(Key::Whole),
            ("d", bits) => u64::from_str_radix(bits, 16).ok().map(|bits| Key::Number(f64::from_bits(bits))),
            ("t", text) => String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok().map(Key::Text),
            ("n", nanos) => nanos.parse().ok().map(Key::Nanos),
            ("m", "") => Some(Key::There),
            _ => None,
        }
    }
}

impl From<bool> for Key {
    fn from(flag: bool) -> Key {
        Key::Flag(flag)
    }
}

impl From<i32> for Key {
    fn from(whole: i32) -> Key {
        Key::Whole(whole.into())
    }
}

impl From<u64> for Key {
    fn from(whole: u64) -> Key {
        Key::Whole(whole.into())
    }
}

impl From<prost_types::Timestamp> for Key {
    fn from(time: prost_types::Timestamp) -> Key {
        Key::Nanos(i128::from(time.seconds) * NANOS + i128::from(time.nanos))
    }
}

impl From<&String> for Key {
    fn from(text: &String) -> Key {
        Key::Text(text.clone())
    }
}

/// `AlarmState` → `ALARM_STATE`, which the names of its values begin with.
fn screaming(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

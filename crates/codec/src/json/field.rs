//! The documented fields.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

/// A field, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field<'de> {
    Seq,
    Readings,
    Values,
    Tag,
    Value,
    Unit,
    Ts,
    Quality,
    Unknown(Cow<'de, str>),
}

/// Reads the name of a field.
pub(super) struct AnyField;

fn known(name: &str) -> Option<Field<'static>> {
    Some(match name {
        "tag" => Field::Tag,
        "value" => Field::Value,
        "unit" => Field::Unit,
        "ts" => Field::Ts,
        "quality" => Field::Quality,
        "values" => Field::Values,
        "readings" => Field::Readings,
        "seq" => Field::Seq,
        _ => return None,
    })
}

impl<'de> DeserializeSeed<'de> for AnyField {
    type Value = Field<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Field<'de>, D::Error> {
        json.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for AnyField {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Field<'de>, E> {
        Ok(known(name).unwrap_or(Field::Unknown(Cow::Borrowed(name))))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Field<'de>, E> {
        Ok(known(name).unwrap_or_else(|| Field::Unknown(Cow::Owned(name.to_owned()))))
    }
}

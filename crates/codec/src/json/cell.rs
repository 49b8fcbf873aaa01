//! One JSON value, whatever its type; what it holds inside is skipped.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::syntax::TOO_DEEP;
use crate::Limits;

/// One JSON value.
#[derive(Clone, Debug)]
pub(crate) enum Cell<'de> {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(Cow<'de, str>),
    Array,
    Object,
}

impl Cell<'_> {
    /// As JSON would show it, shortened.
    pub(crate) fn shown(&self) -> String {
        match self {
            Cell::Null => "null".to_owned(),
            Cell::Bool(value) => value.to_string(),
            Cell::Integer(value) => value.to_string(),
            Cell::Number(value) => value.to_string(),
            Cell::Text(text) => format!("{text:?}"),
            Cell::Array => "an array".to_owned(),
            Cell::Object => "an object".to_owned(),
        }
    }
}

/// Reads one value that stands `depth` levels deep.
#[derive(Clone, Copy)]
pub(crate) struct AnyCell {
    pub(crate) depth: u32,
}

impl AnyCell {
    fn inside<E: Error>(self) -> Result<AnyCell, E> {
        if self.depth >= Limits::DEPTH_MAX {
            return Err(E::custom(TOO_DEEP));
        }
        Ok(AnyCell { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for AnyCell {
    type Value = Cell<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Cell<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyCell {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Cell<'de>, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Cell<'de>, E> {
        Ok(Cell::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Cell<'de>, E> {
        Ok(Cell::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Cell<'de>, E> {
        #[allow(clippy::cast_precision_loss)] // A double is what a value becomes in any case.
        Ok(i64::try_from(value).map_or(Cell::Number(value as f64), Cell::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Cell<'de>, E> {
        Ok(Cell::Number(value))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Cell<'de>, E> {
        Ok(Cell::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cell<'de>, E> {
        Ok(Cell::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell<'de>, A::Error> {
        let inside = self.inside()?;
        while list.next_element_seed(inside)?.is_some() {}
        Ok(Cell::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell<'de>, A::Error> {
        let inside = self.inside()?;
        while map.next_key_seed(inside)?.is_some() {
            map.next_value_seed(inside)?;
        }
        Ok(Cell::Object)
    }
}

/// Within a visitor that wants an array or an object: hands everything else, as a [`Cell`], to `self.other(cell)`.
macro_rules! other_than_wanted {
    ($($wanted:ident)?) => {
        fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
            self.other(&Cell::Null);
            Ok(())
        }

        fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
            self.other(&Cell::Bool(value));
            Ok(())
        }

        fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
            self.other(&Cell::Integer(value));
            Ok(())
        }

        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
            #[allow(clippy::cast_precision_loss)] // Only shown.
            self.other(&Cell::Number(value as f64));
            Ok(())
        }

        fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
            self.other(&Cell::Number(value));
            Ok(())
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
            self.other(&Cell::Text(text.into()));
            Ok(())
        }
    };
}
pub(crate) use other_than_wanted;

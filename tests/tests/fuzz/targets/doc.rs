//! JSON as it is written: a name that comes twice is there twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Any JSON.
#[derive(Debug)]
pub(super) enum Doc {
    Null,
    Bool(bool),
    Number(f64),
    Text,
    List(Vec<Doc>),
    Object(Vec<(String, Doc)>),
}

impl Doc {
    /// As a value of a reading.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Doc::Number(number) => Some(*number),
            Doc::Bool(on) => Some(f64::from(u8::from(*on))),
            Doc::Null | Doc::Text | Doc::List(_) | Doc::Object(_) => None,
        }
    }
}

/// All that stands at a JSON pointer.
pub(super) fn at<'d>(doc: &'d Doc, pointer: &str) -> Vec<&'d Doc> {
    let mut found = vec![doc];
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        found = found
            .into_iter()
            .flat_map(|doc| match doc {
                Doc::Object(entries) => {
                    entries.iter().filter(|(name, _)| *name == token).map(|(_, doc)| doc).collect::<Vec<_>>()
                }
                Doc::List(items) => {
                    token.parse().ok().and_then(|at: usize| items.get(at)).into_iter().collect()
                }
                Doc::Null | Doc::Bool(_) | Doc::Number(_) | Doc::Text => Vec::new(),
            })
            .collect();
    }
    found
}

impl<'de> Deserialize<'de> for Doc {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Doc, D::Error> {
        json.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Doc;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Doc, E> {
        Ok(Doc::Null)
    }

    fn visit_bool<E>(self, on: bool) -> Result<Doc, E> {
        Ok(Doc::Bool(on))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Doc, E> {
        Ok(Doc::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Doc, E> {
        Ok(Doc::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Doc, E> {
        Ok(Doc::Number(number))
    }

    fn visit_str<E>(self, _text: &str) -> Result<Doc, E> {
        Ok(Doc::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Doc, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Doc::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Doc, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Doc::Object(entries))
    }
}

//! A map with known keys, as JSON Schema describes it.

use serde_json::{Map, Value, json};

use crate::fields::one_of;

/// A map under construction.
pub struct Object {
    schema: Map<String, Value>,
    all_of: Vec<Value>,
}

impl Object {
    /// A map that has these keys and no others, each described by `describe`.
    pub fn of(keys: &[&str], describe: impl Fn(&str) -> Value) -> Object {
        let properties: Map<String, Value> =
            keys.iter().map(|key| ((*key).to_owned(), describe(key))).collect();
        let mut schema = Map::new();
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), properties.into());
        schema.insert("additionalProperties".to_owned(), false.into());
        Object { schema, all_of: Vec::new() }
    }

    /// What people call it.
    pub fn titled(mut self, title: impl Into<String>) -> Object {
        self.schema.insert("title".to_owned(), title.into().into());
        self
    }

    /// What it says.
    pub fn described(mut self, description: &str) -> Object {
        self.schema.insert("description".to_owned(), description.into());
        self
    }

    /// These keys must be there.
    pub fn need(mut self, keys: &[&str]) -> Object {
        self.schema.insert("required".to_owned(), json!(keys));
        self
    }

    /// At least one key must be there.
    pub fn not_empty(mut self) -> Object {
        self.schema.insert("minProperties".to_owned(), 1.into());
        self
    }

    /// Exactly one of these keys must be there.
    pub fn one_of(self, keys: &[&str]) -> Object {
        let each: Vec<Value> = keys.iter().map(|key| has(&[*key])).collect();
        self.and(json!({"oneOf": each}))
    }

    /// At most one of these keys may be there.
    pub fn at_most_one_of(self, keys: &[&str]) -> Object {
        let each: Vec<Value> = keys.iter().map(|key| has(&[*key])).collect();
        let none = json!({"not": {"anyOf": &each}});
        let ways: Vec<Value> = std::iter::once(none).chain(each).collect();
        self.and(json!({"oneOf": ways}))
    }

    /// Where one of `keys` is, none of `others` may be.
    pub fn excludes(self, keys: &[&str], others: &[&str]) -> Object {
        let any: Vec<Value> = keys.iter().map(|key| has(&[*key])).collect();
        let none: Map<String, Value> = others.iter().map(|key| ((*key).to_owned(), false.into())).collect();
        let message = format!("{} beside {} may not stand", one_of(others), one_of(keys));
        self.and(json!({"if": {"anyOf": any}, "then": {"properties": none, "errorMessage": message}}))
    }

    /// Where `key` is, all of `others` must be.
    pub fn needs(self, key: &str, others: &[&str]) -> Object {
        self.and(json!({"if": has(&[key]), "then": has(others)}))
    }

    /// Where `condition` holds, `then` must; else `otherwise`.
    pub fn when(self, condition: &Value, then: &Value, otherwise: &Value) -> Object {
        self.and(json!({"if": condition, "then": then, "else": otherwise}))
    }

    /// The finished schema.
    pub fn into_value(mut self) -> Value {
        if !self.all_of.is_empty() {
            self.schema.insert("allOf".to_owned(), self.all_of.into());
        }
        self.schema.into()
    }

    fn and(mut self, part: Value) -> Object {
        self.all_of.push(part);
        self
    }
}

/// That these keys are there.
pub fn has(keys: &[&str]) -> Value {
    json!({"required": keys})
}

/// That a key has this value.
pub fn is(key: &str, value: &Value) -> Value {
    json!({"properties": {key: {"const": value}}, "required": [key]})
}

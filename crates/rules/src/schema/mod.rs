//! What files may say, as JSON Schema (draft 2020-12), for editors that complete and check what is typed.
//!
//! Promise: what a reader of this crate refuses for its keys or its shape, the schema refuses; what the schema refuses, the
//! reader does. Keys are taken from the readers' own lists. What only the whole site can tell, such as whether a tag is
//! there or a unit converts, the schema does not know; nor the few spellings that a reader forgives, such as `warm-up`.
//!
//! `patternErrorMessage` and `errorMessage` are no words of JSON Schema: yaml-language-server tells them in place of a pattern.

mod forms;
mod hazard;
mod kinds;
mod level;
mod object;
mod rule;
mod site;

use serde_json::{Map, Value, json};

pub use self::{
    forms::{flag, form, list, number, whole, word},
    object::{Object, has, is},
};

/// Of `rules/*.yaml`.
pub fn rules() -> Value {
    let about = "rules/*.yaml of a site: what is watched, on which tags, and what to do about it";
    document(
        "Davy rules",
        about,
        rule::file(),
        &[("rule", rule::rule()), ("level", level::level()), ("limit_level", level::limit_level())],
    )
}

/// Of `site.yaml`.
pub fn site() -> Value {
    document("Davy site", "site.yaml: what is there besides tags", site::file(), &[])
}

/// A whole schema: a file, and the definitions that it refers to beside the common forms.
pub fn document(title: &str, description: &str, file: Object, definitions: &[(&str, Value)]) -> Value {
    let Value::Object(mut defs) = forms::definitions() else { return Value::Null };
    defs.extend(definitions.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.insert("$defs".to_owned(), json!(defs));
    if let Value::Object(file) = file.titled(title).described(description).into_value() {
        whole.extend(file);
    }
    Value::Object(whole)
}

//! The schema and the readers agree: on every sample, on a rule of every kind, and on whatever becomes of them when
//! something is left out, added, or put in the place of something else.

#[path = "../editor/mod.rs"]
mod editor;
#[path = "../plain/mod.rs"]
mod plain;

mod agree;
mod examples;
mod keys;
mod samples;

use davy_model::BundleFile;
use davy_rules::{Diagnostic, bundle, compile_with_warnings};
use jsonschema::Validator;
use serde_json::Value;

/// A schema, ready to be asked; it is one itself.
fn validator(schema: &Value) -> Validator {
    assert!(jsonschema::meta::is_valid(schema), "it is no schema");
    jsonschema::validator_for(schema).expect("a schema")
}

/// YAML as an editor understands it.
fn yaml(text: &str) -> Value {
    editor::parse(text).unwrap_or_else(|| panic!("no YAML:\n{text}"))
}

/// What the schema says against it.
fn refused(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// What rules of hazard sources are about, behind the good `site.yaml`.
const HAZARDS: &str = "\
hazard_sources:
  - {id: farm, unit: storage, people_exposed: 40, members: [{substance: methanol, design: 600 t, live: {tag: TK-1/level, tonnes_per_unit: 50}}]}
";

/// What the reader says of the good site with this in place of one of its files.
fn told(path: &str, text: String) -> Vec<Diagnostic> {
    let mut files = plain::bent("", "", "");
    files[0].text.push_str(HAZARDS);
    files.retain(|file| file.path != path);
    files.push(BundleFile { path: path.to_owned(), text });
    match bundle(files).and_then(|bundle| compile_with_warnings(&bundle)) {
        Ok((_, warnings)) => warnings,
        Err(findings) => findings,
    }
}

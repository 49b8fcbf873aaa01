//! Whatever is left out, added or put in another's place: reader and schema say the same of it.

use davy_rules::{Code, Severity, schema};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::{
    examples::{RULES, SITE, rule},
    refused, told, validator, yaml,
};

/// Codes that are about keys and shapes alone, whatever else the site has.
const SHAPE: [Code; 11] = [
    Code::KeyUnknown,
    Code::KeyMissing,
    Code::KeyConflict,
    Code::ValueType,
    Code::WordUnknown,
    Code::TextLength,
    Code::NumberInvalid,
    Code::DurationInvalid,
    Code::DurationRange,
    Code::NameInvalid,
    Code::UnitUnknown,
];

/// Of these codes, what is about several places of a file that do not fit together; a schema cannot tell.
const OF_SEVERAL: [&str; 4] = [
    "one desk at most has all that no other has",
    "at least late_after",
    "desks: somebody has to be told",
    "at least acknowledge_within",
];

/// What is put in the place of every value.
fn instead() -> Vec<Value> {
    vec![
        Value::Null,
        json!(""),
        json!("word"),
        json!("two words"),
        json!(-1),
        json!(0),
        json!(1),
        json!(0.5),
        json!(1_000_001),
        json!("0s"),
        json!("5s"),
        json!("500ms"),
        json!("5 s"),
        json!("1m1m"),
        json!("5 ppm"),
        json!("5 ppmm"),
        json!("-5 ppm"),
        json!("1e3 mg/m3@25C"),
        json!("2 degC/min"),
        json!("3 intervals"),
        json!("0 intervals"),
        json!("orange"),
        json!("a".repeat(65)),
        json!(true),
        json!([]),
        json!({}),
        json!(["word"]),
        json!([{}]),
        json!({"tag": "AT-1/h2s"}),
        json!({"en": "a"}),
        json!({"zh": "a"}),
    ]
}

/// What is added to every map: known nowhere, or known here and there, beside what it may not stand beside.
fn added() -> Vec<(&'static str, Value)> {
    vec![
        ("zzz", json!("1s")),
        ("above", json!("5 ppm")),
        ("below", json!("5 ppm")),
        ("clear_above", json!("5 ppm")),
        ("clear_below", json!("5 ppm")),
        ("deadband", json!("1 ppm")),
        ("stale", json!({"tier": "blue"})),
        ("tag", json!("TK-1/level")),
        ("quantity", json!("level")),
        ("itself", json!("24h")),
        ("target", json!(5)),
        ("when", json!("this > 2.0")),
        ("value", json!("this * 2.0")),
        ("on_delay", json!("1s")),
        ("category", json!("J5")),
        ("critical", json!("5 t")),
        ("beta", json!(2)),
        ("basis", json!({"standard": "a", "confidence": "engineering"})),
        ("tonnes_per_unit", json!(2)),
        ("area", json!(100)),
        ("mapping", json!("senml")),
        ("topic", json!("a/b")),
        ("edge_node", json!("gw-1")),
        ("edge_nodes", json!({"a": "gw-1"})),
    ]
}

/// The paths of all values inside one.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, inner)| paths(inner, &format!("{at}/{}", escaped(key)), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, inner)| paths(inner, &format!("{at}/{place}"), found));
        }
        _ => {}
    }
}

/// What becomes of a file below a path: everything once left out, with some keys more, and once with each other value.
fn bent(file: &Value, below: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    paths(file.pointer(below).expect("it is there"), below, &mut all);
    let mut bent = Vec::new();
    for path in all {
        for value in instead() {
            let mut copy = file.clone();
            *copy.pointer_mut(&path).expect("it is there") = value.clone();
            bent.push((format!("{path} = {value}"), copy));
        }
        for (key, value) in added() {
            let mut copy = file.clone();
            if let Some(Value::Object(entries)) = copy.pointer_mut(&path) {
                entries.insert(key.to_owned(), value);
                bent.push((format!("{path} with {key}"), copy));
            }
        }
        let Some((parent, key)) = path.rsplit_once('/') else { continue };
        let mut copy = file.clone();
        if let Some(Value::Object(entries)) = copy.pointer_mut(parent) {
            entries.remove(key);
            bent.push((format!("{path} left out"), copy));
        }
    }
    bent
}

/// What reader and schema do not agree on.
fn disagreement(path: &str, schema: &Validator, file: &Value) -> Option<String> {
    let found = told(path, file.to_string());
    let found = found.iter().filter(|one| one.severity == Severity::Error);
    let found: Vec<_> = found.filter(|one| &*one.file == path).collect();
    let is_let_through = schema.is_valid(file);
    let of_several = |expected: &str| OF_SEVERAL.iter().any(|words| expected.contains(words));
    // A clear point that faces the wrong way is a key too many; one that lies past the set point is not.
    let is_key = |code, found: &str| code == Code::ClearPoint && found.starts_with("clear_");
    let is_shape = |code, found: &str| SHAPE.contains(&code) || is_key(code, found);
    let shape = found.iter().find(|one| is_shape(one.code, &one.found) && !of_several(&one.expected));
    match shape {
        Some(shape) if is_let_through => Some(format!("the reader alone: {shape}")),
        None if !is_let_through && found.is_empty() => {
            Some(format!("the schema alone: {:?}", refused(schema, file)))
        }
        _ => None,
    }
}

fn check(path: &str, schema: &Value, file: &Value, below: &str, wrong: &mut Vec<String>) -> usize {
    let schema = validator(schema);
    assert_eq!(refused(&schema, file), [""; 0], "{file}");
    let bent = bent(file, below);
    for (what, file) in &bent {
        wrong.extend(disagreement(path, &schema, file).map(|told| format!("{what}: {told}")));
    }
    bent.len()
}

#[test]
fn a_rule_of_any_kind_is_refused_by_both_or_by_neither() {
    let schema = schema::rules();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for (at, (kind, _)) in RULES.iter().enumerate() {
        let before = wrong.len();
        tried += check("rules/a.yaml", &schema, &rule(at), "/rules/0", &mut wrong);
        wrong[before..].iter_mut().for_each(|line| *line = format!("{kind}: {line}"));
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 15_000, "only {tried} were tried");
}

#[test]
fn a_site_is_refused_by_both_or_by_neither() {
    let (mut wrong, site) = (Vec::new(), yaml(SITE));
    let tried = check("site.yaml", &schema::site(), &site, "", &mut wrong);
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

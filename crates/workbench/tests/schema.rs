//! The schema of rule tests and their reader agree: on the samples, and on whatever becomes of them when something is left
//! out, added, or put in the place of something else.

#![allow(clippy::disallowed_methods, reason = "a test reads the samples")]

use std::{fs, path::Path};

use davy_model::BundleFile;
use davy_rules::{Code, Diagnostic, Plan, bundle, compile, is_site_file};
use davy_workbench::rule_test;
use serde_json::{Value, json};

/// Every key that a test knows, over the sample's park.
const EVERYTHING: &str = "
tests:
  - name: everything
    severity: warn
    start: 2026-11-23T08:00:00+08:00
    interval: 1s
    rules: [h2s, h2s-early]
    tags: [AT-0412/h2s]
    nothing_else: false
    until: 5m
    series:
      AT-0412/h2s: '2x3 _ 3+0.2x4 20!badx2 -!sensor_failure'
      AT-0413/h2s: {values: 2x5, unit: mg/m3, interval: 2s, start: 1s, arrives_at: 2m, freshness: historical, edge_node: gw-1}
      AT-0501/cl2: [{values: 0, arrives_after: 1s}, 0x3]
    events:
      - {at: 1m, lost: gw-1}
      - {at: 2m, offline: gw-1}
      - {at: 2m, online: gw-1}
      - {at: 3m, down_for: 10s}
      - {at: 4m, shelve: 'h2s:AT-0412/h2s', for: 10m, one_shot: true, by: Wu, approved_by: Li, comment: why, refused: SECOND_PERSON_NEEDED}
      - {at: 4m, acknowledge: 'h2s:AT-0412/h2s'}
      - {at: 4m, unshelve: 'h2s:AT-0412/h2s', by: Wu}
      - {at: 4m, reset: 'h2s:AT-0412/h2s'}
      - {at: 4m, suppress: 'h2s:AT-0412/h2s'}
      - {at: 4m, unsuppress: 'h2s:AT-0412/h2s'}
      - {at: 4m, out_of_service: 'h2s:AT-0412/h2s'}
      - {at: 4m, in_service: 'h2s:AT-0412/h2s'}
    expect:
      - {at: 30s, within: 2s, alarm: 'h2s:AT-0412/h2s', transition: raised, tier: orange, limit: L1, sounds: true, late: false, measured: 29s, value: 8 ppm, tolerance: 1}
      - {at: 1m, rule: h2s, tag: AT-0412/h2s, state: normal}
";
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
    Code::UnitUnknown,
    Code::SeriesInvalid,
];

fn plan() -> Plan {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample/park");
    let mut files = Vec::new();
    for path in ["site.yaml", "tags.csv", "rules/gas.yaml", "rules/stale.yaml", "rules/tanks.yaml"] {
        assert!(is_site_file(path));
        files.push(BundleFile {
            path: path.to_owned(),
            text: fs::read_to_string(root.join(path)).expect(path),
        });
    }
    bundle(files).and_then(|bundle| compile(&bundle)).expect("the sample is good")
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true }).expect("YAML")
}

fn schema() -> jsonschema::Validator {
    let schema = rule_test::schema();
    assert!(jsonschema::meta::is_valid(&schema), "it is no schema");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn refused(schema: &jsonschema::Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn told(plan: &Plan, file: &Value) -> Vec<Diagnostic> {
    rule_test::read(plan, "t.yaml", &file.to_string()).1
}

#[test]
fn every_sample_and_what_the_pages_show_is_let_through() {
    let (schema, root) = (schema(), Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    let mut seen = 0;
    for site in ["park", "mine", "gas"] {
        for entry in
            fs::read_dir(root.join("deploy/sample").join(site).join("tests")).expect("tests are there")
        {
            let path = entry.expect("an entry reads").path();
            let text = fs::read_to_string(&path).expect("it reads");
            assert_eq!(refused(&schema, &yaml(&text)), [""; 0], "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 4, "only {seen} files");
    for page in ["docs/tuners/testing.md", "docs/tuners/zh/testing.md"] {
        let text = fs::read_to_string(root.join(page)).expect(page);
        let block =
            text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
        assert_eq!(refused(&schema, &yaml(block)), [""; 0], "{page}");
    }
}

/// The paths of all values inside one.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    let entries = value.as_object().into_iter().flatten();
    entries.for_each(|(key, inner)| paths(inner, &format!("{at}/{}", escaped(key)), found));
    let items = value.as_array().into_iter().flatten().enumerate();
    items.for_each(|(place, inner)| paths(inner, &format!("{at}/{place}"), found));
}

/// Everything once left out, with some keys more, and once with each other value.
fn bent(file: &Value) -> Vec<(String, Value)> {
    let instead = [
        json!(null),
        json!(""),
        json!("word"),
        json!("h2s:AT-0412/h2s"),
        json!(-1),
        json!(0),
        json!(2.5),
        json!("0s"),
        json!("5s"),
        json!("5 s"),
        json!("5 ppm"),
        json!("5 ppmm"),
        json!("2x0"),
        json!("2x3 _x2 3-0.1x4 5!worse "),
        json!("2x3 _!bad"),
        json!("-0.5-0.25x3 .5 1e3+1e2x2"),
        json!("raised"),
        json!(true),
        json!([]),
        json!({}),
        json!(["h2s"]),
        json!([{}]),
    ];
    // Known nowhere, or known here and there, beside what they may not stand beside.
    let added = [
        ("zzz", "1s"),
        ("by", "Wu"),
        ("for", "1m"),
        ("lost", "gw-1"),
        ("state", "normal"),
        ("limit", "L1"),
        ("rule", "h2s"),
        ("arrives_after", "1s"),
    ];
    let (mut all, mut bent) = (Vec::new(), Vec::new());
    paths(file, "", &mut all);
    for path in all {
        for value in &instead {
            let mut copy = file.clone();
            *copy.pointer_mut(&path).expect("it is there") = value.clone();
            bent.push((format!("{path} = {value}"), copy));
        }
        for (key, value) in added {
            let mut copy = file.clone();
            if let Some(Value::Object(entries)) = copy.pointer_mut(&path) {
                entries.insert(key.to_owned(), value.into());
                bent.push((format!("{path} with {key}"), copy));
            }
        }
        let Some((parent, key)) = path.rsplit_once('/') else { continue };
        let mut copy = file.clone();
        if let Some(Value::Object(entries)) = copy.pointer_mut(parent) {
            entries.remove(&key.replace("~1", "/"));
            bent.push((format!("{path} left out"), copy));
        }
    }
    bent
}

/// What only the rest of the test, or the site's rules, can tell.
fn of_the_site(finding: &Diagnostic) -> bool {
    finding.message == "expect: limit" || finding.expected.starts_with("alarm: rule:subject")
}

#[test]
fn a_test_is_refused_by_both_or_by_neither() {
    let (plan, schema, file) = (plan(), schema(), yaml(EVERYTHING));
    assert_eq!((refused(&schema, &file), told(&plan, &file)), (Vec::new(), Vec::new()));
    let (bent, mut wrong) = (bent(&file), Vec::new());
    for (what, file) in &bent {
        let (found, said) = (told(&plan, file), refused(&schema, file));
        let shape = |one: &&Diagnostic| SHAPE.contains(&one.code) && !of_the_site(one);
        match (found.iter().find(shape), said.first()) {
            (Some(found), None) => wrong.push(format!("{what}: the reader alone: {found}")),
            (None, Some(said)) if found.is_empty() => wrong.push(format!("{what}: the schema alone: {said}")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), bent.len(), wrong.join("\n"));
}

#[test]
fn every_key_of_the_schema_is_in_the_file_that_has_everything_and_described() {
    fn maps<'s>(schema: &'s Value, found: &mut Vec<&'s Value>) {
        if schema["properties"].is_object() && schema["additionalProperties"] == false {
            found.push(&schema["properties"]);
        }
        schema.as_object().into_iter().flatten().for_each(|(_, inner)| maps(inner, found));
        schema.as_array().into_iter().flatten().for_each(|inner| maps(inner, found));
    }
    let schema = rule_test::schema();
    let mut found = Vec::new();
    maps(&schema, &mut found);
    let file = yaml(EVERYTHING);
    let mut places = Vec::new();
    paths(&file, "", &mut places);
    let mut seen = 0;
    for (key, value) in found.into_iter().flat_map(|map| map.as_object().expect("a map")) {
        assert!(value["description"].is_string(), "{key} is not described");
        // Texts in two languages are a common form, and no part of tests.
        let used =
            places.iter().any(|place| place.ends_with(&format!("/{key}"))) || ["en", "zh"].contains(&&**key);
        assert!(used, "{key} is not tried");
        seen += 1;
    }
    assert!(seen > 45, "only {seen} keys");
}

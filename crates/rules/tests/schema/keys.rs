//! Every key that a reader knows is in the schema, and every key of the schema is one that a reader knows.

use std::collections::BTreeSet;

use davy_rules::{Code, schema};
use serde_json::{Value, json};

use super::{
    examples::{RULES, SITE, rule},
    told, yaml,
};

/// The keys that the reader says it knows, where it met one that it does not.
fn known(path: &str, text: String) -> Option<BTreeSet<String>> {
    let told = told(path, text);
    let finding = told.iter().find(|one| one.code == Code::KeyUnknown && one.found == "\"zzz\"")?;
    let words = finding.expected.replace(" or ", ", ");
    Some(words.split(", ").map(str::to_owned).collect())
}

/// A part of the schema, and those that it refers to, where it has alternatives.
fn parts<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let mut found = vec![schema];
    if let Some(reference) = schema["$ref"].as_str() {
        found.extend(parts(root, root.pointer(&reference[1..]).expect("it is defined")));
    }
    for ways in ["anyOf", "oneOf"].iter().filter_map(|word| schema[word].as_array()) {
        found.extend(ways.iter().flat_map(|way| parts(root, way)));
    }
    found
}

/// The maps with known keys that the schema has at a place of a file.
fn maps_at<'s>(root: &'s Value, steps: &[String]) -> Vec<&'s Value> {
    let mut here = parts(root, root);
    for step in steps {
        let inner = here.iter().filter_map(|part| match step.parse::<usize>() {
            Ok(_) => part.get("items"),
            Err(_) => part["properties"].get(step).or_else(|| part.get("additionalProperties")),
        });
        here = inner.flat_map(|inner| parts(root, inner)).collect();
    }
    here.into_iter()
        .filter(|part| part.get("properties").is_some() && part["additionalProperties"] == false)
        .collect()
}

fn keys(map: &Value) -> BTreeSet<String> {
    map["properties"].as_object().expect("a map").keys().cloned().collect()
}

/// The steps to every map inside a file.
fn maps(value: &Value, steps: &[String], found: &mut Vec<Vec<String>>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(entries) => {
            found.push(steps.to_vec());
            entries.iter().map(|(key, inner)| (key.clone(), inner)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(place, inner)| (place.to_string(), inner)).collect()
        }
        _ => Vec::new(),
    };
    for (step, value) in inner {
        maps(value, &[steps, &[step]].concat(), found);
    }
}

/// Puts an unknown key into every map of a file; the schema's maps whose keys are the reader's.
fn seen<'s>(path: &str, root: &'s Value, file: &Value) -> Vec<&'s Value> {
    let mut all = Vec::new();
    maps(file, &[], &mut all);
    let mut seen = Vec::new();
    for steps in all {
        let mut copy = file.clone();
        let mut here = &mut copy;
        for step in &steps {
            here = match step.parse::<usize>() {
                Ok(place) => &mut here[place],
                Err(_) => &mut here[step.as_str()],
            };
        }
        here["zzz"] = json!("1s");
        let Some(known) = known(path, copy.to_string()) else { continue };
        let here = maps_at(root, &steps);
        let same = here.iter().find(|map| keys(map) == known);
        let told = || {
            format!(
                "{path} {steps:?}: the reader knows {known:?}, the schema {:?}",
                here.iter().map(|map| keys(map)).collect::<Vec<_>>()
            )
        };
        seen.push(*same.unwrap_or_else(|| panic!("{}", told())));
    }
    seen
}

/// Every map with known keys, wherever it stands in the schema.
fn all_maps<'s>(schema: &'s Value, found: &mut Vec<&'s Value>) {
    match schema {
        Value::Object(entries) => {
            if entries.contains_key("properties") && schema["additionalProperties"] == false {
                found.push(schema);
            }
            entries.values().for_each(|inner| all_maps(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| all_maps(inner, found)),
        _ => {}
    }
}

fn check(root: &Value, seen: &[&Value]) {
    let mut all = Vec::new();
    all_maps(root, &mut all);
    for map in all {
        assert!(seen.iter().any(|one| **one == *map), "no file reaches {:?}", keys(map));
        for (key, value) in map["properties"].as_object().expect("a map") {
            assert!(
                value["description"].is_string() || value["title"].is_string(),
                "{key} is not described in {:?}",
                keys(map)
            );
        }
    }
}

#[test]
fn the_keys_of_rules_are_those_of_their_readers() {
    let root = schema::rules();
    let files: Vec<Value> = (0..RULES.len()).map(rule).collect();
    let seen: Vec<&Value> = files.iter().flat_map(|file| seen("rules/a.yaml", &root, file)).collect();
    check(&root, &seen);
}

#[test]
fn the_keys_of_a_site_are_those_of_its_reader() {
    let root = schema::site();
    check(&root, &seen("site.yaml", &root, &yaml(SITE)));
}

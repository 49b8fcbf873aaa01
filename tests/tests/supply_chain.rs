//! What Davy is built of: nothing under a licence, from a place or of a kind that it must not be, and all of it on one list.

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Output},
};

use davy_tests::{cargo_tool, workspace};
use serde_json::Value;
use tempfile::TempDir;

/// The rules, as they are kept.
fn rules() -> String {
    fs::read_to_string(workspace().join(".cargo/deny.toml")).expect("the rules are there")
}

/// `cargo deny` under these rules; `None` where it is not installed.
fn deny(rules: &str) -> Option<Output> {
    let tool = cargo_tool("cargo-deny")?;
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("deny.toml");
    fs::write(&file, rules).expect("written");
    let mut command = Command::new(tool);
    command.current_dir(workspace()).args(["--locked", "--config"]).arg(&file);
    let said = command.args(["check", "licenses", "bans", "sources"]).output();
    Some(said.expect("cargo-deny runs"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn nothing_is_built_in_that_may_not_be() {
    let Some(output) = deny(&rules()) else { return };
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn whoever_brings_in_what_may_not_be_is_told() {
    let cases = [
        ("    \"Unicode-3.0\",\n", "", "Unicode-3.0"),
        (
            "{ crate = \"openssl\",",
            "{ crate = \"rusqlite\", reason = \"a bend\" },\n    { crate = \"openssl\",",
            "rusqlite",
        ),
        ("unknown-registry = \"deny\"", "unknown-registry = \"deny\"\nallow-registry = []", "source"),
    ];
    for (from, to, named) in cases {
        let rules = rules();
        assert_eq!(rules.matches(from).count(), 1, "the rules have {from:?} once");
        let Some(output) = deny(&rules.replace(from, to)) else { return };
        assert!(!output.status.success() && said(&output).contains(named), "{to}: {}", said(&output));
    }
}

/// Names and versions of the crates that go into the binary, as cargo resolves them.
fn built_in() -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(workspace());
    command
        .args(["tree", "--locked", "-p", "davy", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let tree = command.output().expect("cargo runs");
    assert!(tree.status.success(), "{}", said(&tree));
    let lines = String::from_utf8_lossy(&tree.stdout).into_owned();
    let crates = lines.lines().filter_map(|line| {
        let (name, version) = line.split_whitespace().next().zip(line.split_whitespace().nth(1))?;
        Some(format!("{name} {}", version.trim_start_matches('v')))
    });
    crates.collect()
}

#[test]
fn the_bill_of_materials_lists_every_crate_of_the_binary() {
    let Some(tool) = cargo_tool("cargo-sbom") else { return };
    let mut command = Command::new(tool);
    command.current_dir(workspace()).args(["sbom", "--cargo-package", "davy"]);
    let made = command.args(["--output-format", "cyclone_dx_json_1_6"]).output().expect("cargo-sbom runs");
    assert!(made.status.success(), "{}", said(&made));
    let bill: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let listed = bill["components"].as_array().expect("components").iter().map(|one| {
        let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        assert!(
            one["licenses"][0]["expression"].is_string() || word("name").starts_with("davy"),
            "{one}: no licence"
        );
        format!("{} {}", word("name"), word("version"))
    });
    let listed: BTreeSet<String> = listed.collect();
    let ours = |one: &&String| !one.starts_with("davy ");
    let missing: Vec<String> =
        built_in().iter().filter(ours).filter(|one| !listed.contains(*one)).cloned().collect();
    assert!(missing.is_empty(), "built in, and not listed: {missing:?}");
    assert!(listed.len() > 100, "only {} are listed", listed.len());
}

/// The folders of the workspace's crates, from its own list.
fn crates() -> Vec<String> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(workspace()).args(["metadata", "--no-deps", "--locked", "--format-version", "1"]);
    let told: Value = serde_json::from_slice(&command.output().expect("cargo runs").stdout).expect("JSON");
    let root = format!("{}/", told["workspace_root"].as_str().expect("a root"));
    let all = told["packages"].as_array().expect("packages").iter().map(|package| {
        let file = package["manifest_path"].as_str().expect("a path").trim_start_matches(&root);
        file.trim_end_matches("/Cargo.toml").to_owned()
    });
    all.collect()
}

#[test]
fn every_crate_forbids_unsafe() {
    let manifest = |file: &str| fs::read_to_string(workspace().join(file)).expect("it is there");
    assert!(manifest("Cargo.toml").contains("[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));
    let inherits =
        |folder: &String| manifest(&format!("{folder}/Cargo.toml")).contains("\n[lints]\nworkspace = true\n");
    let crates = crates();
    let free: Vec<&String> = crates.iter().filter(|one| !inherits(one)).collect();
    assert!(crates.len() > 10 && free.is_empty(), "{free:?} of {crates:?}");
}

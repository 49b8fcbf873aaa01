//! The pure crates stay pure: nothing they build on can read a clock, open a socket or draw a random number.

#![allow(clippy::disallowed_methods, reason = "a test may ask the build what it is made of")]

use std::process::Command;

/// Crates that could not be pure, by the beginning of their names.
const IMPURE: [&str; 21] = [
    "tokio",
    "mio",
    "async-std",
    "smol",
    "futures",
    "rand",
    "getrandom",
    "fastrand",
    "rusqlite",
    "libsqlite",
    "socket2",
    "rustls",
    "openssl",
    "hyper",
    "tonic",
    "axum",
    "rumqttc",
    "chrono",
    "tracing",
    "metrics",
    "notify",
];

/// Crates that are pure as long as no other feature of theirs is on: the parser of CEL compares constants of `uuid`, whose
/// other features draw numbers and read the clock, and `cel` itself would bring `chrono`.
const PURE_WITHOUT_FEATURES: [(&str, &[&str]); 2] = [("uuid", &["default", "std"]), ("cel", &[])];

fn built_on(package: &str) -> Vec<String> {
    let lines = tree_of(package, "{p}");
    lines.iter().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// The crates that a package is built on, a line each.
fn tree_of(package: &str, format: &str) -> Vec<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", package, "--edges", "normal", "--prefix", "none"])
        .args(["--format", format, "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .expect("cargo runs where tests do");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let names = String::from_utf8(tree.stdout).expect("names are UTF-8");
    names.lines().map(str::to_owned).collect()
}

#[test]
fn pure_crates_build_on_nothing_that_is_not() {
    for package in
        ["davy-engine", "davy-rules", "davy-workbench", "davy-model", "davy-yaml", "davy-codec", "davy-proto"]
    {
        let names = built_on(package);
        assert!(names.iter().any(|name| name == package), "{package} is in its own tree");
        let impure: Vec<&String> =
            names.iter().filter(|name| IMPURE.iter().any(|prefix| name.starts_with(prefix))).collect();
        assert!(impure.is_empty(), "{package} builds on {impure:?}");
    }
}

#[test]
fn what_is_pure_without_a_feature_is_built_without_it() {
    let mut seen = 0;
    for line in tree_of("davy-engine", "{p}|{f}") {
        let (crate_of, features) = line.split_once('|').expect("the format has a bar");
        let name = crate_of.split(' ').next().unwrap_or_default();
        let Some((_, allowed)) = PURE_WITHOUT_FEATURES.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        seen += 1;
        let features = features.trim_end_matches(" (*)").split(',').filter(|feature| !feature.is_empty());
        let other: Vec<&str> = features.filter(|feature| !allowed.contains(feature)).collect();
        assert!(other.is_empty(), "{name} is built with {other:?}");
    }
    assert!(seen >= PURE_WITHOUT_FEATURES.len(), "they are in the tree");
}

#[test]
fn the_engine_knows_only_the_nouns_and_the_rules() {
    let names = built_on("davy-engine");
    let mut ours: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| name.starts_with("davy-")).collect();
    ours.sort_unstable();
    ours.dedup();
    assert_eq!(ours, ["davy-engine", "davy-model", "davy-rules", "davy-yaml"]);
}

//! The pure crates stay pure: nothing they build on can read a clock, open a socket or draw a random number.

#![allow(clippy::disallowed_methods, reason = "a test may ask the build what it is made of")]

use std::process::Command;

/// Crates that could not be pure, by the beginning of their names.
const IMPURE: [&str; 22] = [
    "tokio",
    "mio",
    "async-std",
    "smol",
    "futures",
    "rand",
    "getrandom",
    "fastrand",
    "uuid",
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

fn built_on(package: &str) -> Vec<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", package, "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")])
        .output()
        .expect("cargo runs where tests do");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let names = String::from_utf8(tree.stdout).expect("names are UTF-8");
    names.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
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
fn the_engine_knows_only_the_nouns_and_the_rules() {
    let names = built_on("davy-engine");
    let mut ours: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| name.starts_with("davy-")).collect();
    ours.sort_unstable();
    ours.dedup();
    assert_eq!(ours, ["davy-engine", "davy-model", "davy-rules", "davy-yaml"]);
}

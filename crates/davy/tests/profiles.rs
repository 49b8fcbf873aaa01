//! `davy rules check --profile`, called as a shell calls it: what another system would make of the same figures.

use std::{fs, process::Command};

use serde_json::Value;

const RULES: &str = "\
rules:
  - id: hot
    applies_to: {tag: T-*}
    limit:
      - {name: H, tier: yellow, at_or_above: 80 degC, deadband: 5 degC}
      - {name: HH, tier: red, at_or_above: 90 degC, deadband: 5 degC}
    response: {action: Open the valve, time_to_respond: 3m}
  - id: high
    applies_to: {tag: L-1}
    limit: [{name: H, tier: red, above: 10 m, clear_below: 9 m}]
    response: {action: Stop the pump, time_to_respond: 3m}
";

/// Exit code and the lines that speak of the profile.
fn check(args: &[&str]) -> (i32, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("rules")).expect("a folder");
    let tags = "tag,quantity,unit\nT-1,temperature,degC\nT-2,temperature,degC\nL-1,level,m\n";
    for (path, text) in [("site.yaml", "site: shop\n"), ("tags.csv", tags), ("rules/a.yaml", RULES)] {
        fs::write(folder.path().join(path), text).expect("written");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_davy"))
        .args(["rules", "check", &folder.path().display().to_string()])
        .args(args)
        .output()
        .expect("the binary runs");
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = told.lines().filter(|line| line.contains("under ") || line.contains("\"profile\""));
    (output.status.code().expect("it was not killed"), lines.map(str::to_owned).collect())
}

#[test]
fn a_deadband_that_counts_both_ways_raises_later() {
    let (code, told) = check(&["--profile", "aveva-b", "--rule", "high"]);
    let want = [
        "shop:high:L-1 H: raises > 10 m, under aveva-b > 11 m; of 10.5 come H, under aveva-b .",
        "shop: under aveva-b 1 of 1 levels raise or clear elsewhere, 0 of them at the point itself only; 1 subjects have something otherwise",
    ];
    assert_eq!((code, told.as_slice()), (0, want.map(str::to_owned).as_slice()));
}

#[test]
fn an_exclusive_alarm_moves_otherwise_and_only_the_tags_that_are_asked_for_are_told() {
    let (code, told) = check(&["--profile", "opc-ua", "--tag", "T-2"]);
    assert_eq!(code, 0);
    assert_eq!(
        told[0],
        "shop:hot:T-2: moves otherwise between its levels; of 98 78 come HH H, under opc-ua HH ."
    );
    assert_eq!(told.len(), 2, "{told:#?}");
}

#[test]
fn without_a_profile_nothing_of_it_is_said() {
    assert_eq!(check(&[]), (0, Vec::new()));
}

#[test]
fn programs_read_the_same() {
    let (code, told) = check(&["--profile", "aveva-a", "--json"]);
    let values: Vec<Value> =
        told.iter().map(|line| serde_json::from_str(line).expect("one object")).collect();
    let hot = values.iter().find(|value| value["subject"] == "T-1").expect("T-1 is told");
    let raises = &hot["levels"][0]["raises"];
    assert_eq!(
        (code, &raises["here"]["comparator"], &raises["there"]["comparator"]),
        (0, &"≥".into(), &">".into())
    );
    assert_eq!(hot["levels"][1]["worked"]["here"][0], "HH");
    assert_eq!(hot["levels"][0]["at_the_point_only"], true);
    let last = values.last().expect("a summary");
    assert_eq!(
        (&last["otherwise"], &last["levels"], &last["at_the_point_only"]),
        (&4.into(), &5.into(), &4.into())
    );
}

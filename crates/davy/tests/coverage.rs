//! `davy rules check`, called as a shell calls it: which tags each rule covers, and which are judged by none.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

const SITE: &str = "site: shop\n";
const TAGS: &str = "\
tag,quantity,unit,low,high,interval
A-1,gas.h2s,ppm,0,100,1s
A-2,gas.h2s,ppm,0,100,1s
A-3,gas.h2s,ppm,0,100,1s
A-4,gas.h2s,ppm,0,100,1s
L-1,level,m,0,12,2s
T-1,temperature,degC,0,60,5s
T-2,temperature,degC,0,60,5s
W-1,wind.speed,m/s,0,60,5s
";
const RULES: &str = "\
rules:
  - id: h2s
    applies_to: {quantity: gas.h2s}
    limit: [{name: H, tier: red, above: 7 ppm, deadband: 1 ppm}]
    response: {action: Leave crosswind, time_to_respond: 3m}
  - id: level
    applies_to: {tag: L-1}
    limit: [{name: H, tier: red, above: 10 m, deadband: 0.2 m}]
    response: {action: Stop the pump, time_to_respond: 3m}
  - id: silent
    applies_to: {tag: [\"A-*\", L-1, T-*]}
    stale: {tier: yellow}
    response: {action: Send somebody, time_to_respond: 30m}
";

/// Exit code and what is said, with its folder called `shop`.
fn check(rules: &str, args: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("rules")).expect("a folder");
    for (path, text) in [("site.yaml", SITE), ("tags.csv", TAGS), ("rules/a.yaml", rules)] {
        fs::write(folder.path().join(path), text).expect("written");
    }
    run(folder.path(), args)
}

fn run(folder: &Path, args: &[&str]) -> (i32, String) {
    let folder = folder.display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_davy"));
    let output = command.args(["rules", "check", &folder]).args(args).output().expect("the binary runs");
    let told = String::from_utf8(output.stdout).expect("UTF-8") + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().expect("it was not killed"), told.replace(&folder, "shop"))
}

/// The lines that are neither findings nor the summary.
fn lines(told: &str) -> Vec<&str> {
    told.lines().filter(|line| !line.starts_with("warning") && !line.contains("revision")).collect()
}

#[test]
fn every_rule_tells_its_tags_and_those_that_none_judges_are_counted_by_quantity() {
    let (code, told) = check(RULES, &[]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(
        lines(&told),
        [
            "shop: h2s (limit) covers 4 tags: A-1, A-2, A-3 and 1 more",
            "shop: level (limit) covers 1 tag: L-1",
            "shop: silent (stale) covers 7 tags: A-1, A-2, A-3 and 4 more",
            "shop: only a stale rule covers 2 tags (temperature 2): T-1, T-2",
            "shop: no rule covers 1 tag (wind.speed 1): W-1",
        ]
    );
    let summary = told.lines().last().expect("a summary");
    assert!(summary.starts_with("shop: 3 rules on 8 tags, 12 watches, revision "), "{summary}");
}

#[test]
fn one_rule_or_one_tag_can_be_asked_for_and_all_names() {
    let silent = "shop: silent (stale) covers 7 tags: A-1, A-2, A-3, A-4, L-1, T-1, T-2";
    for (args, want) in [
        (&["--rule", "silent", "--verbose"][..], vec![silent]),
        (&["--tag", "L-1", "--verbose"], vec!["shop: level (limit) covers 1 tag: L-1", silent]),
        (
            &["--tag", "T-?", "--verbose"],
            vec![silent, "shop: only a stale rule covers 2 tags (temperature 2): T-1, T-2"],
        ),
        (&["--tag", "W-1"], vec!["shop: no rule covers 1 tag (wind.speed 1): W-1"]),
        (&["--rule", "h2s", "--tag", "L-1"], vec![]),
    ] {
        let (code, told) = check(RULES, args);
        assert_eq!((code, lines(&told)), (0, want), "{args:?}");
    }
}

#[test]
fn a_name_that_no_site_has_is_a_mistake_of_the_call() {
    for (args, want) in [
        (["--rule", "h2x"], "no rule \"h2x\" in these files; did you mean \"h2s\"?"),
        (["--tag", "Z-100"], "no tag \"Z-100\" in these files\n"),
    ] {
        let (code, told) = check(RULES, &args);
        assert!(code == 2 && told.contains(want), "{args:?}: {told}");
    }
    // What a file with errors has, nobody knows: its errors are told.
    let (code, told) = check(&RULES.replace("tier: yellow", "tier: amber"), &["--rule", "h2x"]);
    assert!(code == 1 && told.contains("WORD_UNKNOWN"), "{told}");
}

#[test]
fn programs_get_an_object_a_rule_and_one_a_tag_that_none_judges() {
    let (_, told) = check(RULES, &["--json"]);
    let found: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let level = found.iter().find(|value| value["rule"] == "level").expect("the rule");
    assert_eq!((&level["kind"], &level["line"]), (&"limit".into(), &6.into()));
    assert_eq!(level["tags"], serde_json::json!(["L-1"]));
    let h2s = found.iter().find(|value| value["rule"] == "h2s").expect("the rule");
    assert_eq!(h2s["tags"].as_array().map(Vec::len), Some(4));
    let by =
        |tag: &str| found.iter().find(|value| value["tag"] == tag).map(|value| value["covered_by"].clone());
    assert_eq!([by("T-1"), by("W-1"), by("A-1")], [Some("stale".into()), Some("none".into()), None]);
    assert_eq!(found.last().expect("a summary")["watches"], 12);
}

#[test]
fn warnings_stop_nobody_unless_they_are_asked_to() {
    let (code, told) = check(RULES, &[]);
    assert!(code == 0 && told.contains("TAG_WITHOUT_STALE_RULE"), "{told}");
    assert_eq!(check(RULES, &["--strict"]).0, 1);
    let heard = RULES.replace("L-1, T-*", "L-1, T-*, W-*");
    assert_eq!(check(&heard, &["--strict"]).0, 0, "{}", check(&heard, &["--strict"]).1);
}

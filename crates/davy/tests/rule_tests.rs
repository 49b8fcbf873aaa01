//! `davy rules test`, called as a shell calls it: the samples' own stories, and how differences and mistakes are told.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

fn test(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_davy"))
        .args(["rules", "test"])
        .args(args)
        .output()
        .expect("the binary runs")
}

fn sample(site: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample").join(site)
}

/// Runs these tests against the sample's park.
fn park(yaml: &str, args: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("t.yaml");
    fs::write(&file, yaml).expect("it is written");
    let (site, file) = (sample("park"), file.display().to_string());
    let site = site.display().to_string();
    let output = test(&[&[site.as_str(), file.as_str()], args].concat());
    let told = String::from_utf8(output.stdout).expect("UTF-8") + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().expect("it was not killed"), told.replace(&file, "t.yaml"))
}

const LEAK: &str = r#"
tests:
  - name: a leak
    rules: h2s
    series: {AT-0412/h2s: "2x10 8x5"}
    expect:
      - {at: TIME, transition: raised, tier: orange, limit: L1}
"#;

#[test]
fn the_stories_of_every_sample_come_true() {
    let output = test(&[&sample("").display().to_string()]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for site in ["park", "mine", "gas"] {
        assert!(told.contains(&format!("{site}/tests/")), "{site} has none:\n{told}");
    }
}

#[test]
fn a_difference_says_what_was_expected_what_came_and_all_that_happened() {
    assert_eq!(park(&LEAK.replace("TIME", "10s"), &[]).0, 0);
    let (code, told) = park(&LEAK.replace("TIME", "12s"), &[]);
    let want = "t.yaml:7: expected raised orange L1 at 12s of h2s:AT-0412/h2s; got raised orange L1 at 10s, 8 ppm, sounding";
    assert_eq!(code, 1, "{told}");
    assert!(told.contains(want) && told.contains("what happened:\n"), "{told}");
    assert_eq!(park(&LEAK.replace("TIME", "12s, within: 2s"), &[]).0, 0, "within its tolerance");
    assert_eq!(
        park(&LEAK.replace("TIME", "12s").replace("rules: h2s", "rules: h2s\n    severity: warn"), &[]).0,
        0
    );
}

#[test]
fn programs_and_ci_servers_read_the_same() {
    let (code, told) = park(&LEAK.replace("TIME", "12s"), &["--format", "json"]);
    let value: Value = serde_json::from_str(told.trim()).expect("one object");
    assert_eq!(
        (code, &value["result"], &value["differences"][0]["kind"]),
        (1, &"fail".into(), &"transition".into())
    );
    assert_eq!(value["happened"][0]["at_us"], 10_000_000);
    let (code, told) = park(&LEAK.replace("TIME", "12s"), &["--format", "junit"]);
    assert_eq!(code, 1);
    for part in [
        "<testsuites ",
        "failures=\"1\"",
        "<testcase name=\"a leak\" classname=\"t.yaml\" time=",
        "got raised orange L1 at 10s",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
}

#[test]
fn every_mistake_is_told_at_once_and_the_other_tests_are_run() {
    let yaml = LEAK.replace("TIME", "10s")
        + r#"  - name: mistaken
    rules: h2ss
    serie: {}
    series: {AT-0412/h2ss: "1", AT-0413/h2s: "1 x 2!worse"}
    expect:
      - {at: 1s, alarm: "h2s:TK-101/level", state: norml}
"#;
    let (code, told) = park(&yaml, &[]);
    assert_eq!(code, 78, "{told}");
    assert!(told.contains("1 passed, 0 failed"), "{told}");
    for part in [
        "t.yaml:9:12:",
        "[RULE_UNKNOWN]",
        "[KEY_UNKNOWN]",
        "[TAG_UNKNOWN]",
        "\"x\"",
        "\"2!worse\"",
        "[ALARM_UNKNOWN]",
        "did you mean \"normal\"?",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
}

#[test]
fn a_file_without_end_is_refused_before_it_costs_anything() {
    let many = |test: usize| {
        let parts = vec!["\"1x900000\""; 40].join(", ");
        format!("  - {{name: t{test}, series: {{AT-0412/h2s: [{parts}]}}, expect: []}}\n")
    };
    let (code, told) = park(&format!("tests:\n{}", many(0)), &[]);
    assert!(code == 78 && told.contains("expected 1000000 in a test at most"), "{told}");
    let one = |test: usize| format!("  - {{name: t{test}, series: {{AT-0412/h2s: 1x400000}}, expect: []}}\n");
    let all: String = (0..9).map(one).collect();
    let (code, told) = park(&format!("tests:\n{all}"), &["--filter", "none"]);
    assert!(code == 78 && told.contains("t.yaml:4:5: tests: found 1200000 readings up to here"), "{told}");
}

#[test]
fn a_run_without_a_test_is_a_senseless_call() {
    assert_eq!(park(&LEAK.replace("TIME", "10s"), &["--filter", "flood"]).0, 2);
    assert_eq!(test(&["no/such/folder"]).status.code(), Some(2));
}

#[test]
fn the_first_test_of_the_tuners_page_passes_in_both_languages() {
    for page in ["testing.md", "zh/testing.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tuners").join(page);
        let text = fs::read_to_string(path).expect(page);
        let yaml =
            text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let (code, told) = park(yaml, &[]);
        assert_eq!(code, 0, "{page}: {told}");
        assert_ne!(
            park(&yaml.replace("1m38s", "1m30s"), &[]).0,
            0,
            "{page}: what the page shows as a failure is one"
        );
    }
}

#[test]
fn what_happens_besides_readings_is_part_of_the_story() {
    let yaml = r#"
tests:
  - name: Davy is down while the gas comes, and hears of it when it is back
    rules: h2s
    series: {AT-0412/h2s: "2x10 9x100"}
    events: [{at: 5s, down_for: 95s}]
    expect: [{at: 100s, transition: raised, late: true, measured: 10s}, {at: 101s, within: 2s, transition: sounded}]
  - name: far beyond its range a value is no evidence
    rules: h2s
    series: {AT-0412/h2s: "2x10 500x10 2x10"}
    expect: []
  - name: it is written in another unit, and the value compared in a third
    rules: h2s
    series: {AT-0412/h2s: {values: "0.0009x5", unit: "%vol"}}
    expect: [{at: 0s, transition: raised, value: 12.7 mg/m3, tolerance: 0.1 mg/m3}]
  - name: two people shelve it, one may not
    rules: h2s
    series: {AT-0412/h2s: "9x60"}
    events:
      - {at: 5s, shelve: "park:h2s:AT-0412/h2s", for: 20s, refused: SECOND_PERSON_NEEDED}
      - {at: 6s, shelve: "h2s:AT-0412/h2s", for: 20s, approved_by: Li, by: Wu}
    expect:
      - {at: 0s, transition: raised}
      - {at: 10s, state: shelved}
      - {at: 26s, transition: shelve_expired}
"#;
    let (code, told) = park(yaml, &[]);
    assert_eq!((code, told.contains("4 passed")), (0, true), "{told}");
    let others = [
        ("late: true", "late: false"),
        ("500x10", "150x10"),
        ("12.7", "13.7"),
        ("at: 26s", "at: 27s"),
        ("state: shelved", "state: normal"),
        ("refused: SEC", "refused: X"),
    ];
    for (from, to) in others {
        assert_eq!(park(&yaml.replacen(from, to, 1), &[]).0, 1, "{to}");
    }
}

#[test]
fn an_alarm_that_nobody_expects_is_a_difference() {
    let yaml = LEAK.replace("TIME", "10s").replace("rules: h2s\n", "\n");
    let (code, told) = park(&yaml.replace("at: 10s,", "at: 10s, rule: h2s,").replace("8x5", "8x6"), &[]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("expected nothing else; got raised blue PRE at 15s"), "{told}");
}

//! `davy rules mhi`, called as a shell calls it.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

const SITE: &str = "\
site: park
hazard_sources:
  - id: farm
    title: {en: Tank farm, zh: 罐区}
    unit: storage
    people_exposed: 100
    members:
      - {title: V-1, substance: chlorine, design: 31.25 t, live: {tag: WT-1, density: 1.4}}
      - {title: TK-1, substance: methanol, design: 500 t, live: {tag: TK-1/level, tonnes_per_unit: 50}}
";
const TAGS: &str = "tag,quantity,unit\nWT-1,volume,m3\nTK-1/level,level,m\n";

fn site(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("site.yaml", text), ("tags.csv", TAGS)] {
        fs::write(folder.path().join(name), text).expect(name);
    }
    folder
}

fn mhi(folder: &Path, more: &[&str]) -> Output {
    let mut davy = Command::new(env!("CARGO_BIN_EXE_davy"));
    davy.args(["rules", "mhi"]).arg(folder).args(more).env_remove("DAVY_SERVER").output().expect("it runs")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn a_person_reads_both_classes_what_makes_them_and_where_it_is_written() {
    let site = site(SITE);
    let output = mhi(site.path(), &["--inventory", "TK-1/level=100 cm"]);
    let told = text(&output.stdout);
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    for part in [
        "park farm: Tank farm",
        "storage unit; 100 people exposed, alpha 2  [GB 18218-2018, table 5, 100 people or more: verified]",
        "design: S 7.25, R 52: a major hazard source of class 2",
        "live: S 6.35, R 50.2: a major hazard source of class 2  (1 of 2 measured; 1 not measured, as by design)",
        "31.25 assumed",
        "+30 t: class 1",
        "Q GB 18218-2018, table 1, no. 12: verified; beta GB 18218-2018, table 3, chlorine: verified",
        "class [GB 18218-2018, 4.3.3, table 6]",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
}

#[test]
fn a_program_reads_one_object_a_source() {
    let site = site(SITE);
    let output = mhi(site.path(), &["--json", "--inventory", "WT-1=1", "--inventory", "TK-1/level=4"]);
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    let [line] = lines[..] else { panic!("one line: {lines:?}") };
    let told: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!((&told["site"], &told["hazard_source"]), (&"park".into(), &"farm".into()));
    assert_eq!((&told["design"]["class"], &told["design"]["r"]), (&2.into(), &52.0.into()));
    assert_eq!((&told["live"]["class"], &told["live"]["major_hazard_source"]), (&Value::Null, &false.into()));
    let member = &told["members"][0];
    assert_eq!((&member["tag"], &member["live"]["tonnes"]), (&"WT-1".into(), &1.4.into()));
    assert_eq!(member["critical_t"]["clause"], "table 1, no. 12");
    assert_eq!(member["design"]["next"]["class"], 1);
}

#[test]
fn more_than_the_design_is_a_finding() {
    let site = site(SITE);
    for (inventory, want) in [("WT-1=22.3", 0), ("WT-1=22.4", 1)] {
        let output = mhi(site.path(), &["--inventory", inventory]);
        assert_eq!(code(&output), Some(want), "{inventory}\n{}", text(&output.stdout));
        let told = text(&output.stdout).contains("V-1 holds 0.11 t more than its design of 31.25 t");
        assert_eq!(told, want == 1, "{}", text(&output.stdout));
    }
}

#[test]
fn the_sample_park_has_three_of_them() {
    let park = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample/park");
    let output = mhi(&park, &["--json", "--inventory", "TK-101/level=6"]);
    let told: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let classes: Vec<_> = told.iter().map(|one| one["design"]["class"].as_u64()).collect();
    assert_eq!(
        (code(&output), classes),
        (Some(0), vec![Some(4), Some(3), Some(4)]),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_call_that_makes_no_sense_says_what_to_write() {
    let with = site(SITE);
    let without = site("site: park\n");
    let broken = site(
        "site: park\nhazard_sources: [{id: a, unit: storage, people_exposed: 0, members: [{substance: chlorin, design: 1}]}]\n",
    );
    for (folder, inventory, want, told) in [
        (&with, "TK-1/levl=3", 2, "did you mean \"TK-1/level\"?"),
        (&with, "TK-1/level", 2, "no =; write a tag"),
        (&with, "TK-1/level=high", 2, "no number behind ="),
        (&with, "TK-1/level=1e300", 2, "a number out of all reason"),
        (&with, "TK-1/level=3 kg", 2, "kg is not a unit of the same kind as m"),
        (&with, "TK-1/level=3 furlong", 2, "furlong is no unit; the tag has m"),
        (&without, "", 2, "no hazard_sources in site.yaml"),
        (&broken, "", 78, "did you mean \"chlorine\"? [HAZARD_SUBSTANCE_UNKNOWN]"),
    ] {
        let more: &[&str] = if inventory.is_empty() { &[] } else { &["--inventory", inventory] };
        let output = mhi(folder.path(), more);
        let error = text(&output.stderr);
        assert_eq!(code(&output), Some(want), "{inventory}: {error}");
        assert!(error.contains(told), "{inventory}: {error}");
    }
}

//! What a tuner asks of a journal: what would another limit have done?

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use davy_engine::Judge;
use davy_journal::{Commit, Journal};
use davy_model::{
    Freshness, Input, MessageHead, NodeChange, Quality, Reading, ReadingBlock, Timestamp, Value as Number,
};
use serde_json::Value;

const SITE: &str = "site: yard\nedge_nodes: [{id: gw}]\n";
const TAGS: &str = "tag,quantity,unit,interval,silence_limit,edge_node\na/h2s,gas.h2s,ppm,1m,10m,gw\n";
const RULES: &str = "\
rules:
  - id: h2s
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: L1, tier: orange, at_or_above: 10 ppm, clear_below: 8 ppm}
      - {name: L2, tier: red, at_or_above: 20 ppm, clear_below: 18 ppm}
    response: {action: Leave the yard, time_to_respond: 3m}
";

struct Yard {
    folder: tempfile::TempDir,
}

impl Yard {
    /// An hour in which the gas rose three times: to 12, to 25 and to 9 ppm.
    fn new() -> Yard {
        let yard = Yard { folder: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir_all(yard.path("site/rules")).expect("a folder");
        for (path, text) in [("site.yaml", SITE), ("tags.csv", TAGS), ("rules/gas.yaml", RULES)] {
            std::fs::write(yard.path("site").join(path), text).expect(path);
        }
        yard.write_journal();
        yard
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn write_journal(&self) {
        let files = davy_server::site_files(&self.path("site")).expect("the files are there");
        let bundle = Arc::new(davy_rules::bundle(files).expect("they are a site's"));
        let plan = davy_rules::compile(&bundle).expect("they compile");
        let (tag, node) =
            (plan.site.tag_index("a/h2s").expect("a tag"), plan.site.node_index("gw").expect("a node"));
        let begin: Timestamp = "2026-03-01T00:00:00Z".parse().expect("a time");
        let (mut journal, _) = Journal::open(&*self.path("yard.sqlite"), "yard").expect("a journal");
        let mut judge = Judge::new();
        for minute in 0..60_u64 {
            let at = begin.plus(std::time::Duration::from_secs(60 * minute));
            let ppm = match minute {
                10..15 => 12.0,
                30..35 => 25.0,
                50..55 => 9.0,
                _ => 2.0,
            };
            let reading = Reading { tag, quality: Quality::Good, source_time: at, value: Number::of(ppm) };
            let head = MessageHead {
                node,
                arrival: at,
                seq: None,
                redelivered: false,
                freshness: Freshness::Live,
                len: 1,
            };
            let mut inputs =
                vec![Input::Readings(ReadingBlock { messages: vec![head], readings: vec![reading] })];
            if minute == 0 {
                inputs.insert(0, Input::Node { node, change: NodeChange::Online });
                inputs.insert(0, Input::Activate(Arc::clone(&bundle)));
            }
            let mut transitions = Vec::new();
            for input in &inputs {
                judge.apply(at, input, &mut transitions).expect("it is judged");
            }
            journal.append(&[Commit { number: minute + 1, at, inputs, transitions }]).expect("it is written");
        }
        journal.close().expect("it is closed");
    }

    fn backtest(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_davy"))
            .args(["rules", "backtest"])
            .args(["--journal".as_ref(), self.path("yard.sqlite").as_os_str()])
            .args(args)
            .output()
            .expect("the binary runs")
    }

    fn json(&self, args: &[&str]) -> Vec<Value> {
        let output = self.backtest(&[args, &["--json"]].concat());
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}

fn path_of(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn the_same_rules_give_the_journal_to_the_byte() {
    let yard = Yard::new();
    let found = &yard.json(&[])[0];
    assert_eq!(found["baseline"]["differs_at"], Value::Null, "{found:#}");
    assert_eq!((&found["candidate"]["raises"], &found["baseline"]["raises"]), (&2.into(), &2.into()));
    assert_eq!((&found["difference"]["same"], &found["difference"]["gained"]), (&2.into(), &0.into()));
    assert_eq!(found["coverage"]["readings"], 60);
    let text = String::from_utf8(yard.backtest(&[]).stdout).expect("UTF-8");
    assert!(text.contains("the journal is the same to the byte"), "{text}");
}

#[test]
fn a_lower_limit_gains_an_alarm_and_a_higher_one_loses_one() {
    let yard = Yard::new();
    for (setting, raises, gained, lost, moved) in [
        ("h2s.L1.at_or_above=8.5 ppm", 3, 1, 0, 0),
        ("h2s.L1.at_or_above=15 ppm", 1, 0, 1, 0),
        ("h2s.L1.on_delay=90s", 2, 0, 0, 1),
    ] {
        let found = &yard.json(&["--set", setting])[0];
        let numbers = ["gained", "lost", "moved"].map(|key| found["difference"][key].as_i64());
        assert_eq!(found["candidate"]["raises"], raises, "{setting}: {found:#}");
        assert_eq!(numbers, [Some(gained), Some(lost), Some(moved)], "{setting}: {found:#}");
    }
}

#[test]
fn what_was_labelled_decides_and_a_policy_ends_the_build() {
    let yard = Yard::new();
    let events = yard.path("events.csv");
    let rows = "id,scope,start,end,kind,consequence\n\
                leak,a/h2s,2026-03-01T00:30:00Z,2026-03-01T00:36:00Z,true,2026-03-01T00:33:00Z\n\
                purge,a/h2s,2026-03-01T00:09:00Z,2026-03-01T00:16:00Z,nuisance,\n";
    std::fs::write(&events, rows).expect("it is written");
    let policy = yard.path("policy.yaml");
    std::fs::write(&policy, "max_missed: 0\nmax_outside_per_day: 0\n").expect("it is written");
    let judged = |setting: &str| {
        let args = ["--set", setting, "--events", path_of(&events), "--policy", path_of(&policy)];
        (yard.backtest(&args).status.code(), yard.json(&args).remove(0))
    };
    let (code, found) = judged("h2s.L1.at_or_above=15 ppm");
    assert_eq!((code, &found["kept"]), (Some(0), &true.into()), "{found:#}");
    assert_eq!(found["candidate"]["events"]["each"][0]["lead_s"], 180.0, "{found:#}");
    assert_eq!(found["baseline"]["events"]["nuisance"], 1, "{found:#}");
    // So high that the leak is missed.
    let (code, found) = judged("h2s.L1.at_or_above=19 ppm");
    assert_eq!((code, found["candidate"]["events"]["caught"].as_u64()), (Some(0), Some(1)), "{found:#}");
    // No event of that time is labelled so: a policy about events cannot be kept without them.
    let unlabelled = yard.backtest(&["--set", "h2s.L1.at_or_above=15 ppm", "--policy", path_of(&policy)]);
    assert_eq!(unlabelled.status.code(), Some(1));
}

#[test]
fn a_sweep_marks_what_no_other_beats() {
    let yard = Yard::new();
    let found = yard.json(&["--sweep", "h2s.L1.at_or_above=9..18:3 ppm"]);
    let told: Vec<(&str, u64, bool)> = found
        .iter()
        .map(|point| {
            let setting = point["settings"]["h2s.L1.at_or_above"].as_str().expect("a setting");
            (setting, point["raises"].as_u64().expect("a count"), point["front"].as_bool().expect("a flag"))
        })
        .collect();
    // 18 raises no more than 15, 12 as much as the rules of now.
    assert_eq!(told, [("9 ppm", 3, false), ("12 ppm", 2, true), ("15 ppm", 1, true), ("18 ppm", 1, true)]);
}

#[test]
fn what_cannot_be_asked_is_told() {
    let yard = Yard::new();
    for (args, code, told) in [
        (vec!["--set", "h2x.L1.at_or_above=9 ppm"], 2, "did you mean \"h2s\""),
        (vec!["--set", "h2s.L1.at_or_above=9 parsec"], 78, "UNIT_UNKNOWN"),
        (vec!["--rule", "h2x"], 2, "did you mean h2s"),
        (vec!["--from", "2027-01-01T00:00:00Z"], 2, "nothing is left of it"),
        (vec!["--set", "h2s.applies_to={tag: a/h2s}"], 2, "no single value"),
        (vec!["--set", "h2s"], 2, "expected RULE.LEVEL.FIELD=VALUE"),
    ] {
        let output = yard.backtest(&args);
        let err = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(code), "{args:?}: {err}");
        assert!(err.contains(told), "{args:?}: {err}");
    }
}

#[test]
fn two_folders_differ_in_rules_and_in_alarms() {
    let yard = Yard::new();
    std::fs::create_dir_all(yard.path("new/rules")).expect("a folder");
    let rules =
        RULES.replace("at_or_above: 20 ppm", "at_or_above: 26 ppm").replace("above: 10 ppm", "above: 9 ppm");
    for (path, text) in [("site.yaml", SITE), ("tags.csv", TAGS), ("rules/gas.yaml", &rules)] {
        std::fs::write(yard.path("new").join(path), text).expect(path);
    }
    let (old, new, journal) = (yard.path("site"), yard.path("new"), yard.path("yard.sqlite"));
    let diff = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_davy"))
            .args(["rules", "diff", path_of(&old), path_of(&new)])
            .args(more)
            .output()
            .expect("the binary runs");
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let text = diff(&[]);
    assert!(
        text.contains("looser   red    h2s: L2: set point: ≥ 20 ppm -> ≥ 26 ppm (1 subjects: a/h2s)"),
        "{text}"
    );
    assert!(text.contains("a second person must agree"), "{text}");
    let told: Value = serde_json::from_str(&diff(&["--json", "--journal", path_of(&journal)])).expect("JSON");
    assert_eq!(told["changes"].as_array().map(Vec::len), Some(2), "{told:#}");
    // The 9 ppm raise now; the 25 ppm are orange and no longer red.
    let numbers = ["gained", "lost", "moved", "same"].map(|key| told["alarms"][key].as_u64());
    assert_eq!(numbers, [Some(1), Some(0), Some(1), Some(1)], "{told:#}");
}

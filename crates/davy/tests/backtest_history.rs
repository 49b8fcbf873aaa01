//! What a tuner asks of history: what would another limit have done over what was imported, and over what was taken in?

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

use davy_history::{Activation, Batch, Position, Retention, SqliteConfig, SqliteStore, Store};
use davy_model::{Bundle, BundleFile, Timestamp};
use serde_json::Value;

const SITE: &str = "site: yard\nedge_nodes: [{id: gw}]\n";
const TAGS: &str = "tag,quantity,unit,interval,silence_limit,edge_node\na/h2s,gas.h2s,ppm,1m,10m,gw\n";
const RULES: &str = "\
rules:
  - id: h2s
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: L1, tier: orange, at_or_above: 10 ppm, clear_below: 8 ppm, on_delay: 5m}
    response: {action: Leave the yard, time_to_respond: 3m}
";

/// Two hours of a yard, nine days ago, in a history database: the gas rose to 12 ppm after 30 and after 80 minutes, each time
/// for 20 minutes.
struct Yard {
    folder: tempfile::TempDir,
    begin: Timestamp,
}

impl Yard {
    fn new() -> Yard {
        let now_us = jiff::Timestamp::now().as_microsecond();
        let minute_us = 60_000_000;
        let begin =
            Timestamp::from_micros(now_us - now_us % minute_us).minus(Duration::from_secs(9 * 86_400));
        let yard = Yard { folder: tempfile::tempdir().expect("a folder"), begin };
        for (path, text) in [("site.yaml", SITE), ("tags.csv", TAGS), ("rules/gas.yaml", RULES)] {
            yard.write(&format!("site/{path}"), text);
        }
        yard.configure("");
        let mut rows = "time,tag,value,unit,quality\n".to_owned();
        for minute in 0..120 {
            let ppm = if (30..50).contains(&minute) || (80..100).contains(&minute) { 12 } else { 2 };
            rows += &format!("{},a/h2s,{ppm},ppm,good\n", yard.at(minute));
        }
        yard.write("two-hours.csv", &rows);
        std::fs::create_dir_all(yard.path("data")).expect("a folder");
        let said = yard.davy(&[
            "import",
            &yard.text("two-hours.csv"),
            "--site",
            "yard",
            "--config",
            &yard.text("davy.toml"),
        ]);
        assert_eq!(said.status.code(), Some(0), "{said:?}");
        yard
    }

    fn at(&self, minute: u64) -> Timestamp {
        self.begin.plus(Duration::from_secs(60 * minute))
    }

    fn configure(&self, more: &str) {
        self.write("davy.toml", &format!("data_dir = \"data\"\nsites = [\"site\"]\n{more}"));
    }

    fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        std::fs::write(&path, text).expect(below);
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn text(&self, below: &str) -> String {
        self.path(below).display().to_string()
    }

    fn davy(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_davy")).args(args).output().expect("the binary runs")
    }

    fn backtest(&self, args: &[&str]) -> Output {
        let config = self.text("davy.toml");
        self.davy(&[&["rules", "backtest", "--history", "--config", &config], args].concat())
    }

    fn json(&self, args: &[&str]) -> Value {
        let said = self.backtest(&[args, &["--json"]].concat());
        let told = String::from_utf8_lossy(&said.stderr).into_owned();
        serde_json::from_slice(&said.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {told}"))
    }

    /// What is lost by a limit of 15 ppm: when each alarm was raised, in minutes.
    fn lost(&self, args: &[&str]) -> Vec<u128> {
        let found = self.json(&[&["--set", "h2s.L1.at_or_above=15 ppm"], args].concat());
        let raised = |alarm: &Value| {
            let at: Timestamp = alarm["raised"].as_str().expect("a time").parse().expect("a time");
            at.since(self.begin).as_secs().into()
        };
        let lost = found["difference"]["alarms_lost"].as_array().expect("a list").iter().map(raised);
        lost.map(|second: u128| second / 60).collect()
    }

    fn store(&self) -> SqliteStore {
        let config = SqliteConfig { path: self.path("data/history.db"), bytes_max: 1 << 30 };
        SqliteStore::new(&config, Retention::default())
    }

    /// As a Davy that took its journal up when the first four commits of it were gone, with these rules active.
    async fn take_in(&self, rules: &str) {
        let text = |text: &str| text.to_owned();
        let file = |path: &str, of: &str| BundleFile { path: text(path), text: text(of) };
        let files = vec![file("rules/gas.yaml", rules), file("site.yaml", SITE), file("tags.csv", TAGS)];
        let bundle = Arc::new(Bundle { site: "yard".into(), files, revision: "abcdefabcdef".into() });
        let (at, revision) = (self.at(60), Arc::clone(&bundle.revision));
        let batch = Batch {
            site: "yard".into(),
            after: None,
            begins_era: false,
            hole: Some((1, 4)),
            until: Position { number: 5, hash: [5; 32], sequence: 0, at, revision },
            series: Vec::new(),
            readings: Vec::new(),
            transitions: Vec::new(),
            nodes: Vec::new(),
            activations: vec![Activation { at, bundle }],
            risks: Vec::new(),
        };
        self.store().write(&batch).await.expect("it lands");
    }
}

fn out(said: &Output) -> String {
    String::from_utf8_lossy(&said.stdout).into_owned()
}

#[test]
fn another_limit_over_what_was_imported() {
    let yard = Yard::new();
    assert_eq!(yard.lost(&[]), [35, 85]);
    let found = yard.json(&["--set", "h2s.L1.on_delay=1s"]);
    assert_eq!(
        (&found["candidate"]["raises"], &found["difference"]["moved"]),
        (&2.into(), &2.into()),
        "{found:#}"
    );
    assert_eq!(
        (&found["coverage"]["readings"], &found["coverage"]["share"]),
        (&120.into(), &1.0.into()),
        "{found:#}"
    );
    // A sweep, and what two folders make of it.
    let swept = out(&yard.backtest(&["--sweep", "h2s.L1.at_or_above=11..13:2 ppm", "--json"]));
    let raises =
        swept.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["raises"].clone());
    assert_eq!(raises.collect::<Vec<_>>(), [2, 0]);
    yard.write("new/site.yaml", SITE);
    yard.write("new/tags.csv", &TAGS.replace("ppm", "mg/m3"));
    yard.write("new/rules/gas.yaml", &RULES.replace("10 ppm", "18 mg/m3").replace("8 ppm", "12 mg/m3"));
    let (old, new, config) = (yard.text("site"), yard.text("new"), yard.text("davy.toml"));
    let said = yard.davy(&["rules", "diff", &old, &new, "--history", "--config", &config]);
    assert!(out(&said).contains("0 gained, 2 lost"), "12 ppm are 17 mg/m3: {}", out(&said));
}

#[test]
fn what_a_period_needs_before_it_is_judged_and_not_counted() {
    let yard = Yard::new();
    let at = |minute: u64| yard.at(minute).to_string();
    // Three minutes of the delay of five lie before what is counted.
    assert_eq!(yard.lost(&["--from", &at(33)]), [35, 85]);
    assert_eq!(yard.lost(&["--from", &at(36)]), [85]);
    assert_eq!(yard.lost(&["--from", &at(33), "--until", &at(60)]), [35]);
    assert_eq!(yard.lost(&["--last", "45m"]), [85]);
    let found = yard.json(&["--from", &at(83)]);
    // Two delays of five minutes, and ten of silence.
    assert_eq!(found["history"]["judged_from"], at(63), "{found:#}");
    assert_eq!(found["coverage"]["readings"], 37, "{found:#}");
    let text = out(&yard.backtest(&["--from", &at(5)]));
    assert!(text.contains("look back 20 min 00 s; of that, 15 min 00 s"), "{text}");
}

#[test]
fn what_history_no_longer_has_is_said_with_the_coverage() {
    let yard = Yard::new();
    let before = yard.begin.minus(Duration::from_secs(86_400)).to_string();
    let text = out(&yard.backtest(&["--from", &before]));
    assert!(text.contains("history has nothing of the 1 d 00 h from") && text.contains("90 d"), "{text}");
    yard.configure("[history]\nreadings = \"8d\"\n");
    let text = out(&yard.backtest(&[]));
    assert!(text.contains("keeps readings for 8 d 00 h: what was measured before"), "{text}");
    assert_ne!(yard.json(&[])["history"]["kept_from"], Value::Null);
}

#[tokio::test]
async fn holes_and_what_is_active_come_from_the_database() {
    let yard = Yard::new();
    yard.take_in(&RULES.replace("10 ppm", "11.5 ppm")).await;
    let found = yard.json(&[]);
    let hole = &found["history"]["holes"][0];
    assert_eq!((&hole["first_commit"], &hole["last_commit"]), (&1.into(), &4.into()), "{found:#}");
    let text = out(&yard.backtest(&[]));
    assert!(text.contains("1 holes") && text.contains("commits 1 to 4, noticed"), "{text}");
    // Noticed before what is judged, it is of another time.
    assert_eq!(yard.json(&["--from", &yard.at(90).to_string()])["history"]["holes"], Value::Array(vec![]));
    // A folder is compared with what is active, not with the folder of the configuration.
    yard.write("site/rules/gas.yaml", &RULES.replace("10 ppm", "12.5 ppm"));
    let found = yard.json(&[&yard.text("site")]);
    assert_eq!(
        (&found["baseline"]["name"], &found["difference"]["lost"]),
        (&"what is active".into(), &2.into()),
        "{found:#}"
    );
}

#[test]
fn readings_of_no_tag_are_counted_and_told() {
    let yard = Yard::new();
    yard.write("other/site.yaml", SITE);
    yard.write("other/tags.csv", &TAGS.replace("a/h2s", "b/h2s"));
    yard.write("other/rules/gas.yaml", RULES);
    let both = [&*yard.text("other"), "--baseline", &yard.text("other")];
    let found = yard.json(&both);
    assert_eq!(
        found["history"]["untaken"],
        serde_json::json!([{"tag": "a/h2s", "readings": 120}]),
        "{found:#}"
    );
    let text = out(&yard.backtest(&both));
    assert!(text.contains("120 readings of 1 series are of no tag of these files"), "{text}");
    // What the configuration has is active, where all was imported. It is judged there, and the other says what it lacks.
    let found = yard.json(&[&yard.text("other")]);
    assert_eq!(found["baseline"]["name"], "what is active", "{found:#}");
    assert_eq!(found["history"]["untaken"], serde_json::json!([]), "{found:#}");
    assert_eq!(
        (&found["baseline"]["raises"], &found["candidate"]["raises"]),
        (&2.into(), &0.into()),
        "{found:#}"
    );
    assert_eq!(found["coverage"]["readings_untaken"], 120, "{found:#}");
}

#[test]
fn what_cannot_be_asked_of_history_is_told_with_what_to_do() {
    let yard = Yard::new();
    let site = yard.text("site");
    let csv = yard.text("two-hours.csv");
    for (more, args, code, told) in [
        ("", vec!["--journal", "data"], 2, "cannot be used with"),
        ("", vec!["--csv", &csv], 2, "cannot be used with"),
        ("", vec!["--from", "2036-01-01T00:00:00Z"], 2, "nothing is left of it"),
        ("[history]\nstore = \"none\"\n", vec![&site], 78, "history.store: it is none"),
        ("[history]\nstore = \"nowhere\"\n", vec![&site], 78, "davy check-config"),
        ("[http]\nlisten = \"127.0.0.1:0\"\n", vec![], 0, ""),
    ] {
        yard.configure(more);
        let said = yard.backtest(&args);
        let err = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(code), "{args:?}: {err}");
        assert!(err.contains(told), "{args:?}: {err}");
    }
    yard.configure("");
    yard.write("mine/site.yaml", "site: mine\nedge_nodes: [{id: gw}]\n");
    yard.write("mine/tags.csv", TAGS);
    let told = |path: &Path| {
        let said = yard.backtest(&[path.to_str().expect("UTF-8")]);
        (said.status.code(), String::from_utf8_lossy(&said.stderr).into_owned())
    };
    let (code, err) = told(&yard.path("mine"));
    assert!(
        code == Some(1) && err.contains("no reading of site mine") && err.contains("davy import"),
        "{err}"
    );
    yard.write("davy.toml", "data_dir = \"data\"\nsites = [\"site\", \"mine\"]\n");
    let said = yard.backtest(&[]);
    assert_eq!(said.status.code(), Some(2), "{said:?}");
    // Where there is no database yet.
    std::fs::remove_dir_all(yard.path("data")).expect("one's own folder");
    let (code, err) = told(&yard.path("site"));
    assert!(code == Some(1) && err.contains("history.db"), "{err}");
    assert!(!yard.path("data").exists(), "nothing is made for the asking");
}

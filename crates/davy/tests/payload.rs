//! `davy payload check --site` says what Davy would do: whose it is, when it is, what it is worth.

#[path = "../../codec/tests/support/sparkplug.rs"]
mod edge_node;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use edge_node::{EdgeNode, Sent, aliased, named, with_properties};
use serde_json::Value;
use tempfile::TempDir;

const AT: &str = "2026-11-23T08:00:00Z";
/// That time, ms.
const AT_MS: u64 = 1_795_420_800_000;

/// The sample's park, with a mapped source, a Sparkplug group, and a tag sent under another name.
struct Park {
    folder: TempDir,
}

/// What the verb said: exit code, problems, readings, and the summary.
#[derive(Debug)]
struct Told {
    code: i32,
    problems: Vec<String>,
    readings: Vec<Value>,
    summary: Value,
}

impl Park {
    fn new() -> Park {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample/park"), folder.path());
        let path = folder.path().join("site.yaml");
        let sources = "sources:\n  - {mapping: tasmota-sensor, edge_node: gw-2}\n  - {sparkplug: plant}\n";
        fs::write(&path, fs::read_to_string(&path).expect("read") + sources).expect("written");
        let tags = folder.path().join("tags.csv");
        let text = fs::read_to_string(&tags).expect("read");
        let with_names: Vec<String> = text
            .lines()
            .enumerate()
            .map(|(row, line)| match row {
                0 => format!("{line},sent_as"),
                _ if line.starts_with("AT-0413/h2s,") => format!("{line},sump"),
                _ => format!("{line},"),
            })
            .collect();
        fs::write(&tags, with_names.join("\n")).expect("written");
        Park { folder }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    fn check(&self, payload: &[u8], args: &[&str]) -> Told {
        let file = self.file("payload", payload);
        let mut command = Command::new(env!("CARGO_BIN_EXE_davy"));
        command.args(["payload", "check", "--json", "--at", AT, "--site"]).arg(self.folder.path()).arg(file);
        let output = command.args(args).output().expect("the binary runs");
        let out = String::from_utf8(output.stdout).expect("UTF-8");
        let mut lines: Vec<Value> = out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        let summary = lines.pop().unwrap_or(Value::String(err));
        let (problems, readings) = lines.into_iter().partition::<Vec<_>, _>(|line| line["code"].is_string());
        let problems = problems
            .iter()
            .map(|problem| {
                let text = |key: &str| problem[key].as_str().expect("a text").to_owned();
                format!("{} {}", text("code"), text("pointer"))
            })
            .collect();
        Told { code: output.status.code().expect("not killed"), problems, readings, summary }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the sample") {
        let path = entry.expect("readable").path();
        let to = to.join(path.file_name().expect("a name"));
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(drop).expect("copied") }
    }
}

/// `tag = value unit, quality: verdict` of a reading.
fn bound(reading: &Value) -> String {
    let of = |key: &str| reading["reading"][key].to_string().replace('"', "");
    format!("{} = {} {}, {}: {}", of("tag"), of("value"), of("unit"), of("quality"), of("verdict"))
}

#[test]
fn what_is_said_is_what_davy_would_do() {
    let park = Park::new();
    let native = |node: &str| format!("davy/v1/park/{node}/readings");
    let (gw_1, gw_2) = (native("gw-1"), native("gw-2"));
    let h2s = |more: &str| format!(r#"{{"tag": "AT-0412/h2s", "value": {more}}}"#);
    let ts = |ts: &str| h2s(&format!(r#"1.5, "ts": "{ts}""#));
    // Payload, arguments, exit code, problems, and what becomes of the reading.
    let cases: Vec<(String, Vec<&str>, i32, &str, &str)> = vec![
        (h2s("1.5"), vec!["--topic", &gw_1], 0, "", "AT-0412/h2s = 1.5 ppm, good: within its limits"),
        (h2s("1.5"), vec!["--edge-node", "gw-1"], 0, "", "AT-0412/h2s = 1.5 ppm, good: within its limits"),
        (h2s("1.5"), vec!["--topic", &gw_2], 1, "POINT_NOT_OWNED /tag", ""),
        (h2s("1.5"), vec!["--edge-node", "gw-2"], 1, "POINT_NOT_OWNED /tag", ""),
        // Who sends it is not known: nobody looks.
        (h2s("1.5"), vec![], 0, "", "AT-0412/h2s = 1.5 ppm, good: within its limits"),
        (h2s("1.5"), vec!["--edge-node", "gw-9"], 1, "DEVICE_UNKNOWN ", ""),
        (h2s("1.5"), vec!["--topic", "davy/v1/park/gw-9/readings"], 1, "DEVICE_UNKNOWN ", ""),
        (h2s("1.5"), vec!["--topic", "davy/v1/mine/gw-1/readings"], 1, "TOPIC_NOT_ALLOWED ", ""),
        (h2s("1.5"), vec!["--topic", "spBv1.0/elsewhere/DDATA/gw-1/x"], 1, "TOPIC_NOT_ALLOWED ", ""),
        (
            r#"{"tag": "sump", "value": 2}"#.to_owned(),
            vec!["--topic", &gw_1],
            0,
            "",
            "AT-0413/h2s = 2.0 ppm, good: within its limits",
        ),
        (r#"{"tag": "sumo", "value": 2}"#.to_owned(), vec!["--topic", &gw_1], 1, "POINT_UNKNOWN /tag", ""),
        (h2s(r#"1, "unit": "kPa""#), vec!["--topic", &gw_1], 1, "UNIT_MISMATCH /unit", ""),
        (
            ts("2026-11-23T08:00:06Z"),
            vec!["--topic", &gw_1],
            0,
            "TIMESTAMP_FUTURE /ts",
            "AT-0412/h2s = 1.5 ppm, good: within its limits, judged at its arrival",
        ),
        (
            ts("2026-11-23T08:00:04Z"),
            vec!["--topic", &gw_1],
            0,
            "",
            "AT-0412/h2s = 1.5 ppm, good: within its limits",
        ),
        (
            ts("2025-11-21T08:00:00Z"),
            vec!["--topic", &gw_1],
            1,
            "TIMESTAMP_TOO_OLD /ts",
            "AT-0412/h2s = 1.5 ppm, good: too old: kept, not judged",
        ),
        (
            h2s("900"),
            vec!["--topic", &gw_1],
            0,
            "OUT_OF_SENSOR_RANGE /value",
            "AT-0412/h2s = 900.0 ppm, bad:over_range: no evidence",
        ),
    ];
    for (payload, args, code, problems, becomes) in cases {
        let told = park.check(payload.as_bytes(), &args);
        assert_eq!(
            (told.code, told.problems.join(", ").as_str()),
            (code, problems),
            "{payload} {args:?}: {told:?}"
        );
        let readings: Vec<_> = told.readings.iter().map(bound).collect();
        assert_eq!(readings.join(", "), becomes, "{payload} {args:?}");
    }
}

#[test]
fn a_value_past_its_range_raises_and_clears_nothing() {
    let told = Park::new().check(br#"{"tag": "AT-0412/h2s", "value": 120}"#, &["--edge-node", "gw-1"]);
    let verdict = told.readings[0]["reading"]["verdict"].as_str().expect("a verdict");
    assert!(verdict.starts_with("past L2") && verdict.ends_with("and clears nothing"), "{verdict}");
    assert_eq!((told.code, told.problems), (0, vec!["OUT_OF_SENSOR_RANGE /value".to_owned()]));
}

#[test]
fn a_topic_says_how_a_payload_is_read_and_who_sends_it() {
    let park = Park::new();
    let payload = br#"{"Time":"2026-11-23T16:00:00","Temperature":24.0,"TempUnit":"C"}"#;
    let told = park.check(payload, &["--topic", "tele/sc/SENSOR"]);
    assert_eq!((&told.summary["form"], &told.summary["edge_node"]), (&"mapped JSON".into(), &"gw-2".into()));
    assert_eq!(told.problems, ["POINT_UNKNOWN /Temperature"]);
    let status = park.check(b"online", &["--topic", "davy/v1/park/gw-1/status"]);
    assert!(status.code == 2 && status.summary.to_string().contains("no readings"), "{status:?}");
}

#[test]
fn sparkplug_is_read_by_its_birth() {
    let park = Park::new();
    let mut node = EdgeNode::new(AT_MS - 1000);
    let Sent { payload: birth, .. } = node
        .dbirth("AT-0412", vec![with_properties(named("h2s", 7, 1.5), "mg/m3", None), named("o2", 8, 20.9)]);
    let Sent { payload: data, .. } = node.ddata("AT-0412", vec![aliased(7, 14.1), aliased(8, 20.8)]);
    let topic = |verb: &str, node: &str| format!("spBv1.0/plant/{verb}/{node}/AT-0412");
    let told = park.check(&birth, &["--topic", &topic("DBIRTH", "gw-1")]);
    assert_eq!(told.problems, ["POINT_UNKNOWN /metrics/1/name"], "{told:?}");
    assert_eq!((told.readings.len(), &told.summary["edge_node"]), (1, &"gw-1".into()));
    let blind = park.check(&data, &["--topic", &topic("DDATA", "gw-1")]);
    assert_eq!((blind.code, blind.problems), (1, vec!["SPARKPLUG_NO_BIRTH ".to_owned()]));
    let file = park.file("birth", &birth).display().to_string();
    let told = park.check(&data, &["--topic", &topic("DDATA", "gw-1"), "--birth", &file]);
    assert_eq!(told.problems, ["POINT_UNKNOWN /metrics/1/name"], "{told:?}");
    let reading = bound(&told.readings[0]);
    assert!(reading.starts_with("AT-0412/h2s = 9.95") && reading.contains("past L1"), "{reading}");
    let other = park.check(&data, &["--topic", &topic("DDATA", "gw-2"), "--birth", &file]);
    assert_eq!(other.problems[0], "POINT_NOT_OWNED /metrics/0/name", "{other:?}");
    for (args, why) in [
        (vec!["--topic", "spBv1.0/plant/NDEATH/gw-1"], "no readings"),
        (vec!["--topic", "davy/v1/park/gw-1/readings", "--birth", &file], "Sparkplug"),
    ] {
        let told = park.check(&data, &args);
        assert!(told.code == 2 && told.summary.to_string().contains(why), "{args:?}: {told:?}");
    }
}

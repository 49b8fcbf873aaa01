//! Recordings, published as a gateway would have.

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{Broker, PATIENCE, next, recordings};
use davy_simulators::replay::{Replay, ReplayError, ReplayMap, Speed, replay};

const MAP: &str = "site: metec
edge_node: fence
time: {column: ts, format: rfc3339}
tags:
  - {column: e, tag: E/ch4, unit: ppm}
  - {column: n, tag: N/ch4}
";

struct Files {
    _dir: tempfile::TempDir,
    csv: PathBuf,
    map: PathBuf,
}

fn files(csv: &[u8], map: &str) -> Files {
    let dir = tempfile::tempdir().expect("a directory");
    let (csv_path, map_path) = (dir.path().join("recording.csv"), dir.path().join("map.yaml"));
    std::fs::write(&csv_path, csv).expect("the recording");
    std::fs::write(&map_path, map).expect("the map");
    Files { _dir: dir, csv: csv_path, map: map_path }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

fn to(broker: &Broker, csv: &Path, map: &Path) -> Replay {
    let mut replay = Replay::new(csv, map).expect("the map");
    replay.broker = broker.url();
    replay.feedback_wait = Duration::ZERO;
    replay
}

/// What is heard of a recording: the readings of each message, as JSON.
async fn heard(csv: &[u8], map: &str, messages: usize) -> Option<Vec<serde_json::Value>> {
    let broker = Broker::start().await?;
    let mut listener = broker.listen().await;
    let files = files(csv, map);
    let totals = replay(to(&broker, &files.csv, &files.map)).await.expect("a replay");
    assert_eq!((totals.messages, totals.acknowledged), (messages as u64, messages as u64));
    let mut all = Vec::new();
    for _ in 0..messages {
        let readings = next(&mut listener, |heard| {
            let document: serde_json::Value = serde_json::from_str(&heard.payload).expect("JSON");
            (heard.topic == "davy/v1/metec/fence/readings").then(|| document["readings"].clone())
        });
        all.push(readings.await);
    }
    Some(all)
}

const CSV: &str = "ts,x,n,e\n2022-05-09T00:00:00Z,0,,1.5\n2022-05-09T08:01:00+08:00,0,-9.25e2,\n\
                   2022-05-09T00:02:00Z,0,,\n2022-05-09T00:03:00Z,0, 4 ,3\n";

#[tokio::test]
async fn a_cell_is_a_reading_with_its_own_time_and_an_empty_cell_is_none() {
    let expected = [
        r#"[{"tag":"E/ch4","value":1.5,"unit":"ppm","ts":"2022-05-09T00:00:00.000000Z"}]"#,
        r#"[{"tag":"N/ch4","value":-925.0,"ts":"2022-05-09T00:01:00.000000Z"}]"#,
        r#"[{"tag":"E/ch4","value":3.0,"unit":"ppm","ts":"2022-05-09T00:03:00.000000Z"},{"tag":"N/ch4","value":4.0,"ts":"2022-05-09T00:03:00.000000Z"}]"#,
    ];
    let expected: Vec<serde_json::Value> =
        expected.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect();
    for csv in [
        CSV.as_bytes().to_vec(),
        format!("\u{feff}{CSV}").into_bytes(),
        gzip(CSV),
        CSV.replace('\n', "\r\n").into(),
    ] {
        let Some(readings) = heard(&csv, MAP, 3).await else { return };
        assert_eq!(readings, expected);
    }
}

#[tokio::test]
async fn a_batch_is_so_many_rows_and_the_rest_goes_too() {
    let map = format!("{MAP}batch: 3\n");
    let Some(readings) = heard(CSV.as_bytes(), &map, 2).await else { return };
    let lens: Vec<usize> = readings.iter().filter_map(|r| r.as_array().map(Vec::len)).collect();
    assert_eq!(lens, [2, 2]);
}

#[tokio::test]
async fn times_of_all_formats_are_read_with_their_zone() {
    for (format, text) in [
        (r#"format: "%Y-%m-%d %H:%M:%S", zone: "+08:00""#, "2013-03-01 08:00:00"),
        (r#"format: "%Y-%m-%dT%H:%M:%S", zone: UTC"#, "2013-03-01T00:00:00"),
        (r#"format: "%Y-%m-%d %H:%M:%S%.f", zone: "-00:30""#, "2013-02-28 23:30:00.000"),
        (r#"format: "%Y-%m-%d %H:%M:%S %z""#, "2013-03-01 08:00:00 +0800"),
        ("format: unix_s", "1362096000"),
        ("format: unix_s", "1362096000.0"),
        ("format: unix_ms", "1362096000000"),
        ("format: rfc3339", "2013-03-01T08:00:00+08:00"),
    ] {
        let map = MAP.replace("format: rfc3339", format);
        let csv = format!("ts,e,n\n{text},1,\n");
        let Some(readings) = heard(csv.as_bytes(), &map, 1).await else { return };
        assert_eq!(readings[0][0]["ts"], "2013-03-01T00:00:00.000000Z", "{format}");
    }
}

#[tokio::test]
async fn a_bad_cell_is_counted_with_its_line_and_the_rest_is_published() {
    let Some(broker) = Broker::start().await else { return };
    let files = files(
        b"ts,e,n\n2022-05-09T00:00:00Z,1,ERR\n2022-05-09T00:01:00Z,NaN,\n2022-05-09T00:02:00Z,,2\n",
        MAP,
    );
    let totals = replay(to(&broker, &files.csv, &files.map)).await.expect("a replay");
    assert_eq!((totals.rows, totals.readings, totals.cells_empty, totals.cells_bad), (3, 2, 2, 2));
    let bad: Vec<_> =
        totals.bad_cells.iter().map(|c| (c.line, c.column.as_str(), c.found.as_str())).collect();
    assert_eq!(bad, [(2, "n", "ERR"), (3, "e", "NaN")]);
}

#[tokio::test]
async fn what_cannot_be_published_is_named_with_its_line() {
    let Some(broker) = Broker::start().await else { return };
    for (csv, said) in [
        ("ts,e\n", "recording.csv:1: column \"n\" is not in the header; it has ts, e"),
        ("time,e,n\n", "recording.csv:1: column \"ts\" is not in the header"),
        ("", "recording.csv:1: column \"ts\" is not in the header"),
        ("ts,e,n\n2022-05-09T00:00:00Z,1,2\nyesterday,1,2\n", "recording.csv:3: time: found \"yesterday\""),
        ("ts,e,n\n2022-05-09T00:00:00Z,1\n", "recording.csv:2: "),
    ] {
        let files = files(csv.as_bytes(), MAP);
        let error = replay(to(&broker, &files.csv, &files.map)).await.expect_err(csv);
        assert!(matches!(error, ReplayError::Line { .. }), "{error}");
        assert!(error.to_string().contains(said), "{error}, expected {said}");
    }
    let missing = Replay::new(Path::new("a.csv"), Path::new("no-such-map.yaml")).expect_err("no map");
    assert!(missing.to_string().starts_with("no-such-map.yaml: "), "{missing}");
}

#[test]
fn a_map_that_is_wrong_is_refused() {
    for (map, said) in [
        (MAP.replace("edge_node", "node"), "node"),
        (MAP.replace("rfc3339", "iso"), "expected rfc3339"),
        (MAP.replace("rfc3339", "\"%Y-%m-%d %H:%M:%S\""), "has no zone"),
        (MAP.replace("rfc3339", "\"%Y\", zone: Shanghai"), "expected an offset"),
        (format!("{MAP}batch: 0\n"), "batch: found 0"),
        ("site: a\nedge_node: b\ntime: {column: ts, format: rfc3339}\ntags: []\n".to_owned(), "at least one"),
    ] {
        let error = ReplayMap::from_yaml(&map).expect_err(&map);
        assert!(error.contains(said), "{error}, expected {said}");
    }
    assert_eq!("max".parse(), Ok(Speed::Max));
    assert_eq!("60".parse(), Ok(Speed::Times(60.0)));
    for text in ["0", "-1", "fast", "inf", ""] {
        assert!(text.parse::<Speed>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_pace_keeps_the_distances_of_the_source_times() {
    let Some(broker) = Broker::start().await else { return };
    let files = files(CSV.as_bytes(), MAP);
    let mut paced = to(&broker, &files.csv, &files.map);
    paced.speed = Speed::Times(600.0);
    let started = Instant::now();
    let totals = replay(paced).await.expect("a replay");
    // Three minutes at 600 times.
    assert!(started.elapsed() >= Duration::from_millis(300) && totals.messages == 3);
}

const METEC: &str = "site: metec
edge_node: fence
time: {column: ts, format: rfc3339}
tags:
  - {column: ch4_ppm_E, tag: E/ch4, unit: ppm}
  - {column: ch4_ppm_N, tag: N/ch4, unit: ppm}
  - {column: ch4_ppm_NE, tag: NE/ch4, unit: ppm}
  - {column: ch4_ppm_NW, tag: NW/ch4, unit: ppm}
  - {column: ch4_ppm_S, tag: S/ch4, unit: ppm}
  - {column: ch4_ppm_SE, tag: SE/ch4, unit: ppm}
  - {column: ch4_ppm_SW, tag: SW/ch4, unit: ppm}
  - {column: ch4_ppm_W, tag: W/ch4, unit: ppm}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_of_real_leaks_is_published_whole() {
    let Some(data) = recordings() else { return };
    let Some(broker) = Broker::start().await else { return };
    let files = files(b"", METEC);
    let mut week = to(&broker, &data.join("metec_ch4_2022.csv.gz"), &files.map);
    week.patience = PATIENCE;
    let totals = replay(week).await.expect("a replay");
    println!("{} messages in {:?}", totals.messages, totals.took);
    assert_eq!((totals.rows, totals.cells_bad), (10_080, 0));
    assert_eq!(totals.readings + totals.cells_empty, 8 * 10_080);
    assert!((582..=700).contains(&totals.cells_empty), "{}", totals.cells_empty);
    assert_eq!(totals.acknowledged, totals.messages);
    assert!((10_070..=10_080).contains(&totals.messages));
}

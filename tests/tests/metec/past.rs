//! The recorded week, imported into a history database: `--history` judges it as `--csv` judges the recording itself.

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

use davy_tests::{Setup, davy, places};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{Recording, SENSORS, data::Point, map, path};

/// Readings of the year 2022 are kept.
const KEEP: &str = "readings = \"3653d\"\n";

/// The week as one reading a line, as `davy import` takes it; with the time of arrival that a recording is given, where asked for.
fn long_form(recording: &Recording, with_arrival: bool) -> String {
    let mut rows: BTreeMap<Timestamp, Vec<(&str, Point)>> = BTreeMap::new();
    for sensor in SENSORS {
        for point in &recording.readings[sensor] {
            rows.entry(point.at).or_default().push((sensor, *point));
        }
    }
    let mut text = format!("time,tag,value,unit,quality{}\n", if with_arrival { ",arrival" } else { "" });
    for (number, (at, points)) in (1_i64..).zip(&rows) {
        let arrival = *at + SignedDuration::from_micros(1_000_000 - number);
        let arrival = if with_arrival { format!(",{arrival}") } else { String::new() };
        for (sensor, point) in points {
            writeln!(text, "{at},{sensor}/ch4,{},ppm,good{arrival}", point.ppm).expect("memory takes it");
        }
    }
    text
}

/// A site with the tags of the week and no rule at all: compared with it, every alarm is gained.
fn without_rules(setup: &mut Setup) -> PathBuf {
    let tags = std::fs::read_to_string(setup.path("metec/tags.csv")).expect("it was written");
    setup.write("silent/site.yaml", "site: metec\nedge_nodes: [{id: fence}]\n");
    setup.write("silent/tags.csv", &tags);
    setup.path("silent")
}

/// What a backtest of `site` over some log says, every alarm of it among that.
async fn backtest(site: &Path, silent: &Path, log: &[&str]) -> Value {
    let words = ["rules", "backtest", path(site), "--baseline", path(silent), "--list", "1000000", "--json"];
    davy(words.iter().chain(log)).await.ended(0).one()
}

/// Without what only one kind of log has.
fn alike(mut told: Value) -> Value {
    for key in ["history", "remarks"] {
        told.as_object_mut().expect("an object").remove(key);
    }
    told
}

/// Part by part: a whole report says little when it is not the same.
fn compare(found: &Value, expected: &Value, place: &str) {
    let parts = |told: &Value| told.as_object().expect("an object").clone();
    for (part, expected) in parts(expected) {
        assert!(found[&part] == expected, "{place}: {part}:\n{:#}\nexpected:\n{expected:#}", found[&part]);
    }
    assert_eq!(parts(found).len(), parts(expected).len(), "{place}");
}

#[tokio::test]
async fn the_week_out_of_a_database_is_judged_as_the_recording_is() {
    let Some(recording) = Recording::open() else { return };
    let mut setup = recording.site("");
    let silent = without_rules(&mut setup);
    let (plain, best) = (setup.path("metec"), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metec/site"));
    let map = map(&setup);
    let times = || recording.readings.values().flatten().map(|point| point.at);
    let until = times().max().expect("a week of them").to_string();
    let csv = ["--csv", path(&recording.path), "--map", path(&map), "--until", &until];
    let mut expected = Vec::new();
    for site in [&plain, &best] {
        expected.push(alike(backtest(site, &silent, &csv).await));
    }
    assert_eq!(expected[0]["candidate"]["raises"], 355, "{:#}", expected[0]);
    assert!(expected[1]["difference"]["gained"].as_u64() > Some(20), "{:#}", expected[1]);

    let places = places("metec").await;
    let mut stores = vec![("sqlite", "[history]\n".to_owned(), false)];
    stores.extend(places.iter().map(|place| (place.name, place.section(), true)));
    for (store, section, with_arrival) in stores {
        setup.configure(&format!("{section}{KEEP}"));
        setup.write("week.csv", &long_form(&recording, with_arrival));
        let (config, week) = (setup.config(), setup.path("week.csv"));
        std::fs::create_dir_all(setup.path("data")).expect("a folder");
        if store != "sqlite" {
            davy(["migrate", "up", "--config", path(&config)]).await.ended(0);
        }
        let said =
            davy(["import", path(&week), "--site", "metec", "--config", path(&config), "--json"]).await;
        assert_eq!(said.ended(0).one()["new"], recording.count(), "{store}");
        let history = ["--history", "--config", path(&config), "--until", &until];
        for (site, expected) in [&plain, &best].into_iter().zip(&expected) {
            let found = backtest(site, &silent, &history).await;
            assert_eq!(found["history"]["holes"], Value::Array(Vec::new()), "{store}");
            compare(&alike(found), expected, &format!("{store}, {}", site.display()));
        }
    }
}

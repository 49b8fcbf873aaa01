//! A recording with a column a sensor comes in by the map that publishes it.

use std::fmt::Write;

use davy_tests::{Setup, shared};

use crate::{export, import, keeping, path};

const SENSORS: [&str; 8] = ["E", "N", "NE", "NW", "S", "SE", "SW", "W"];

fn metec() -> Setup {
    let (mut tags, mut map) = (
        "tag,quantity,unit,interval,edge_node\n".to_owned(),
        "site: metec\nedge_node: fence\ntime: {column: ts, format: rfc3339}\ntags:\n".to_owned(),
    );
    for sensor in SENSORS {
        writeln!(tags, "{sensor}/ch4,gas.ch4,ppm,60s,fence").expect("memory takes it");
        writeln!(map, "  - {{column: ch4_ppm_{sensor}, tag: {sensor}/ch4, unit: ppm}}")
            .expect("memory takes it");
    }
    let mut setup = Setup::new();
    setup.site("metec", &[("site.yaml", "site: metec\nedge_nodes: [{id: fence}]\n"), ("tags.csv", &tags)]);
    setup.write("map.yaml", &map);
    setup
}

#[tokio::test]
async fn a_week_of_real_leaks_comes_in_by_its_map() {
    let Some(week) = shared("data/metec_ch4_2022.csv.gz") else { return };
    let setup = metec();
    keeping(&setup, None).await;
    let map = setup.path("map.yaml");
    let by_map = ["--map", path(&map)];
    let tried = import(&setup, "metec", &week, &[&by_map[..], &["--dry-run"]].concat()).await.ended(0).one();
    let told = import(&setup, "metec", &week, &by_map).await.ended(0).one();
    let file = std::fs::File::open(&week).expect("it is there");
    let mut rows = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
    let header = rows.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|found| found == name).expect("a column");
    let (time, columns) = (place("ts"), SENSORS.map(|sensor| place(&format!("ch4_ppm_{sensor}"))));
    let mut expected = Vec::new();
    for row in rows.records() {
        let row = row.expect("a row");
        let at: jiff::Timestamp = row[time].parse().expect("a time");
        for (sensor, column) in SENSORS.iter().zip(columns) {
            if let Ok(value) = row[column].parse::<f64>() {
                expected.push(format!("{at:.6},{sensor}/ch4,{value},ppm,good,{at:.6}"));
            }
        }
    }
    assert!(expected.len() > 10_000, "{}", expected.len());
    assert_eq!((&tried["rows"], &tried["new"]), (&expected.len().into(), &0.into()), "{tried}");
    assert_eq!((&told["new"], &told["refused"]), (&expected.len().into(), &0.into()), "{told}");
    let out = export(&setup, "readings", "metec", &[]).await.ended(0).out;
    let mut found: Vec<&str> = out.lines().skip(1).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert!(found == expected, "what is there is not what was recorded");
    let again = import(&setup, "metec", &week, &by_map).await.ended(0).one();
    assert_eq!((&again["new"], &again["known"]), (&0.into(), &expected.len().into()), "{again}");
}

#[tokio::test]
async fn a_cell_or_a_line_that_cannot_be_read_costs_itself_alone() {
    let setup = metec();
    keeping(&setup, None).await;
    let head = "site: metec\nedge_node: fence\n";
    let clock = "time: {column: when, format: \"%Y-%m-%d %H:%M\", zone: \"+08:00\"}\n";
    setup.write(
        "w.yaml",
        &format!("{head}{clock}tags: [{{column: e, tag: E/ch4, unit: ppb}}, {{column: w, tag: W/ch4}}]\n"),
    );
    let rows = "when,e,w\n2026-03-01 08:00,2000,3\n2026-03-01 08:01,much,\nyesterday,1,1\n9999-01-01 00:00,1,\n2026-03-01 08:02,1\n2026-03-01 08:03,,4\n";
    setup.write("w.csv", rows);
    let map = setup.path("w.yaml");
    let told = import(&setup, "metec", &setup.path("w.csv"), &["--map", path(&map)]).await.ended(1).one();
    assert_eq!((&told["new"], &told["refused"]), (&3.into(), &4.into()), "{told}");
    let reasons = serde_json::json!({"bad value": 1, "bad line": 2, "time in the future": 1});
    assert_eq!(told["by_reason"], reasons, "{told}");
    for place in ["w.csv:3: e: no number: \"much\"", "w.csv:4: time", "w.csv:5: ", "w.csv:6: "] {
        assert!(told["findings"].to_string().replace("\\\"", "\"").contains(place), "{place}: {told}");
    }
    let out = export(&setup, "readings", "metec", &[]).await.ended(0).out;
    let first = "2026-03-01T00:00:00.000000Z,E/ch4,2,ppm,good,2026-03-01T00:00:00.000000Z";
    assert!(out.contains(first), "{out}");

    for (text, told) in [
        (format!("{head}{clock}tags: [{{column: e, tag: X/ch4}}]\n"), "no tag X/ch4"),
        (format!("{head}{clock}tags: [{{column: e, tag: E/ch4, unit: kPa}}]\n"), "kPa"),
        (
            format!("site: other\nedge_node: fence\n{clock}tags: [{{column: e, tag: E/ch4}}]\n"),
            "the map is of site other",
        ),
    ] {
        setup.write("bad.yaml", &text);
        let map = setup.path("bad.yaml");
        let said = import(&setup, "metec", &setup.path("w.csv"), &["--map", path(&map)]).await.ended(2);
        assert!(said.err.contains(told), "{told}: {}", said.err);
    }
}

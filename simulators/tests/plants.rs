//! The sample plants do what their scripts say, and are normal in between.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use davy_simulators::plant::{CYCLE_S, Kind, Plant, SITES, Send};

/// Values of a tag by second of the second cycle (so that nothing depends on the beginning), as looked at every second.
fn series(site: &str, tag: &str, seed: u64) -> Vec<f64> {
    let plant = Plant::of(site, seed).expect("a sample plant");
    let node = plant.points().iter().find(|point| point.tag == tag).expect(tag).edge_node;
    let value = |s| {
        let all = plant.all_of(node, Duration::from_secs(CYCLE_S + s));
        all.iter().find(|measured| measured.tag == tag).expect(tag).value
    };
    (0..CYCLE_S).map(value).collect()
}

/// Site, tag, figure, whether it is crossed upwards, first and last second of the cycle in which the value must be beyond it
/// throughout. Outside of that span, widened by `SLACK_S`, it must not be.
type Crossing = (&'static str, &'static str, f64, bool, (u64, u64));
const SLACK_S: u64 = 25;

const CROSSINGS: &[Crossing] = &[
    ("park", "AT-0412/h2s", 3.53, true, (8, 30)),
    ("park", "AT-0412/h2s", 7.05, true, (9, 28)),
    ("park", "AT-0412/h2s", 14.1, true, (13, 26)),
    ("park", "AT-0413/h2s", 7.05, true, (21, 30)),
    ("park", "AT-0501/cl2", 0.17, true, (29, 44)),
    ("park", "TK-101/level", 10.2, true, (93, 140)),
    ("park", "TK-102/level", 1.0, false, (122, 158)),
    ("park", "AT-0302/lel", 50.0, true, (176, 198)),
    ("park", "AT-0301/lel", 12.5, true, (188, 200)),
    ("mine", "1201/T0/ch4", 0.5, true, (10, 65)),
    ("mine", "1201/T0/ch4", 1.0, true, (15, 50)),
    ("mine", "1201/T0/ch4", 1.5, true, (30, 44)),
    ("mine", "1201/T1/ch4", 1.0, true, (15, 46)),
    ("mine", "1201/T2/ch4", 1.0, true, (27, 49)),
    ("mine", "12/return/ch4", 0.5, true, (31, 58)),
    ("mine", "1201/wind", 0.5, false, (14, 44)),
    ("mine", "1201/co", 12.0, true, (108, 130)),
    ("mine", "1201/feeder", 1.0, false, (28, 71)),
    ("mine", "1203/fan", 1.0, false, (150, 179)),
    ("mine", "1203/T1/ch4", 1.0, true, (168, 182)),
    ("mine", "1203/T2/ch4", 0.75, true, (180, 188)),
    ("gas", "VC-02/pressure", 0.20, false, (20, 55)),
    ("gas", "VC-03/pressure", 0.23, false, (20, 55)),
    ("gas", "VC-01/flow", 3200.0, true, (13, 58)),
    ("gas", "VC-01/flow", 4500.0, true, (20, 55)),
    ("gas", "MH-102/ch4", 1.0, true, (75, 160)),
    ("gas", "MH-102/ch4", 2.5, true, (110, 150)),
    ("gas", "MH-103/ch4", 0.5, true, (120, 170)),
    ("gas", "VC-02/ch4", 20.0, true, (101, 125)),
    ("gas", "VC-02/valve", 1.0, false, (180, 204)),
];

#[test]
fn every_episode_crosses_its_figures_and_everything_is_normal_in_between() {
    for seed in [7, 1, 20_261_123] {
        for &(site, tag, figure, upwards, (first, last)) in CROSSINGS {
            let beyond = |value: f64| if upwards { value >= figure } else { value < figure };
            for (second, value) in (0..).zip(series(site, tag, seed)) {
                // Beside a calibration, which reads what the span gas is.
                if (tag, second) >= ("12/return/ch4", 205) && (tag, second) < ("12/return/ch4", 230) {
                    continue;
                }
                if (first..=last).contains(&second) {
                    assert!(
                        beyond(value),
                        "seed {seed}: {tag} at {second} s: {value} is not beyond {figure}"
                    );
                } else if second + SLACK_S < first || second > last + SLACK_S {
                    assert!(!beyond(value), "seed {seed}: {tag} at {second} s: {value} is beyond {figure}");
                }
            }
        }
    }
}

#[test]
fn the_interlock_cuts_when_the_corner_is_at_1_5_and_holds_until_it_is_below_1() {
    for seed in 0..20 {
        let (corner, feeder) = (series("mine", "1201/T0/ch4", seed), series("mine", "1201/feeder", seed));
        let cut = feeder.iter().position(|&on| on == 0.0).expect("a cut");
        let reached = corner.iter().position(|&ch4| ch4 >= 1.5).expect("the cut figure");
        assert!(
            (0..=5).contains(&(cut as i64 - reached as i64)),
            "seed {seed}: reached {reached}, cut {cut}"
        );
        let on_again = cut + feeder[cut..].iter().position(|&on| on == 1.0).expect("power again");
        assert!(corner[on_again..].iter().all(|&ch4| ch4 < 1.0), "seed {seed}");
    }
}

#[test]
fn a_leak_is_pressure_down_and_flow_up_and_the_neighbour_sees_a_release_later() {
    let change = |site, tag, at: usize| series(site, tag, 7)[at] - series(site, tag, 7)[0];
    assert!(change("gas", "VC-02/pressure", 40) < -0.1 && change("gas", "VC-01/flow", 40) > 2000.0);
    assert!(change("gas", "VC-02/pressure", 40) < change("gas", "VC-03/pressure", 40));
    let reaches = |tag| series("park", tag, 7).iter().position(|&ppm| ppm >= 3.0).expect(tag);
    let delay = reaches("AT-0413/h2s") - reaches("AT-0412/h2s");
    assert!((5..=12).contains(&delay), "{delay} s");
    // Mass balance: what went into the tank came out of it.
    let level = series("park", "TK-101/level", 7);
    assert!((level[299] - level[0]).abs() < 0.08);
}

#[test]
fn the_first_minute_holds_what_a_demonstration_needs() {
    // Red, orange and blue at the park, yellow there too; the mine and the gas network speak as well.
    let in_first = |site, tag, from: u64, until: u64, beyond: &dyn Fn(f64) -> bool| {
        let plant = Plant::of(site, 7).expect("a sample plant");
        (from..until).all(|s| {
            let values = plant.values(Duration::from_secs(s));
            values.iter().filter(|measured| measured.tag == tag).all(|measured| beyond(measured.value))
        })
    };
    assert!(in_first("park", "AT-0412/h2s", 9, 12, &|ppm| ppm >= 7.05), "orange within 15 s");
    assert!(in_first("park", "AT-0412/h2s", 13, 26, &|ppm| ppm >= 14.1), "red");
    assert!(in_first("park", "AT-0501/cl2", 29, 40, &|ppm| ppm >= 0.17), "yellow after 3 s");
    assert!(in_first("park", "AT-0412/h2s", 8, 20, &|ppm| ppm >= 3.53), "blue after 5 s");
    assert!(in_first("mine", "1201/T0/ch4", 30, 44, &|ch4| ch4 >= 1.5), "mine");
    assert!(in_first("gas", "VC-02/pressure", 21, 50, &|mpa| mpa <= 0.2), "gas after 4 s");
}

#[test]
fn a_seed_gives_the_same_plant_and_another_seed_another() {
    let all = |seed| {
        let plants = Plant::samples(seed);
        let at = |s| plants.iter().flat_map(|plant| plant.values(Duration::from_secs(s))).collect::<Vec<_>>();
        (0..120).map(at).collect::<Vec<_>>()
    };
    assert_eq!(all(7), all(7));
    assert_ne!(all(7), all(8));
}

#[test]
fn calibration_is_marked_a_stuck_value_is_not_and_beyond_the_range_is() {
    let park = Plant::of("park", 7).expect("park");
    let find = |plant: &Plant, node, tag, s| {
        let all = plant.all_of(node, Duration::from_secs(s));
        *all.iter().find(|measured| measured.tag == tag).expect(tag)
    };
    let calibrated = find(&park, "gw-1", "AT-0502/cl2", 150);
    assert!(calibrated.value > 0.68 && calibrated.quality == "bad:calibration", "{calibrated:?}");
    let spilled = find(&park, "gw-1", "AT-0302/lel", 190);
    assert_eq!((spilled.value, spilled.quality), (100.0, "uncertain:over_range"));
    let mine = Plant::of("mine", 7).expect("mine");
    let stuck: Vec<_> = (120..200).map(|s| find(&mine, "sub-12a", "1201/temperature", s)).collect();
    assert!(stuck.iter().all(|measured| *measured == stuck[0] && measured.quality == "good"));
    assert_ne!(series("gas", "VC-03/pressure", 7)[200..210], [series("gas", "VC-03/pressure", 7)[200]; 10]);
}

#[test]
fn an_edge_node_that_is_cut_off_sends_nothing_and_a_contact_speaks_when_it_changes() {
    let park = Plant::of("park", 7).expect("park");
    for (s, expected) in [(224, false), (225, true), (254, true), (255, false), (530, true)] {
        assert_eq!(park.is_cut("gw-2", Duration::from_secs(s)), expected, "{s}");
        assert_eq!(
            park.values_of("gw-2", Duration::from_secs(s)).is_empty() && s % 2 == 0,
            expected && s % 2 == 0
        );
    }
    assert!(!park.is_cut("gw-1", Duration::from_secs(230)));
    let mine = Plant::of("mine", 7).expect("mine");
    let spoke: Vec<u64> = (0..CYCLE_S)
        .filter(|s| mine.values(Duration::from_secs(*s)).iter().any(|measured| measured.tag == "1203/fan"))
        .collect();
    assert_eq!(spoke, [0, 150, 180]);
}

#[test]
fn the_truth_is_the_script_again_and_again() {
    let park = Plant::of("park", 7).expect("park");
    let truth = park.truth(Duration::from_secs(CYCLE_S + 10));
    assert!(truth.is_sorted_by_key(|truth| truth.start));
    let releases: Vec<u64> =
        truth.iter().filter(|t| t.episode.name == "h2s-release").map(|t| t.start.as_secs()).collect();
    assert_eq!(releases, [6, CYCLE_S + 6]);
    assert!(truth.iter().any(|truth| matches!(truth.episode.kind, Kind::Calibration(_))));
    assert!(truth.iter().any(|truth| truth.episode.kind == Kind::Cut && truth.start.as_secs() >= 120));
}

#[test]
fn every_tag_of_the_sample_sites_is_published_as_its_file_says() {
    for site in SITES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/sample").join(site);
        let mut reader = csv::Reader::from_path(folder.join("tags.csv")).expect("the sample's tags");
        let rows = reader.deserialize::<BTreeMap<String, String>>();
        let rows: BTreeMap<String, BTreeMap<String, String>> =
            rows.map(|row| row.expect("a row")).map(|row| (row["tag"].clone(), row)).collect();
        let plant = Plant::of(site, 7).expect("a sample plant");
        let tags: Vec<_> = plant.points().iter().map(|point| point.tag).collect();
        assert_eq!(tags.len(), rows.len(), "{site}: {tags:?}");
        let site_file = std::fs::read_to_string(folder.join("site.yaml")).expect("the sample's site");
        for point in plant.points() {
            let row = rows.get(point.tag).unwrap_or_else(|| panic!("{site}: no tag {}", point.tag));
            if row["unit"] != "on/off" {
                assert_eq!(row["unit"], point.unit, "{}", point.tag);
                let range = (row["low"].parse(), row["high"].parse());
                assert_eq!(range, (Ok(point.range.0), Ok(point.range.1)), "{}", point.tag);
            }
            match point.send {
                Send::Every(interval_s) => {
                    assert_eq!(row["interval"], format!("{interval_s}s"), "{}", point.tag);
                }
                Send::OnChange { .. } => {
                    assert_eq!(row["reporting"], "by_exception", "{}", point.tag);
                }
            }
            // The edge node stands in the row, or in the line of its device.
            let node = match row.get("edge_node").filter(|node| !node.is_empty()) {
                Some(node) => node.clone(),
                None => {
                    let device = format!("id: {},", row["device"]);
                    let line = site_file.lines().find(|line| line.contains(&device)).expect("the device");
                    let (_, node) = line.split_once("edge_node: ").expect("its edge node");
                    node.trim_end_matches('}').to_owned()
                }
            };
            assert_eq!(node, point.edge_node, "{}", point.tag);
        }
    }
}

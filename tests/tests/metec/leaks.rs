//! The files of `site/` against a plain limit over the recorded week, by `davy rules backtest`: what they catch, and what they
//! cost.
//!
//! The figures stand in the middle of a wide range that does equally well; none was chosen by a release's own times.
//! `docs/tuners/leaks-at-a-fence.md` says what else was tried.

use std::path::Path;

use davy_tests::davy;
use serde_json::Value;

use crate::{Recording, SENSORS, map, shared};

/// What the backtest says of one rule set.
struct Worth {
    raises: f64,
    caught: f64,
    due: f64,
    outside: f64,
    delay_median_s: f64,
}

impl Worth {
    fn of(found: &Value) -> Worth {
        let number =
            |value: &Value| value.as_f64().unwrap_or_else(|| panic!("no number: {value} in {found}"));
        let events = &found["events"];
        Worth {
            raises: number(&found["raises"]),
            caught: number(&events["caught"]),
            due: number(&events["due"]),
            outside: number(&events["outside"]),
            delay_median_s: number(&events["delay_median_s"]),
        }
    }
}

#[tokio::test]
async fn one_rule_set_for_all_sensors_knows_the_leaks_and_seldom_cries_wolf() {
    let (Some(recording), Some(events)) = (Recording::open(), shared("data/metec_ch4_2022_events.csv"))
    else {
        return;
    };
    let setup = recording.site("");
    let (map, policy) = (map(&setup), setup.path("policy.yaml"));
    setup.write(
        "policy.yaml",
        "max_missed: 2\nmax_outside_per_tag_day: 0.1\nmin_coverage: 95 %\nmax_delay_p95: 2h\n",
    );
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metec/site");
    let mut call = vec!["rules".into(), "backtest".into(), site.into_os_string()];
    let files = [
        ("--csv", recording.path.clone()),
        ("--map", map),
        ("--events", events),
        ("--baseline", setup.path("metec")),
        ("--policy", policy),
    ];
    call.extend(files.into_iter().flat_map(|(flag, path)| [flag.into(), path.into_os_string()]));
    let plain = SENSORS.map(|sensor| format!("ch4-{sensor}"));
    for rule in plain.iter().map(String::as_str).chain(["leak"]) {
        call.extend(["--rule".into(), rule.into()]);
    }
    let told = davy(call.iter().cloned()).await.ended(0);
    println!("{}", told.out);
    call.push("--json".into());
    let found = davy(call).await.ended(0).one();
    let (plain, best) = (Worth::of(&found["baseline"]), Worth::of(&found["candidate"]));
    assert_eq!(
        (plain.raises, plain.caught, plain.due, plain.outside),
        (355.0, 15.0, 17.0, 54.0),
        "{found:#}"
    );
    assert!(best.caught >= 15.0 && best.delay_median_s < 300.0, "{found:#}");
    let days = 7.0 * SENSORS.len() as f64;
    assert!(best.outside / days <= 0.1, "{found:#}");
    // The policy was held against what was measured.
    let kept: Vec<_> =
        found["policy"].as_array().expect("a policy").iter().map(|line| &line["kept"]).collect();
    assert_eq!(kept, vec![true; 4], "{found:#}");
}

#[tokio::test]
async fn a_candidate_that_misses_leaks_is_not_kept() {
    let (Some(recording), Some(events)) = (Recording::open(), shared("data/metec_ch4_2022_events.csv"))
    else {
        return;
    };
    let setup = recording.site("");
    setup.write("policy.yaml", "max_missed_more: 0\n");
    let map = map(&setup);
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metec/site");
    let call = |deaf: &str| {
        let paths = [
            ("", site.clone()),
            ("--csv", recording.path.clone()),
            ("--map", map.clone()),
            ("--events", events.clone()),
            ("--policy", setup.path("policy.yaml")),
        ];
        let paths = paths.into_iter().flat_map(|(flag, path)| [flag.into(), path.into_os_string()]);
        let words = ["rules".into(), "backtest".into()].into_iter().chain(paths);
        let call = words.chain(["--rule".into(), "leak".into(), "--set".into(), deaf.into()]);
        call.filter(|word| !word.is_empty()).collect::<Vec<_>>()
    };
    // So far above the usual that many leaks never come to it.
    let told = davy(call("ch4-above-usual.ABOVE.at_or_above=9.9 ppm")).await.ended(1);
    assert!(told.out.contains("policy max_missed_more") && told.out.contains("NOT KEPT"), "{}", told.out);
    davy(call("ch4-above-usual.ABOVE.at_or_above=1.8 ppm")).await.ended(0);
}

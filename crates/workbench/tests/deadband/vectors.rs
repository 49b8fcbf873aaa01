//! The table of `docs/reference/deadbands.md`, row by row.

use davy_model::TransitionKind;
use davy_workbench::{
    deadband::{Profile, path},
    rule_test,
};

use crate::support::{levels, shown, site};

const PAGE: &str = include_str!("../../../../docs/reference/deadbands.md");

struct Vector<'a> {
    levels: &'a str,
    values: &'a str,
    /// In the order of the head of the table.
    states: Vec<(Profile, &'a str)>,
}

fn vectors() -> Vec<Vector<'static>> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `{name")?.strip_suffix(" |"));
    let vector = |row: &'static str| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [levels, values, states @ ..] = cells.as_slice() else { panic!("{row}") };
        assert_eq!(states.len(), Profile::ALL.len(), "{row}");
        Vector { levels, values, states: Profile::ALL.into_iter().zip(states.iter().copied()).collect() }
    };
    rows.map(vector).collect()
}

impl Vector<'_> {
    fn levels(&self) -> String {
        format!("{{name{}", self.levels.trim_end_matches('`'))
    }

    fn values(&self) -> Vec<f64> {
        self.values.split(' ').map(|value| value.parse().expect("a number")).collect()
    }

    /// Which level speaks after each value, as the engine's transitions tell it. The levels have tiers of their own.
    fn by_the_engine(&self) -> String {
        let (bundle, plan) = site(&self.levels());
        let test = format!(
            "tests:\n  - name: v\n    interval: 10s\n    rules: lim\n    series: {{T: '{}'}}\n    expect: []\n",
            self.values
        );
        let (tests, found) = rule_test::read(&plan, "v.yaml", &test);
        assert!(found.is_empty(), "{found:#?}");
        let report = rule_test::run(&bundle, &plan, &tests[0]).expect("it runs");
        let levels = &plan.limits[0].levels;
        let speaks_at = |step: i64| {
            let told = report.happened.iter().rev().find(|told| told.at.as_micros() <= step * 10_000_000)?;
            let of_tier = || levels.iter().position(|level| level.tier == told.tier);
            (told.kind != TransitionKind::Cleared).then(of_tier).flatten()
        };
        let path: Vec<Option<usize>> = (0..self.values().len() as i64).map(speaks_at).collect();
        shown(levels, &path)
    }
}

#[test]
fn every_profile_gives_what_the_page_says() {
    let vectors = vectors();
    assert!(vectors.len() >= 10, "only {} rows were found", vectors.len());
    for vector in vectors {
        let levels = levels(&vector.levels());
        for (profile, want) in &vector.states {
            let got = shown(&levels, &path(*profile, &levels, &vector.values()));
            assert_eq!(got, *want, "{} of {}: {}", profile.word(), vector.levels(), vector.values);
        }
    }
}

#[test]
fn the_engine_gives_what_the_page_says_of_davy() {
    for vector in vectors() {
        assert_eq!(vector.by_the_engine(), vector.states[0].1, "{}: {}", vector.levels(), vector.values);
    }
}

#[test]
fn the_head_of_the_table_is_in_the_order_of_the_profiles() {
    let words: Vec<String> = Profile::ALL.iter().map(|profile| format!("`{}`", profile.word())).collect();
    assert!(PAGE.contains(&format!("| Levels | Values | {} |", words.join(" | "))));
}

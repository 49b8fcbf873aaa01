//! `time_to_limit`.

use crate::support::{placed, rule};

fn overfill(what: &str) -> String {
    rule(
        "fill",
        "S",
        &format!(
            "time_to_limit: {{to: 900 cm, over: 1m{what}, levels: [{{name: SOON, tier: orange, at_or_below: 10 min, clear_above: 20 min}}]}}"
        ),
    )
}

#[test]
fn a_tank_that_will_be_full_soon_is_told_before_it_is() {
    let world = placed(
        &overfill(""),
        "0 S=8.0
         10 S=8.02
         20 S=8.04
         30 S=8.06
         40 S=8.08 -> fill:S raised orange!
         50 S=8.08
         60 S=8.08
         70 S=8.08 -> fill:S cleared orange",
    );
    let left = world.told[0].value.expect("a time");
    assert!((left - 0.92 / 0.12).abs() < 1e-6, "{left} min");
}

#[test]
fn a_tank_that_empties_or_only_trembles_is_not_told() {
    placed(&overfill(""), "0 S=8.9\n10 S=8.88\n20 S=8.86\n30 S=8.84\n40 S=8.82\n50 S=8.80");
    placed(&overfill(""), "0 S=8.90\n10 S=8.93\n20 S=8.89\n30 S=8.92\n40 S=8.90\n50 S=8.93\n60 S=8.89");
}

#[test]
fn past_the_limit_there_is_no_time_left() {
    placed(
        &overfill(", direction: falling"),
        "0 S=8.9\n10 S=8.9\n20 S=8.9\n30 S=8.9\n40 S=8.9 -> fill:S raised orange!",
    );
}

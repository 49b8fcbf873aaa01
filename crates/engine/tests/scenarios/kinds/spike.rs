//! `spike`.

use crate::support::{placed, rule};

#[test]
fn a_reading_far_from_those_before_it_is_a_spike_and_a_noisy_tag_has_fewer() {
    let spike = rule(
        "spike",
        "T",
        "spike: {over: 2m, sigma_min: 0.5, levels: [{name: SPIKE, tier: blue, above: 6}]}",
    );
    placed(
        &spike,
        "0 20\n10 20\n20 20\n30 20\n40 20
         50 24 -> spike:T raised blue!
         60 20 -> spike:T cleared blue
         70 20.1",
    );
    placed(&spike, "0 20\n10 24\n20 18\n30 23\n40 19\n50 24\n60 18");
}

#[test]
fn the_newest_reading_is_not_one_of_those_before_it() {
    placed(
        &rule(
            "spike",
            "T",
            "spike: {over: 2m, at_least: 3, sigma_min: 0.5, levels: [{name: SPIKE, tier: blue, above: 6}]}",
        ),
        "0 20\n10 20\n20 26\n30 26 -> spike:T raised blue!",
    );
}

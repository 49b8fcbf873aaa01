//! `ewma`.

use crate::support::{placed, rule};

#[test]
fn a_mean_of_the_last_readings_finds_what_each_alone_does_not_show() {
    let body = "ewma: {target: 20, sigma: 1, over: 10m, levels: [{name: OFF, tier: yellow, above: 2.96, clear_below: 1}]}";
    let rules = rule("ewma", "T", body);
    placed(
        &rules,
        "0 20\n10 20\n20 20
         30 22\n40 22
         50 22 -> ewma:T raised yellow!
         60 22
         70 20\n80 20\n90 20
         100 20\n110 20\n120 20 -> ewma:T cleared yellow",
    );
}

#[test]
fn target_and_deviation_may_be_the_tags_own() {
    let body = "ewma: {itself: 2m, sigma_min: 0.2, over: 30s, levels: [{name: OFF, tier: yellow, above: 6}]}";
    let rules = rule("ewma", "T", body);
    placed(
        &rules,
        "0 20\n10 20.1\n20 20\n30 20.1\n40 20\n50 20.1\n60 20\n70 20
         80 22 -> ewma:T raised yellow!
         90 22",
    );
}

#[test]
fn one_reading_is_no_mean() {
    let body = "ewma: {target: 20, sigma: 1, over: 10m, levels: [{name: OFF, tier: yellow, above: 2.96}]}";
    placed(&rule("ewma", "T", body), "0 30\n10 30\n20 30 -> ewma:T raised yellow!");
}

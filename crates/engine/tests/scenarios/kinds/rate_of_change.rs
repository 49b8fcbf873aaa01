//! `rate_of_change`.

use crate::support::{placed, rule};

fn rising(more: &str) -> String {
    rule(
        "rate",
        "T",
        &format!(
            "rate_of_change:
      over: 60s
      levels:
        - {{name: FAST, tier: yellow, at_or_above: 5 degC/min, clear_below: 1 degC/min{more}}}
        - {{name: RUN, tier: red, at_or_above: 0.2 degC/s, deadband: 1 degC/min}}"
        ),
    )
}

#[test]
fn a_steady_rise_is_found_once_half_the_window_is_known() {
    let world = placed(
        &rising(""),
        "0 20
         10 21
         20 22
         30 23
         40 24 -> rate:T raised yellow!
         50 25",
    );
    let raised = &world.told[0];
    assert_eq!(
        (raised.value, raised.unit.map(|unit| unit.to_string()).as_deref()),
        (Some(6.0), Some("degC/min"))
    );
    let seen: Vec<_> = raised.evidence.readings.iter().map(|seen| seen.value).collect();
    assert_eq!(
        seen,
        [20.0, 21.0, 22.0, 23.0, 24.0].map(Some),
        "the readings that the slope was laid through"
    );
    assert_eq!(raised.evidence.calculated[0].value, Some(6.0));
}

#[test]
fn one_wild_reading_does_not_bend_the_slope() {
    placed(&rising(""), "0 20\n10 20\n20 20\n30 90\n40 20\n50 20\n60 20");
}

#[test]
fn figures_may_be_a_second_or_a_minute_and_tiers_move() {
    placed(
        &rising(""),
        "0 20
         10 23
         20 26
         30 29
         40 32 -> rate:T raised red!
         50 32
         60 32
         70 32 -> rate:T tier_lowered yellow
         80 32 -> rate:T cleared yellow",
    );
}

#[test]
fn bad_readings_neither_make_a_slope_nor_end_one() {
    placed(
        &rising(""),
        "0 20
         10 21
         20 22
         30 23
         40 24 -> rate:T raised yellow!
         50 0!
         60 0!
         70 -!
         80 25
         90 26",
    );
}

#[test]
fn the_delay_of_a_level_runs_while_readings_come_and_stands_while_none_do() {
    placed(
        &rising(", on_delay: 20s"),
        "0 20
         10 21
         20 22
         30 23
         40 24
         50 0!
         60 0!
         70 27
         79 27.9
         88 28.8
         90 tick -> rate:T raised yellow! @89",
    );
}

#[test]
fn a_backlog_is_judged_in_its_own_time() {
    placed(
        &rising(""),
        "0 20
         1000 21@10
         1000.01 22@20
         1000.02 23@30
         1000.03 24@40 -> rate:T raised yellow late @40",
    );
}

#[test]
fn a_line_of_least_squares_is_bent_by_one_reading_and_is_asked_for_by_name() {
    let body =
        "rate_of_change: {over: 60s, slope: regression, levels: [{name: FAST, tier: yellow, above: 40}]}";
    let world = placed(&rule("rate", "T", body), "0 20\n10 20\n20 20\n30 20\n40 60 -> rate:T raised yellow!");
    assert!((world.told[0].value.expect("a slope") - 48.0).abs() < 1e-9);
}

#[test]
fn a_burst_of_readings_counts_as_one() {
    let body =
        "rate_of_change: {over: 60s, slope: regression, levels: [{name: FAST, tier: yellow, above: 1}]}";
    placed(&rule("rate", "T", body), "0 20\n0.1 20\n0.2 20\n0.3 20\n40 60");
}

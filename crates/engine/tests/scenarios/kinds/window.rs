//! `window`.

use crate::support::{placed, rule};

fn window(what: &str) -> String {
    rule(
        "win",
        "T, X",
        &format!("window: {{{what}, levels: [{{name: H, tier: orange, at_or_above: 50, clear_below: 40}}]}}"),
    )
}

#[test]
fn a_mean_is_weighted_by_time_and_waits_for_its_coverage() {
    let world = placed(
        &window("of: mean, over: 100s, coverage: 0.75"),
        "0 60
         10 60
         20 60
         30 60
         40 60
         50 60
         60 60
         70 60
         80 60 -> win:T raised orange!",
    );
    let raised = &world.told[0];
    assert_eq!(raised.value, Some(60.0));
    assert!(raised.evidence.summaries.iter().all(|summary| summary.mean() == 60.0));
    let covered: f64 = raised.evidence.summaries.iter().map(|summary| summary.covered.as_secs_f64()).sum();
    assert!((covered - 80.0).abs() < 1e-6, "{covered}");
}

#[test]
fn a_gap_is_not_read_as_zero_and_too_many_gaps_are_no_mean() {
    // 30 s of silence limit are covered after each reading: of the 100 s a good share is missing.
    placed(
        &window("of: mean, over: 100s, coverage: 0.75"),
        "0 60
         100 60
         200 60
         300 60
         310 60
         320 60
         330 60
         340 60
         350 60
         360 60
         370 60
         380 60 -> win:T raised orange!
         460 1
         560 1",
    );
}

#[test]
fn the_greatest_value_counts_while_it_is_in_the_window() {
    placed(
        &window("of: max, over: 60s"),
        "0 10
         10 55 -> win:T raised orange!
         20 10
         30 10
         40 10
         50 10
         60 10
         70 10
         80 10 -> win:T cleared orange",
    );
}

#[test]
fn what_was_missing_may_have_been_greater() {
    placed(
        &window("of: max, over: 60s"),
        "0 55 -> win:T raised orange!
         100 10
         110 10
         120 10
         130 10
         140 10
         150 10 -> win:T cleared orange",
    );
}

#[test]
fn a_stel_is_a_mean_of_fifteen_minutes_and_a_twa_one_of_eight_hours() {
    for (of, over_s) in [("stel", 900), ("twa", 28_800)] {
        let plan = crate::support::plan(&window(&format!("of: {of}")).replace("T, X", "T"));
        assert_eq!(plan.calculated[0].program.keep().cells_us, over_s * 1_000_000);
    }
}

#[test]
fn what_a_by_exception_tag_holds_weighs_while_its_edge_node_lives() {
    placed(
        &window("of: mean, over: 100s, coverage: 0.75"),
        "0 X=60
         20 T=1
         40 T=1
         60 T=1
         80 T=1 -> win:X raised orange! @75.164696",
    );
}

#[test]
fn after_a_restart_the_time_between_is_missing() {
    placed(
        &window("of: mean, over: 100s, coverage: 0.75"),
        "0 60
         10 60
         20 60
         30 60
         snapshot-is-next tick"
            .replace("snapshot-is-next tick", "31 snapshot")
            .as_str(),
    );
}

#[test]
fn what_a_by_exception_tag_held_before_its_edge_node_was_silent_does_not_weigh_for_the_silence() {
    let world = placed(
        &window("of: mean, over: 100s, coverage: 0.75"),
        "0 X=60
         90 T=1
         100 T=1
         120 T=1
         140 T=1
         160 T=1
         166 tick -> win:X raised orange! @165.16466",
    );
    let readings: u32 = world.told[0].evidence.summaries.iter().map(|summary| summary.readings).sum();
    assert_eq!(readings, 0, "that the edge node lives is no reading");
}

#[test]
fn the_least_value_may_be_asked_for() {
    let body = "window: {of: min, over: 60s, levels: [{name: L, tier: orange, below: 5, clear_above: 8}]}";
    placed(&rule("win", "T", body), "0 10\n10 4 -> win:T raised orange!\n20 10");
}

//! Delays run on their tag's clock, and count only time for which there was evidence.

use crate::support::{check, limit, rule, story};

const ON: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 5s}";
const OFF: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75, off_delay: 10s}";
const LONG: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 60s}";

#[test]
fn a_spike_shorter_than_the_on_delay_is_not_an_alarm() {
    check(&limit(ON), "0 70\n1 85\n4 85\n5 70\n6 85\n10 85", "......");
}

#[test]
fn a_value_that_holds_between_readings_raises_on_time() {
    story(
        &limit(ON),
        "1 85
         5.999999 tick
         6 tick -> raised yellow!
         9 85",
    );
}

#[test]
fn a_delay_is_completed_by_the_reading_of_that_very_moment() {
    story(&limit(ON), "1 85\n 5 85@6 -> raised yellow! @6");
    story(&limit(ON), "1 85\n 5 70@6\n 7 tick");
    story(&limit(ON), "1 85\n 5 70@6.000001 -> raised yellow! @6; cleared yellow @6.000001");
}

#[test]
fn a_late_look_raises_at_the_time_it_became_true() {
    story(&limit(ON), "1 85\n 20 85 -> raised yellow! @6");
}

#[test]
fn a_bad_reading_stops_an_on_delay_and_the_next_good_one_goes_on() {
    story(
        &limit(ON),
        "0 85
         3 85!
         9 tick
         10 85
         11.999 tick
         12 tick -> raised yellow!",
    );
}

#[test]
fn an_unknown_value_completes_no_delay_and_resets_none() {
    story(&limit(ON), "0 85\n 3 T=NaN\n 10 85\n 12 tick -> raised yellow!");
}

#[test]
fn beyond_its_range_a_low_value_stops_an_on_delay_but_does_not_end_it() {
    story(&limit(ON), "0 85\n 3 0^\n 10 85\n 12 tick -> raised yellow!");
}

#[test]
fn an_off_delay_must_pass_in_one_piece() {
    story(
        &limit(OFF),
        "0 85  -> raised yellow!
         1 70
         9 76
         10 70
         19.999 tick
         20 tick -> cleared yellow",
    );
}

#[test]
fn a_bad_reading_stops_an_off_delay() {
    story(
        &limit(OFF),
        "0 85 -> raised yellow!
         1 70
         5 70!
         30 tick
         31 70
         36.999 tick
         37 tick -> cleared yellow",
    );
}

#[test]
fn beyond_its_range_a_value_stops_an_off_delay() {
    story(
        &limit(OFF),
        "0 85 -> raised yellow!
         1 70
         5 0^
         30 tick
         31 70
         37 tick -> cleared yellow",
    );
}

#[test]
fn a_bad_reading_does_not_count_time_that_its_own_stamp_claims() {
    story(&limit(OFF), "0 85 -> raised yellow!\n 1 70\n 8 0!@12 -> cleared yellow @11\n 12 tick");
    story(&limit(OFF), "0 85 -> raised yellow!\n 1 70\n 2 0!@5\n 3 0!@7\n 40 tick");
}

#[test]
fn a_gap_longer_than_the_silence_limit_is_not_counted() {
    story(
        &limit(LONG),
        "0 85
         100 85
         129.999 tick
         130 tick -> raised yellow!",
    );
}

#[test]
fn a_delay_longer_than_the_silence_limit_needs_readings() {
    story(&limit(LONG), "0 85\n 25 85\n 50 85\n 60 tick -> raised yellow!");
    story(&limit(LONG), "0 85\n 500 tick");
}

#[test]
fn a_by_exception_value_counts_while_its_edge_node_speaks() {
    let rules = rule("lim", "X", &format!("limit: [{LONG}]"));
    story(
        &rules,
        "0 X=85
         25 T=1
         50 T=1
         59.999 tick
         60 tick -> lim:X raised yellow!",
    );
}

#[test]
fn a_by_exception_value_is_no_evidence_while_its_edge_node_is_silent_and_is_again_after() {
    let rules = rule("lim", "X", &format!("limit: [{LONG}]"));
    story(
        &rules,
        "0 X=85
         20 T=1
         100 tick
         200 T=1
         209.999 tick
         210 tick -> lim:X raised yellow!",
    );
    story(&rules, "0 X=85\n 200 X=85@199\n 229.999 tick\n 230 tick -> lim:X raised yellow! @229");
}

#[test]
fn a_backlog_of_a_gap_is_counted_although_its_edge_node_spoke_before_it_came() {
    let rules = rule("lim", "X", &format!("limit: [{LONG}]"));
    story(
        &rules,
        "0 X=85
         600 T=1
         601 X=86@100
         601 X=87@125
         606 tick -> lim:X raised yellow! late @130",
    );
}

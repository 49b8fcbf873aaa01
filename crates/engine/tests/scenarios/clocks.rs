//! Clocks that cannot be believed, and readings that come late, twice or in the wrong order.

use crate::support::{World, check, limit, plan, rule, story};

const H: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75}";

#[test]
fn the_same_reading_again_is_counted_and_dropped() {
    let world =
        story(&limit(H), "0 85 -> raised yellow!\n 1 70@0.5 -> cleared yellow @0.5\n 2 70@0.5\n 3 85@0");
    let counts = world.engine.counts();
    assert_eq!((counts.judged, counts.duplicate, counts.out_of_order), (2, 1, 1));
}

#[test]
fn the_same_time_with_another_value_is_judged_in_arrival_order() {
    check(&limit(H), "0 70\n1 85@0\n2 70@0", ".#r");
}

#[test]
fn a_reading_older_than_the_site_accepts_is_not_judged() {
    let world = story(&limit(H), "0 85@-40000000");
    assert_eq!(world.engine.counts().too_old, 1);
}

#[test]
fn a_future_stamp_is_judged_at_arrival_and_blinds_nobody() {
    story(
        &limit(H),
        "0 70
         1 85@3600   -> davy-clock:D1 raised blue!; raised yellow!
         2 70        -> cleared yellow
         3 85        -> raised yellow!",
    );
}

#[test]
fn a_future_reading_delivered_twice_is_judged_once() {
    let world = story(
        &limit("{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 5s}"),
        "0 85@3600   -> davy-clock:D1 raised blue!
         1 85@3600
         2 70@3602
         3 85@3600
         9 tick",
    );
    let counts = world.engine.counts();
    assert_eq!((counts.clock_suspect, counts.duplicate, counts.out_of_order), (2, 1, 1));
}

#[test]
fn a_clock_within_the_allowed_skew_is_believed() {
    story(&limit(H), "0 85@5 -> raised yellow! @5\n 1 70@5.5 -> cleared yellow @5.5");
}

#[test]
fn a_clock_alarm_clears_when_the_clock_has_been_right_for_a_minute() {
    story(
        &limit(H),
        "0 70@3600 -> davy-clock:D1 raised blue!
         59 70
         60 71     -> davy-clock:D1 cleared blue
         61 85     -> raised yellow!",
    );
}

#[test]
fn a_clock_that_stepped_back_is_believed_no_more_after_three_live_readings() {
    story(
        &limit(H),
        "3600 70
         3601 85@1
         3602 85@2
         3603 85@3  -> davy-clock:D1 raised blue!; raised yellow!
         3604 70@4  -> cleared yellow
         3605 85@5  -> raised yellow!",
    );
}

#[test]
fn a_stepped_clock_is_noticed_though_a_reading_is_delivered_twice() {
    story(
        &limit(H),
        "3600 70
         3601 85@1
         3602 85@2
         3602 85@2
         3603 85@3  -> davy-clock:D1 raised blue!; raised yellow!",
    );
}

#[test]
fn old_readings_that_come_faster_than_they_were_measured_are_no_stepped_clock() {
    let world = story(
        &limit(H),
        "3600 70
         3601 85@1 85@2 85@3 85@4
         3601.1 85@5
         3601.2 85@6",
    );
    assert_eq!(world.engine.counts().out_of_order, 6);
}

#[test]
fn quick_readings_sent_again_in_a_burst_are_no_stepped_clock() {
    let world = story(
        &limit(H),
        "3600.00 70
         3600.01 70
         3600.10 70
         3600.20 85@3599.97 85@3599.98 85@3599.99
         3600.21 85@3599.995",
    );
    assert_eq!(world.engine.counts().out_of_order, 4);
}

#[test]
fn a_slow_clock_still_sounds() {
    story(
        &limit(H),
        "600 70@0
         610 70@10
         620 85@20  -> raised yellow! late @20
         630 70@30  -> cleared yellow late @30",
    );
}

#[test]
fn what_a_backlog_raises_and_clears_does_not_sound() {
    story(
        &limit(H),
        "600 70@0 85@10 70@20 -> raised yellow late @10; cleared yellow late @20
         601 70
         700 tick",
    );
}

#[test]
fn what_a_backlog_leaves_active_sounds_when_it_pauses() {
    story(
        &limit(H),
        "600 70@0 85@10   -> raised yellow late @10
         600.9 85@20
         601.899 tick
         601.9 tick       -> sounded yellow!",
    );
}

#[test]
fn what_a_backlog_leaves_active_sounds_with_the_first_live_reading() {
    story(
        &limit(H),
        "600 70@0 85@10   -> raised yellow late @10
         600.5 86         -> sounded yellow!
         700 70           -> cleared yellow",
    );
}

#[test]
fn nobody_is_called_for_what_was_acknowledged_meanwhile() {
    story(
        &limit(H),
        "600 85@10   -> raised yellow late @10
         600.1 ack   -> acknowledged yellow
         602 tick",
    );
}

#[test]
fn a_reading_in_order_says_that_the_clock_did_not_step() {
    let rules = rule("lim", "U", &format!("limit: [{H}]"));
    for another in ["T=70", "T=70@9999"] {
        let mut world = World::new(plan(&rules));
        for step in [
            &format!("3599 {another}"),
            "3600 U=70",
            "3601 U=85@1",
            "3602 U=85@2",
            "3603 U=70",
            "3604 U=85@4",
        ] {
            let told = world.step(step);
            assert!(!told.contains("lim"), "{step}: {told}, beside {another}");
        }
    }
}

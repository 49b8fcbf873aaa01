//! Silence raises its own alarm, and only a usable reading ends it.

use crate::support::{limit, rule, story};

fn stale(tags: &str) -> String {
    rule("stale", tags, "stale: {after: 20s, tier: yellow}")
}

#[test]
fn a_silent_tag_raises_and_its_next_reading_clears() {
    let world = story(
        &stale("T"),
        "5 70
         24.999 tick
         25 tick -> stale:T raised yellow!
         30 70   -> stale:T cleared yellow
         49 71
         69 tick -> stale:T raised yellow!",
    );
    assert_eq!(world.told[0].message.en, "stale T: no usable reading for 20 s, last 70 degC (good)");
}

#[test]
fn a_tag_that_was_never_heard_is_silent_too() {
    let world = story(
        &stale("T, X"),
        "20 tick -> stale:T raised yellow!; stale:X raised yellow!\n 21 U=1\n 22 T=1 -> stale:T cleared yellow",
    );
    assert_eq!(world.told[0].value, None);
}

#[test]
fn a_stream_of_bad_readings_is_silence() {
    story(
        &stale("T"),
        "0 70
         10 70!
         19 T=NaN
         20 tick -> stale:T raised yellow!
         21 70!
         22 0?   -> stale:T cleared yellow",
    );
}

#[test]
fn a_lost_edge_node_makes_its_tags_stale_after_the_grace() {
    let world = story(
        &stale("T, U"),
        "0 70
         0 U=1
         1 lost gw1
         2 lost gw1
         4 tick  -> stale:T raised yellow!
         10 online gw1
         12 70   -> stale:T cleared yellow
         20 tick -> stale:U raised yellow!",
    );
    assert_eq!(
        world.told[0].message.en,
        "stale T: its edge node is lost, not back after 3 s, last 70 degC (good)"
    );
}

#[test]
fn a_lost_edge_node_takes_with_it_what_it_never_told() {
    let world = story(
        &stale("T, U, X"),
        "1 lost gw1
         4 tick  -> stale:T raised yellow!; stale:X raised yellow!
         10 online gw1
         12 70   -> stale:T cleared yellow
         13 X=70 -> stale:X cleared yellow
         20 tick -> stale:U raised yellow!",
    );
    assert_eq!(world.told[0].message.en, "stale T: its edge node is lost, not back after 3 s");
    // Back in time, it has still not told: its own silence goes on from where it began.
    story(&stale("X"), "1 lost gw1\n 3 online gw1\n 19 Y=1\n 20 tick -> stale:X raised yellow!");
}

#[test]
fn an_edge_node_that_is_back_within_the_grace_is_no_news() {
    story(&stale("T"), "0 70\n 1 lost gw1\n 3 online gw1\n 19 tick\n 20 tick -> stale:T raised yellow!");
    story(&stale("T"), "0 70\n 1 offline gw1\n 19 tick\n 20 tick -> stale:T raised yellow!");
}

#[test]
fn a_lost_edge_node_stops_every_delay_at_once() {
    story(
        &limit("{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 5s, off_delay: 5s}"),
        "0 85
         3 lost gw1
         4 online gw1
         20 85
         21.999 tick
         22 tick -> raised yellow!
         23 70
         25 lost gw1
         40 tick
         41 70
         44 tick -> cleared yellow",
    );
}

#[test]
fn a_by_exception_tag_is_held_while_its_edge_node_speaks() {
    story(
        &stale("X"),
        "0 X=70
         15 T=1
         30 T=1
         49.999 tick
         50 tick -> stale:X raised yellow!
         60 T=1  -> stale:X cleared yellow
         70 T=1
         89 tick
         90 tick -> stale:X raised yellow!",
    );
}

#[test]
fn after_a_loss_a_by_exception_tag_must_report_for_itself() {
    story(
        &stale("X"),
        "0 X=70
         10 lost gw1
         13 tick -> stale:X raised yellow!
         20 T=1
         21 X=70 -> stale:X cleared yellow",
    );
    story(
        &stale("X"),
        "0 X=70
         10 lost gw1
         11 T=1
         25 T=1
         30 tick -> stale:X raised yellow!
         31 T=1
         32 X=70 -> stale:X cleared yellow",
    );
}

#[test]
fn a_latched_silence_waits_for_its_reset() {
    story(
        &rule("stale", "T", "stale: {after: 20s, tier: orange, latch: true, re_alarm: 30s}"),
        "20 tick -> stale:T raised orange!
         21 ack stale:T -> stale:T acknowledged orange
         50 tick -> stale:T re_alarmed orange!
         51 70   -> stale:T cleared orange
         52 ack stale:T -> stale:T acknowledged orange
         53 reset stale:T -> stale:T reset orange",
    );
}

#[test]
fn silence_never_clears_a_process_alarm() {
    story(
        &(limit("{name: H, tier: yellow, at_or_above: 80, clear_below: 75, off_delay: 60s}") + &stale("T")),
        "0 85    -> raised yellow!
         5 70
         25 tick -> stale:T raised yellow!
         900 tick
         901 70  -> stale:T cleared yellow
         915 70
         930 70
         941 tick -> cleared yellow",
    );
}

/// Silence is graver near a limit that is far from raising itself.
fn near() -> String {
    limit(
        "{name: H, tier: orange, at_or_above: 80, on_delay: 1h}, {name: L, tier: blue, below: 20, on_delay: 1h}",
    ) + &rule("stale", "T", "stale: {after: 20s, tier: yellow, near_limit: {within: 0.1, tier: red}}")
}

#[test]
fn silence_near_a_limit_is_graver_than_another() {
    for (last, tier) in [("71.9", "yellow"), ("72", "red"), ("95", "red"), ("22", "red"), ("22.1", "yellow")]
    {
        let log = format!(
            "0 {last}\n 19.999 tick\n 20 tick -> stale:T raised {tier}!\n 21 50 -> stale:T cleared {tier}"
        );
        story(&near(), &log);
    }
    let world = story(&near(), "0 79\n 20 tick -> stale:T raised red!");
    assert_eq!(
        world.told[0].message.en,
        "stale T: no usable reading for 20 s, last 79 degC (good); near its limit H ≥ 80"
    );
}

#[test]
fn what_a_dying_sensor_says_last_is_not_its_last_good_value() {
    let world = story(
        &near(),
        "0 79
         5 3!
         10 T=NaN
         19 2!
         20 tick -> stale:T raised red!
         21 50   -> stale:T cleared red
         22 79!
         41 tick -> stale:T raised yellow!",
    );
    let values: Vec<_> = world.told[0].evidence.readings.iter().map(|seen| seen.value).collect();
    assert_eq!(values, [Some(79.0), Some(2.0)]);
}

#[test]
fn a_tag_that_was_never_heard_was_never_near_a_limit() {
    story(&near(), "20 tick -> stale:T raised yellow!");
}

#[test]
fn what_it_was_near_to_is_not_forgotten_in_a_snapshot() {
    story(&near(), "0 79\n 5 3!\n 6 tick\n 6 snapshot\n 20 tick -> stale:T raised red!");
}

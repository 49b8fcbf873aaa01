//! What a sender calls history, and what an operator sends again from the dead letters.

use crate::support::{limit, rule, story};

const H: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75}";
const HELD: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 10s}";

#[test]
fn what_a_sender_calls_history_is_late_however_young() {
    story(
        &limit(H),
        "10 history 70@1 85@2 70@3 -> raised yellow late @2; cleared yellow late @3
         11 85 -> raised yellow!",
    );
}

#[test]
fn what_history_leaves_active_sounds_when_it_pauses() {
    story(
        &limit(H),
        "10 history 85@2 -> raised yellow late @2
         12 tick -> sounded yellow! @11",
    );
}

#[test]
fn a_replayed_reading_raises_in_silence_and_a_live_one_sounds_it() {
    story(
        &limit(H),
        "0 70
         20 replayed 85@5 -> raised yellow late @5
         25 tick
         26 85 -> sounded yellow!",
    );
}

#[test]
fn a_replayed_alarm_that_no_live_reading_confirms_never_sounds() {
    story(
        &limit("{name: H, tier: yellow, at_or_above: 80, clear_below: 75, re_alarm: 5s}"),
        "0 70
         20 replayed 85@5 -> raised yellow late @5
         40 tick
         41 70 -> cleared yellow",
    );
}

#[test]
fn a_replayed_reading_clears_nothing() {
    story(&limit(H), "0 85 -> raised yellow!\n 20 replayed 70@5\n 21 85\n 22 70 -> cleared yellow");
}

#[test]
fn a_replayed_reading_completes_no_delay() {
    story(&limit(HELD), "0 70\n 30 replayed 85@1 85@15\n 31 85\n 40 85\n 41 85 -> raised yellow!");
}

#[test]
fn a_replayed_reading_ends_no_silence() {
    let stale = rule("quiet", "T", "stale: {after: 30s, tier: blue}");
    story(
        &stale,
        "0 70\n 40 tick -> quiet:T raised blue! @30\n 50 replayed 70@20\n 60 70 -> quiet:T cleared blue",
    );
}

#[test]
fn a_replayed_reading_says_nothing_of_a_clock() {
    let world = story(&limit(H), "10 70\n 11 replayed 70@1\n 12 replayed 70@2\n 13 replayed 70@3\n 14 70");
    let counts = world.engine.counts();
    assert_eq!((counts.judged, counts.out_of_order, counts.clock_suspect), (2, 3, 0));
}

#[test]
fn the_same_replay_again_is_counted_and_dropped() {
    let world = story(&limit(H), "20 replayed 85@5 -> raised yellow late @5\n 30 replayed 85@5");
    assert_eq!(world.engine.counts().duplicate, 1);
}

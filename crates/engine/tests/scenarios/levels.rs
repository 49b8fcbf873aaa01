//! Several levels, one alarm.

use crate::support::{limit, story};

const LEVELS: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75},
    {name: HH, tier: orange, at_or_above: 90, clear_below: 85},
    {name: HHH, tier: red, at_or_above: 100, clear_below: 95, latch: true}";

#[test]
fn the_tier_moves_inside_one_occurrence_and_a_rise_un_acknowledges() {
    let world = story(
        &limit(&LEVELS.replace(", latch: true", "")),
        "0 82   -> raised yellow!
         1 ack  -> acknowledged yellow
         2 92   -> tier_raised orange!
         3 86
         4 84   -> tier_lowered yellow
         5 ack  -> acknowledged yellow
         6 101  -> tier_raised red!
         7 70   -> cleared red
         8 ack  -> acknowledged red",
    );
    assert!(world.told.iter().all(|told| told.occurrence == 1));
    assert_eq!(world.told.iter().map(|told| told.step).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn a_jump_past_all_levels_raises_once_at_the_gravest() {
    let world = story(&limit(LEVELS), "0 120 -> raised red!");
    assert_eq!(world.told[0].limit.as_ref().map(|limit| &*limit.name), Some("HHH"));
}

#[test]
fn a_latch_holds_the_tier_until_it_is_reset() {
    story(
        &limit(LEVELS),
        "0 120  -> raised red!
         1 82
         2 reset -> refused STILL_ACTIVE
         3 70   -> cleared red
         4 reset -> refused NOT_ACKNOWLEDGED
         5 ack  -> acknowledged red
         6 ack  -> refused ALREADY_ACKNOWLEDGED
         7 reset -> reset red
         8 82   -> raised yellow!
         9 70   -> cleared yellow
         10 reset -> refused NOT_LATCHED",
    );
}

#[test]
fn a_lesser_alarm_does_not_undo_what_was_latched_before() {
    story(
        &limit(LEVELS),
        "0 120 -> raised red!
         1 70  -> cleared red
         2 82  -> raised red!
         3 70  -> cleared red
         4 ack -> acknowledged red
         5 reset -> reset red
         6 82  -> raised yellow!",
    );
}

#[test]
fn each_level_has_delays_of_its_own_and_the_first_out_is_the_first_past_any() {
    let rules = limit(
        "{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 10s},
         {name: HH, tier: red, at_or_above: 90, clear_below: 85}",
    );
    let world = story(
        &rules,
        "0 82
         5 92  -> raised red!
         7 84  -> tier_lowered yellow
         8 70  -> cleared yellow",
    );
    assert_eq!(world.told[0].first_out_time, Some(crate::support::at(0.0)));
}

#[test]
fn an_alarm_nobody_ends_sounds_again() {
    let rules = limit("{name: H, tier: yellow, at_or_above: 80, clear_below: 75, re_alarm: 20s}");
    story(
        &rules,
        "0 85  -> raised yellow!
         5 ack -> acknowledged yellow
         15 85
         20 tick -> re_alarmed yellow!
         30 85
         40 tick -> re_alarmed yellow!
         41 shelve 30 -> shelved yellow
         60 85
         71 tick -> shelve_expired yellow!
         80 85
         91 tick -> re_alarmed yellow!
         92 70 -> cleared yellow
         200 tick",
    );
}

#[test]
fn low_and_high_levels_live_in_one_alarm() {
    story(
        &limit(
            "{name: L, tier: yellow, at_or_below: 20, clear_above: 25},
             {name: H, tier: yellow, at_or_above: 80, clear_below: 75},
             {name: HH, tier: red, at_or_above: 90, clear_below: 85}",
        ),
        "0 10 -> raised yellow!
         1 95 -> tier_raised red!
         2 50 -> cleared red
         3 10 -> raised yellow!
         4 82",
    );
}

#[test]
fn after_a_gap_of_years_only_the_last_re_alarm_sounds() {
    let rules = limit("{name: H, tier: yellow, at_or_above: 80, clear_below: 75, re_alarm: 20s}");
    story(
        &rules,
        "0 85 -> raised yellow!\n 1000000010 tick -> re_alarmed yellow! @1000000000\n 1000000020 tick -> re_alarmed yellow!",
    );
}

//! Other files become active while alarms stand.

use std::sync::Arc;

use davy_rules::Plan;

use crate::support::{TAGS, World, condition, limit, plan, plan_of, rule, tell};

const H: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75}";

fn with(rules: &str, next: Arc<Plan>) -> World {
    let mut world = World::new(plan(rules));
    world.plans.insert("before", plan(rules));
    world.plans.insert("next", next);
    world
}

#[test]
fn the_same_files_again_change_nothing() {
    let rules = limit("{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 10s}");
    let world = tell(
        with(&rules, plan(&rules)),
        "0 85\n 5 activate next\n 10 tick -> raised yellow!\n 11 activate next",
    );
    assert_eq!(world.told[0].evidence.readings_held, 1);
}

#[test]
fn what_a_tag_does_now_is_judged_by_the_new_limits_at_once() {
    let lower = plan(&limit("{name: H, tier: yellow, at_or_above: 60, clear_below: 55}"));
    tell(
        with(&limit(H), lower),
        "0 70\n 5 activate next -> raised yellow!\n 6 70\n 7 activate before -> cleared yellow",
    );
    let higher = plan(&limit("{name: H, tier: red, at_or_above: 80, clear_below: 75}"));
    tell(with(&limit(H), higher), "0 85 -> raised yellow!\n 1 activate next -> tier_raised red!");
}

#[test]
fn what_a_tag_did_long_ago_is_not_judged_again() {
    let lower = plan(&limit("{name: H, tier: yellow, at_or_above: 60, clear_below: 55}"));
    tell(with(&limit(H), Arc::clone(&lower)), "0 70\n 31 activate next\n 32 70 -> raised yellow!");
    tell(with(&limit(H), lower), "0 70\n 1 70!\n 2 activate next");
}

#[test]
fn a_changed_delay_goes_on_from_where_it_was() {
    let delayed = |delay: u32| limit(&H.replace('}', &format!(", on_delay: {delay}s}}")));
    tell(
        with(&delayed(20), plan(&delayed(10))),
        "0 85\n 5 activate next\n 9.999 tick\n 10 tick -> raised yellow!",
    );
    tell(with(&delayed(20), plan(&delayed(10))), "0 85\n 15 activate next -> raised yellow!");
}

/// The last reading is too old to be judged again: the delay that rests on it is not worth more than it.
#[test]
fn a_delay_begins_anew_where_its_readings_say_something_else_of_the_new_limit() {
    let back = |set: u32, clear: u32| {
        limit(&format!("{{name: H, tier: yellow, at_or_above: {set}, clear_below: {clear}, off_delay: 60s}}"))
    };
    let rest = "41 50\n 60 50\n 80 50\n 100 50";
    let off = "0 85 -> raised yellow!\n 1 70\n 40 activate next";
    let lower = plan(&back(60, 55));
    tell(with(&back(80, 75), lower), &format!("{off}\n {rest}\n 101 tick -> cleared yellow"));
    let near = plan(&back(79, 74));
    tell(
        with(&back(80, 75), near),
        &format!("{off}\n {}", rest.replace("80 50", "71 tick -> cleared yellow\n 80 50")),
    );

    let delayed = |set: u32| {
        limit(&format!("{{name: H, tier: yellow, at_or_above: {set}, clear_below: 50, on_delay: 60s}}"))
    };
    let on = "0 70\n 40 activate next\n 41 90\n 60 90";
    tell(with(&delayed(60), plan(&delayed(80))), &format!("{on}\n 80 90\n 101 tick -> raised yellow!"));
    tell(with(&delayed(60), plan(&delayed(65))), &format!("{on}\n 71 tick -> raised yellow!"));
}

#[test]
fn a_renamed_level_stays_active() {
    let renamed = plan(&limit(&H.replace("name: H", "name: HI")));
    tell(
        with(&limit(H), Arc::clone(&renamed)),
        "0 85 -> raised yellow!\n 1 activate next\n 2 70 -> cleared yellow",
    );
    tell(
        with(&limit(H), Arc::clone(&renamed)),
        "0 85 -> raised yellow!\n 1 0!\n 2 activate next\n 3 70 -> cleared yellow",
    );
    tell(with(&limit(H), renamed), "0 85 -> raised yellow!\n 1 76\n 2 activate next -> cleared yellow");
}

#[test]
fn a_level_that_is_gone_lets_the_tier_down() {
    let both = limit(&format!("{H}, {{name: HH, tier: red, at_or_above: 90, clear_below: 85}}"));
    tell(with(&both, plan(&limit(H))), "0 95 -> raised red!\n 1 activate next -> tier_lowered yellow");
}

#[test]
fn a_rule_that_is_gone_is_withdrawn_and_its_occurrences_go_on_when_it_is_back() {
    let world = tell(
        with(&limit(H), plan("")),
        "0 85 -> raised yellow!
         1 activate next   -> withdrawn yellow
         2 85
         3 ack             -> refused ALARM_UNKNOWN
         4 activate before -> raised yellow!",
    );
    assert_eq!(world.told[2].id().to_string(), "park:lim:T#2.1");
}

#[test]
fn a_rule_of_another_kind_under_the_same_id_is_another_alarm() {
    let other = plan(&rule("lim", "T", "stale: {after: 20s, tier: red}"));
    tell(
        with(&limit(H), other),
        "0 85 -> raised yellow!\n 1 activate next -> withdrawn yellow\n 20 tick -> raised red!",
    );
}

#[test]
fn a_rule_that_becomes_a_condition_or_stops_being_one_is_another_alarm() {
    let only = condition("lim", "T", &format!("limit: [{H}]"));
    tell(
        with(&limit(H), plan(&only)),
        "0 85 -> raised yellow!
         1 activate next -> withdrawn yellow
         2 ack -> refused ALARM_UNKNOWN
         3 activate before -> raised yellow!
         4 ack -> acknowledged yellow
         5 70 -> cleared yellow",
    );
}

#[test]
fn what_new_files_make_graver_sounds_again_as_its_level_says() {
    let level = |tier: &str, every: &str| {
        plan(&limit(&H.replace("tier: yellow", &format!("tier: {tier}, re_alarm: {every}"))))
    };
    let mut world = World::new(level("yellow", "10m"));
    world.plans.insert("next", level("orange", "5m"));
    tell(
        world,
        "0 X=1 T=85 -> raised yellow!
         1 activate next -> tier_raised orange!
         302 tick -> re_alarmed orange! @301
         602 tick -> re_alarmed orange! @601",
    );
}

#[test]
fn a_tag_that_is_gone_takes_its_alarms_along() {
    let without = TAGS.replace("T,a tag", "T2,a tag");
    tell(
        with(&rule("lim", "\"*\"", "stale: {after: 20s, tier: yellow}"), plan_of(&without, "")),
        "0 M=1\n 0 T=1\n 0 U=1\n 0 X=1 Y=1\n 5 M=1 X=1 Y=1\n 5 U=1\n 20 tick -> raised yellow!\n 21 activate next -> withdrawn yellow",
    );
}

#[test]
fn a_clock_alarm_of_a_device_that_is_gone_is_withdrawn() {
    let without = TAGS.replace(",D1", ",");
    let world = tell(
        with(&limit(H), plan_of(&without, "")),
        "0 70@3600 -> davy-clock:D1 raised blue!
         1 activate next -> davy-clock:D1 withdrawn blue
         2 activate before
         3 70@3601 -> davy-clock:D1 raised blue!",
    );
    assert_eq!(world.told[2].occurrence, 2);
}

#[test]
fn a_changed_unit_keeps_what_is_known() {
    let kelvin = TAGS.replace("T,a tag,temperature,degC", "T,a tag,temperature,K");
    let warm = limit("{name: H, tier: yellow, at_or_above: 353.15 K, clear_below: 348.15 K, on_delay: 10s}");
    let celsius = limit("{name: H, tier: yellow, at_or_above: 80 degC, clear_below: 75 degC, on_delay: 10s}");
    let world =
        tell(with(&celsius, plan_of(&kelvin, &warm)), "0 85\n 5 activate next\n 10 tick -> raised yellow!");
    let evidence = &world.told[0].evidence;
    assert!((evidence.readings[0].value.expect("it was measured") - 358.15).abs() < 1e-9, "{evidence:?}");
    assert!(world.told[0].message.en.contains("358.15 K ≥ 353.15 K"), "{}", world.told[0].message.en);
}

#[test]
fn what_a_sensor_said_before_it_died_is_converted_with_its_unit() {
    let kelvin = TAGS.replace("T,a tag,temperature,degC", "T,a tag,temperature,K");
    let stale = rule("stale", "T", "stale: {after: 20s, tier: yellow, near_limit: {tier: red}}");
    let level = |point: &str| {
        limit(&format!("{{name: H, tier: orange, at_or_above: {point}, on_delay: 1h}}")) + &stale
    };
    let world = tell(
        with(&level("80 degC"), plan_of(&kelvin, &level("353.15 K"))),
        "0 79
         5 3!
         6 activate next
         20 tick -> stale:T raised red!",
    );
    let told = world.told[0].evidence.readings[0].value.expect("it was measured");
    assert!((told - 352.15).abs() < 1e-9, "{told}");
}

#[test]
fn a_unit_of_another_kind_begins_anew_and_clears_nothing() {
    let metres = TAGS.replace("T,a tag,temperature,degC", "T,a tag,level,m");
    let stale = rule("stale", "T", "stale: {after: 20s, tier: yellow}");
    tell(
        with(&(limit(H) + &stale), plan_of(&metres, &(limit(H) + &stale))),
        "0 85 -> raised yellow!
         20 tick -> stale:T raised yellow!
         21 activate next
         22 85 -> stale:T cleared yellow
         23 70 -> cleared yellow",
    );
}

#[test]
fn a_mode_quiets_what_is_new_under_it_too() {
    let quieted = |tags: &str| {
        rule("lim", tags, &format!("limit: [{H}]\n    suppressed_while: {{tag: M, at_or_above: 1}}"))
    };
    tell(
        with(&quieted("T"), plan(&quieted("T, U"))),
        "0 M=1 -> suppressed yellow
         1 activate next -> lim:U suppressed yellow
         2 U=85 -> lim:U raised yellow
         3 M=0 -> unsuppressed yellow; lim:U unsuppressed yellow!",
    );
}

#[test]
fn a_rule_that_lost_its_mode_is_quiet_no_more() {
    let quieted =
        rule("lim", "T", &format!("limit: [{H}]\n    suppressed_while: {{tag: M, at_or_above: 1}}"));
    tell(
        with(&quieted, plan(&limit(H))),
        "0 M=1 -> suppressed yellow\n 1 85 -> raised yellow\n 2 activate next -> unsuppressed yellow!",
    );
}

#[test]
fn a_mode_whose_figure_its_tag_does_not_reach_any_more_is_over() {
    let quieted = |figure: u32| {
        rule("lim", "T", &format!("limit: [{H}]\n    suppressed_while: {{tag: M, at_or_above: {figure}}}"))
    };
    let story = "0 M=2 -> suppressed yellow\n 1 85 -> raised yellow\n 2 activate next";
    tell(with(&quieted(1), plan(&quieted(3))), &format!("{story} -> unsuppressed yellow!"));
    tell(with(&quieted(1), plan(&quieted(2))), &format!("{story}\n 3 M=1 -> unsuppressed yellow!"));
}

#[test]
fn a_silence_that_stands_is_ended_by_a_reading_under_other_files_too() {
    let metres = TAGS.replace("T,a tag,temperature,degC", "T,a tag,level,m");
    let stale = rule("stale", "T", "stale: {after: 20s, tier: yellow}");
    for next in [plan_of(&metres, &stale), plan(&stale)] {
        tell(
            with(&stale, next),
            "20 tick -> stale:T raised yellow!\n 21 activate next\n 22 50 -> stale:T cleared yellow",
        );
    }
}

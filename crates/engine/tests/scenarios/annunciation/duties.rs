//! Who hears of which tier, by when they answer, and where it goes when they do not.

use davy_model::{AlarmFacts, DelayKind};

use super::{at_site, gas};
use crate::support::{World, rule};

/// Yellow: a minute to acknowledge, five to give feedback. Red: half a minute, two minutes, and then again every minute.
const SITE: &str = "desks:
  - {id: gas, areas: [west], above: shift}
  - {id: shift, areas: [], above: zone}
  - {id: safety, areas: []}
  - {id: zone, level: park, above: county}
  - {id: county, level: county, above: city}
  - {id: city, level: city}
duties:
  yellow: {notify: [safety], acknowledge_within: 60s, feedback_within: 5m}
  red: {notify_up_to: park, acknowledge_within: 30s, feedback_within: 2m, then_every: 60s}
";

fn facts(world: &World, nth: usize) -> &AlarmFacts {
    &world.told[nth].facts
}

fn told(world: &World, nth: usize) -> Vec<&str> {
    let case = facts(world, nth).case.as_deref();
    case.map(|case| case.told.iter().map(|desk| &**desk).collect()).unwrap_or_default()
}

/// Who was asked, transition by transition.
fn asked(world: &World) -> Vec<&str> {
    world.told.iter().map(|told| told.desk.as_deref().unwrap_or_default()).collect()
}

#[test]
fn a_tier_is_told_at_once_to_those_its_duty_names_and_a_graver_one_to_more() {
    let world = at_site(
        SITE,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         10 G1=3 -> gas:G1 tier_raised red!
         20 ack gas:G1 Wu -> gas:G1 acknowledged red",
    );
    assert_eq!(told(&world, 0), ["safety"]);
    assert_eq!(told(&world, 1), ["safety", "shift", "zone"]);
    assert_eq!(asked(&world), ["gas", "gas", "gas"]);
}

#[test]
fn lateness_climbs_one_desk_a_time_and_says_why_and_to_whom() {
    let world = at_site(
        SITE,
        &gas(),
        "0 G1=3 -> gas:G1 raised red!
         29 tick
         31 tick -> gas:G1 escalated red! @30
         100 tick -> gas:G1 escalated red! @90
         110 ack gas:G1 Wu -> gas:G1 acknowledged red
         119 tick
         125 tick -> gas:G1 escalated red! @120
         200 tick -> gas:G1 escalated red! @180",
    );
    assert_eq!(asked(&world), ["gas", "county", "city", "city", "city", "city"]);
    assert_eq!(told(&world, 4), ["shift", "zone", "county", "city"]);
    let words: Vec<&str> = world.told.iter().map(|told| &*told.message.en).collect();
    assert_eq!(words[1], "gas G1: not acknowledged for 30 s, county is asked as well");
    assert_eq!(words[4], "gas G1: no feedback for 2 min, city is asked again");
    assert_eq!(world.told[2].message.zh, "gas G1：90 s 内未确认，已升级至 city");
    let delays: Vec<DelayKind> =
        [1, 4].map(|nth: usize| world.told[nth].evidence.delay.expect("why").kind).into();
    assert_eq!(delays, [DelayKind::Escalation, DelayKind::Feedback]);
}

#[test]
fn where_a_duty_says_nothing_of_repeating_it_climbs_once_for_each_thing_that_is_late() {
    let world = at_site(
        SITE,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         61 tick -> gas:G1 escalated yellow! @60
         299 tick
         301 tick -> gas:G1 escalated yellow! @300
         9000 tick",
    );
    assert_eq!(asked(&world), ["gas", "shift", "zone"]);
}

#[test]
fn a_condition_that_returned_still_owes_an_answer() {
    at_site(
        SITE,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         10 G1=0 -> gas:G1 cleared yellow
         61 tick -> gas:G1 escalated yellow! @60
         70 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         301 tick -> gas:G1 escalated yellow! @300",
    );
}

/// Four tiers, with the usual duty of each, and everybody who can be asked.
const USUAL: &str = "desks:
  - {id: gas, areas: [west], above: shift}
  - {id: shift, areas: [], above: zone}
  - {id: zone, level: park, above: county}
  - {id: county, level: county, above: city}
  - {id: city, level: city, above: province}
  - {id: province, level: province}
duties: usual
";

/// Four levels on a gas tag.
fn four() -> String {
    let level =
        |name: &str, tier: &str, above: u32| format!("{{name: {name}, tier: {tier}, above: {above}}}");
    let levels = [("L1", "blue", 1), ("L2", "yellow", 2), ("L3", "orange", 3), ("L4", "red", 4)]
        .map(|(name, tier, above)| level(name, tier, above));
    rule("gas", "G1", &format!("limit: [{}]", levels.join(", ")))
}

#[test]
fn what_becomes_graver_after_lateness_was_told_asks_by_its_own_duty_from_then_on() {
    let late = "0 G1=1.5 -> gas:G1 raised blue!\n 901 tick -> gas:G1 escalated blue! @900\n";
    let world = at_site(
        USUAL,
        &four(),
        &format!(
            "{late} 1200 G1=3.5 -> gas:G1 tier_raised orange!
             1379 tick
             1381 tick -> gas:G1 escalated orange! @1380
             4799 tick
             4801 tick -> gas:G1 escalated orange! @4800
             80000 tick"
        ),
    );
    assert_eq!(asked(&world), ["gas", "shift", "shift", "city", "province"]);
    at_site(
        USUAL,
        &four(),
        &format!(
            "{late} 960 G1=4.5 -> gas:G1 tier_raised red!
             961 snapshot
             1019 tick
             1021 tick -> gas:G1 escalated red! @1020
             1919 tick
             1921 tick -> gas:G1 escalated red! @1920"
        ),
    );
    at_site(
        USUAL,
        &four(),
        &format!(
            "{late} 2400 G1=4.5 -> gas:G1 tier_raised red!
             2459 tick
             2461 tick -> gas:G1 escalated red! @2460"
        ),
    );
}

#[test]
fn only_a_tier_that_the_case_never_had_asks_anew_and_only_when_it_sounds() {
    let late = "0 G1=1.5 -> gas:G1 raised blue!\n 901 tick -> gas:G1 escalated blue! @900\n";
    at_site(
        USUAL,
        &four(),
        &format!(
            "{late} 910 G1=3.5 -> gas:G1 tier_raised orange!
             1091 tick -> gas:G1 escalated orange! @1090
             1100 G1=1.5 -> gas:G1 tier_lowered blue
             1110 G1=3.5 -> gas:G1 tier_raised orange!
             4509 tick
             4511 tick -> gas:G1 escalated orange! @4510"
        ),
    );
    at_site(
        USUAL,
        &four(),
        &format!(
            "{late} 910 history G1=3.5@905 -> gas:G1 tier_raised orange late @905
             910.5 snapshot
             911 tick -> gas:G1 sounded orange!
             1090 tick
             1092 tick -> gas:G1 escalated orange! @1091"
        ),
    );
}

/// What was asked before is late before the rise itself sounds.
#[test]
fn lateness_that_is_the_first_to_tell_of_a_rise_asks_by_the_duty_of_its_tier() {
    let world = at_site(
        USUAL,
        &four(),
        "0 G1=1.5 -> gas:G1 raised blue!
         899.5 history G1=3.5@899 -> gas:G1 tier_raised orange late @899
         899.7 snapshot
         901 tick -> gas:G1 escalated orange! @900
         902 snapshot
         1079 tick
         1081 tick -> gas:G1 escalated orange! @1080
         4499 tick
         4501 tick -> gas:G1 escalated orange! @4500",
    );
    assert_eq!(told(&world, 1), Vec::<&str>::new());
    assert_eq!(told(&world, 2), ["shift", "zone", "county"]);
    assert_eq!(asked(&world), ["gas", "gas", "shift", "city", "province"]);
    // The desk's own step is the first to tell of it, for yellow asks for feedback only.
    let steps = SITE
        .replace("above: shift}", "above: shift, escalates: [{after: 20s, to: safety}]}")
        .replace("acknowledge_within: 60s, ", "");
    at_site(
        &steps,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         19.5 history G1=3@19 -> gas:G1 tier_raised red late @19
         21 tick -> gas:G1 escalated red! @20
         49 tick
         51 tick -> gas:G1 escalated red! @50",
    );
}

/// The desk is flooded, so that the rise itself does not sound, and yellow has no duty.
#[test]
fn a_case_that_begins_with_a_step_of_a_desk_asks_by_the_duty_of_its_tier() {
    let site = "desks:
  - {id: gas, areas: [west], above: shift, escalates: [{after: 60s, to: shift, tier_from: orange}, {after: 2m, to: zone}]}
  - {id: shift, areas: [], above: zone}
  - {id: safety, areas: []}
  - {id: zone, level: park}
duties: {orange: {notify: [safety], acknowledge_within: 30s, feedback_within: 5m}}
annunciation: {flood: {starts: 1, ends: 1, within: 10m, quiet_below: red}}
";
    let world = at_site(
        site,
        &gas().replace("tier: red", "tier: orange"),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 G2=1.5 -> gas:G2 raised yellow!; davy-flood:gas raised yellow!
         2 ack gas:G2 Wu -> gas:G2 acknowledged yellow
         100 G1=3 -> gas:G1 tier_raised orange; gas:G1 escalated orange!
         129 tick
         131 tick -> gas:G1 escalated orange! @130
         399 tick
         401 tick -> gas:G1 escalated orange! @400",
    );
    assert_eq!(told(&world, 5), ["safety"]);
}

#[test]
fn a_tier_whose_duty_says_nothing_of_what_is_late_leaves_it_late() {
    at_site(
        &SITE.replace("acknowledge_within: 30s, ", ""),
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         61 tick -> gas:G1 escalated yellow! @60
         70 G1=3 -> gas:G1 tier_raised red!
         121 tick -> gas:G1 escalated red! @120",
    );
}

#[test]
fn a_desk_beside_the_chain_that_stands_high_is_told_and_holds_up_no_climb() {
    let beside = SITE
        .replace("id: safety, areas: []", "id: safety, level: county, areas: []")
        .replace("notify: [safety], ", "notify: [safety], then_every: 60s, ");
    let world = at_site(
        &beside,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         61 tick -> gas:G1 escalated yellow! @60
         121 tick -> gas:G1 escalated yellow! @120
         181 tick -> gas:G1 escalated yellow! @180",
    );
    assert_eq!(asked(&world), ["gas", "shift", "zone", "county"]);
}

#[test]
fn lateness_climbs_while_davy_is_down_as_far_as_it_would_have() {
    let site = USUAL.replace("duties: usual", "duties: {red: {acknowledge_within: 30s, then_every: 60s}}");
    let rules = rule("gas", "G1", "limit: [{name: L1, tier: red, above: 1, re_alarm: 50s}]");
    let world = at_site(
        &site,
        &rules,
        "0 G1=3 -> gas:G1 raised red!
         1 snapshot
         220 restart -> gas:G1 escalated red! @30; gas:G1 re_alarmed red! @80; gas:G1 escalated red! @90; gas:G1 re_alarmed red! @140; gas:G1 escalated red! @150; gas:G1 re_alarmed red! @200; gas:G1 escalated red! @210",
    );
    let asked: Vec<&str> = asked(&world);
    assert_eq!([asked[1], asked[3], asked[5], asked[7]], ["shift", "zone", "county", "city"]);
}

#[test]
fn chattering_wins_nobody_time() {
    at_site(
        SITE,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         20 G1=0 -> gas:G1 cleared yellow
         40 G1=1.5 -> gas:G1 raised yellow!
         59 G1=0 -> gas:G1 cleared yellow
         61 tick -> gas:G1 escalated yellow! @60",
    );
}

#[test]
fn shelving_answers_the_call_and_does_not_put_off_the_feedback() {
    at_site(
        SITE,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         30 shelve 3600 gas:G1 Wu+Li -> gas:G1 shelved yellow
         299 tick
         301 tick -> gas:G1 escalated yellow @300
         302 unshelve gas:G1 Wu -> gas:G1 unshelved yellow!
         361 tick
         363 tick -> gas:G1 escalated yellow! @362",
    );
}

#[test]
fn who_was_not_told_is_not_late() {
    // Shelved before it came, and found in a backlog that had gone by.
    let world = at_site(
        SITE,
        &gas(),
        "0 shelve 100 gas:G1 Wu+Li -> gas:G1 shelved yellow
         10 G1=1.5 -> gas:G1 raised yellow
         99 tick
         101 tick -> gas:G1 shelve_expired yellow! @100
         159 tick
         161 tick -> gas:G1 escalated yellow! @160",
    );
    assert!(facts(&world, 1).case.is_none() && facts(&world, 2).case.is_some());
}

/// Raised and over in a backlog: nobody was called.
#[test]
fn what_a_backlog_raises_again_asks_nobody_until_it_sounds() {
    for (late, sounds) in [
        ("history", "103 tick -> gas:G1 sounded yellow! @102"),
        ("replayed", "102 G1=1.5 -> gas:G1 sounded yellow!"),
    ] {
        let open = "0 G1=1.5 -> gas:G1 raised yellow!
             1 ack gas:G1 Wu -> gas:G1 acknowledged yellow
             2 verify real gas:G1 Wu -> gas:G1 verified yellow
             3 G1=0 -> gas:G1 cleared yellow
             100 G1=0";
        let raised = format!("{open}\n 101 {late} G1=1.5@100.5 -> gas:G1 raised yellow late @100.5\n");
        let over = if late == "history" {
            "101 history G1=0@100.7 -> gas:G1 cleared yellow late @100.7"
        } else {
            "101 G1=0 -> gas:G1 cleared yellow"
        };
        at_site(
            SITE,
            &gas(),
            &format!("{raised} {over}\n 102 snapshot\n 299 tick\n 301 tick -> gas:G1 escalated yellow! @300"),
        );
        at_site(
            SITE,
            &gas(),
            &format!("{raised} {sounds}\n 161 tick\n 163 tick -> gas:G1 escalated yellow! @162"),
        );
    }
}

#[test]
fn what_a_backlog_lets_out_of_quiet_asks_when_it_sounds() {
    let body = "limit: [{name: L1, tier: yellow, above: 1}]\n    suppressed_while: {tag: F, at_or_above: 1}";
    at_site(
        SITE,
        &rule("gas", "G1", body),
        "0 F=1 -> gas:G1 suppressed yellow
         1 G1=1.5 -> gas:G1 raised yellow
         2 history F=0@1.5 -> gas:G1 unsuppressed yellow late @1.5
         4 tick -> gas:G1 sounded yellow! @3
         62 tick
         64 tick -> gas:G1 escalated yellow! @63",
    );
}

#[test]
fn a_duty_takes_the_place_of_the_steps_of_its_desk_and_leaves_them_where_it_asks_for_no_acknowledgement() {
    let steps = SITE.replace("above: shift}", "above: shift, escalates: [{after: 20s, to: safety}]}");
    at_site(
        &steps,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!\n59 tick\n61 tick -> gas:G1 escalated yellow! @60",
    );
    let without =
        steps.replace("yellow: {notify: [safety], acknowledge_within: 60s", "yellow: {notify: [safety]");
    let world = at_site(
        &without,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         21 tick -> gas:G1 escalated yellow! @20
         301 tick -> gas:G1 escalated yellow! @300",
    );
    assert_eq!(asked(&world), ["gas", "safety", "shift"]);
}

#[test]
fn a_snapshot_knows_who_is_late_and_with_what() {
    at_site(
        SITE,
        &gas(),
        "0 G1=3 -> gas:G1 raised red!
         1 snapshot
         31 tick -> gas:G1 escalated red! @30
         32 snapshot
         91 tick -> gas:G1 escalated red! @90
         92 ack gas:G1 Wu -> gas:G1 acknowledged red
         93 snapshot
         121 tick -> gas:G1 escalated red! @120
         122 verify real gas:G1 Wu -> gas:G1 verified red
         123 snapshot
         124 feedback gas:G1 Wu -> gas:G1 feedback_given red
         125 G1=0 -> gas:G1 cleared red
         126 snapshot
         127 close gas:G1 Wu -> gas:G1 closed red
         9000 tick",
    );
}

#[test]
fn davy_itself_owes_nobody_feedback_and_a_tier_without_a_duty_is_as_ever() {
    let flood = format!("{SITE}annunciation: {{flood: {{starts: 1, ends: 1, within: 10s}}}}\n");
    let world = at_site(
        &flood,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 G2=1.5 -> gas:G2 raised yellow!; davy-flood:gas raised yellow!
         2 G2=0 -> gas:G2 cleared yellow",
    );
    assert!(facts(&world, 2).case.is_none());
    let red_only = SITE.replace("  yellow:", "  blue:");
    let world = at_site(
        &red_only,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         2 G1=0 -> gas:G1 cleared yellow
         9000 tick",
    );
    assert!(!facts(&world, 2).stands());
}

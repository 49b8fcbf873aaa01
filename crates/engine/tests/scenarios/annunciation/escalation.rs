//! Nobody acknowledges.

use std::sync::Arc;

use super::{at_site, gas, with_next};
use crate::support::{PLACED, World, plan_at, tell};

const DESKS: &str = "desks:
  - {id: gas, areas: [west], escalates: [{after: 60s, to: shift, tier_from: red}, {after: 2m, to: manager}]}
  - {id: shift}
  - {id: manager, areas: [east]}
";

#[test]
fn an_alarm_that_nobody_acknowledges_goes_to_the_next_desk_and_then_to_the_one_after() {
    let world = at_site(
        DESKS,
        &gas(),
        "0 G1=3 -> gas:G1 raised red!
         59 tick
         61 tick -> gas:G1 escalated red! @60
         121 tick -> gas:G1 escalated red! @120
         500 tick",
    );
    let desks: Vec<_> = world.told.iter().map(|told| told.desk.as_deref().unwrap_or_default()).collect();
    assert_eq!(desks, ["gas", "shift", "manager"]);
    assert_eq!(world.told[1].message.en, "gas G1: not acknowledged for 60 s, shift is asked as well");
}

#[test]
fn a_step_asks_only_from_its_tier_on() {
    let world = at_site(
        DESKS,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         100 tick
         121 tick -> gas:G1 escalated yellow! @120",
    );
    assert_eq!(world.told[1].desk.as_deref(), Some("manager"));
}

#[test]
fn who_acknowledges_shelves_or_sees_it_clear_ends_it_and_a_rise_begins_it_anew() {
    at_site(
        DESKS,
        &gas(),
        "0 G1=3 -> gas:G1 raised red!\n30 ack gas:G1 Wu -> gas:G1 acknowledged red\n500 tick",
    );
    at_site(DESKS, &gas(), "0 G1=3 -> gas:G1 raised red!\n30 G1=0 -> gas:G1 cleared red\n500 tick");
    at_site(
        DESKS,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         30 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         40 G1=3 -> gas:G1 tier_raised red!
         99 tick
         101 tick -> gas:G1 escalated red! @100",
    );
    at_site(
        DESKS,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         10 shelve 200 gas:G1 Wu+Li -> gas:G1 shelved yellow
         211 tick -> gas:G1 shelve_expired yellow! @210
         329 tick
         331 tick -> gas:G1 escalated yellow! @330",
    );
}

/// The desk is flooded, so that the rise itself does not sound.
#[test]
fn a_step_that_a_rise_finds_overdue_is_told_with_it() {
    let flood = "annunciation: {flood: {starts: 1, ends: 1, within: 10m, quiet_below: red}}\n";
    let orange = gas().replace("tier: red", "tier: orange");
    at_site(
        &format!("{}{flood}", DESKS.replace("tier_from: red", "tier_from: orange")),
        &orange,
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 G2=1.5 -> gas:G2 raised yellow!; davy-flood:gas raised yellow!
         2 ack gas:G2 Wu -> gas:G2 acknowledged yellow
         100 G1=3 -> gas:G1 tier_raised orange; gas:G1 escalated orange!
         121 tick -> gas:G1 escalated orange! @120",
    );
}

#[test]
fn a_rise_that_nobody_was_told_of_yet_makes_no_step_due_and_puts_none_off() {
    let world = at_site(
        DESKS,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         100 history G1=3@99 -> gas:G1 tier_raised red late @99
         101 tick -> gas:G1 sounded red!
         160 tick
         161 tick -> gas:G1 escalated red!
         221 tick -> gas:G1 escalated red!",
    );
    assert_eq!(world.told[3].desk.as_deref(), Some("shift"));
    let world = at_site(
        DESKS,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         100 replayed G1=3@99 -> gas:G1 tier_raised red late @99
         101 comment gas:G1 Wu -> gas:G1 commented red
         119 snapshot
         121 tick -> gas:G1 escalated red! @120; gas:G1 escalated red! @120",
    );
    assert_eq!(world.told[4].desk.as_deref(), Some("manager"));
}

#[test]
fn a_step_that_is_there_twice_is_told_twice_and_then_no_more() {
    // Files that say so are refused by now.
    let mut plan = (*plan_at(DESKS, PLACED, &gas())).clone();
    let steps = &mut plan.site.desks[0].escalates;
    steps[1] = steps[0].clone();
    tell(
        World::new(Arc::new(plan)),
        "0 G1=3 -> gas:G1 raised red!
         61 tick -> gas:G1 escalated red! @60; gas:G1 escalated red! @60
         500 tick",
    );
}

#[test]
fn a_duty_that_comes_or_goes_with_other_files_leaves_what_runs_as_it_was() {
    let steps = "desks: [{id: gas, areas: [west], escalates: [{after: 3m, to: shift}]}, {id: shift}]\n";
    let feedback = format!("{steps}duties: {{yellow: {{feedback_within: 2h}}}}\n");
    let both = format!("{steps}duties: {{yellow: {{acknowledge_within: 5m, feedback_within: 2h}}}}\n");
    tell(
        with_next(&feedback, &both, &gas()),
        "0 G1=1.5 -> gas:G1 raised yellow!
         100 activate next
         181 tick -> gas:G1 escalated yellow! @180
         7199 tick",
    );
    tell(
        with_next(&both, &feedback, &gas()),
        "0 G1=1.5 -> gas:G1 raised yellow!
         100 activate next
         299 tick
         301 tick -> gas:G1 escalated yellow! @300
         7199 tick",
    );
}

#[test]
fn a_snapshot_knows_how_far_it_went() {
    at_site(
        DESKS,
        &gas(),
        "0 G1=3 -> gas:G1 raised red!
         61 tick -> gas:G1 escalated red! @60
         62 snapshot
         121 tick -> gas:G1 escalated red! @120
         122 snapshot
         500 tick",
    );
}

#[test]
fn a_site_without_desks_escalates_nothing() {
    let world = at_site("", &gas(), "0 G1=3 -> gas:G1 raised red!\n5000 tick");
    assert_eq!(world.told[0].desk, None);
}

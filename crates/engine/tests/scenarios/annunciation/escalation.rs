//! Nobody acknowledges.

use std::sync::Arc;

use super::{at_site, gas};
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

#[test]
fn a_step_that_a_rise_finds_overdue_is_told_with_it() {
    at_site(
        DESKS,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         100 history G1=3@99 -> gas:G1 tier_raised red late @99; gas:G1 escalated red!
         121 tick -> gas:G1 escalated red! @120",
    );
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

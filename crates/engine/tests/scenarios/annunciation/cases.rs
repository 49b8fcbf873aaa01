//! Acknowledge, verify, act, feedback, close: nothing closes silently.

use std::sync::Arc;

use davy_model::{CaseStage, Verdict};

use super::{at_site, gas};
use crate::support::{PLACED, World, plan_at, tell};

const SITE: &str = "desks: [{id: gas}]
duties: {yellow: {acknowledge_within: 1h, feedback_within: 2h}, red: {feedback_within: 1h}}
";

fn stages(world: &World) -> Vec<&'static str> {
    world.told.iter().map(|told| told.facts.stage().map_or("-", CaseStage::word)).collect()
}

#[test]
fn a_response_goes_step_by_step_and_ends_when_somebody_closes_it() {
    let world = at_site(
        SITE,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 verify real gas:G1 Wu -> refused NOT_ACKNOWLEDGED
         2 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         3 feedback gas:G1 Wu -> refused NOT_VERIFIED
         4 verify real silently gas:G1 Wu -> gas:G1 verified yellow
         5 act silently gas:G1 Wu -> refused COMMENT_MISSING
         6 act gas:G1 Wu -> gas:G1 acted yellow
         7 close gas:G1 Wu -> refused STILL_ACTIVE
         8 comment gas:G1 Wu -> gas:G1 commented yellow
         9 feedback gas:G1 Wu -> gas:G1 feedback_given yellow
         10 G1=0 -> gas:G1 cleared yellow
         11 close silently gas:G1 Wu -> gas:G1 closed yellow
         12 close gas:G1 Wu -> refused NO_OPEN_CASE
         13 comment silently gas:G1 Wu -> refused COMMENT_MISSING",
    );
    let due = ["acknowledge", "verify", "act", "feedback", "feedback", "clear", "close", "-"];
    assert_eq!(stages(&world), due);
    let words: Vec<&str> = world.told.iter().map(|told| &*told.message.en).collect();
    assert_eq!(words[2], "gas G1: verified as real by Wu");
    assert_eq!(words[7], "gas G1: closed as real by Wu");
    assert_eq!(world.told[3].message.zh, "gas G1：已处置：Wu，because");
    assert!(world.told[6].facts.stands() && !world.told[7].facts.stands());
}

#[test]
fn a_verdict_that_it_was_nothing_says_why_and_needs_no_act() {
    let world = at_site(
        SITE,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 G1=0 -> gas:G1 cleared yellow
         2 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         3 verify maintenance silently gas:G1 Wu -> refused COMMENT_MISSING
         4 verify maintenance gas:G1 Wu -> gas:G1 verified yellow
         5 verify maintenance gas:G1 Wu -> refused ALREADY_VERIFIED
         6 verify false gas:G1 Wu -> gas:G1 verified yellow
         7 close gas:G1 Wu -> refused FEEDBACK_MISSING
         8 feedback gas:G1 Wu -> gas:G1 feedback_given yellow
         9 close gas:G1 Wu -> gas:G1 closed yellow",
    );
    assert_eq!(
        stages(&world),
        ["acknowledge", "acknowledge", "verify", "feedback", "feedback", "close", "-"]
    );
}

#[test]
fn a_new_occurrence_sounds_goes_on_with_the_open_case_and_asks_anew_what_was_answered() {
    // People are at work on what is real: they acknowledge, and go on.
    let world = at_site(
        SITE,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         2 verify real gas:G1 Wu -> gas:G1 verified yellow
         3 G1=0 -> gas:G1 cleared yellow
         4 G1=1.5 -> gas:G1 raised yellow!
         5 ack#1 gas:G1 Wu -> refused OCCURRENCE_CHANGED
         6 ack#2 gas:G1 Wu -> gas:G1 acknowledged yellow
         7 feedback gas:G1 Wu -> gas:G1 feedback_given yellow
         8 G1=0 -> gas:G1 cleared yellow
         9 G1=1.5 -> gas:G1 raised yellow!
         10 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         11 feedback gas:G1 Wu -> refused NOT_VERIFIED",
    );
    let last = world.told.last().and_then(|told| told.facts.case.as_deref()).expect("it is open");
    assert_eq!((last.began, world.told.last().map(|told| told.occurrence)), (1, Some(3)));
    let again = last.give_feedback.expect("feedback is due anew");
    assert_eq!(again.since, crate::support::at(9.0));
    // What was found to be nothing is looked at anew.
    let world = at_site(
        SITE,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         2 verify false gas:G1 Wu -> gas:G1 verified yellow
         3 G1=3 -> gas:G1 tier_raised red!
         4 ack gas:G1 Wu -> gas:G1 acknowledged red",
    );
    assert_eq!(stages(&world)[4], "verify");
}

#[test]
fn what_was_raised_while_it_was_suppressed_is_asked_anew_when_it_sounds() {
    let told_of = "0 G1=1.5 -> gas:G1 raised yellow!
         1 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         2 verify false gas:G1 Wu -> gas:G1 verified yellow
         3 feedback gas:G1 Wu -> gas:G1 feedback_given yellow";
    let world = at_site(
        SITE,
        &gas(),
        &format!(
            "{told_of}
             4 G1=0 -> gas:G1 cleared yellow
             5 suppress gas:G1 Wu+Li -> gas:G1 suppressed yellow
             6 G1=1.5 -> gas:G1 raised yellow
             7 snapshot
             8 unsuppress gas:G1 Wu+Li -> gas:G1 unsuppressed yellow!
             9 ack gas:G1 Wu -> gas:G1 acknowledged yellow
             10 close gas:G1 Wu -> refused STILL_ACTIVE
             11 G1=0 -> gas:G1 cleared yellow
             12 close gas:G1 Wu -> refused NOT_VERIFIED"
        ),
    );
    assert_eq!(stages(&world)[5..8], ["close", "acknowledge", "acknowledge"]);
    // Nobody was called: what was said stands.
    at_site(
        SITE,
        &gas(),
        &format!(
            "{told_of}
             5 shelve 60 gas:G1 Wu+Li -> gas:G1 shelved yellow
             6 G1=3 -> gas:G1 tier_raised red
             7 G1=0 -> gas:G1 cleared red
             66 tick -> gas:G1 shelve_expired red @65
             67 close gas:G1 Wu -> gas:G1 closed red"
        ),
    );
}

#[test]
fn what_is_said_of_it_while_it_is_quiet_stands_when_it_sounds() {
    let quiet = "0 G1=1.5 -> gas:G1 raised yellow!
         1 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         2 verify false gas:G1 Wu -> gas:G1 verified yellow
         3 feedback gas:G1 Wu -> gas:G1 feedback_given yellow
         4 G1=0 -> gas:G1 cleared yellow
         5 suppress gas:G1 Wu+Li -> gas:G1 suppressed yellow
         6 G1=1.5 -> gas:G1 raised yellow
         7 ack gas:G1 Wu -> gas:G1 acknowledged yellow";
    let world = at_site(
        SITE,
        &gas(),
        &format!(
            "{quiet}
             8 verify real gas:G1 Wu -> gas:G1 verified yellow
             9 act gas:G1 Wu -> gas:G1 acted yellow
             10 feedback gas:G1 Wu -> gas:G1 feedback_given yellow
             11 snapshot
             12 unsuppress gas:G1 Wu+Li -> gas:G1 unsuppressed yellow!
             13 ack gas:G1 Wu -> gas:G1 acknowledged yellow
             14 G1=0 -> gas:G1 cleared yellow
             15 close gas:G1 Wu -> gas:G1 closed yellow
             9000 tick"
        ),
    );
    assert_eq!(stages(&world)[8..], ["act", "feedback", "clear", "acknowledge", "clear", "close", "-"]);
    // It may be found to be nothing again, and how that went is asked for again.
    at_site(
        SITE,
        &gas(),
        &format!(
            "{quiet}
             8 verify false gas:G1 Wu -> gas:G1 verified yellow
             9 verify false gas:G1 Wu -> refused ALREADY_VERIFIED
             10 unsuppress gas:G1 Wu+Li -> gas:G1 unsuppressed yellow!
             11 ack gas:G1 Wu -> gas:G1 acknowledged yellow
             12 G1=0 -> gas:G1 cleared yellow
             13 close gas:G1 Wu -> refused FEEDBACK_MISSING
             14 feedback gas:G1 Wu -> gas:G1 feedback_given yellow
             15 close gas:G1 Wu -> gas:G1 closed yellow"
        ),
    );
}

#[test]
fn a_case_stays_as_grave_as_it_was_until_it_is_closed() {
    let world = at_site(
        SITE,
        &gas(),
        "0 G1=3 -> gas:G1 raised red!
         1 G1=1.5 -> gas:G1 tier_lowered yellow
         2 G1=0 -> gas:G1 cleared yellow
         3601 tick -> gas:G1 escalated yellow! @3600",
    );
    assert_eq!(world.told[2].facts.case.as_ref().map(|case| case.tier), Some(davy_model::Tier::Red));
}

#[test]
fn where_no_tier_has_a_duty_a_verdict_opens_a_case() {
    let world = at_site(
        "",
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         2 verify false gas:G1 Wu -> gas:G1 verified yellow
         3 G1=0 -> gas:G1 cleared yellow
         4 feedback gas:G1 Wu -> gas:G1 feedback_given yellow
         5 close gas:G1 Wu -> gas:G1 closed yellow
         6 verify real gas:G1 Wu -> refused NO_OPEN_CASE
         9000 tick",
    );
    assert_eq!(world.told[2].facts.case.as_ref().and_then(|case| case.verdict), Some(Verdict::False));
    assert!(world.told[3].facts.stands());
}

#[test]
fn other_files_leave_an_open_case_and_its_deadlines_and_a_rule_that_goes_says_what_goes_with_it() {
    let mut world = World::new(plan_at(SITE, PLACED, &gas()));
    world.plans.insert("none", plan_at("desks: [{id: gas}]\n", PLACED, &gas()));
    world.plans.insert("gone", plan_at(SITE, PLACED, &gas().replace("id: gas", "id: other")));
    let world = tell(
        world,
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 G1=0 -> gas:G1 cleared yellow
         2 activate none
         3601 tick -> gas:G1 escalated yellow! @3600
         3602 activate gone -> gas:G1 withdrawn yellow",
    );
    let last = world.told.last().expect("it was withdrawn");
    assert_eq!(last.message.en, "gas G1: its rule is no longer active, its open case ends with it");
}

#[test]
fn a_snapshot_without_an_open_case_is_one_that_an_older_davy_reads() {
    let schema = |bytes: &[u8]| bytes[..2].to_vec();
    let plan = plan_at(SITE, PLACED, &gas());
    let world = tell(World::new(Arc::clone(&plan)), "0 G1=0.5");
    assert_eq!(schema(&world.engine.snapshot()), [8, 1]);
    let world = tell(World::new(plan), "0 G1=1.5 -> gas:G1 raised yellow!");
    assert_eq!(schema(&world.engine.snapshot()), [8, 2]);
}

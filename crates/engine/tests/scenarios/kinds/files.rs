//! Calculated tags over restarts, snapshots and other files.

use crate::support::{PLACED, World, plan_of, rule, tell};

fn rate(over: &str) -> String {
    let levels = "levels: [{name: FAST, tier: yellow, at_or_above: 5, clear_below: 1}]";
    rule("rate", "T", &format!("rate_of_change: {{over: {over}, at_least: 4, {levels}}}"))
}

#[test]
fn a_snapshot_keeps_what_a_slope_is_laid_through() {
    let world = World::new(plan_of(PLACED, &rate("60s")));
    tell(
        world,
        "0 20
         10 21
         20 22
         21 snapshot
         30 23 -> rate:T raised yellow!
         31 snapshot
         40 23
         50 23
         60 23
         70 23 -> rate:T cleared yellow",
    );
}

#[test]
fn files_that_change_nothing_of_it_keep_it_and_others_begin_anew() {
    let mut world = World::new(plan_of(PLACED, &rate("60s")));
    let quick = rule("quick", "G1", "limit: [{name: H, tier: red, above: 9}]");
    world.plans.insert("same", plan_of(PLACED, &(rate("60s") + &quick)));
    world.plans.insert("other", plan_of(PLACED, &rate("80s")));
    tell(
        world,
        "0 20
         10 21
         20 22
         25 activate same
         30 23 -> rate:T raised yellow!
         35 activate other
         40 23
         50 23
         60 23
         70 23
         80 23 -> rate:T cleared yellow",
    );
}

#[test]
fn a_rule_that_is_gone_withdraws_its_alarm() {
    let mut world = World::new(plan_of(PLACED, &rate("60s")));
    let quick = rule("rate", "T", "limit: [{name: FAST, tier: yellow, above: 90}]");
    world.plans.insert("another-kind", plan_of(PLACED, &quick));
    tell(
        world,
        "0 20
         10 21
         20 22
         30 23 -> rate:T raised yellow!
         35 activate another-kind -> rate:T withdrawn yellow",
    );
}

#[test]
fn a_count_is_made_of_what_stands_when_its_files_come() {
    let point = rule("point", "G1, G4", "limit: [{name: B, tier: blue, above: 1}]");
    let item = rule("item", "G1", "count: {of: point, steps: [{at_least: 2, at: blue, gives: yellow}]}");
    let mut world = World::new(plan_of(PLACED, &point));
    world.plans.insert("counted", plan_of(PLACED, &(point + &item)));
    tell(
        world,
        "0 G1=2 G4=2 -> point:G1 raised blue!; point:G4 raised blue!
         5 activate counted -> item:park raised yellow!
         6 snapshot
         7 G4=0 -> point:G4 cleared blue; item:park cleared yellow",
    );
}

#[test]
fn a_restart_is_no_time_for_a_delay_of_several_tags_either() {
    let vote =
        "vote: {need: 2, degraded: available, levels: [{name: H, tier: red, above: 75, on_delay: 5s}]}";
    let world = World::new(plan_of(PLACED, &rule("vote", "G1, G2", vote)));
    tell(
        world,
        "0 G1=80
         0.5 G2=80
         2 restart
         60 G1=80
         60 G2=80
         63 G1=80
         64 tick
         65 tick -> vote:park raised red! @64.5",
    );
}

//! Kapacitor #744: alert state was lost when a task was redefined or the process restarted. What had cleared meanwhile, or
//! under the mended script, was never told "OK", and whoever was told of it saw it critical for ever. Davy takes open
//! alarms along: what no longer stands is cleared in words, what still stands is not told again.

use crate::support::{World, limit, plan, tell};

const LOW: &str = "{name: H, tier: red, at_or_above: 60, clear_below: 55}";
const RIGHT: &str = "{name: H, tier: red, at_or_above: 80, clear_below: 75}";

fn with(rules: &str, next: &str) -> World {
    let mut world = World::new(plan(rules));
    world.plans.insert("next", plan(next));
    world
}

#[test]
fn what_cleared_while_davy_was_down_is_cleared_once_a_reading_says_so() {
    tell(with(&limit(RIGHT), ""), "0 85 -> raised red!\n 1 snapshot\n 1000 restart\n 1001 70 -> cleared red");
}

#[test]
fn a_false_alarm_is_cleared_by_the_rule_that_was_mended() {
    tell(with(&limit(LOW), &limit(RIGHT)), "0 70 -> raised red!\n 5 activate next -> cleared red\n 6 70");
}

#[test]
fn nothing_clears_by_a_mended_rule_before_a_reading_is_known() {
    tell(
        with(&limit(LOW), &limit(RIGHT)),
        "0 70 -> raised red!\n 100 activate next\n 101 tick\n 102 70 -> cleared red",
    );
}

#[test]
fn what_still_stands_under_the_mended_rule_is_not_told_again() {
    tell(
        with(&limit(LOW), &limit(RIGHT)),
        "0 85 -> raised red!\n 1 ack -> acknowledged red\n 5 activate next\n 6 85\n 7 70 -> cleared red",
    );
}

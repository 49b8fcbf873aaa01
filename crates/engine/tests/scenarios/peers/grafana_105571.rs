//! Grafana #105571: an edge server that lost its connection sent no series, and "resolved" went out for an alert whose
//! state was still firing; "firing" again when the connection came back. In Davy only a usable reading past the clear
//! point ends an alarm: what is lost is told by an alarm of its own, and the one that stood stands on without a word.

use crate::support::{World, condition, limit, placed, plan, rule, story, tell};

const H: &str = "{name: H, tier: orange, at_or_above: 80, clear_below: 75, off_delay: 10s}";

#[test]
fn an_alarm_stands_over_an_hour_without_readings_and_is_not_raised_anew() {
    let stale = rule("quiet", "T", "stale: {after: 30s, tier: blue}");
    story(
        &format!("{}{stale}", limit(H)),
        "0 85 -> raised orange!
         1 lost gw1
         4 tick -> quiet:T raised blue!
         3600 tick
         3600 online gw1
         3601 85 -> quiet:T cleared blue
         3602 70
         3612 tick -> cleared orange",
    );
}

#[test]
fn a_clear_that_was_under_way_does_not_complete_without_readings() {
    story(&limit(H), "0 85 -> raised orange!\n 1 70\n 2 lost gw1\n 3600 tick\n 3601 85\n 3700 tick");
}

#[test]
fn nor_does_a_restart_in_the_gap_resolve_it() {
    tell(
        World::new(plan(&limit(H))),
        "0 85 -> raised orange!\n 1 lost gw1\n 2 snapshot\n 1000 restart\n 3600 tick\n 3601 85",
    );
}

#[test]
fn a_count_of_devices_that_fail_stands_while_nothing_is_known_of_them() {
    let high =
        condition("high", "G1, G2, G3", "limit: [{name: H, tier: yellow, at_or_above: 1, clear_below: 0.5}]");
    let count = rule(
        "many",
        "G1, G2, G3",
        "count: {of: [high], group_by: area, steps: [{at_least: 2, at: yellow, gives: orange}]}",
    );
    placed(
        &format!("{high}{count}"),
        "0 G1=2
         1 G2=2 -> many:west raised orange!
         2 lost gw1
         3 lost gw2
         3600 tick
         3601 G1=2
         3602 G2=0.1 -> many:west cleared orange",
    );
}

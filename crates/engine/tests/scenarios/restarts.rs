//! Davy was down: what passed before is kept, what passed meanwhile is not known.

use crate::support::{limit, rule, story};

const H: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 10s, off_delay: 10s}";

#[test]
fn an_elapsed_delay_is_kept_and_downtime_is_not_counted() {
    story(
        &limit(H),
        "0 85
         6 tick
         6 snapshot
         1000 restart
         1001 85
         1004.999 tick
         1005 tick -> raised yellow!",
    );
}

#[test]
fn an_alarm_that_stood_stands_on() {
    story(
        &limit(H),
        "0 85
         10 tick -> raised yellow!
         11 70
         12 tick
         12 snapshot
         1000 restart
         1001 70
         1009.999 tick
         1010 tick -> cleared yellow",
    );
}

#[test]
fn a_restart_is_no_silence() {
    story(
        &rule("stale", "T, U", "stale: {after: 20s, tier: yellow}"),
        "0 70
         1 U=1
         1000 restart
         1005 70
         1019.999 tick
         1020 tick -> stale:U raised yellow!",
    );
}

#[test]
fn a_shelving_that_ended_meanwhile_has_ended() {
    story(
        &limit("{name: H, tier: yellow, at_or_above: 80, clear_below: 75}"),
        "0 85 -> raised yellow!
         1 shelve 60 -> shelved yellow
         1000 restart -> shelve_expired yellow! @61",
    );
}

#[test]
fn a_by_exception_value_holds_again_once_its_edge_node_is_heard() {
    // The tag's clock stood still meanwhile: a backlog of that time may come yet.
    story(
        &rule("lim", "X", &format!("limit: [{H}]")),
        "0 X=85
         5 tick
         1000 restart
         1003 T=1
         1007.999 tick
         1008 tick -> lim:X raised yellow! late @13",
    );
}

#[test]
fn a_lost_edge_node_is_not_taken_for_lost_after_a_restart() {
    story(
        &rule("stale", "T", "stale: {after: 20s, tier: yellow}"),
        "0 70
         1 lost gw1
         2 restart
         21.999 tick
         22 tick -> stale:T raised yellow!",
    );
}

#[test]
fn a_mode_stands_over_a_restart_until_its_tag_is_silent() {
    story(
        &rule(
            "lim",
            "T",
            "limit: [{name: H, tier: yellow, at_or_above: 80}]\n    suppressed_while: {tag: M, at_or_above: 1}",
        ),
        "0 M=1    -> suppressed yellow
         1000 restart
         1001 85  -> raised yellow
         1030 tick -> unsuppressed yellow!",
    );
}

//! A tag that reports by exception and has no usable value any more is silent, though its edge node lives.

use crate::support::{TAGS, World, plan, plan_of, rule, story, tell};

fn stale(tags: &str) -> String {
    rule("stale", tags, "stale: {after: 20s, tier: yellow}")
}

#[test]
fn a_dead_device_is_silent_from_the_moment_its_evidence_ended() {
    story(
        &stale("X, Y"),
        "0 X=70 Y=1
         15 T=1
         30 T=1
         45 T=1
         50 X=70! T=1
         60 X=70!
         69.999 T=1
         70 T=1       -> stale:X raised yellow!
         80 T=1
         99 X=70!
         100 X=71 T=1 -> stale:X cleared yellow
         119.999 tick
         120 tick     -> stale:X raised yellow!; stale:Y raised yellow!",
    );
}

#[test]
fn a_device_that_is_back_in_time_is_no_news() {
    story(
        &stale("X"),
        "0 X=70
         10 X=70!
         29 X=70
         45 T=1
         50 X=70!
         69.999 T=1
         70 T=1 -> stale:X raised yellow!",
    );
}

#[test]
fn a_tag_whose_first_reading_is_bad_was_never_heard() {
    story(
        &stale("X"),
        "5 X=70!\n 15 T=1\n 20 T=1 -> stale:X raised yellow!\n 21 X=70 -> stale:X cleared yellow",
    );
}

#[test]
fn why_the_reading_is_bad_makes_no_difference_and_a_doubtful_one_is_evidence() {
    story(
        &stale("X"),
        "0 X=70
         10 X=70?
         15 X=170^
         34 T=1
         53 T=1
         72 T=1
         90 T=1
         91 X=NaN
         105 T=1
         111 T=1 -> stale:X raised yellow!",
    );
}

#[test]
fn a_loss_on_top_of_it_shortens_the_wait_and_never_lengthens_it() {
    story(
        &stale("X"),
        "0 X=70
         5 X=70!
         10 lost gw1
         13 tick -> stale:X raised yellow!
         14 X=70! T=1
         15 X=71 -> stale:X cleared yellow",
    );
    story(
        &stale("X"),
        "0 X=70
         5 X=70!
         10 lost gw1
         11 T=1
         24.999 T=1
         25 T=1 -> stale:X raised yellow!",
    );
    story(
        &stale("X"),
        "0 X=70
         10 lost gw1
         11 X=70!
         29.999 T=1
         30 T=1 -> stale:X raised yellow!",
    );
}

#[test]
fn an_edge_node_that_is_heard_again_holds_no_value_that_is_gone() {
    story(
        &stale("X, Y"),
        "0 X=70 Y=1
         1 X=70!
         2 T=1
         21 tick -> stale:X raised yellow!
         22 tick -> stale:Y raised yellow!
         60 T=1  -> stale:Y cleared yellow
         70 online gw1",
    );
}

#[test]
fn it_outlives_restarts_and_snapshots() {
    story(
        &stale("X"),
        "0 X=70
         5 X=70!
         6 snapshot
         10 T=1
         24.999 T=1
         25 T=1 -> stale:X raised yellow!
         26 snapshot
         40 T=1
         41 X=70 -> stale:X cleared yellow",
    );
    // Time while Davy was down is nobody's silence.
    story(
        &stale("X"),
        "0 X=70
         5 X=70!
         10 restart
         11 snapshot
         12 T=1
         29.999 T=1
         30 T=1 -> stale:X raised yellow!",
    );
}

#[test]
fn history_in_order_ends_evidence_and_older_history_does_not() {
    story(
        &stale("X"),
        "0 X=70@0
         10 X=71@10
         11 history X=70!@5
         25 T=1
         30 history X=70!@28
         49.999 T=1
         50 T=1 -> stale:X raised yellow!
         51 history X=70@27
         52 history X=70@29 -> stale:X cleared yellow",
    );
}

#[test]
fn a_replayed_reading_can_end_evidence_and_not_bring_it_back() {
    story(
        &stale("X"),
        "0 X=70@0
         10 T=1
         12 replayed X=70!@5
         13 replayed X=70@6
         25 T=1
         31.999 T=1
         32 T=1 -> stale:X raised yellow!
         40 replayed X=70@7
         41 T=1
         42 X=70 -> stale:X cleared yellow",
    );
    story(
        &stale("X"),
        "0 X=70@0
         2 X=70!
         22 tick -> stale:X raised yellow!
         23 replayed X=70@3
         24 restart
         25 T=1
         26 X=70 -> stale:X cleared yellow",
    );
}

#[test]
fn a_device_that_died_while_davy_was_down_is_silent() {
    // Its edge node, heard for the first time, is told of as lost and back; its births tell what still is.
    story(
        &stale("X, Y"),
        "0 X=70 Y=1
         10 restart
         12 lost gw1
         12 online gw1
         12 Y=1 T=1
         31.999 T=1
         32 T=1 -> stale:X raised yellow!
         40 X=70 -> stale:X cleared yellow",
    );
}

#[test]
fn it_is_carried_over_an_activation_and_forgotten_with_its_tag() {
    let mut world = World::new(plan(&stale("X")));
    world.plans.insert("longer", plan(&rule("stale", "X", "stale: {after: 30s, tier: yellow}")));
    let without_x: String =
        TAGS.lines().filter(|line| !line.starts_with('X')).map(|line| format!("{line}\n")).collect();
    world.plans.insert("without", plan_of(&without_x, &stale("T")));
    world.plans.insert("again", plan(&stale("X")));
    tell(
        world,
        "0 X=70
         5 X=70!
         20 activate longer
         21 T=1
         34.999 T=1
         35 T=1 -> stale:X raised yellow!
         36 activate without -> stale:X withdrawn yellow
         37 activate again
         38 T=1
         39 X=70
         50 T=1
         60 T=1
         79.999 tick
         80 tick -> stale:X raised yellow!",
    );
}

#[test]
fn quieted_it_does_not_sound_and_stands_all_the_same() {
    let rules = rule(
        "stale",
        "X",
        "stale: {after: 20s, tier: yellow}\n    suppressed_while: {tag: M, at_or_above: 1}",
    );
    story(
        &rules,
        "0 X=70 M=1 -> stale:X suppressed yellow
         5 X=70!
         20 M=1
         25 T=1 -> stale:X raised yellow
         30 M=0 -> stale:X unsuppressed yellow!
         31 X=70 -> stale:X cleared yellow",
    );
}

#[test]
fn a_mode_it_switches_is_off_at_once_and_stays_off() {
    let rules = rule(
        "lim",
        "T",
        "limit: [{name: H, tier: yellow, at_or_above: 80, clear_below: 75}]\n    suppressed_while: {tag: X, at_or_above: 1}",
    );
    story(
        &rules,
        "0 X=1 -> suppressed yellow
         1 85  -> raised yellow
         2 X=1! -> unsuppressed yellow!
         3 T=85
         60 T=85
         70 T=85
         71 X=1 -> suppressed yellow",
    );
}

//! `vote`.

use crate::support::{placed, rule};

fn vote(degraded: &str) -> String {
    let body = format!(
        "vote:
      need: 2
      group_by: equipment
      degraded: {degraded}
      faulty: {{at_least: 2, tier: yellow}}
      levels: [{{name: TRIP, tier: red, at_or_above: 1.5, clear_below: 1.0}}]"
    );
    rule("vote", "G1, G2, G3", &body)
}

/// The story goes on after all three are known.
#[track_caller]
fn check(degraded: &str, text: &str) {
    // Until they are heard, they are faulty.
    let first = "0 G1=0.2 G3=0.2 -> vote:P/faulty raised yellow!; vote:P/faulty cleared yellow\n1 G2=0.2";
    placed(&vote(degraded), &format!("{first}\n{text}"));
}

#[test]
fn one_of_three_is_not_enough_and_two_are() {
    check(
        "safe",
        "2 G1=2.0
         3 G2=1.5 -> vote:P raised red!
         4 G1=0.9 -> vote:P cleared red",
    );
}

#[test]
fn a_faulty_channel_makes_it_one_of_two_or_two_of_two() {
    check(
        "safe",
        "2 G3=0!
         3 G1=2.0 -> vote:P raised red!",
    );
    check(
        "available",
        "2 G3=0!
         3 G1=2.0
         4 G2=2.0 -> vote:P raised red!",
    );
}

#[test]
fn two_faulty_channels_have_an_alarm_and_the_last_one_decides() {
    check(
        "safe",
        "2 G3=0!
         3 G2=0! -> vote:P/faulty raised yellow!
         4 G1=1.6 -> vote:P raised red!
         5 G2=0.1 -> vote:P/faulty cleared yellow
         6 G1=0.1 -> vote:P cleared red",
    );
}

#[test]
fn a_channel_that_falls_silent_is_faulty_by_itself() {
    check(
        "safe",
        "2 G1=2.0
         20 G1=2.0 G3=0.2
         31.1 tick -> vote:P raised red! @31.000001",
    );
}

#[test]
fn when_nothing_is_known_nothing_clears() {
    check(
        "safe",
        "2 G1=2.0
         3 G2=2.0 -> vote:P raised red!
         4 G1=0!
         5 G2=0! -> vote:P/faulty raised yellow!
         6 G3=0!
         7 G3=0.1
         8 G2=0.1 -> vote:P cleared red; vote:P/faulty cleared yellow",
    );
}

#[test]
fn what_is_passed_downwards_is_voted_on_downwards() {
    let body =
        "vote: {need: 2, group_by: equipment, degraded: safe, levels: [{name: LOW, tier: red, below: 0.5}]}";
    placed(
        &rule("vote", "G1, G2, G3", body),
        "0 G1=1 G3=1
         0 G2=1
         1 G1=0.1
         2 G2=0.4 -> vote:P raised red!
         3 G1=0.6 -> vote:P cleared red",
    );
    placed(
        &rule("vote", "G1, G2, G3", &body.replace("need: 2", "need: 1")),
        "0 G1=1 G3=1
         0 G2=1
         1 G1=0.1 -> vote:P raised red!",
    );
}

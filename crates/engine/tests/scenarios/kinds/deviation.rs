//! `deviation`.

use crate::support::{placed, rule};

const H: &str = "levels: [{name: FAR, tier: yellow, above: 1, deadband: 0.5}]";

#[test]
fn a_tag_is_compared_with_another() {
    placed(
        &rule("dev", "G1", &format!("deviation: {{from: {{tag: G2}}, {H}}}")),
        "0 G1=1.0
         1 G2=1.2
         2 G1=2.5 -> dev:G1 raised yellow!
         3 G2=2.1 -> dev:G1 cleared yellow
         4 G2=3.6 -> dev:G1 raised yellow!",
    );
}

#[test]
fn a_sign_is_kept_where_it_is_asked_for() {
    placed(
        &rule("dev", "G1", &format!("deviation: {{from: {{tag: G2}}, signed: true, {H}}}")),
        "0 G1=1.0
         1 G2=5
         2 G1=6.5 -> dev:G1 raised yellow!",
    );
}

#[test]
fn peers_are_as_many_as_are_known_and_their_median_is_what_counts() {
    placed(
        &rule("dev", "G1, G2, G3", &format!("deviation: {{from: {{peers: equipment, at_least: 2}}, {H}}}")),
        "0 G1=1.0
         1 G2=1.2
         2 G3=1.1
         3 G3=2.6 -> dev:G3 raised yellow!
         4 G2=0!
         5 G3=1.0
         6 G2=1.2 -> dev:G3 cleared yellow",
    );
}

#[test]
fn a_reference_that_is_not_known_neither_raises_nor_clears() {
    placed(
        &rule("dev", "G1", &format!("deviation: {{from: {{tag: G2}}, {H}}}")),
        "0 G1=1.0
         1 G2=3.2 -> dev:G1 raised yellow!
         2 G2=0!
         3 G1=3.2
         40 G1=3.2
         41 G2=3.2 -> dev:G1 cleared yellow",
    );
}

#[test]
fn a_tag_is_compared_with_what_it_usually_is() {
    placed(
        &rule("dev", "T", &format!("deviation: {{from: {{itself: 120s}}, {H}}}")),
        "0 20
         10 20.1
         20 20
         30 20.1
         40 20
         50 20.1
         60 20
         70 21.5 -> dev:T raised yellow!
         80 20.2 -> dev:T cleared yellow",
    );
}

#[test]
fn a_backlog_is_not_what_is_known_now() {
    placed(
        &rule("dev", "G1", &format!("deviation: {{from: {{tag: G2}}, {H}}}")),
        "1000 G1=1.0
         1001 G2=5@100
         1002 G2=5@200
         1003 G2=5@1003 -> dev:G1 raised yellow!",
    );
}

#[test]
fn a_reference_beyond_its_range_may_raise_and_not_clear() {
    placed(
        &rule("dev", "G1", &format!("deviation: {{from: {{tag: G2}}, {H}}}")),
        "0 G1=1.0
         1 G2=3.2^ -> dev:G1 raised yellow!
         2 G2=1.1^
         3 G2=1.1 -> dev:G1 cleared yellow",
    );
}

#[test]
fn what_is_usual_is_known_only_from_half_of_the_past() {
    placed(
        &rule("dev", "T", &format!("deviation: {{from: {{itself: 120s}}, {H}}}")),
        "0 20\n10 20\n20 25\n30 20\n40 20\n50 20\n60 20\n70 25 -> dev:T raised yellow!",
    );
}

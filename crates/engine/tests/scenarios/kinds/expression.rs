//! `expression`.

use crate::support::{placed, rule};

#[test]
fn a_number_is_judged_by_levels_in_its_unit() {
    let body = "expression:
      inputs: {out: OUT}
      value: this - out
      levels: [{name: LOSS, tier: orange, above: 1 m3/h, clear_below: 0.5 m3/h}]";
    placed(
        &rule("loss", "IN", body),
        "0 IN=100
         1 OUT=99.5
         2 IN=101 -> loss:IN raised orange!
         3 OUT=101 -> loss:IN cleared orange",
    );
}

#[test]
fn a_condition_has_a_tier_and_its_inputs_may_stand_beside_the_tag() {
    let body = "expression:
      inputs: {feeder: {quantity: state.feeder, same: area}}
      when: this > 1.0 && feeder
      tier: red
      on_delay: 5s";
    placed(
        &rule("live", "G1", body),
        "0 F=1
         1 G1=1.2
         6 tick -> live:G1 raised red!
         7 F=0 -> live:G1 cleared red",
    );
}

#[test]
fn an_input_without_evidence_neither_raises_nor_clears_unless_the_others_decide_alone() {
    let body = "expression: {inputs: {other: G2}, when: 'this > 1.0 && other > 1.0', tier: red}";
    placed(
        &rule("both", "G1", body),
        "0 G1=2
         1 G2=0!
         2 G2=2 -> both:G1 raised red!
         3 G2=0!
         4 G1=2
         5 G1=0.5 -> both:G1 cleared red",
    );
}

#[test]
fn a_result_is_believed_no_more_than_what_it_was_made_of() {
    let body =
        "expression: {inputs: {other: G2}, value: 'this - other', levels: [{name: H, tier: red, above: 1}]}";
    placed(
        &rule("diff", "G1", body),
        "0 G2=0.1
         1 G1=2 -> diff:G1 raised red!
         2 G1=0.5^
         3 G1=0.5 -> diff:G1 cleared red",
    );
}

#[test]
fn an_expression_may_ask_whether_an_input_is_known() {
    let body = "expression: {inputs: {other: G2}, when: 'this > 1.0 && !is_good(other)', tier: red}";
    placed(&rule("alone", "G1", body), "0 G2=1\n1 G1=2\n2 G2=0! -> alone:G1 raised red!");
}

//! `balance`.

use crate::support::{placed, rule};

fn balance(more: &str) -> String {
    rule(
        "leak",
        "IN",
        &format!(
            "balance: {{subject: line-1, out: OUT, over: 60s, coverage: 0.8{more}, levels: [{{name: LOSS, tier: orange, above: 2 m3/h, clear_below: 1}}]}}"
        ),
    )
}

#[test]
fn what_goes_in_and_does_not_come_out_is_found() {
    let world = placed(
        &balance(""),
        "0 IN=100
         0 OUT=99
         20 IN=100
         20 OUT=97
         40 IN=100
         40 OUT=96
         60 IN=100 -> leak:line-1 raised orange!
         60 OUT=95
         80 IN=100",
    );
    assert!(world.told.len() == 1);
}

#[test]
fn what_is_stored_is_not_lost() {
    // 5 m³/h more go in than come out; the store grows by 5 m³/h: 1 m is 100 m³.
    placed(
        &balance(", inventory: [{tag: S, times: 100}]"),
        "0 IN=100 S=1
         0 OUT=95
         20 IN=100 S=1.000278
         20 OUT=95
         40 IN=100 S=1.000556
         40 OUT=95
         60 IN=100 S=1.000833
         60 OUT=95
         80 IN=100 S=1.001111
         80 OUT=95",
    );
}

#[test]
fn a_meter_of_which_too_little_is_known_ends_the_balance() {
    placed(
        &balance(""),
        "0 IN=100
         0 OUT=90
         20 IN=100
         20 OUT=90!
         40 IN=100
         40 OUT=90!
         60 IN=100
         60 OUT=90!
         80 IN=100",
    );
}

#[test]
fn what_flowed_long_ago_does_not_flow_now() {
    // A backlog of the outflow: a trickle then, as much as flows in now.
    placed(
        &balance(""),
        "1000 IN=100
         1000 OUT=100
         1020 IN=100
         1020 OUT=1@100
         1021 OUT=1@110
         1040 IN=100
         1040 OUT=1@120
         1060 IN=100
         1060 OUT=100
         1080 IN=100
         1080 OUT=100",
    );
}

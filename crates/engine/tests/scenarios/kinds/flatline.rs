//! `flatline`.

use crate::support::{placed, rule};

fn flat() -> String {
    rule("flat", "T", "flatline: {over: 60s, spread: 0.1, tier: blue}")
}

#[test]
fn a_value_that_hangs_is_found_and_one_that_moves_is_not() {
    placed(
        &flat(),
        "0 20.0
         10 20.05
         20 20.0
         30 20.05
         40 20.0
         50 20.0
         60 20.0 -> flat:T raised blue!
         70 20.0
         80 20.3 -> flat:T cleared blue
         90 20.0",
    );
}

#[test]
fn a_window_that_is_not_whole_says_nothing() {
    placed(
        &flat(),
        "0 20
         10 20
         20 0!
         30 20
         40 20
         50 20
         60 20
         70 20
         80 20
         90 20 -> flat:T raised blue!",
    );
}

#[test]
fn so_many_readings_are_asked_for_and_no_more() {
    placed(
        &rule("flat", "T", "flatline: {over: 60s, spread: 0.1, at_least: 7, tier: blue}"),
        "0 20\n10 20\n20 20\n30 20\n40 20\n50 20\n60 20 -> flat:T raised blue!",
    );
}

#[test]
fn a_reading_beyond_the_range_proves_no_movement() {
    placed(
        &flat(),
        "0 20\n10 20\n20 20\n30 20\n40 20\n50 20
         60 20 -> flat:T raised blue!
         70 20.3^
         80 20
         90 20.3",
    );
}

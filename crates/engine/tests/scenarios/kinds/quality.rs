//! `quality`.

use crate::support::{placed, rule};

#[test]
fn a_sensor_that_fails_has_an_alarm_of_its_own() {
    placed(
        &rule("ill", "T", "quality: {is: [sensor_failure, over_range], tier: blue, latch: true}"),
        "0 20
         10 0! -> ill:T raised blue!
         20 0!
         30 20 -> ill:T cleared blue
         40 99^ -> ill:T raised blue!",
    );
}

#[test]
fn a_delay_lets_a_single_bad_reading_pass() {
    placed(
        &rule("ill", "T", "quality: {is: sensor_failure, tier: blue, on_delay: 15s}"),
        "0 20
         10 0!
         20 20
         30 0!
         40 0!
         50 0! -> ill:T raised blue! @45",
    );
}

#[test]
fn another_reason_is_another_rules() {
    placed(&rule("ill", "T", "quality: {is: calibration, tier: blue}"), "0 20\n10 0!\n20 0!");
}

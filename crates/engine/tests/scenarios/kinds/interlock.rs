//! `interlock`.

use crate::support::{placed, rule};

fn cut() -> String {
    rule(
        "cut",
        "G1",
        "interlock:
      when: {at_or_above: 1.5 %vol, until_below: 1.0 %vol}
      proof: {quantity: state.feeder, same: area, is: off}
      within: 5s
      tier: red",
    )
}

#[test]
fn methane_past_its_cut_off_and_a_feeder_still_on_is_the_gravest_state() {
    placed(
        &cut(),
        "0 F=1
         1 G1=0.8
         2 G1=1.5
         4 G1=1.2
         6 F=1
         7 tick -> cut:G1 raised red!
         8 F=0 -> cut:G1 cleared red",
    );
}

#[test]
fn a_cut_that_happens_in_time_is_no_alarm() {
    placed(&cut(), "0 F=1\n1 G1=1.6\n5 F=0\n20 G1=1.6");
}

#[test]
fn a_feeder_of_which_nothing_is_known_proves_nothing() {
    placed(
        &cut(),
        "0 F=0
         1 G1=1.6
         2 F=0!
         7 tick -> cut:G1 raised red!",
    );
}

#[test]
fn the_command_stands_until_methane_is_well_below() {
    placed(
        &cut(),
        "0 F=0
         1 G1=1.6
         2 G1=1.2
         3 F=1
         8 tick -> cut:G1 raised red!
         9 G1=0.9 -> cut:G1 cleared red
         10 F=1
         20 G1=1.2",
    );
}

#[test]
fn a_command_out_of_a_backlog_is_no_command_now() {
    placed(
        &cut(),
        "1000 F=1
         1001 G1=1.6@100
         1002 G1=0.5@1002
         1010 tick",
    );
}

#[test]
fn every_feeder_must_be_proven_off() {
    placed(
        &cut().replace("quantity: state.feeder, same: area", "tag: [F, G4]"),
        "0 F=0 G4=1
         1 G1=1.6
         6 tick -> cut:G1 raised red!
         7 G4=0 -> cut:G1 cleared red",
    );
}

#[test]
fn a_proof_that_is_doubtful_is_none() {
    placed(&cut(), "0 F=0?\n1 G1=1.6\n6 F=0? -> cut:G1 raised red!");
}

#[test]
fn a_reading_beyond_the_range_does_not_end_the_command() {
    placed(
        &cut(),
        "0 F=1
         1 G1=1.6
         6 tick -> cut:G1 raised red!
         7 G1=0.9^
         8 G1=1.2
         9 G1=0.9 -> cut:G1 cleared red",
    );
}

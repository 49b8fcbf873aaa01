//! `corroborate`.

use crate::support::{condition, placed, rule};

fn rules(of: &str) -> String {
    of.to_owned()
        + &rule("both", "G1", "corroborate: {of: whiff, group_by: area, at_least: 2, within: 60s, tier: red}")
}

fn whiff() -> String {
    condition("whiff", "G1, G2, G3, G4", "limit: [{name: W, tier: blue, above: 0.3, clear_below: 0.2}]")
}

#[test]
fn two_devices_of_an_area_within_a_minute_say_what_one_alone_does_not() {
    let world = placed(
        &rules(&whiff()),
        "0 G1=0.5
         30 G1=0.5
         50 G2=0.5 -> both:west raised red!
         60 G1=0.1 -> both:west cleared red",
    );
    assert_eq!(
        world.told.iter().map(|told| told.sequence).collect::<Vec<_>>(),
        [1, 2],
        "a condition is no transition"
    );
    assert_eq!(world.told[0].evidence.alarms.len(), 2);
}

#[test]
fn too_far_apart_in_time_or_place_they_are_two_stories() {
    placed(&rules(&whiff()), "0 G1=0.5\n20 G1=0.5\n40 G1=0.5\n61 G2=0.5");
    placed(&rules(&whiff()), "0 G1=0.5\n10 G4=0.5");
}

#[test]
fn two_tags_of_one_device_are_one_witness() {
    placed(
        &rules(&whiff()).replace("group_by: area", "group_by: site"),
        "0 G3=0.5
         1 G4=0.5
         2 G1=0.5 -> both:park raised red!",
    );
}

#[test]
fn a_condition_cannot_be_acknowledged_for_it_is_no_alarm() {
    placed(
        &rules(&whiff()),
        "0 G1=0.5
         1 ack whiff:G1 Wu -> refused ALARM_UNKNOWN",
    );
}

#[test]
fn a_minute_is_within_a_minute() {
    placed(&rules(&whiff()), "0 G1=0.5\n20 G1=0.5\n40 G1=0.5\n60 G2=0.5 -> both:west raised red!");
}

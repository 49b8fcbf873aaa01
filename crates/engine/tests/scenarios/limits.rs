//! Where a limit begins and where it ends.

use crate::support::{check, limit, story};

#[test]
fn each_comparator_at_just_below_and_just_above_its_set_point() {
    for (comparator, states) in
        [("above", "..#"), ("at_or_above", ".##"), ("below", "#.."), ("at_or_below", "##.")]
    {
        let rules = limit(&format!("{{name: H, tier: yellow, {comparator}: 80}}"));
        for (value, want) in ["79.999", "80", "80.001"].into_iter().zip(states.chars()) {
            check(&rules, &format!("1 {value}"), &want.to_string());
        }
    }
}

#[test]
fn each_kind_of_clear_point() {
    for (level, back) in [
        ("at_or_above: 80, clear_below: 75", [("75", '#'), ("74.9", 'r')]),
        ("at_or_above: 80, clear_at_or_below: 75", [("75.1", '#'), ("75", 'r')]),
        ("at_or_below: 20, clear_above: 25", [("25", '#'), ("25.1", 'r')]),
        ("at_or_below: 20, clear_at_or_above: 25", [("24.9", '#'), ("25", 'r')]),
        ("above: 80, deadband: 2", [("78.1", '#'), ("77", 'r')]),
        ("below: 20, deadband: 2", [("21.9", '#'), ("23", 'r')]),
        ("at_or_above: 80", [("80", '#'), ("79.9", 'r')]),
        ("below: 20", [("19.9", '#'), ("20", 'r')]),
    ] {
        let rules = limit(&format!("{{name: H, tier: yellow, {level}}}"));
        let past = if level.starts_with("at_or_above") || level.starts_with("above") { 90 } else { 10 };
        for (value, want) in back {
            check(&rules, &format!("1 {past}\n2 {value}"), &format!("#{want}"));
        }
    }
}

const DEADBAND: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75}";

#[test]
fn noise_inside_the_deadband_does_not_chatter() {
    check(&limit(DEADBAND), "0 85\n5 79\n6 81\n7 76\n8 74\n9 79", "####rr");
}

#[test]
fn a_bad_reading_neither_raises_nor_clears() {
    check(&limit(DEADBAND), "0 85!\n1 85\n2 0!\n3 85\n4 70", ".###r");
}

#[test]
fn a_number_that_is_none_is_no_evidence() {
    check(&limit(DEADBAND), "0 T=NaN\n1 T=inf\n2 85\n3 T=NaN\n4 T=-inf\n5 70", "..###r");
}

#[test]
fn beyond_its_range_a_sensor_raises_but_does_not_clear() {
    check(&limit(DEADBAND), "0 85^\n1 0^\n2 0?", "##r");
}

#[test]
fn an_alarm_that_comes_again_is_a_new_occurrence() {
    let world = story(
        &limit(DEADBAND),
        "0 85   -> raised yellow!
         1 70   -> cleared yellow
         2 85   -> raised yellow!
         3 ack#1 -> refused OCCURRENCE_CHANGED
         3 ack#2 -> acknowledged yellow
         4 70   -> cleared yellow",
    );
    let ids: Vec<String> = world.told.iter().map(|transition| transition.id().to_string()).collect();
    let steps = ["1.1", "1.2", "2.1", "2.2", "2.3"];
    assert_eq!(ids, steps.map(|step| format!("park:lim:T#{step}")));
}

#[test]
fn a_transition_explains_itself() {
    let rules = limit("{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 5s}");
    let world = story(&rules, "0 85\n 3 86\n 4.9 87@5 -> raised yellow! @5");
    let told = &world.told[0];
    assert_eq!(told.message.en, "lim T: 87 degC ≥ 80 degC (H), for 5 s");
    assert_eq!(told.evidence.readings.iter().filter_map(|seen| seen.value).collect::<Vec<_>>(), [85.0, 87.0]);
    assert_eq!(told.evidence.readings_held, 3);
}

//! In what a rule would be otherwise, and the series that shows it.

use davy_workbench::deadband::{Comparison, Profile, Worked, compare, path};

use crate::support::{levels, shown};

const TWO: &str =
    "{name: H, tier: yellow, above: 80, deadband: 5}, {name: HH, tier: red, above: 90, deadband: 5}";

/// `H raises > 80 / > 85, clears...; point`, a line a level.
fn told(profile: Profile, text: &str) -> String {
    let levels = levels(text);
    let Comparison { levels: found, moves, obstacles } = compare(profile, &levels);
    let mut lines = Vec::new();
    for level in &found {
        let pair = |word, pair: &Option<_>| {
            pair.as_ref().map(|(here, there)| format!(" {word} {here} / {there}")).unwrap_or_default()
        };
        let only = if level.at_the_point_only { " at the point" } else { "" };
        let (raises, clears) = (pair("raises", &level.raises), pair("clears", &level.clears));
        lines.push(format!("{}{raises}{clears}{only}", levels[level.level].name));
        let worked = level.worked.as_ref().expect("a series that shows it");
        let alone = std::slice::from_ref(&levels[level.level]);
        assert_eq!(seen(profile, alone, worked), (true, true), "{worked:?}");
    }
    if let Some(worked) = moves {
        lines.push(format!(
            "moves {:?}: {} / {}",
            worked.values,
            shown(&levels, &worked.here),
            shown(&levels, &worked.there)
        ));
        assert_eq!(
            (&worked.here, &worked.there),
            (&path(Profile::Davy, &levels, &worked.values), &path(profile, &levels, &worked.values))
        );
    }
    lines.extend(obstacles);
    lines.join("\n")
}

/// Whether the series shows a difference at its end, and none before.
fn seen(profile: Profile, alone: &[davy_rules::Level], worked: &Worked) -> (bool, bool) {
    let here = path(Profile::Davy, alone, &worked.values);
    let there = path(profile, alone, &worked.values);
    let last = worked.values.len() - 1;
    (here[last] != there[last], here[..last] == there[..last])
}

#[test]
fn what_is_otherwise_is_told_with_both_points_and_nothing_where_it_is_alike() {
    let gas = "{name: H, tier: red, at_or_above: 80, deadband: 5}";
    for (profile, levels, want) in [
        (Profile::Davy, TWO, ""),
        (Profile::AvevaA, gas, "H raises ≥ 80 / > 80 at the point"),
        (Profile::AvevaB, gas, "H raises ≥ 80 / > 85"),
        (Profile::OpcUa, gas, ""),
        (Profile::OpcUaEach, gas, ""),
        (
            Profile::OpcUaEach,
            "{name: L, tier: red, below: 20, deadband: 2}",
            "L clears ≥ 22 / > 22 at the point",
        ),
        (Profile::AvevaB, "{name: L, tier: red, below: 20, clear_above: 22}", "L raises < 20 / < 18"),
    ] {
        assert_eq!(told(profile, levels), want, "{} of {levels}", profile.word());
    }
}

#[test]
fn an_exclusive_alarm_returns_where_the_lesser_level_was_never_entered() {
    let levels = "{name: H, tier: yellow, at_or_above: 80, deadband: 5}, {name: HH, tier: red, at_or_above: 90, deadband: 5}";
    assert_eq!(told(Profile::OpcUa, levels), "moves [98.0, 78.0]: HH H / HH .");
    assert_eq!(told(Profile::OpcUaEach, levels), "");
}

#[test]
fn what_one_alarm_of_that_system_cannot_have_is_told() {
    let level = |name, tier, figures: &str| format!("{{name: {name}, tier: {tier}, {figures}}}");
    let wide = [
        level("H", "yellow", "at_or_above: 80, deadband: 2"),
        level("HH", "red", "at_or_above: 90, deadband: 15"),
    ]
    .join(", ");
    let three =
        ["yellow", "orange", "red"].map(|tier| level(tier, tier, "at_or_above: 80, deadband: 2")).join(", ");
    let crossed = [
        level("L", "yellow", "at_or_below: 20, deadband: 70"),
        level("H", "red", "at_or_above: 80, deadband: 70"),
    ]
    .join(", ");
    let falling = [
        level("L", "yellow", "at_or_below: 20, deadband: 2"),
        level("LL", "red", "at_or_below: 10, deadband: 12"),
    ]
    .join(", ");
    for (profile, levels, want) in [
        (Profile::OpcUaEach, &wide, "HH clears at or past the set point of H"),
        (
            Profile::OpcUaEach,
            &three,
            "3 rising levels; it has HighHigh, High, Low and LowLow\nyellow and orange have the same set point\norange and red have the same set point",
        ),
        (
            Profile::OpcUaEach,
            &crossed,
            "H clears at or past the set point of L\nL clears at or past the set point of H",
        ),
        (Profile::OpcUaEach, &falling, "LL clears at or past the set point of L"),
        (Profile::AvevaA, &wide, "one deadband for all limits of an attribute; here H 2, HH 15"),
    ] {
        let told = told(profile, levels);
        let told: Vec<&str> = told.lines().filter(|line| !line.contains(" raises ")).collect();
        assert_eq!(told.join("\n"), want, "{} of {levels}", profile.word());
    }
}

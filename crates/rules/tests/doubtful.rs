//! What an engineer gets told of calculated rules that are not wrong, but seldom meant.

mod plain;

use davy_model::BundleFile;
use davy_rules::{Diagnostic, bundle, compile_with_warnings};
use plain::bent;

/// The good site with more rules at the start of its file.
fn told(rules: &str) -> Vec<String> {
    told_of(bent("rules/a.yaml", "rules:\n", &format!("rules:\n{rules}")))
}

fn told_of(files: Vec<BundleFile>) -> Vec<String> {
    match bundle(files).and_then(|bundle| compile_with_warnings(&bundle)) {
        Ok((_, warnings)) => warnings.iter().map(Diagnostic::to_string).collect(),
        Err(findings) => findings.iter().map(Diagnostic::to_string).collect(),
    }
}

fn rule(id: &str, applies_to: &str, kind: &str) -> String {
    let applies_to =
        if applies_to.is_empty() { String::new() } else { format!(" applies_to: {applies_to},") };
    format!("  - {{id: {id},{applies_to} {kind}, response: {{action: Go there, time_to_respond: 10m}}}}\n")
}

fn condition(id: &str, applies_to: &str) -> String {
    format!(
        "  - {{id: {id}, applies_to: {applies_to}, alarm: false, limit: [{{name: L, tier: yellow, above: 5 ppm}}]}}\n"
    )
}

const GAS: &str = "{quantity: gas.h2s}";
const TANK: &str = "{tag: TK-1/level}";

#[test]
fn a_window_that_cannot_hold_its_readings_is_told_with_one_that_can() {
    let slope = |over: &str| {
        let levels = "levels: [{name: F, tier: yellow, above: 1 ppm/min}]";
        told(&rule("rise", GAS, &format!("rate_of_change: {{over: {over}, at_least: 5, {levels}}}")))
    };
    assert_eq!(slope("5s"), [""; 0]);
    assert_eq!(
        slope("4s"),
        [
            "rules/a.yaml:2:5: rule \"rise\", tag \"AT-1/h2s\" and 1 more: found room for 4 readings for certain, one each 1s, expected room for 5: a window of at least 5s [WINDOW_TOO_SHORT]"
        ]
    );
    let mean = |over: &str| {
        let levels = "levels: [{name: M, tier: yellow, above: 5 m}]";
        told(&rule("mean", TANK, &format!("window: {{of: mean, over: {over}, {levels}}}")))
    };
    assert_eq!(mean("4s"), [""; 0]);
    assert_eq!(
        mean("3s"),
        [
            "rules/a.yaml:2:5: rule \"mean\", tag \"TK-1/level\": found room for 1 readings for certain, one each 2s, expected room for 2: a window of at least 4s [WINDOW_TOO_SHORT]"
        ]
    );
}

#[test]
fn a_time_to_a_limit_that_comes_too_late_or_to_one_that_is_never_seen_is_told() {
    let fills = |to: &str, minutes: u32| {
        let levels = format!("levels: [{{name: SOON, tier: orange, at_or_below: {minutes} min}}]");
        told(&rule("fills", TANK, &format!("time_to_limit: {{to: {to}, over: 5m, {levels}}}")))
    };
    assert_eq!(fills("11 m", 10), [""; 0]);
    assert_eq!(
        fills("11 m", 9),
        [
            "rules/a.yaml:2:5: rule \"fills\", tag \"TK-1/level\": found a first warning 9 min before the limit, expected at least time_to_respond, 10m [WARNING_TOO_LATE]"
        ]
    );
    assert_eq!(
        fills("13 m", 10),
        [
            "rules/a.yaml:2:5: rule \"fills\", tag \"TK-1/level\": found to 13 m, expected a limit from 0 to 12 m [SET_POINT_OUTSIDE_RANGE]"
        ]
    );
}

#[test]
fn a_count_that_no_group_can_reach_is_told() {
    let count = |steps: &str| {
        told(
            &(condition("whiff", GAS)
                + &rule("many", "", &format!("count: {{of: whiff, steps: [{steps}]}}"))),
        )
    };
    assert_eq!(count("{at_least: 2, at: yellow, gives: orange}"), [""; 0]);
    assert_eq!(
        count("{at_least: 3, at: yellow, gives: red}"),
        [
            "rules/a.yaml:3:43: rule \"many\", level \"3-yellow\": found 2 at most in any group, expected groups of at least 3, or the level is never reached [LEVEL_UNREACHABLE]"
        ]
    );
    assert_eq!(
        count("{at_least: 1, at: yellow, gives: orange}, {at_least: 1, at: red, gives: red}"),
        [
            "rules/a.yaml:3:85: rule \"many\", level \"1-red\": found 0 at most in any group, expected groups of at least 1, or the level is never reached [LEVEL_UNREACHABLE]"
        ]
    );
}

#[test]
fn two_tags_of_one_device_cannot_bear_each_other_out() {
    let both = |device_of_the_second: &str| {
        let kind = "corroborate: {of: whiff, group_by: equipment, at_least: 2, within: 1m, tier: red}";
        let rules = condition("whiff", GAS) + &rule("both", "", kind);
        let mut files = bent("rules/a.yaml", "rules:\n", &format!("rules:\n{rules}"));
        files[1].text = files[1].text.replace("gw-1,,P-1", &format!("gw-1,{device_of_the_second},P-1"));
        told_of(files)
    };
    assert_eq!(both(""), [""; 0]);
    assert_eq!(
        both("AT-1"),
        [
            "rules/a.yaml:3:29: rule \"both\", level \"DEVICES\": found 1 at most in any group, expected groups of at least 2, or the level is never reached [LEVEL_UNREACHABLE]"
        ]
    );
}

#[test]
fn a_condition_that_no_rule_looks_at_is_told() {
    assert_eq!(
        told(&condition("whiff", GAS)),
        [
            "rules/a.yaml:2:5: rule \"whiff\": alarm: found false, and no rule that looks at it, expected a rule that names it in its of, or an alarm of its own [CONDITION_UNUSED]"
        ]
    );
}

#[test]
fn only_rules_that_look_at_alarms_do_without_tags() {
    let slope =
        rule("rise", "", "rate_of_change: {over: 1m, levels: [{name: F, tier: yellow, above: 1 ppm/min}]}");
    assert_eq!(told(&slope).len(), 1);
    assert!(told(&slope)[0].contains("expected the key applies_to [KEY_MISSING]"), "{:?}", told(&slope));
    let nothing = condition("whiff", "{tag: \"X*\"}")
        + &rule("many", "", "count: {of: whiff, steps: [{at_least: 1, at: yellow, gives: red}]}");
    let nothing = told(&nothing);
    assert!(
        nothing.iter().any(|line| line.contains("rule \"many\": of: found no alarm to look at")),
        "{nothing:?}"
    );
}

//! What is not wrong with a rule, but seldom meant: what an engineer gets told, and what not.

mod plain;

use davy_rules::{Diagnostic, Severity, bundle, compile_with_warnings};
use plain::{RULES, SITE, TAGS, bent};

/// Warnings about a site with these tags behind the good ones and these rules before them.
fn told(site: &str, tags: &str, rules: &str) -> Vec<String> {
    let mut files = bent("", "", "");
    files[0].text = format!("{SITE}{site}");
    files[1].text = format!("{TAGS}{tags}");
    files[2].text = RULES.replacen("rules:\n", &format!("rules:\n{rules}"), 1);
    match bundle(files).and_then(|bundle| compile_with_warnings(&bundle)) {
        Ok((_, warnings)) => {
            assert!(warnings.iter().all(|found| found.severity == Severity::Warning));
            warnings.iter().map(Diagnostic::to_string).collect()
        }
        Err(findings) => panic!("{findings:#?}"),
    }
}

/// A rule on a line of its own: its id, its tag, and the rest.
fn rule(id: &str, tag: &str, rest: &str) -> String {
    format!(
        "  - {{id: {id}, applies_to: {{tag: {tag}}}, response: {{action: Go there, time_to_respond: 10m}}, {rest}}}\n"
    )
}

/// What is told of one rule more on a tag.
fn about(tag: &str, rest: &str) -> Vec<String> {
    told("", "", &rule("x", tag, rest))
}

const TANK: &str = "TK-1/level";
const GAS: &str = "AT-3/mix";

/// A tag, what a rule says of it, and the one warning that comes of it; none, where there is none.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str)] = &[
    // Nothing holds the level back.
    (TANK, "limit: [{name: H, tier: blue, above: 5 m}]",
        "level \"H\", tag \"TK-1/level\": found nothing that holds it back, expected a deadband, clear_below or off_delay: noise at 5 m raises it again and again [DEADBAND_MISSING]"),
    (TANK, "limit: [{name: L, tier: blue, at_or_below: 2 m}]",
        "level \"L\", tag \"TK-1/level\": found nothing that holds it back, expected a deadband, clear_above or off_delay: noise at 2 m raises it again and again [DEADBAND_MISSING]"),
    (TANK, "limit: [{name: H, tier: blue, above: 5 m, deadband: 10 cm}]", ""),
    (TANK, "limit: [{name: H, tier: blue, at_or_above: 5 m, clear_below: 5 m}]", ""),
    (TANK, "limit: [{name: H, tier: blue, above: 5 m, off_delay: 10s}]", ""),
    (TANK, "limit: [{name: H, tier: blue, above: 5 m, latch: true}]", ""),
    // A graver level hides a lesser one.
    (TANK, "limit: [{name: H, tier: blue, at_or_above: 5 m, clear_below: 5 m}, {name: HH, tier: red, at_or_above: 5 m, clear_below: 5 m}]",
        "level \"H\", tag \"TK-1/level\": found \"5 m\", expected a set point before that of the graver \"HH\", 5 m [LEVEL_HIDDEN]"),
    (TANK, "limit: [{name: H, tier: blue, at_or_above: 5 m, clear_below: 5 m}, {name: HH, tier: red, at_or_above: 5 m, clear_below: 5 m, on_delay: 1m}]", ""),
    (TANK, "limit: [{name: H, tier: blue, at_or_above: 5 m, clear_below: 4 m}, {name: HH, tier: red, at_or_above: 5 m, clear_below: 5 m}]", ""),
    (TANK, "limit: [{name: H, tier: blue, at_or_above: 5 m, clear_below: 5 m, off_delay: 1m}, {name: HH, tier: red, at_or_above: 5 m, clear_below: 5 m}]", ""),
    (TANK, "limit: [{name: H, tier: blue, above: 5 m, deadband: 1 m}, {name: HH, tier: red, above: 6 m, deadband: 1 m}]", ""),
    // A leak is told at once.
    (GAS, "limit: [{name: L1, tier: orange, above: 5, deadband: 1}, {name: L2, tier: red, above: 10, deadband: 1, on_delay: 5s}]",
        "level \"L2\", tag \"AT-3/mix\": found an on_delay, and no alarm as grave without one, expected no on_delay at the gravest level of a gas: it hides a leak [GAS_ALARM_DELAYED]"),
    (GAS, "limit: [{name: PRE, tier: blue, above: 5, deadband: 1, on_delay: 5s}, {name: L2, tier: red, above: 10, deadband: 1}]", ""),
    (GAS, "limit: [{name: LOW, tier: red, below: 1, deadband: 1, on_delay: 5s}]", ""),
    ("AT-1/h2s", "limit: [{name: PRE, tier: blue, above: 3 ppm, deadband: 1 ppm, on_delay: 5s}]", ""),
    (TANK, "limit: [{name: HH, tier: red, above: 5 m, deadband: 1 m, on_delay: 5s}]", ""),
    // What is calculated of a sensor goes no further than the sensor.
    (TANK, "window: {of: mean, over: 1h, levels: [{name: M, tier: blue, above: 12.5 m}]}",
        "tag \"TK-1/level\": found level \"M\" at 12.5 m, expected 0 to 12 m, what the sensor can measure [SET_POINT_OUTSIDE_RANGE]"),
    (TANK, "window: {of: mean, over: 1h, levels: [{name: M, tier: blue, above: 11 m}]}", ""),
    (TANK, "deviation: {from: {itself: 24h}, levels: [{name: D, tier: blue, above: 13 m}]}",
        "tag \"TK-1/level\": found level \"D\" at 13 m, expected 0 to 12 m, as wide as the range [SET_POINT_OUTSIDE_RANGE]"),
    (TANK, "deviation: {from: {itself: 24h}, levels: [{name: D, tier: blue, below: -1 m}]}",
        "tag \"TK-1/level\": found level \"D\" at -1 m, expected 0 to 12 m, as wide as the range [SET_POINT_OUTSIDE_RANGE]"),
    (TANK, "deviation: {from: {itself: 24h}, signed: true, levels: [{name: D, tier: blue, below: -1 m}]}", ""),
    ("AT-1/h2s", "deviation: {from: {tag: AT-3/mix}, levels: [{name: D, tier: blue, above: 90 ppm}]}", ""),
    (TANK, "rate_of_change: {over: 10m, levels: [{name: F, tier: blue, above: 2.5 m/min}]}",
        "tag \"TK-1/level\": found level \"F\" at 2.5 m/min, expected -2.4 to 2.4 m/min, all of the range in half of over [SET_POINT_OUTSIDE_RANGE]"),
    (TANK, "rate_of_change: {over: 10m, levels: [{name: F, tier: blue, above: 2.3 m/min}]}", ""),
    (TANK, "spike: {over: 1m, sigma_min: 2 m, levels: [{name: S, tier: blue, above: 7}]}",
        "tag \"TK-1/level\": found level \"S\" at 7, expected 0 to 6 1, all of the range in sigma_min [SET_POINT_OUTSIDE_RANGE]"),
    (TANK, "spike: {over: 1m, sigma_min: 2 m, levels: [{name: S, tier: blue, above: 5}]}", ""),
    (TANK, "flatline: {over: 1h, spread: 12.5 m, tier: blue}",
        "tag \"TK-1/level\": found level \"FLAT\" at 12.5 m, expected 0 to 12 m, less than all of the range [SET_POINT_OUTSIDE_RANGE]"),
    (TANK, "flatline: {over: 1h, spread: 1 cm, tier: blue}", ""),
    (TANK, "vote: {need: 1, degraded: safe, faulty: {at_least: 1, tier: blue}, levels: [{name: V, tier: red, above: 13 m}]}",
        "tag \"park\": found level \"V\" at 13 m, expected 0 to 12 m, what the sensors can measure [SET_POINT_OUTSIDE_RANGE]"),
    // Another rule tells the same.
    (TANK, "suppressed_while: {tag: AT-3/mix, at_or_above: 1}, limit: [{name: HHH, tier: red, above: 11 m, deadband: 1 m}]",
        "tag \"TK-1/level\": found levels that \"level\" passes as early, and as gravely, expected a level that is passed earlier or is graver, or no rule [RULE_SHADOWED]"),
    (TANK, "suppressed_while: {tag: AT-3/mix, at_or_above: 1}, limit: [{name: HH, tier: orange, above: 10.8 m, deadband: 1 m, on_delay: 5s}]",
        "tag \"TK-1/level\": found levels that \"level\" passes as early, and as gravely, expected a level that is passed earlier or is graver, or no rule [RULE_SHADOWED]"),
    (TANK, "suppressed_while: {tag: AT-3/mix, at_or_above: 1}, limit: [{name: HH, tier: red, at_or_above: 10.8 m, deadband: 1 m}]", ""),
    (TANK, "suppressed_while: {tag: AT-3/mix, at_or_above: 1}, limit: [{name: H, tier: red, above: 10 m, deadband: 1 m}]", ""),
    (TANK, "suppressed_while: {tag: AT-3/mix, at_or_above: 1}, alarm: false, limit: [{name: HHH, tier: red, above: 11 m}]",
        "alarm: found false, and no rule that looks at it, expected a rule that names it in its of, or an alarm of its own [CONDITION_UNUSED]"),
];

#[test]
fn each_oddity_is_told_once_and_what_is_near_it_is_not() {
    let mut wrong = Vec::new();
    for (tag, rest, want) in CASES {
        let found = about(tag, rest);
        let as_wanted = match &found[..] {
            [] => want.is_empty(),
            [one] => !want.is_empty() && one.ends_with(want),
            _ => false,
        };
        if !as_wanted {
            wrong.push(format!("{rest}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[test]
fn a_rule_is_in_no_shadow_of_one_that_may_be_quiet() {
    // The good site's rule on the level is quieted by a tag; quieted by the same, this one tells nothing new.
    let quiet = "suppressed_while: {tag: AT-3/mix, at_or_above: 1}, ";
    let beyond = "limit: [{name: HHH, tier: red, above: 11 m, deadband: 1 m}]";
    let shadowed = |found: Vec<String>| found.iter().any(|line| line.contains("RULE_SHADOWED"));
    assert!(shadowed(about(TANK, &format!("{quiet}{beyond}"))));
    assert!(!shadowed(about(TANK, beyond)));
}

#[test]
fn of_two_rules_that_say_the_same_the_second_is_told() {
    let same = "limit: [{name: H, tier: yellow, above: 50, deadband: 1}]";
    let found = told("", "", &(rule("a", GAS, same) + &rule("b", GAS, same)));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("rules/a.yaml:3:5: rule \"b\", tag \"AT-3/mix\": found levels that \"a\""),
        "{found:#?}"
    );
}

#[test]
fn a_shadow_is_thrown_by_what_speaks_as_early_and_as_gravely() {
    let first = "limit: [{name: H, tier: yellow, above: 50, deadband: 1}]";
    let second = "limit: [{name: H, tier: yellow, above: 60, deadband: 1}]";
    let quiet = "suppressed_while: {tag: TK-1/level, at_or_above: 1}, ";
    let late = first.replace("deadband", "on_delay: 10s, deadband");
    for (first, second, want) in [
        (first, second.to_owned(), 1),
        (first, format!("{quiet}{second}"), 1),
        (first, second.replace("yellow", "red"), 0),
        (&late, second.to_owned(), 0),
    ] {
        let found = told("", "", &(rule("a", GAS, first) + &rule("b", GAS, &second)));
        assert_eq!(found.len(), want, "{first} {second}: {found:#?}");
    }
}

#[test]
fn the_range_of_several_sensors_goes_as_far_as_any_of_theirs() {
    let tank = "TK-2/level,level,m,0,20,2s,farm,gw-2,,TK-2\n";
    let apart = |metres: u32| {
        let levels = format!("levels: [{{name: D, tier: blue, above: {metres} m}}]");
        told("", tank, &rule("x", TANK, &format!("deviation: {{from: {{tag: TK-2/level}}, {levels}}}"))).len()
    };
    assert_eq!((apart(19), apart(21)), (0, 1));
}

#[test]
fn of_oxygen_both_directions_are_grave() {
    let tag = "AT-9/o2,gas.o2,%vol,0,30,1s,farm,gw-1,,\n";
    let lack = "limit: [{name: L, tier: red, below: 18 %vol, deadband: 0.5 %vol, on_delay: 5s}, {name: H, tier: orange, above: 23 %vol, deadband: 0.5 %vol}]";
    let found = told("", tag, &rule("x", "AT-9/o2", lack));
    assert!(
        found.len() == 1 && found[0].contains("level \"L\"") && found[0].ends_with("[GAS_ALARM_DELAYED]"),
        "{found:#?}"
    );
}

#[test]
fn a_state_has_no_deadband() {
    let tag = "P-1/running,state.pump,on/off,,,1s,farm,gw-1,,\n";
    assert_eq!(
        told("", tag, &rule("x", "P-1/running", "limit: [{name: STOP, tier: blue, below: 1}]")),
        [""; 0]
    );
}

#[test]
fn an_action_in_a_word_is_told_where_it_stands() {
    let action = |text: &str| told("", "", &rule("x", TANK, "stale: {tier: blue}").replace("Go there", text));
    for (text, is_told) in [
        ("Check", true),
        ("Check it", false),
        ("撤离", true),
        ("撤离下风向人员", false),
        ("{en: Check, zh: 检查液位}", true),
        ("{en: Check the gauge, zh: 检查}", false),
    ] {
        assert_eq!(action(text).len(), usize::from(is_told), "{text}: {:?}", action(text));
    }
    let condition = rule("x", TANK, "alarm: false, stale: {tier: blue}").replace("Go there", "Check");
    assert!(
        !told("", "", &condition).iter().any(|line| line.contains("ACTION")),
        "nobody acts on a condition"
    );
    assert_eq!(
        action("Check"),
        [
            "rules/a.yaml:2:63: rule \"x\": response: action: found \"Check\", expected who does what, and where: more than a word [ACTION_TOO_SHORT]"
        ]
    );
}

#[test]
fn an_area_that_no_desk_answers_for_is_told_with_its_gravest_tier() {
    let desks = |list: &str| told(&format!("desks: [{list}]\n"), "", "");
    assert_eq!(desks("{id: all}"), [""; 0]);
    assert_eq!(desks("{id: tanks, areas: farm}"), [""; 0], "bund is a part of farm");
    assert_eq!(
        desks("{id: gas, areas: bund}"),
        [
            "tags.csv:3:1: area \"farm\": found alarms up to red of 3 tags, and no desk that answers for them, expected the area at one of the desks, or a desk without areas, which has all that no other has [AREA_WITHOUT_DESK]"
        ]
    );
    let nowhere = told("desks: [{id: tanks, areas: farm}]\n", "X-1,number,1,,,10s,,gw-1,,\n", "");
    assert!(
        nowhere.len() == 1
            && nowhere[0].contains(": tags without an area: found alarms up to yellow of 1 tags"),
        "{nowhere:#?}"
    );
}

//! What an engineer asks before the first alarm: which tags does this rule look at, and which are looked at by none?

mod plain;

use davy_model::TagIndex;
use davy_rules::{
    Plan, bundle, compile,
    coverage::{Coverage, Sight, tags_named},
};
use plain::{RULES, TAGS, bent};

/// The good site with other tags and rules.
fn plan(tags: &str, rules: &str) -> Plan {
    let mut files = bent("", "", "");
    files[1].text = tags.to_owned();
    files[2].text = rules.to_owned();
    let compiled = bundle(files).and_then(|bundle| compile(&bundle));
    compiled.unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn names(plan: &Plan, tags: &[TagIndex]) -> String {
    tags.iter().map(|tag| &*plan.site.tag(*tag).name).collect::<Vec<_>>().join(" ")
}

/// What a rule covers in the good site with one rule more, or several.
fn covered(id: &str, more: &str) -> String {
    let plan = plan(TAGS, &format!("{RULES}{more}"));
    let rule = plan.rules.iter().position(|rule| &*rule.id == id).expect("the rule is there");
    names(&plan, &Coverage::of(&plan).of_rules[rule])
}

const LEVELS: &str = "levels: [{name: H, tier: yellow, above: 5}]";

#[test]
fn a_rule_covers_what_it_watches_whatever_is_calculated_between() {
    let rule = |kind: &str| {
        format!(
            "  - {{id: x, applies_to: {{quantity: gas.h2s}}, {kind}, response: {{action: Go out, time_to_respond: 1m}}}}\n"
        )
    };
    let other = |kind: &str| rule(kind).replace("quantity: gas.h2s", "tag: AT-1/h2s");
    for (kind, want) in [
        (rule("stale: {tier: blue}"), "AT-1/h2s AT-2/h2s"),
        (rule(&format!("spike: {{over: 1m, sigma_min: 1 ppm, {LEVELS}}}")), "AT-1/h2s AT-2/h2s"),
        (other(&format!("deviation: {{from: {{tag: AT-3/mix}}, {LEVELS}}}")), "AT-1/h2s AT-3/mix"),
        (
            other("expression: {inputs: {other: TK-1/level}, when: 'this > 1.0 && other > 1.0', tier: blue}"),
            "AT-1/h2s TK-1/level",
        ),
        (rule("count: {of: h2s, steps: [{at_least: 2, at: orange, gives: red}]}"), "AT-1/h2s AT-2/h2s"),
        (
            rule("corroborate: {of: [h2s, level], group_by: site, at_least: 2, within: 1m, tier: red}"),
            "AT-1/h2s AT-2/h2s TK-1/level",
        ),
    ] {
        assert_eq!(covered("x", &kind), want, "{kind}");
    }
}

#[test]
fn a_count_of_counts_covers_the_tags_at_its_bottom() {
    let count = |id: &str, of: &str| {
        format!(
            "  - {{id: {id}, count: {{of: {of}, steps: [{{at_least: 1, at: blue, gives: red}}]}}, response: {{action: Go out, time_to_respond: 1m}}}}\n"
        )
    };
    assert_eq!(covered("a", &(count("a", "b") + &count("b", "level"))), "TK-1/level");
}

#[test]
fn a_tag_whose_silence_alone_is_noticed_is_told_apart_from_one_that_nobody_looks_at() {
    let tags = format!("{TAGS}TT-1,temperature,degC,,,10s,farm,gw-2,,\n");
    let rules = RULES.replace("{tag: \"*\"}", "{tag: [\"AT-*\", \"TK-*\"]}");
    let plan = plan(&tags, &rules);
    let coverage = Coverage::of(&plan);
    for (sight, want) in [
        (Sight::Judged, "AT-1/h2s AT-2/h2s TK-1/level"),
        (Sight::SilenceOnly, "AT-3/mix"),
        (Sight::Unseen, "TT-1"),
    ] {
        assert_eq!(names(&plan, &coverage.tags_with(&plan, sight)), want, "{sight:?}");
    }
    let rules = |tag: &str| {
        let tag = plan.site.tag_index(tag).expect("a known tag");
        coverage.of_tags[tag.0 as usize]
            .iter()
            .map(|rule| &*plan.rules[*rule as usize].id)
            .collect::<Vec<_>>()
    };
    assert_eq!(rules("AT-1/h2s"), ["h2s", "silent"]);
    assert_eq!(rules("TT-1"), [""; 0]);
}

#[test]
fn tags_are_found_by_name_or_by_pattern() {
    let plan = plan(TAGS, RULES);
    for (pattern, want) in [
        ("TK-1/level", "TK-1/level"),
        ("AT-?/h2s", "AT-1/h2s AT-2/h2s"),
        ("TK-1", ""),
        ("*", "AT-1/h2s AT-2/h2s AT-3/mix TK-1/level"),
    ] {
        assert_eq!(names(&plan, &tags_named(&plan, pattern)), want, "{pattern}");
    }
}

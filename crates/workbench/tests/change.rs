//! What another set of files says otherwise, and which way that goes.

mod yard;

use std::sync::Arc;

use davy_model::{Bundle, BundleFile, Tier};
use davy_rules::Plan;
use davy_workbench::change::{SECOND_PERSON_FROM, changes, changes_of_files, needs_second_person};

const SITE: &str = "site: yard\nedge_nodes: [{id: gw}]\n";
const TAGS: &str = "tag,quantity,unit,interval,edge_node\na/h2s,gas.h2s,ppm,10s,gw\nb/h2s,gas.h2s,ppm,10s,gw\nrun,number,1,10s,gw\n";
const RULES: &str = "\
rules:
  - id: h2s
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: L1, tier: yellow, at_or_above: 10 ppm, clear_below: 8 ppm, off_delay: 30s}
      - {name: L2, tier: red, at_or_above: 20 ppm, clear_below: 18 ppm, latch: true}
    response: {action: Leave the yard, time_to_respond: 3m}
  - id: mean
    applies_to: {quantity: gas.h2s}
    window: {of: mean, over: 15m, levels: [{name: H, tier: yellow, above: 6 ppm, deadband: 1 ppm}]}
    response: {action: Look for it, time_to_respond: 30m}
  - id: silent
    applies_to: {quantity: gas.h2s}
    stale: {tier: yellow}
    response: {action: Mend the sensor, time_to_respond: 1d}
";

fn plan(rules: &str) -> Arc<Plan> {
    yard::compiled(SITE, TAGS, rules).1
}

#[test]
fn every_change_is_told_with_its_direction() {
    let before = plan(RULES);
    for (from, to, told) in [
        ("above: 10 ppm", "above: 9 ppm", vec!["h2s L1: set point tighter yellow 2"]),
        ("above: 10 ppm", "above: 12 ppm", vec!["h2s L1: set point looser yellow 2"]),
        ("at_or_above: 20 ppm", "above: 20 ppm", vec!["h2s L2: set point looser red 2"]),
        ("clear_below: 8 ppm", "clear_below: 9 ppm", vec!["h2s L1: clear point looser yellow 2"]),
        ("clear_below: 8 ppm", "clear_at_or_below: 8 ppm", vec!["h2s L1: clear point looser yellow 2"]),
        ("off_delay: 30s", "off_delay: 1m", vec!["h2s L1: off_delay tighter yellow 2"]),
        ("off_delay: 30s", "off_delay: 30s, on_delay: 5s", vec!["h2s L1: on_delay looser yellow 2"]),
        (", latch: true", "", vec!["h2s L2: latch looser red 2"]),
        ("latch: true", "latch: true, re_alarm: 10m", vec!["h2s L2: re_alarm tighter red 2"]),
        ("tier: red", "tier: orange", vec!["h2s L2: tier looser red 2"]),
        ("name: L2", "name: HH", vec!["h2s HH: the level tighter red 2", "h2s L2: the level looser red 2"]),
        ("over: 15m", "over: 30m", vec!["mean calculation unclear yellow 2"]),
        ("{quantity: gas.h2s}\n    limit", "{tag: a/h2s}\n    limit", vec!["h2s covers looser red 1"]),
        (
            "stale: {tier: yellow}",
            "stale: {tier: yellow, after: 1h}",
            vec!["silent silent for looser yellow 2"],
        ),
        ("stale: {tier: yellow}", "stale: {tier: orange}", vec!["silent tier tighter orange 2"]),
        (
            "stale: {tier: yellow}",
            "stale: {tier: yellow, near_limit: {tier: red}}",
            vec!["silent near a limit tighter yellow 2"],
        ),
        (
            "- id: silent",
            "- id: quiet",
            vec!["quiet the rule tighter yellow 0", "silent the rule looser yellow 0"],
        ),
        ("action: Leave the yard", "action: Leave by the gate", vec!["h2s action neutral red 0"]),
        (
            "    limit:",
            "    suppressed_while: {tag: run, at_or_above: 1}\n    limit:",
            vec!["h2s suppressed by plant state looser red 0"],
        ),
        ("- id: mean\n", "- id: mean\n    alarm: false\n", vec!["mean alarm looser yellow 0"]),
    ] {
        assert!(RULES.contains(from), "{from}");
        let found = changes(&before, &plan(&RULES.replacen(from, to, 1)));
        let lines: Vec<String> = found
            .iter()
            .map(|(change, subjects)| {
                let (what, way) = (&change.what, change.direction.word());
                format!("{} {what} {way} {} {}", change.rule, change.tier, subjects.len())
            })
            .collect();
        assert_eq!(lines, told, "{from} -> {to}");
    }
    assert_eq!(changes(&before, &before), []);
}

/// Beside rules too: what is believed of clocks, who is told, where a sensor ends.
#[test]
fn what_stands_beside_rules_is_told_as_unclear() {
    let compiled = |site: &str, tags: &str| yard::compiled(site, tags, RULES).1;
    let before = compiled(SITE, TAGS);
    let sent = TAGS
        .replacen("edge_node\n", "edge_node,sent_as\n", 1)
        .replacen("10s,gw\n", "10s,gw,a2\n", 1)
        .replace("10s,gw\n", "10s,gw,\n");
    let (longer, other) = (
        SITE.replace("{id: gw}", "{id: gw, loss_grace: 1m}"),
        TAGS.replace("a/h2s,gas.h2s,ppm,10s", "a/h2s,gas.h2s,ppm,30s"),
    );
    for (after, told) in [
        (compiled(&format!("{SITE}shelving: {{max: 48h}}\n"), TAGS), vec!["site.yaml shelving red 0"]),
        (compiled(&format!("{SITE}time: {{max_ahead: 1m}}\n"), TAGS), vec!["site.yaml time red 0"]),
        (compiled(&longer, TAGS), vec!["site.yaml edge nodes red 0"]),
        (compiled(&format!("{SITE}title: {{en: Yard}}\n"), TAGS), vec![]),
        (compiled(SITE, &sent), vec!["tags.csv sent as red 1"]),
        (
            compiled(SITE, &TAGS.replacen("ppm", "mg/m3", 1)),
            vec![
                "h2s L1: clear point yellow 1",
                "h2s L1: set point yellow 1",
                "h2s L2: clear point red 1",
                "h2s L2: set point red 1",
                "mean H: clear point yellow 1",
                "mean H: set point yellow 1",
                "tags.csv unit red 1",
            ],
        ),
        (
            compiled(SITE, &other),
            vec!["silent silent for yellow 1", "tags.csv interval red 1", "tags.csv silence limit red 1"],
        ),
    ] {
        let found = changes(&before, &after);
        let lines: Vec<String> = found
            .iter()
            .map(|(change, subjects)| {
                format!("{} {} {} {}", change.rule, change.what, change.tier, subjects.len())
            })
            .collect();
        assert_eq!(lines, told.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(needs_second_person(&found, Tier::Orange), !found.is_empty());
    }
}

/// A mapping scales what a gateway sends: a tenth of it is an alarm that never comes, and no rule has changed.
#[test]
fn a_mapping_that_reads_otherwise_is_told() {
    let files = |text: &str| {
        let (bundle, plan) = yard::compiled(SITE, TAGS, RULES);
        let mut bundle = Bundle::clone(&bundle);
        let file = |path: &str| BundleFile { path: path.to_owned(), text: text.to_owned() };
        bundle.files.extend([file("mappings/dtu.yaml")].into_iter().filter(|_| !text.is_empty()));
        (bundle, plan)
    };
    let (old, same, other, none) = (files("scale: 1"), files("scale: 1"), files("scale: 0.1"), files(""));
    for (before, after, told) in [(&old, &same, 0), (&old, &other, 1), (&old, &none, 1), (&none, &old, 0)] {
        let found = changes_of_files((&before.0, &before.1), (&after.0, &after.1));
        assert_eq!(found.len(), told, "{found:?}");
        assert_eq!(needs_second_person(&found, SECOND_PERSON_FROM), told > 0);
        assert!(found.iter().all(|(change, _)| &*change.rule == "mappings/dtu.yaml"), "{found:?}");
    }
}

#[test]
fn a_second_person_is_needed_for_what_loosens_a_grave_tier() {
    let before = plan(RULES);
    for (from, to, needed) in [
        ("above: 20 ppm", "above: 19 ppm", false),
        ("above: 20 ppm", "above: 21 ppm", true),
        ("above: 10 ppm", "above: 11 ppm", false),
        ("{quantity: gas.h2s}\n    limit", "{tag: a/h2s}\n    limit", true),
        ("action: Leave the yard", "action: Leave by the gate", false),
    ] {
        let found = changes(&before, &plan(&RULES.replacen(from, to, 1)));
        assert_eq!(needs_second_person(&found, Tier::Orange), needed, "{from} -> {to}");
    }
    // From orange on: a yellow limit is one person's.
    for (tier, needed) in [("yellow", false), ("orange", true), ("red", true)] {
        let rules = RULES.replace("tier: red", &format!("tier: {tier}"));
        let found = changes(&plan(&rules), &plan(&rules.replacen("above: 20 ppm", "above: 21 ppm", 1)));
        assert_eq!(needs_second_person(&found, SECOND_PERSON_FROM), needed, "{tier}");
    }
}

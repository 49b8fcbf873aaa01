//! A big site costs what it holds, not the square of it. Times are printed, not asserted: `--nocapture`.

use std::{fmt::Write, time::Instant};

use davy_model::BundleFile;
use davy_rules::{Plan, bundle, compile_with_warnings};

fn site(tags: usize, rules: usize, selector: impl Fn(usize) -> String) -> Vec<BundleFile> {
    let mut csv = "tag,quantity,unit,low,high,interval,area,equipment\n".to_owned();
    for tag in 0..tags {
        let (quantity, unit) =
            [("gas.h2s", "ppm"), ("gas.ch4", "%vol"), ("level", "m"), ("pressure", "kPa")][tag % 4];
        writeln!(csv, "T-{tag:06}/{quantity},{quantity},{unit},0,100,1s,a-{},P-{}", tag % 100, tag / 10)
            .expect("in memory");
    }
    let mut yaml = "rules:\n  - id: silent\n    applies_to: {tag: \"*\"}\n    stale: {tier: yellow}\n    response: {action: Look, time_to_respond: 30m}\n".to_owned();
    for rule in 0..rules {
        writeln!(
            yaml,
            "  - id: r-{rule}\n    applies_to: {}\n    limit:\n      - {{name: L1, tier: orange, at_or_above: 7, clear_below: 6.5, off_delay: 30s}}\n      - {{name: L2, tier: red, at_or_above: 14, deadband: 1}}\n    basis: {{standard: S, clause: C, confidence: known}}\n    response: {{action: {{en: Leave, zh: 撤离}}, time_to_respond: 3m}}",
            selector(rule)
        )
        .expect("in memory");
    }
    let areas: String = (0..100).map(|area| format!("  - {{id: a-{area}}}\n")).collect();
    [("site.yaml", format!("site: big\nareas:\n{areas}")), ("tags.csv", csv), ("rules/all.yaml", yaml)]
        .map(|(path, text)| BundleFile { path: path.to_owned(), text })
        .into()
}

fn timed(what: &str, files: Vec<BundleFile>) -> Plan {
    let start = Instant::now();
    let bundle = bundle(files).expect("a good site");
    let (plan, warnings) = compile_with_warnings(&bundle).unwrap_or_else(|found| panic!("{}", found[0]));
    println!(
        "{what}: {} tags, {} rules, {} watches, {} warnings in {:?}",
        plan.site.tags.len(),
        plan.rules.len(),
        plan.watches.len(),
        warnings.len(),
        start.elapsed()
    );
    plan
}

#[test]
fn ten_thousand_rules_and_a_hundred_thousand_tags_compile() {
    let one_tag = |rule: usize| {
        let quantity = ["gas.h2s", "gas.ch4", "level", "pressure"][rule % 4];
        format!("{{tag: T-{rule:06}/{quantity}, quantity: {quantity}}}")
    };
    timed("a quarter", site(25_000, 2_500, one_tag));
    let whole = timed("whole", site(100_000, 10_000, one_tag));
    assert_eq!(whole.watches.len(), 110_000);
}

#[test]
fn more_pairs_than_a_plan_may_hold_are_refused() {
    let files = site(50_000, 200, |_| "{tag: \"T-*\"}".to_owned());
    let found =
        bundle(files).and_then(|bundle| compile_with_warnings(&bundle)).expect_err("ten million pairs");
    assert!(found.iter().any(|found| found.code.word() == "PLAN_TOO_LARGE"), "{}", found[0]);
}

#[test]
fn many_rules_on_one_tag_are_not_compared_for_ever() {
    let files = site(4, 5_000, |_| "{tag: T-000000/*}".to_owned());
    let plan = timed("on one tag", files);
    assert_eq!(plan.watches.len(), 5_004);
}

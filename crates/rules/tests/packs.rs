//! Packs as a site uses them: which rules come of what it chose, and what it may change.

mod plain;

use davy_model::BundleFile;
use davy_rules::{
    Confidence, Diagnostic, Plan, bundle, compile_with_warnings, describe_pack, pack_names, pack_text,
    with_packs,
};
use plain::bent;

const TAGS: &str = "\
tag,quantity,unit,low,high,interval,area,edge_node,device,equipment
AT-1/h2s,gas.h2s,ppm,0,100,1s,bund,gw-1,AT-1,P-1
AT-2/h2s,gas.h2s,mg/m3,0,150,1s,farm,gw-1,,P-1
AT-3/co,gas.co,mg/m3,0,100,1s,farm,gw-1,,P-2
";
const STALE: &str = "\
rules:
  - id: silent
    applies_to: {tag: \"*\"}
    stale: {tier: yellow}
    response: {action: Look at the transmitter on site, time_to_respond: 30m}
";

/// A site with these packs and rules besides one about silence.
fn site(packs: &str, rules: &str) -> Vec<BundleFile> {
    let mut files = bent("site.yaml", "areas:\n", &format!("packs: {packs}\nareas:\n"));
    files[1].text = TAGS.to_owned();
    files[2].text = format!("{STALE}{rules}");
    files
}

fn compiled(files: Vec<BundleFile>) -> Result<(Plan, Vec<String>), Vec<String>> {
    let told = |found: Vec<Diagnostic>| found.iter().map(Diagnostic::to_string).collect::<Vec<_>>();
    let compiled = bundle(with_packs(files)).and_then(|bundle| compile_with_warnings(&bundle));
    let of_packs =
        |found: &Diagnostic| ["PACK_UNUSED", "LAW_OFF", "LOOSER_THAN_LAW"].contains(&found.code.word());
    compiled
        .map(|(plan, warnings)| (plan, told(warnings.into_iter().filter(of_packs).collect())))
        .map_err(told)
}

/// `rule tag: level symbol set point unit`, of every level on every tag, but silence.
fn levels(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for watch in &plan.watches {
        let davy_rules::WatchKind::Limit(program) = watch.kind else { continue };
        let (rule, tag) = (&plan.rules[watch.rule as usize], plan.site.tag(watch.tag));
        for level in &plan.limits[program as usize].levels {
            let set_point = (level.set_point * 100.0).round() / 100.0;
            let symbol = level.comparator.symbol();
            lines.push(format!("{} {}: {} {symbol} {set_point} {}", rule.id, tag.name, level.name, tag.unit));
        }
    }
    lines
}

const CO_20: [&str; 2] = ["gb50493.co AT-3/co: L1 ≥ 20 mg/m3", "gb50493.co AT-3/co: L2 ≥ 40 mg/m3"];

fn h2s() -> Vec<&'static str> {
    vec![
        "gb50493.h2s AT-1/h2s: L1 ≥ 7.06 ppm",
        "gb50493.h2s AT-1/h2s: L2 ≥ 14.12 ppm",
        "gb50493.h2s AT-2/h2s: L1 ≥ 10 mg/m3",
        "gb50493.h2s AT-2/h2s: L2 ≥ 20 mg/m3",
    ]
}

#[test]
fn what_a_site_chooses_decides_which_rules_hold() {
    let with = |more: &[&'static str]| h2s().into_iter().chain(more.iter().copied()).collect::<Vec<_>>();
    for (packs, want) in [
        ("[{pack: gb50493}]", with(&CO_20)),
        (
            "[{pack: gb50493, options: {oel_basis: mac-stel}}]",
            with(&["gb50493.co AT-3/co: L1 ≥ 30 mg/m3", "gb50493.co AT-3/co: L2 ≥ 60 mg/m3"]),
        ),
        (
            "[{pack: gb50493, options: {altitude: above-3000m}}]",
            with(&["gb50493.co AT-3/co: L1 ≥ 15 mg/m3", "gb50493.co AT-3/co: L2 ≥ 30 mg/m3"]),
        ),
        ("[{pack: gb50493, off: [gb50493.co]}]", h2s()),
        (
            "[{pack: gb50493, tags: {range-insufficient: [AT-3/co]}}]",
            with(&["gb50493.co-idlh AT-3/co: L1 ≥ 85 mg/m3", "gb50493.co-idlh AT-3/co: L2 ≥ 170 mg/m3"]),
        ),
        (
            "[{pack: gb50493, options: {idlh_basis: niosh-1994}, tags: {range-insufficient: AT-1/h2s}}]",
            vec![
                "gb50493.h2s-idlh AT-1/h2s: L1 ≥ 5 ppm",
                "gb50493.h2s-idlh AT-1/h2s: L2 ≥ 10 ppm",
                "gb50493.h2s AT-2/h2s: L1 ≥ 10 mg/m3",
                "gb50493.h2s AT-2/h2s: L2 ≥ 20 mg/m3",
                CO_20[0],
                CO_20[1],
            ],
        ),
    ] {
        let (plan, _) = compiled(site(packs, "")).unwrap_or_else(|found| panic!("{packs}: {found:#?}"));
        assert_eq!(levels(&plan), want, "{packs}");
    }
}

#[test]
fn what_a_site_says_of_a_pack_is_checked() {
    let mut missed = Vec::new();
    for (packs, want) in [
        ("[{pack: gb5049}]", "site.yaml:5:16: packs: pack: found \"gb5049\", expected a pack that ships ("),
        (
            "[{pack: gb50493}, {pack: gb50493}]",
            "site.yaml:5:33: pack 2: pack: found \"gb50493\", expected each pack once: it is used at site.yaml:5 [NAME_TWICE]",
        ),
        (
            "[{pack: gb50493, options: {oel: mac-twa}}]",
            "site.yaml:5:35: pack \"gb50493\": options: found \"oel\", expected oel_basis, idlh_basis or altitude [KEY_UNKNOWN]",
        ),
        (
            "[{pack: gb50493, options: {oel_basis: mac-tva}}]",
            "site.yaml:5:46: option \"oel_basis\": found \"mac-tva\", expected mac-twa or mac-stel; did you mean \"mac-twa\"? [WORD_UNKNOWN]",
        ),
        (
            "[{pack: gb50493, on: [h3s]}]",
            "site.yaml:5:30: pack \"gb50493\": found \"h3s\", expected the id of a known rule of the pack; did you mean \"h2s\"? [RULE_UNKNOWN]",
        ),
        (
            "[{pack: gb50493, tags: {range: [AT-1/h2s]}}]",
            "site.yaml:5:32: pack \"gb50493\": tags: found \"range\", expected range-insufficient or combustible [KEY_UNKNOWN]",
        ),
        (
            "[{pack: gb50493, tags: {combustible: [AT-9]}}]",
            "site.yaml:5:46: pack \"gb50493\": tags: found \"AT-9\", expected the id of a known tag",
        ),
        (
            "[{pack: gb50493, off: [co]}]",
            "site.yaml:5:31: rule \"gb50493.co\": found off, expected on, after GB/T 50493-2019 5.5.2; to change its figures, write a rule that tunes it [LAW_OFF]",
        ),
    ] {
        let told = match compiled(site(packs, "")) {
            Ok((_, warnings)) => warnings,
            Err(found) => found,
        };
        if !told.iter().any(|told| told.starts_with(want)) {
            missed.push((packs, told));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// A rule of the site that tunes the pack's for hydrogen sulfide.
fn tuned(more: &str, levels: &str) -> Vec<BundleFile> {
    site("[{pack: gb50493}]", &format!("  - {{id: mine, tunes: gb50493.h2s, {more}limit: [{levels}]}}\n"))
}

const L1: &str = "{name: L1, tier: orange, at_or_above: 8 mg/m3}";
const L2: &str = "{name: L2, tier: red, at_or_above: 20 mg/m3}";

#[test]
fn a_rule_that_tunes_stands_for_the_packs_on_its_tags() {
    let (plan, warnings) =
        compiled(tuned("applies_to: {tag: AT-1/h2s}, ", &format!("{L1}, {L2}"))).expect("stricter");
    let mut want = h2s();
    (want[0], want[1]) = ("mine AT-1/h2s: L1 ≥ 5.65 ppm", "mine AT-1/h2s: L2 ≥ 14.12 ppm");
    want.extend(CO_20);
    assert_eq!(levels(&plan), want);
    assert_eq!(warnings, Vec::<String>::new());
    let (plan, _) = compiled(tuned("", &format!("{L1}, {L2}"))).expect("stricter");
    let mine = plan.rules.iter().find(|rule| &*rule.id == "mine").expect("it is there");
    assert_eq!(mine.title.zh, "硫化氢", "what it does not say, it has of the pack's");
    assert!(!mine.response.action.is_empty());
    assert_eq!(mine.basis.as_ref().map(|basis| basis.edition.as_str()), Some("2019"));
    assert!(
        !levels(&plan).iter().any(|line| line.starts_with("gb50493.h2s")),
        "it covers all that the pack's did"
    );
}

#[test]
fn what_is_looser_than_the_law_needs_somebody_who_answers_for_it() {
    let law = "GB/T 50493-2019, 5.5.2, edition 2019; tighten it, or declare a deviation: {reference, reason, approved_by} [LOOSER_THAN_LAW]";
    for (levels, want) in [
        (format!("{{name: L1, tier: orange, at_or_above: 7.05 ppm}}, {L2}"), None),
        (format!("{{name: L1, tier: orange, at_or_above: 10.009 mg/m3}}, {L2}"), None),
        (format!("{{name: L1, tier: red, above: 10 mg/m3}}, {L2}"), None),
        (
            format!("{{name: L1, tier: orange, at_or_above: 7.1 ppm}}, {L2}"),
            Some(
                "level \"L1\": found \"≥ 7.1 ppm\", expected at or above a set point of at most 10 mg/m3 (7.0584 ppm): ",
            ),
        ),
        (
            format!("{{name: L1, tier: orange, at_or_above: 10.02 mg/m3}}, {L2}"),
            Some(
                "level \"L1\": found \"≥ 10.02 mg/m3\", expected at or above a set point of at most 10 mg/m3 (7.0584 ppm): ",
            ),
        ),
        (
            format!("{{name: L1, tier: yellow, at_or_above: 8 mg/m3}}, {L2}"),
            Some("level \"L1\": found yellow, expected orange at least: "),
        ),
        (
            format!("{{name: L1, tier: orange, at_or_below: 8 mg/m3}}, {L2}"),
            Some(
                "level \"L1\": found \"≤ 8 mg/m3\", expected at or above a set point of at most 10 mg/m3 (7.0584 ppm): ",
            ),
        ),
        (L1.to_owned(), Some("level \"L2\": found no such level, expected ≥ 20 mg/m3, red: ")),
    ] {
        let told = compiled(tuned("", &levels)).map(|(_, warnings)| warnings);
        let Some(want) = want else {
            assert_eq!(told, Ok(Vec::new()), "{levels}");
            continue;
        };
        let found = told.expect_err(&levels);
        let whole = format!("rule \"mine\", {want}{law}");
        assert!(found.len() == 1 && found[0].ends_with(&whole), "{levels}: {found:#?}");
        let signed = "deviation: {reference: MOC-7, reason: Test, approved_by: Chief}, ";
        let (_, warnings) = compiled(tuned(signed, &levels)).expect("somebody answers for it");
        assert!(
            warnings[0].ends_with("; deviation MOC-7, approved by Chief [LOOSER_THAN_LAW]"),
            "{warnings:#?}"
        );
    }
}

#[test]
fn a_law_is_not_tuned_into_a_mere_condition() {
    let levels = format!("{L1}, {L2}");
    let found = compiled(tuned("alarm: false, ", &levels)).expect_err("nobody would hear of it");
    assert!(
        found.iter().any(|told| told.contains("found alarm: false, expected an alarm: GB/T 50493-2019")),
        "{found:#?}"
    );
}

#[test]
fn what_cannot_be_tuned_says_so() {
    let rule = |tunes: &str| format!("  - {{id: mine, tunes: {tunes}, limit: [{L1}]}}\n");
    for (packs, rules, want) in [
        (
            "[{pack: gb50493}]",
            rule("gb50493.h3s"),
            "rule \"mine\": tunes: found \"gb50493.h3s\", expected a rule of a pack that the site uses, and that is on; did you mean \"gb50493.h2s\"? [RULE_UNKNOWN]",
        ),
        (
            "[]",
            rule("gb50493.h2s"),
            "found \"gb50493.h2s\", expected a rule of a pack that the site uses, and that is on [RULE_UNKNOWN]",
        ),
        (
            "[]",
            rule("silent"),
            "found \"silent\", expected a rule of a pack that the site uses, and that is on [RULE_UNKNOWN]",
        ),
        (
            "[{pack: gb50493}]",
            "  - {id: mine, tunes: gb50493.h2s, stale: {tier: red}}\n".to_owned(),
            "rule \"mine\": found none, expected exactly one of limit [KEY_MISSING]",
        ),
    ] {
        let found = compiled(site(packs, &rules)).expect_err("it cannot be tuned");
        assert!(found.iter().any(|found| found.ends_with(want)), "{rules}: {found:#?}");
    }
}

#[test]
fn a_record_keeps_the_pack_that_was_in_force() {
    let files = site("[{pack: gb50493}]", "");
    let kept = bundle(with_packs(files.clone())).expect("a good site");
    assert!(kept.files.iter().any(|file| file.path == "packs/gb50493.yaml"));
    let bare = bundle(files.clone()).and_then(|bundle| compile_with_warnings(&bundle));
    let found = bare.expect_err("what is not in the files is not taken from elsewhere");
    assert_eq!(found[0].code.word(), "PACK_UNKNOWN");
    let mut old = files;
    let text = pack_text("gb50493")
        .expect("it ships")
        .replace("at_or_above: 10 mg/m3, deadband: 0.6", "at_or_above: 9 mg/m3, deadband: 0.6");
    old.push(BundleFile { path: "packs/gb50493.yaml".to_owned(), text });
    let (plan, _) = compiled(old).expect("a good site");
    assert!(
        levels(&plan).contains(&"gb50493.h2s AT-2/h2s: L1 ≥ 9 mg/m3".to_owned()),
        "the site's own copy wins"
    );
}

#[test]
fn a_pack_that_nobody_uses_is_told() {
    let mut files = site("[]", "");
    let text = pack_text("gb50493").expect("it ships").to_owned();
    files.push(BundleFile { path: "packs/gb50493.yaml".to_owned(), text });
    let (_, warnings) = compiled(files).expect("a good site");
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].ends_with("[PACK_UNUSED]"));
}

#[test]
fn every_pack_that_ships_says_where_its_figures_are_from() {
    for name in pack_names() {
        let pack = describe_pack(name, pack_text(name).expect("it ships"));
        let pack = pack.unwrap_or_else(|found| panic!("{}", found[0]));
        assert!(!pack.rules.is_empty());
        for rule in &pack.rules {
            let basis = rule.basis.as_ref().expect("a pack's rule has a basis");
            assert!(rule.off.is_some() || basis.confidence != Confidence::Uncertain, "{}", rule.id);
            let cited = !basis.standard.is_empty() && !basis.clause.is_empty();
            assert!(basis.confidence == Confidence::Engineering || cited, "{}", rule.id);
            let response = &rule.response;
            for text in [&rule.title, &response.cause, &response.consequence, &response.action] {
                assert!(!text.en.is_empty() && !text.zh.is_empty(), "{}: {text:?}", rule.id);
            }
        }
    }
}

//! `hazard_sources`: what good ones become, and what is told of others.

mod plain;

use davy_model::BundleFile;
use davy_rules::{Content, Diagnostic, Plan, bundle, compile};
use plain::bent;

const GOOD: &str = "\
hazard_sources:
  - id: farm
    title: {en: Tank farm, zh: 罐区}
    unit: storage
    people_exposed: 40
    members:
      - {title: TK-1, substance: methanol, design: 600 t, live: {tag: TK-1/level, area: 63, density: 0.79}}
      - {substance: 液氯, design: 3000 kg}
areas:
";

/// The plain site with such sources; `from` in them replaced by `to`.
fn files(from: &str, to: &str) -> Vec<BundleFile> {
    assert!(GOOD.contains(from), "{from} is not there to replace");
    bent("site.yaml", "areas:\n", &GOOD.replacen(from, to, 1))
}

fn plan(files: Vec<BundleFile>) -> Plan {
    let compiled = bundle(files).and_then(|bundle| compile(&bundle));
    compiled.unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn told(files: Vec<BundleFile>) -> Vec<String> {
    let findings = bundle(files).and_then(|bundle| compile(&bundle)).expect_err("it is refused");
    findings.iter().map(Diagnostic::to_string).collect()
}

#[test]
fn a_source_knows_its_figures_and_its_tags() {
    let plan = plan(files("", ""));
    let [source] = &plan.hazard_sources[..] else { panic!("one source") };
    assert_eq!((&*source.id, source.title.zh.as_str(), source.alpha.value), ("farm", "罐区", 1.2));
    let [tank, cylinders] = &source.members[..] else { panic!("two members") };
    assert_eq!((tank.design_t, tank.critical_t.value, tank.beta.value), (600.0, 500.0, 1.0));
    let live = tank.live.as_ref().expect("it has a tag");
    assert_eq!(&*plan.site.tag(live.tag).name, "TK-1/level");
    assert_eq!(live.content, Content::Linear(63.0 * 0.79));
    assert_eq!((&*cylinders.substance, cylinders.title.en.as_str()), ("chlorine", "chlorine"));
    assert_eq!((cylinders.design_t, cylinders.critical_t.value, cylinders.beta.value), (3.0, 5.0, 4.0));
}

#[test]
fn a_rule_may_cover_the_tags_of_a_source() {
    let mut files = files("", "");
    files[1].text =
        files[1].text.replace("equipment\n", "equipment,hazard_source\n").replace(",P-1\n", ",P-1,\n");
    files[1].text = files[1].text.replace(",P-2\n", ",P-2,farm\n").replace(",TK-1\n", ",TK-1,\n");
    files[2].text = files[2].text.replace("applies_to: {tag: \"*\"}", "applies_to: {hazard_source: farm}");
    let plan = plan(files);
    let rule = plan.rules.iter().position(|rule| &*rule.id == "silent").expect("the rule is there");
    let watches = plan.watches.iter().filter(|watch| watch.rule as usize == rule);
    let covered: Vec<&str> = watches.map(|watch| &*plan.site.tag(watch.tag).name).collect();
    assert_eq!(
        covered,
        ["AT-3/mix", "TK-1/level"],
        "the one its row names, and the one that tells of a member"
    );
}

#[rustfmt::skip]
const REFUSED: &[(&str, &str, &[&str])] = &[
    ("substance: methanol", "substance: methnol", &[
        "site.yaml:11:34: hazard source 1: member 1: substance: found \"methnol\", expected a substance of GB 18218-2018, table 1; of another, its category, or critical, beta and basis; did you mean \"methanol\"? [HAZARD_SUBSTANCE_UNKNOWN]",
    ]),
    ("substance: methanol", "substance: bromine", &[
        "site.yaml:11:9: hazard source 1: member 1: found nothing, expected the category of bromine (GB 18218-2018, table 2), or beta and basis; category is J1, J2, J3, J4, J5, W1.1, W1.2, W1.3, W2, W3, W4, W5.1, W5.2, W5.3, W5.4, W6.1, W6.2, W7.1, W7.2, W8, W9.1, W9.2, W10 or W11 [KEY_MISSING]",
    ]),
    ("substance: methanol", "substance: MTBE, category: W5.5", &[
        "site.yaml:11:50: hazard source 1: member 1: category: found \"W5.5\", expected J1, J2, J3, J4, J5, W1.1, W1.2, W1.3, W2, W3, W4, W5.1, W5.2, W5.3, W5.4, W6.1, W6.2, W7.1, W7.2, W8, W9.1, W9.2, W10 or W11; did you mean \"W5.1\"? [WORD_UNKNOWN]",
    ]),
    ("substance: methanol", "substance: MTBE, critical: 500 t, beta: 1", &[
        "site.yaml:11:9: hazard source 1: member 1: found nothing, expected the key basis [KEY_MISSING]",
    ]),
    ("substance: methanol", "substance: MTBE, critical: 500 t, beta: 0, basis: {confidence: engineering}", &[
        "site.yaml:11:63: hazard source 1: member 1: beta: found \"0\", expected more than 0 [NUMBER_RANGE]",
        "site.yaml:11:73: hazard source 1: member 1: basis: found nothing, expected the key standard: where the figure can be looked up [KEY_MISSING]",
    ]),
    ("substance: methanol", "substance: methanol, critical: 5000 t", &[
        "site.yaml:11:54: hazard source 1: member 1: critical: found \"5000 t\", expected nothing: GB 18218-2018, table 1 has methanol [KEY_CONFLICT]",
    ]),
    ("substance: 液氯", "substance: 液氯, category: J3", &[
        "site.yaml:12:35: hazard source 1: member 2: category: found \"J3\", expected nothing: GB 18218-2018, table 3 has chlorine [KEY_CONFLICT]",
    ]),
    ("design: 600 t", "design: 600 m3", &[
        "site.yaml:11:52: hazard source 1: member 1: design: found \"600 m3\", expected a mass, in t or kg [UNIT_MISMATCH]",
    ]),
    ("design: 600 t", "design: 0 t", &[
        "site.yaml:11:52: hazard source 1: member 1: design: found \"0 t\", expected more than 0 t, at most 100000000 t [NUMBER_RANGE]",
    ]),
    ("tag: TK-1/level", "tag: TK-1/levle", &[
        "site.yaml:11:71: hazard source 1: member 1: live: tag: found \"TK-1/levle\", expected the id of a known tag; did you mean \"TK-1/level\"? [TAG_UNKNOWN]",
    ]),
    ("tag: TK-1/level", "tag: AT-1/h2s", &[
        "site.yaml:11:65: hazard source 1: member 1: live: found AT-1/h2s in ppm, gas.h2s, expected a tag that is a level, a volume, a mass, or a level in % [UNIT_MISMATCH]",
    ]),
    (", area: 63, density: 0.79", "", &[
        "site.yaml:11:65: hazard source 1: member 1: live: found TK-1/level in m, level, expected tonnes_per_unit, a table, or area and density [UNIT_MISMATCH]",
    ]),
    ("area: 63, density: 0.79", "area: 63", &[
        "site.yaml:11:65: hazard source 1: member 1: live: found area, expected tonnes_per_unit; a table to t, or to m3 with a density; of a level, an area and a density; of a volume, a density [KEY_CONFLICT]",
    ]),
    ("area: 63, density: 0.79", "table: [[0, 1], [2, 9], [1, 12]]", &[
        "site.yaml:11:107: hazard source 1: member 1: live: table: found [1.0, 12.0], expected points that rise, and hold no less than those below, from 0 [NUMBER_RANGE]",
    ]),
    ("area: 63, density: 0.79", "table: [[0, 1], [1e300, 2]]", &[
        "site.yaml:11:99: hazard source 1: member 1: live: table: found [1e300, 2.0], expected points that rise, and hold no less than those below, from 0 [NUMBER_RANGE]",
    ]),
    ("area: 63, density: 0.79", "table: [[0, 1], [2, much]]", &[
        "site.yaml:11:99: hazard source 1: member 1: live: table: found a list, expected two numbers: [the tag's value, t or m3] [NUMBER_INVALID]",
    ]),
    ("design: 3000 kg", "design: 3000 kg, live: {tag: TK-1/level, tonnes_per_unit: 2}", &[
        "site.yaml:12:54: hazard source 1: member 2: live: tag: found \"TK-1/level\", expected a tag of one member: it is another's at site.yaml:11 [NAME_TWICE]",
    ]),
    ("unit: storage", "unit: storag", &[
        "site.yaml:8:11: hazard source 1: unit: found \"storag\", expected production or storage; did you mean \"storage\"? [WORD_UNKNOWN]",
    ]),
    ("people_exposed: 40", "people: 40", &[
        "site.yaml:6:5: hazard source 1: found nothing, expected the key people_exposed [KEY_MISSING]",
        "site.yaml:9:5: hazard source 1: found \"people\", expected id, title, unit, people_exposed or members [KEY_UNKNOWN]",
    ]),
    ("areas:\n", "  - {id: farm, unit: production, people_exposed: 0, members: [{substance: lpg, design: 1}]}\nareas:\n", &[
        "site.yaml:13:10: hazard source 2: id: found \"farm\", expected an id of its own: it is taken at site.yaml:6 [NAME_TWICE]",
    ]),
];

#[test]
fn what_is_wrong_with_a_source_is_told_with_its_place() {
    let wrong: Vec<String> = REFUSED
        .iter()
        .filter_map(|(from, to, want)| {
            let got = told(files(from, to));
            (got != *want).then(|| format!("{from} → {to}:\n  {}", got.join("\n  ")))
        })
        .collect();
    assert!(wrong.is_empty(), "told otherwise:\n{}", wrong.join("\n"));
}

#[test]
fn a_source_that_is_not_there_is_told_where_it_is_named() {
    let mut rule = files("", "");
    rule[2].text = rule[2].text.replace("applies_to: {tag: \"*\"}", "applies_to: {hazard_source: frm}");
    let mut row = files("", "");
    row[1].text = "tag,quantity,hazard_source\nAT-3/mix,gas.mixture,fram\nTK-1/level,level,farm\n".to_owned();
    row[2].text = "rules: []\n".to_owned();
    for (files, want) in [
        (
            rule,
            "rules/a.yaml:18:33: rule \"silent\": applies_to: hazard_source: found \"frm\", expected the id of a known hazard source; did you mean \"farm\"? [HAZARD_SOURCE_UNKNOWN]",
        ),
        (
            row,
            "tags.csv:2:22: hazard_source: found \"fram\", expected the id of a known hazard source; did you mean \"farm\"? [HAZARD_SOURCE_UNKNOWN]",
        ),
    ] {
        assert_eq!(told(files), [want]);
    }
}

#[test]
fn a_tag_tells_of_the_source_that_its_row_names_or_of_none() {
    let second =
        "  - {id: store, unit: storage, people_exposed: 0, members: [{substance: lpg, design: 1}]}\nareas:\n";
    let mut files = files("areas:\n", second);
    files[1].text =
        files[1].text.replace("equipment\n", "equipment,hazard_source\n").replace(",P-1\n", ",P-1,\n");
    files[1].text = files[1].text.replace(",P-2\n", ",P-2,\n").replace(",TK-1\n", ",TK-1,store\n");
    assert_eq!(
        told(files),
        [
            "site.yaml:11:71: hazard source 1: member 1: live: tag: found TK-1/level of store, by tags.csv:5, expected a tag of farm [HAZARD_SOURCE_ELSEWHERE]",
        ]
    );
}

#[test]
fn a_hazard_rule_is_about_each_source_that_it_covers_a_tag_of() {
    let rule = "hazard: {levels: [{name: I, tier: red, at_or_above: 100}]}";
    let with = |applies_to: &str| {
        let mut files = files("", "");
        files[2].text = files[2].text.replace("stale: {after: 3 intervals, tier: yellow}", rule);
        files[2].text = files[2].text.replace("applies_to: {tag: \"*\"}", applies_to);
        files
    };
    for applies_to in ["applies_to: {hazard_source: farm}", "applies_to: {tag: \"*\"}"] {
        let plan = plan(with(applies_to));
        let made: Vec<_> = plan
            .calculated
            .iter()
            .map(|made| (&*made.subject, plan.site.tag(made.inputs[0]).name.to_string()))
            .collect();
        assert_eq!(made, [("farm", "TK-1/level".to_owned())], "{applies_to}");
    }
    assert_eq!(
        told(with("applies_to: {tag: AT-1/h2s}")),
        [
            "rules/a.yaml:17:5: rule \"silent\": found none of a source's tags, expected tags that tell what is in a hazard source: those under live of its members [HAZARD_SOURCE_UNKNOWN]",
        ]
    );
}

//! What good files become: units converted, programs shared, tags selected, everything in one order.

mod plain;

use davy_model::{BundleFile, SourceForm, TagIndex, Tier};
use davy_rules::{Code, LimitProgram, Plan, WatchKind, bundle, compile, compile_with_warnings};
use plain::{RULES, bent};

fn plan(files: Vec<BundleFile>) -> Plan {
    let compiled = bundle(files).and_then(|bundle| compile(&bundle));
    compiled.unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn program<'a>(plan: &'a Plan, rule: &str, tag: &str) -> &'a LimitProgram {
    let tag = plan.site.tag_index(tag).expect("a known tag");
    let watch =
        plan.watches[plan.watches_of(tag)].iter().find(|watch| &*plan.rules[watch.rule as usize].id == rule);
    match watch.expect("the rule covers the tag").kind {
        WatchKind::Limit(program) => &plan.limits[program as usize],
        WatchKind::Silence(_) => panic!("{rule} is no limit rule"),
    }
}

/// The tags that rule `level` covers when it applies to `selector`.
fn covered(selector: &str) -> Vec<String> {
    let mut files = bent("rules/a.yaml", "{equipment: TK-1}", selector);
    files[2].text =
        files[2].text.replace("below: 0.6 m, deadband: 20 cm", "below: 0.6").replace("10.8 m", "10.8");
    let plan = plan(files);
    let rule = plan.rules.iter().position(|rule| &*rule.id == "level").expect("the rule is there");
    let hits = plan.watches.iter().filter(|watch| watch.rule as usize == rule);
    hits.map(|watch| plan.site.tag(watch.tag).name.to_string()).collect()
}

/// A set point made of another is a number as any other: in its unit, written as it comes out.
#[test]
fn a_set_point_is_reckoned_of_another() {
    for (from, to, set, written) in [
        ("at_or_above: 14.1 ppm", "at_or_above: {of: L1, times: 2}", 14.1, "14.1 ppm"),
        ("at_or_above: 14.1 ppm", "at_or_above: {of: L1, times: 3, minus: 1 ppm}", 20.15, "20.15 ppm"),
        ("at_or_above: 14.1 ppm", "at_or_above: {of: L1}", 7.05, "7.05 ppm"),
    ] {
        let plan = plan(bent("rules/a.yaml", from, to));
        let level = &program(&plan, "h2s", "AT-1/h2s").levels[1];
        assert_eq!((level.set_point, &*level.written), (set, written), "{to}");
    }
    // Of another rule, in its unit.
    let mut files = bent("", "", "");
    files[2].text += "  - id: early\n    applies_to: {tag: AT-2/h2s}\n    limit: [{name: E, tier: blue, at_or_above: {of: h2s/L1, times: 0.5}}]\n    response: {action: Look, time_to_respond: 30m}\n";
    let early = plan(files.clone());
    assert_eq!(&*program(&early, "early", "AT-2/h2s").levels[0].written, "3.525 ppm");
    // A bare number is in the unit of the other rule's tags, which need not be that of these.
    files[2].text = files[2].text.replace("7.05 ppm, clear_below: 6.5 ppm, off_delay: 30s", "7.05");
    let refused = bundle(files).and_then(|bundle| compile(&bundle)).expect_err("it has no unit");
    assert!(refused[0].to_string().contains("a figure with its unit at h2s/L1"), "{}", refused[0]);
    // One rests on the next, in whatever order they stand.
    let files = bent(
        "rules/a.yaml",
        "below: 0.6 m, deadband: 20 cm}",
        "below: {of: L, minus: 10 cm}}\n      - {name: L, tier: yellow, below: {of: HH, times: 0.1}}",
    );
    let mut files = files;
    files[2].text = files[2].text.replace("10.8 m", "1080 cm");
    let plan = plan(files);
    let points: Vec<f64> =
        program(&plan, "level", "TK-1/level").levels.iter().map(|level| level.set_point).collect();
    assert_eq!(points, [1.08, 0.98, 10.8]);
}

#[test]
fn limits_are_converted_to_each_tags_unit_and_written_as_in_the_file() {
    let plan = plan(bent("", "", ""));
    for (tag, set, clear) in
        [("AT-1/h2s", [7.05, 14.1], [6.5, 13.1]), ("AT-2/h2s", [9.988, 19.976], [9.209, 18.559])]
    {
        let levels = &program(&plan, "h2s", tag).levels;
        for (at, level) in levels.iter().enumerate() {
            assert!((level.set_point - set[at]).abs() < 0.001, "{tag} {}: {}", level.name, level.set_point);
            assert!(
                (level.clear_point - clear[at]).abs() < 0.001,
                "{tag} {}: {}",
                level.name,
                level.clear_point
            );
        }
        assert_eq!((&*levels[0].written, &*levels[1].written), ("7.05 ppm", "14.1 ppm"));
    }
    let tank = &program(&plan, "level", "TK-1/level").levels;
    assert!((tank[0].clear_point - 0.8).abs() < 1e-9 && tank[0].clear_inclusive);
}

#[test]
fn without_a_clear_point_a_level_clears_as_soon_as_it_is_not_passed() {
    for (comparator, raises, clears) in [
        ("above", 7.06, 7.05),
        ("at_or_above", 7.05, 7.04),
        ("below", 7.04, 7.05),
        ("at_or_below", 7.05, 7.06),
    ] {
        let level = format!("{{name: X, tier: red, {comparator}: 7.05}}");
        let rule = format!(
            "rules: [{{id: x, applies_to: {{tag: TK-1/level}}, limit: [{level}], response: {{action: a, time_to_respond: 1m}}}}]"
        );
        let mut files = bent("", "", "");
        files[2].text = rule;
        let plan = plan(files);
        let level = &program(&plan, "x", "TK-1/level").levels[0];
        for value in [raises, clears] {
            assert!(level.is_past(value) != level.is_clear(value), "{comparator} {value}");
        }
        assert!(level.is_past(raises) && level.is_clear(clears), "{comparator}");
    }
}

#[test]
fn tags_alike_share_a_program_and_others_do_not() {
    let mut files = bent("", "", "");
    files[1].text.push_str("AT-8/h2s,gas.h2s,ppm,0,100,1s,,,,\nAT-9/h2s,gas.h2s,ppm,0,100,1s,,,,\n");
    let plan = plan(files);
    assert_eq!(plan.limits.len(), 3, "h2s in ppm, h2s in mg/m3, the level");
    assert_eq!(program(&plan, "h2s", "AT-8/h2s"), program(&plan, "h2s", "AT-1/h2s"));
    let silences: Vec<(i64, &str)> = plan.silences.iter().map(|p| (p.after_us, &*p.written)).collect();
    assert_eq!(silences, [(3_000_000, "3 intervals"), (6_000_000, "3 intervals")]);
}

#[test]
fn levels_stand_by_tier_and_equal_tiers_as_in_the_file() {
    let bent = bent(
        "rules/a.yaml",
        "- {name: LL, tier: orange, below: 0.6 m, deadband: 20 cm}",
        "- {name: H, tier: orange, above: 9 m}\n      - {name: LL, tier: orange, below: 0.6 m}\n      - {name: W, tier: blue, above: 8 m}",
    );
    let plan = plan(bent);
    let names: Vec<_> =
        program(&plan, "level", "TK-1/level").levels.iter().map(|l| (&*l.name, l.tier)).collect();
    assert_eq!(names, [("W", Tier::Blue), ("H", Tier::Orange), ("LL", Tier::Orange), ("HH", Tier::Red)]);
    assert_eq!(
        plan.rules.iter().map(|rule| (&*rule.id, rule.tier_max)).collect::<Vec<_>>(),
        [("h2s", Tier::Red), ("level", Tier::Red), ("silent", Tier::Yellow)]
    );
}

#[test]
fn a_selector_takes_the_tags_that_meet_all_its_keys() {
    for (selector, want) in [
        ("{tag: \"*\"}", &["AT-1/h2s", "AT-2/h2s", "AT-3/mix", "TK-1/level"][..]),
        ("{tag: [\"AT-?/h2s\", TK-1/level, \"TK-*\"]}", &["AT-1/h2s", "AT-2/h2s", "TK-1/level"]),
        ("{quantity: gas.*}", &["AT-1/h2s", "AT-2/h2s", "AT-3/mix"]),
        ("{quantity: [gas.h2s, level.*]}", &["AT-1/h2s", "AT-2/h2s", "TK-1/level"]),
        ("{area: farm}", &["AT-1/h2s", "AT-2/h2s", "AT-3/mix", "TK-1/level"]),
        ("{area: bund}", &["AT-1/h2s"]),
        ("{area: [bund, farm], equipment: P-1}", &["AT-1/h2s", "AT-2/h2s"]),
        ("{device: AT-1}", &["AT-1/h2s"]),
        ("{edge_node: gw-1, quantity: gas.*, tag: \"*2*\"}", &["AT-1/h2s", "AT-2/h2s"]),
        ("{edge_node: gw-2, quantity: gas.*}", &[]),
    ] {
        assert_eq!(covered(selector), want, "{selector}");
    }
}

#[test]
fn watches_stand_by_tag_then_rule_and_every_tag_finds_its_own() {
    let plan = plan(bent("", "", ""));
    assert!(plan.watches.windows(2).all(|pair| (pair[0].tag, pair[0].rule) < (pair[1].tag, pair[1].rule)));
    let places: Vec<_> = (0..4).map(|tag| plan.watches_of(TagIndex(tag))).collect();
    assert_eq!(places, [0..2, 2..4, 4..5, 5..7]);
    let suppressed = plan.rules[1].suppressed_while.expect("the level rule is quieted");
    assert_eq!((&*plan.site.tag(suppressed.tag).name, suppressed.at_or_above), ("AT-3/mix", 1.0));
    assert_eq!((&*plan.rules[1].place.0, plan.rules[1].place.1), ("rules/a.yaml", 10));
}

#[test]
fn what_a_row_does_not_say_is_taken_from_the_quantity_the_interval_and_the_device() {
    let mut files = bent("", "", "");
    files[1].text = "tag,quantity,interval,reporting,device\nA,gas.ch4,5s,,AT-1\nB,level,,by_exception,\nC,pressure,1s,,\n".to_owned();
    files[2].text = files[2].text.replace(RULES, "rules: []");
    let plan = plan(files);
    let seen: Vec<_> = plan
        .site
        .tags
        .iter()
        .map(|tag| {
            (
                tag.unit.to_string(),
                tag.expected_interval.as_secs(),
                tag.silence_limit.as_secs(),
                tag.edge_node.as_deref(),
            )
        })
        .collect();
    let want = [("ppm", 5, 15, Some("gw-1")), ("m", 10, 300, None), ("kPa", 1, 10, None)];
    assert_eq!(seen, want.map(|(unit, interval, silence, node)| (unit.to_owned(), interval, silence, node)));
}

#[test]
fn the_revision_is_of_the_files_and_not_of_their_order() {
    let files = bent("", "", "");
    let first = bundle(files.clone()).expect("good files");
    let backwards = bundle(files.into_iter().rev().collect()).expect("good files");
    assert_eq!(first, backwards);
    assert_eq!(first.revision.len(), 12);
    assert_eq!(&*first.revision, "356b4c53d8d6", "the hash of these files may never change");
    let other = bundle(bent("rules/a.yaml", "7.05", "7.06")).expect("good files");
    assert_ne!(first.revision, other.revision);
    assert_eq!(compile(&first), compile(&backwards));
    assert_eq!(compile(&first).expect("good files").revision, first.revision);
}

#[test]
fn a_clear_point_may_equal_the_set_point_when_no_value_would_do_both() {
    for (from, to, point, clears_at_it) in [
        ("above: 10.8 m", "above: 7, clear_at_or_below: 7", 7.0, true),
        ("above: 10.8 m", "above: 7, clear_below: 7", 7.0, false),
        ("above: 10.8 m", "at_or_above: 7, clear_below: 7", 7.0, false),
        ("below: 0.6 m, deadband: 20 cm", "below: 0.5, clear_at_or_above: 0.5", 0.5, true),
    ] {
        let plan = plan(bent("rules/a.yaml", from, to));
        let levels = &program(&plan, "level", "TK-1/level").levels;
        let level = levels.iter().find(|level| level.set_point == point).expect("the bent level");
        assert_eq!(level.is_clear(point), clears_at_it, "{to}");
    }
}

#[test]
fn delays_latch_and_re_alarm_come_through_in_microseconds() {
    let plan =
        plan(bent("rules/a.yaml", "latch: true", "latch: true, on_delay: 2s, off_delay: 1m, re_alarm: 15m"));
    let level = &program(&plan, "h2s", "AT-1/h2s").levels[1];
    let seen = (level.on_delay_us, level.off_delay_us, level.latch, level.re_alarm_us);
    assert_eq!(seen, (2_000_000, 60_000_000, true, Some(900_000_000)));
    assert_eq!(plan.rules[0].response.time_to_respond.as_secs(), 180);
    assert_eq!((&*plan.rules[0].title.en, &*plan.rules[0].title.zh), ("Hydrogen sulfide", "硫化氢"));
}

#[test]
fn a_tags_own_lel_and_molar_mass_go_before_those_of_its_gas() {
    let mut files = bent("", "", "");
    files[1].text =
        "tag,quantity,unit,lel,molar_mass\nA,gas.ch4,%vol,4.4,\nB,gas.ch4,%vol,,\nC,gas.mixture,ppm,,20\n"
            .to_owned();
    files[2].text = "rules: [{id: x, applies_to: {tag: [A, B]}, limit: [{name: H, tier: red, above: 50 %LEL}], response: {action: a, time_to_respond: 1m}},
        {id: y, applies_to: {tag: C}, limit: [{name: H, tier: red, above: 1 mg/m3}], response: {action: a, time_to_respond: 1m}}]".to_owned();
    let plan = plan(files);
    for (rule, tag, want) in [("x", "A", 2.2), ("x", "B", 2.5), ("y", "C", 24.055 / 20.0)] {
        let got = program(&plan, rule, tag).levels[0].set_point;
        assert!((got - want).abs() < 1e-9, "{tag}: {got}");
    }
}

#[test]
fn by_exception_the_silence_limit_is_taken_where_intervals_cannot_be_counted() {
    let mut files = bent("", "", "");
    files[1].text =
        "tag,quantity,interval,reporting,edge_node\nA,gas.ch4,5s,by_exception,gw-1\nB,gas.ch4,5s,,gw-1\n"
            .to_owned();
    files[0].text = files[0].text.replace("loss_grace: 3s", "silence_limit: 40s");
    files[2].text = "rules: [{id: x, applies_to: {tag: \"*\"}, stale: {after: 3 intervals, tier: red}, response: {action: a, time_to_respond: 1m}}]".to_owned();
    let silences: Vec<(i64, String)> =
        plan(files).silences.iter().map(|p| (p.after_us, p.written.to_string())).collect();
    assert_eq!(silences, [(40_000_000, "40s".to_owned()), (15_000_000, "3 intervals".to_owned())]);
}

#[test]
fn what_the_site_says_of_clocks_and_shelving_comes_through() {
    let plan = plan(bent(
        "site.yaml",
        "{max_ahead: 5s}",
        "{max_ahead: 7s, late_after: 50s, max_age: 30d, backlog_settle: 2s}",
    ));
    let time = plan.site.time;
    let seen =
        [time.max_ahead, time.late_after, time.max_age, time.backlog_settle].map(|span| span.as_secs());
    assert_eq!(seen, [7, 50, 30 * 86_400, 2]);
    assert_eq!((plan.site.shelving.max.as_secs(), plan.site.shelving.two_person_from), (43_200, Tier::Red));
}

#[test]
fn equal_tiers_may_stand_in_any_order() {
    let plan = plan(bent(
        "rules/a.yaml",
        "above: 10.8 m, off_delay: 10s}",
        "above: 10.8 m}\n      - {name: H, tier: red, above: 9 m}",
    ));
    assert_eq!(program(&plan, "level", "TK-1/level").levels.len(), 3);
}

#[test]
fn a_deadband_is_held_against_the_nearest_of_the_lesser_levels() {
    let three = "{name: HH, tier: red, above: 10 m, deadband: 3 m}\n      - {name: B, tier: blue, above: 5 m, deadband: 1 m}\n      - {name: Y, tier: yellow, above: 8 m, deadband: 1 m}";
    let bundle = bundle(bent("rules/a.yaml", "{name: HH, tier: red, above: 10.8 m, off_delay: 10s}", three))
        .expect("a good site");
    let (_, warnings) = compile_with_warnings(&bundle).expect("a good site");
    let told: Vec<Code> = warnings.iter().map(|found| found.code).collect();
    assert_eq!(told, [Code::DeadbandPastNext], "{warnings:?}");
}

#[test]
fn rules_stand_by_id_whatever_their_order_in_the_files() {
    let plan = plan(bent("rules/a.yaml", "id: h2s", "id: zz"));
    assert_eq!(plan.rules.iter().map(|rule| &*rule.id).collect::<Vec<_>>(), ["level", "silent", "zz"]);
}

#[test]
fn a_stale_rule_keeps_its_latch_and_its_re_alarm() {
    let plan = plan(bent("rules/a.yaml", "tier: yellow}", "tier: yellow, latch: true, re_alarm: 1h}"));
    assert!(plan.silences.iter().all(|silence| silence.latch && silence.re_alarm_us == Some(3_600_000_000)));
}

#[test]
fn a_short_delay_is_odd_only_where_there_is_an_interval() {
    let mut files = bent("rules/a.yaml", "off_delay: 30s", "on_delay: 500ms");
    files[1].text =
        files[1].text.replace("equipment\n", "equipment,reporting\n").replace("P-1\n", "P-1,by_exception\n");
    files[1].text = files[1].text.replace("P-2\n", "P-2,\n").replace(",TK-1\n", ",TK-1,\n");
    let bundle = bundle(files).expect("a good site");
    let (_, warnings) = compile_with_warnings(&bundle).expect("a good site");
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn sources_come_through_in_the_files_order() {
    let sources = "sources:
  - {mapping: tasmota-sensor, topic: 'tele/{device}/SENSOR', edge_node: gw-1}
  - {sparkplug: Plant1, edge_nodes: {node-7: gw-2}}
  - {hj212: '88888880000001', edge_node: gw-2}
devices:";
    let plan = plan(bent("site.yaml", "devices:", sources));
    let forms: Vec<SourceForm> = plan.site.sources.iter().map(|source| source.form.clone()).collect();
    let sparkplug =
        SourceForm::Sparkplug { group: "Plant1".into(), edge_nodes: vec![("node-7".into(), "gw-2".into())] };
    let hj212 = SourceForm::Hj212 { mn: "88888880000001".into() };
    assert_eq!(forms, [SourceForm::Mapping("tasmota-sensor".into()), sparkplug, hj212]);
    assert_eq!(plan.site.sources[0].topic.as_deref(), Some("tele/{device}/SENSOR"));
    assert_eq!(plan.site.sources[0].edge_node.as_deref(), Some("gw-1"));
}

#[test]
fn a_sent_name_is_one_tags_alone_at_its_edge_node() {
    let tags = |rows: &str| {
        let mut files = bent("site.yaml", "site: park", "site: park");
        files[1].text = format!("tag,quantity,edge_node,sent_as\n{rows}");
        files.pop();
        bundle(files).and_then(|bundle| compile(&bundle))
    };
    let plan = tags("A,number,gw-1,v1\nB,number,gw-2,v1\nC,number,gw-1,\n").expect("two nodes, two names");
    assert_eq!(plan.site.tags[0].sent_as.as_deref(), Some("v1"));
    assert_eq!(plan.site.tags[2].sent_as, None);
    for rows in [
        "A,number,gw-1,v1\nB,number,gw-1,v1\n",
        "A,number,gw-1,v1\nB,number,,v1\n",
        "A,number,,v1\nB,number,gw-2,v1\n",
    ] {
        let findings = tags(rows).expect_err(rows);
        assert_eq!(
            findings[0].to_string(),
            "tags.csv:3:1: sent_as: found \"v1\", expected a name of its own: it is taken at tags.csv:2 [NAME_TWICE]",
            "{rows}"
        );
    }
}

//! The sample sites are what a newcomer copies from: they must be without error and without warning.

use std::{fs, path::Path};

use davy_model::{Bundle, BundleFile, Tier, Unit};
use davy_rules::{Plan, WatchKind, bundle, compile_with_warnings, is_site_file};

fn site(name: &str) -> Bundle {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample").join(name);
    let mut files = Vec::new();
    for folder in [root.clone(), root.join("rules")] {
        for entry in fs::read_dir(&folder).expect("the sample is there") {
            let path = entry.expect("a readable folder").path();
            let below =
                path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
            if path.is_file() {
                assert!(is_site_file(&below), "{below} is read by nothing");
                files.push(BundleFile { path: below, text: fs::read_to_string(&path).expect("UTF-8") });
            }
        }
    }
    bundle(files).unwrap_or_else(|findings| panic!("{name}: {}", lines(&findings)))
}

fn plan(name: &str) -> Plan {
    match compile_with_warnings(&site(name)) {
        Ok((plan, warnings)) => {
            assert!(warnings.is_empty(), "{name}: {}", lines(&warnings));
            plan
        }
        Err(findings) => panic!("{name}: {}", lines(&findings)),
    }
}

fn lines(findings: &[davy_rules::Diagnostic]) -> String {
    findings.iter().map(|found| format!("\n{found}")).collect()
}

#[test]
fn the_park_compiles_and_has_the_tags_that_everything_else_names() {
    let plan = plan("park");
    assert_eq!(&*plan.site.id, "park");
    let h2s = plan.site.tag(plan.site.tag_index("AT-0412/h2s").expect("a known tag"));
    assert_eq!((h2s.unit, h2s.edge_node.as_deref()), (Unit::Ppm, Some("gw-1")));
    let level = plan.site.tag(plan.site.tag_index("TK-101/level").expect("a known tag"));
    assert_eq!(level.unit, Unit::Metre);
}

#[test]
fn the_h2s_rule_is_the_one_of_the_contract() {
    let plan = plan("park");
    let tag = plan.site.tag_index("AT-0412/h2s").expect("a known tag");
    let watch =
        plan.watches[plan.watches_of(tag)].iter().find(|watch| &*plan.rules[watch.rule as usize].id == "h2s");
    let WatchKind::Limit(program) = watch.expect("the rule covers it").kind else { panic!("a limit rule") };
    let levels = &plan.limits[program as usize].levels;
    let seen: Vec<_> = levels
        .iter()
        .map(|l| (&*l.name, l.tier, l.set_point, l.clear_point, l.clear_inclusive, l.off_delay_us, l.latch))
        .collect();
    let want = [
        ("L1", Tier::Orange, 7.05, 6.5, false, 30_000_000, false),
        ("L2", Tier::Red, 14.1, 13.0, false, 0, true),
    ];
    assert_eq!(seen, want);
    assert_eq!(&*levels[0].written, "7.05 ppm");
}

#[test]
fn all_three_sites_compile_without_error_or_warning_and_hear_every_silence() {
    for (name, tags) in [("park", 16), ("mine", 11), ("gas", 9)] {
        let plan = plan(name);
        assert_eq!(plan.site.tags.len(), tags, "{name}");
        for (index, tag) in plan.site.tags.iter().enumerate() {
            let index = davy_model::TagIndex(u32::try_from(index).expect("few tags"));
            let watches = &plan.watches[plan.watches_of(index)];
            let heard = watches.iter().filter(|watch| matches!(watch.kind, WatchKind::Silence(_))).count();
            assert_eq!(heard, 1, "{name} {}", tag.name);
            assert!(!tag.title.zh.is_empty() && tag.edge_node.is_some(), "{name} {}", tag.name);
        }
        for rule in &plan.rules {
            assert!(!rule.title.zh.is_empty() && !rule.response.action.zh.is_empty(), "{name} {}", rule.id);
        }
    }
}

#[test]
fn every_tier_can_be_reached_in_the_sample() {
    for name in ["park", "mine", "gas"] {
        let plan = plan(name);
        for tier in Tier::ALL {
            let reached =
                plan.limits.iter().any(|program| program.levels.iter().any(|level| level.tier == tier));
            assert!(reached, "{name} has no {tier}");
        }
    }
}

#[test]
fn the_mine_re_energises_only_below_one_percent() {
    let plan = plan("mine");
    let tag = plan.site.tag_index("1201/T1/ch4").expect("a known tag");
    let cut = plan.watches[plan.watches_of(tag)]
        .iter()
        .filter_map(|watch| match watch.kind {
            WatchKind::Limit(program) => {
                plan.limits[program as usize].levels.iter().find(|level| &*level.name == "CUT")
            }
            WatchKind::Silence(_) => None,
        })
        .next()
        .expect("the rule cuts");
    assert!(cut.is_past(1.5) && !cut.is_clear(1.0) && cut.is_clear(0.99));
}

#[test]
fn manhole_limits_in_percent_of_lel_are_kept_in_percent_by_volume() {
    let plan = plan("gas");
    let tag = plan.site.tag_index("MH-101/ch4").expect("a known tag");
    let points: Vec<f64> = plan.watches[plan.watches_of(tag)]
        .iter()
        .filter_map(|watch| match watch.kind {
            WatchKind::Limit(program) => Some(&plan.limits[program as usize].levels),
            WatchKind::Silence(_) => None,
        })
        .flatten()
        .map(|level| (level.set_point * 1e9).round() / 1e9)
        .collect();
    assert_eq!(points, [0.5, 1.0, 2.5, 5.0]);
}

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

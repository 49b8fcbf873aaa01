//! What is in the tanks now, told by their tags.

use davy_workbench::mhi::Origin;

use crate::support::{near, plan, report};

#[test]
fn levels_volumes_and_masses_become_tonnes() {
    // How a member is told, what its tag reads, and the t that this is.
    for (live, readings, want) in [
        ("tag: TK-1/level, tonnes_per_unit: 12.5", ("TK-1/level", 4.0), 50.0),
        ("tag: TK-1/level, area: 100, density: 0.79", ("TK-1/level", 2.0), 158.0),
        ("tag: TK-2/level, area: 100, density: 0.79", ("TK-2/level", 200.0), 158.0),
        ("tag: TK-1/level, table: [[0, 5], [1, 80], [2, 200]]", ("TK-1/level", 1.5), 140.0),
        ("tag: TK-1/level, table: [[0, 5], [1, 80], [2, 200]], density: 0.5", ("TK-1/level", 1.5), 70.0),
        ("tag: TK-3/level, tonnes_per_unit: 3", ("TK-3/level", 60.0), 180.0),
        ("tag: TK-4/volume, density: 0.8", ("TK-4/volume", 50_000.0), 40.0),
        ("tag: WT-5/mass", ("WT-5/mass", 750.0), 0.75),
        ("tag: WT-5/mass", ("WT-5/mass", -3.0), 0.0),
    ] {
        let plan = plan(1, &[&format!("substance: methanol, design: 500 t, live: {{{live}}}")]);
        let live = report(&plan, &[readings]).live.unwrap_or_else(|| panic!("{live}: not measured"));
        let holding = live.holdings[0];
        assert!(near(holding.tonnes, want), "{holding:?} is not {want}");
        assert_eq!(holding.origin, Origin::Measured);
        assert!(near(live.s, want / 500.0), "{}", live.s);
    }
}

/// A chlorine and a methanol tank: design S 6.25 + 1, R 50 + 2, class 2.
fn two() -> davy_rules::Plan {
    plan(
        100,
        &[
            "title: V-1, substance: chlorine, design: 31.25 t, live: {tag: WT-5/mass}",
            "title: TK-1, substance: methanol, design: 500 t, live: {tag: TK-1/level, tonnes_per_unit: 50}",
        ],
    )
}

#[test]
fn what_was_not_measured_counts_as_by_design() {
    let plan = two();
    let report = report(&plan, &[("TK-1/level", 0.0)]);
    let live = report.live.as_ref().expect("one was measured");
    assert_eq!((live.holdings[0].tonnes, live.holdings[0].origin), (31.25, Origin::Design));
    assert!(near(live.s, 6.25) && near(live.r, 50.0), "S {}, R {}", live.s, live.r);
    assert_eq!((report.measured(), live.class, report.design.class), (1, report.design.class, live.class));
}

#[test]
fn an_empty_farm_is_a_lesser_class_now_and_the_same_one_in_law() {
    let plan = two();
    let report = report(&plan, &[("WT-5/mass", 2_000.0), ("TK-1/level", 1.0)]);
    let live = report.live.as_ref().expect("both were measured");
    assert!(near(live.s, 0.5) && near(live.r, 3.4), "S {}, R {}", live.s, live.r);
    assert_eq!((live.class, report.design.class.map(|class| class.number())), (None, Some(2)));
    assert!(near(live.steps[0].more_t, 2.5), "2.5 t more of chlorine make it a source");
    assert!(report.over_design().is_empty());
}

#[test]
fn more_than_by_design_is_told() {
    let plan = two();
    let report = report(&plan, &[("WT-5/mass", 62_500.0), ("TK-1/level", 10.0)]);
    let over: Vec<_> =
        report.over_design().iter().map(|(member, over)| (member.title.en.as_str(), *over)).collect();
    assert_eq!(over, [("V-1", 31.25)]);
    let class = report.live.as_ref().and_then(|live| live.class);
    assert!(class > report.design.class, "{class:?} is graver");
}

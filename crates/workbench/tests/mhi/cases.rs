//! Cases worked by hand: people, members, and the S, R and class that GB 18218-2018 gives them.

use crate::support::{near, plan, report};

/// What, people exposed, members, S, R, class (0: no major hazard source).
type Case = (&'static str, u32, &'static [&'static str], f64, f64, u8);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("a chlorine store at exactly Q: 1.0 x 4 x 5/5", 1, &["substance: chlorine, design: 5 t"], 1.0, 4.0, 4),
    ("just below Q", 100, &["substance: chlorine, design: 4.999 t"], 0.9998, 7.9984, 0),
    ("in kg", 1, &["substance: chlorine, design: 5000 kg"], 1.0, 4.0, 4),
    ("a figure without a unit is in t", 1, &["substance: chlorine, design: 5"], 1.0, 4.0, 4),
    ("the published example: 1.5 x 2 x 200/20", 60, &["substance: sulfur_dioxide, design: 200 t"], 10.0, 30.0, 3),
    ("ten tenths of Q are one, though not in binary", 1, &[
        "substance: chlorine, design: 0.5 t", "substance: chlorine, design: 0.5 t", "substance: chlorine, design: 0.5 t",
        "substance: chlorine, design: 0.5 t", "substance: chlorine, design: 0.5 t", "substance: chlorine, design: 0.5 t",
        "substance: chlorine, design: 0.5 t", "substance: chlorine, design: 0.5 t", "substance: chlorine, design: 0.5 t",
        "substance: chlorine, design: 0.5 t",
    ], 1.0, 4.0, 4),
    ("two substances below Q that are a source together", 30, &[
        "substance: methanol, design: 300 t", "substance: lpg, design: 20 t",
    ], 1.0, 1.44, 4),
    ("class 3 begins at 10", 1, &["substance: methanol, design: 5000 t"], 10.0, 10.0, 3),
    ("and not before", 1, &["substance: methanol, design: 4999.9 t"], 9.9998, 9.9998, 4),
    ("class 2 begins at 50", 100, &["substance: chlorine, design: 31.25 t"], 6.25, 50.0, 2),
    ("and not before", 100, &["substance: chlorine, design: 31.24 t"], 6.248, 49.984, 3),
    ("class 1 begins at 100", 100, &["substance: chlorine, design: 62.5 t"], 12.5, 100.0, 1),
    ("and not before", 100, &["substance: chlorine, design: 62.49 t"], 12.498, 99.984, 2),
    ("nobody near halves it", 0, &["substance: chlorine, design: 62.5 t"], 12.5, 25.0, 3),
    ("R of class 1, and no source at all", 100, &[
        "substance: own, critical: 10 t, beta: 100, basis: {standard: Own, clause: '1', confidence: uncertain}, design: 9 t",
    ], 0.9, 180.0, 0),
    ("phosgene has the least Q and the greatest beta", 1, &["substance: 光气, design: 0.3 t"], 1.0, 20.0, 3),
    ("a category where the table has no name", 1, &["substance: MTBE, category: W5.3, design: 2000 t"], 2.0, 2.0, 4),
    ("above its boiling point methanol keeps Q and gets another beta", 1, &[
        "substance: methanol, category: W5.1, design: 500 t",
    ], 1.0, 1.5, 4),
    ("a toxic gas of a category", 50, &["substance: some gas, category: J1, design: 10 t"], 2.0, 12.0, 3),
    ("the table leaves the category of bromine to the site", 1, &[
        "substance: bromine, category: J5, design: 20 t",
    ], 1.0, 1.0, 4),
];

#[test]
fn worked_cases_come_out_as_by_hand() {
    for (what, people, members, s, r, class) in CASES {
        let plan = plan(*people, members);
        let report = report(&plan, &[]);
        let got = report.design;
        assert!(near(got.s, *s) && near(got.r, *r), "{what}: S {}, R {}", got.s, got.r);
        assert_eq!(got.class.map_or(0, |class| class.number()), *class, "{what}");
        assert_eq!(report.live, None, "{what}: nobody measured anything");
    }
}

/// People, members, and of each member the t that would do, with the class then.
type Steps = (u32, &'static [&'static str], &'static [(f64, u8)]);

#[test]
fn it_is_told_how_much_more_would_change_the_class() {
    let cases: &[Steps] = &[
        (100, &["substance: chlorine, design: 31.25 t"], &[(31.25, 1)]),
        (100, &["substance: chlorine, design: 62.5 t"], &[]),
        (
            1,
            &["substance: methanol, design: 250 t", "substance: phosgene, design: 0.03 t"],
            &[(200.0, 4), (0.12, 3)],
        ),
    ];
    for (people, members, want) in cases {
        let plan = plan(*people, members);
        let steps = report(&plan, &[]).design.steps;
        assert_eq!(steps.len(), want.len(), "{members:?}");
        for (step, (more_t, class)) in steps.iter().zip(*want) {
            assert!(near(step.more_t, *more_t), "{members:?}: {step:?}");
            assert_eq!(step.class.number(), *class, "{members:?}");
        }
    }
}

#[test]
fn every_figure_names_its_place_in_the_standard() {
    let plan = plan(
        60,
        &[
            "substance: cl2, design: 5 t",
            "substance: MTBE, category: W5.3, design: 5 t",
            "substance: own, critical: 10 t, beta: 2, basis: {standard: Plant book 7, clause: '3', confidence: derived}, design: 5 t",
        ],
    );
    let source = &plan.hazard_sources[0];
    let told = |figure: &davy_rules::Sourced| {
        let basis = &figure.basis;
        format!("{}, {}, {}", basis.standard, basis.clause, basis.confidence.word())
    };
    assert_eq!(told(&source.alpha), "GB 18218-2018, table 5, 50 to 99 people, verified");
    let members: Vec<_> =
        source.members.iter().map(|member| (told(&member.critical_t), told(&member.beta))).collect();
    let want = [
        ("GB 18218-2018, table 1, no. 12, verified", "GB 18218-2018, table 3, chlorine, verified"),
        ("GB 18218-2018, table 2, W5.3, known", "GB 18218-2018, table 4, W5.3, known"),
        ("Plant book 7, 3, derived", "Plant book 7, 3, derived"),
    ];
    assert_eq!(members, want.map(|(critical, beta)| (critical.to_owned(), beta.to_owned())));
}

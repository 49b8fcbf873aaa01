//! What holds of every source.

use proptest::prelude::*;

use crate::support::{plan, report};

const SUBSTANCES: [&str; 8] =
    ["chlorine", "ammonia", "methanol", "lpg", "phosgene", "gasoline", "hydrogen", "methyl_isocyanate"];

fn members() -> impl Strategy<Value = Vec<(&'static str, f64)>> {
    prop::collection::vec((prop::sample::select(&SUBSTANCES[..]), 1e-3..2000.0_f64), 1..8)
}

fn written(members: &[(&str, f64)]) -> Vec<String> {
    members.iter().map(|(substance, t)| format!("substance: {substance}, design: {t} t")).collect()
}

/// S, R and how grave: 0 for no source, 1 for class 4, to 4 for class 1.
fn reckoned(people: u32, members: &[(&str, f64)]) -> (f64, f64, u8) {
    let written = written(members);
    let plan = plan(people, &written.iter().map(String::as_str).collect::<Vec<_>>());
    let got = report(&plan, &[]).design;
    (got.s, got.r, got.class.map_or(0, |class| 5 - class.number()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn more_of_anything_never_makes_a_source_lesser(
        people in 0..150_u32,
        members in members(),
        at in any::<prop::sample::Index>(),
        more in 0.0..1000.0_f64,
        another in prop::sample::select(&SUBSTANCES[..]),
    ) {
        let before = reckoned(people, &members);
        let mut fuller = members.clone();
        fuller[at.index(members.len())].1 += more;
        let mut longer = members.clone();
        longer.push((another, more + 1e-3));
        for after in [reckoned(people, &fuller), reckoned(people, &longer), reckoned(people + 50, &members)] {
            prop_assert!(after.0 >= before.0 && after.1 >= before.1 && after.2 >= before.2, "{before:?}, then {after:?}");
        }
    }

    /// As much more as is told changes the class to the one told; a thousandth of it less does not.
    #[test]
    fn what_would_change_the_class_changes_it(people in 0..150_u32, members in members(), at in any::<prop::sample::Index>()) {
        let at = at.index(members.len());
        let words = written(&members);
        let plan = plan(people, &words.iter().map(String::as_str).collect::<Vec<_>>());
        let design = report(&plan, &[]).design;
        let Some(step) = design.steps.get(at) else { return Ok(()) };
        prop_assert!(step.more_t > 0.0);
        let with = |more_t: f64| {
            let mut fuller = members.clone();
            fuller[at].1 += more_t;
            reckoned(people, &fuller).2
        };
        let before = design.class.map_or(0, |class| 5 - class.number());
        prop_assert_eq!(with(step.more_t), 5 - step.class.number());
        if step.more_t > 1.0 {
            prop_assert_eq!(with(step.more_t * 0.999), before);
        }
    }
}

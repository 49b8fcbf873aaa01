//! Every pack that ships, through the engine: each level of each rule, of each choice, at its set point and beside it, back
//! to its clear point, over its delays, with bad values and with none. The figures stand in a table of its own.

mod packs {
    pub(crate) mod figures;
    pub(crate) mod site;
    pub(crate) mod story;
}

use packs::{
    figures,
    site::{Choice, choices, compiled, levels},
    story::{Story, check},
};

/// By choice: every level is where the table has it, and neither has a level that the other has not.
#[test]
fn set_points_are_those_of_the_table() {
    for choice in choices() {
        let (_, plan) = compiled(&choice);
        let (found, wanted) = (levels(&plan), figures::of(&choice));
        let mut missed = Vec::new();
        for (rule, level, set_point) in &wanted {
            let here: Vec<f64> = found
                .iter()
                .filter(|it| *it.rule == **rule && *it.level.name == **level)
                .map(|it| it.level.set_point)
                .collect();
            if here.is_empty() || here.iter().any(|found| !near(*found, *set_point)) {
                missed.push(format!("{rule} {level}: want {set_point}, found {here:?}"));
            }
        }
        for it in &found {
            if !wanted.iter().any(|(rule, level, _)| **rule == *it.rule && **level == *it.level.name) {
                missed.push(format!("{} {}: not in the table", it.rule, it.level.name));
            }
        }
        assert!(missed.is_empty(), "{choice:?}: {missed:#?}");
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * b.abs()
}

#[test]
fn every_level_is_judged_as_its_pack_says() {
    let mut told = Vec::new();
    let mut stories = 0;
    for choice in choices() {
        let (bundle, plan) = compiled(&choice);
        for it in levels(&plan) {
            let story = Story { bundle: &bundle, plan: &plan, of: &it };
            stories += check(&story, &mut told);
        }
    }
    assert!(told.is_empty(), "{} of {stories}: {:#?}", told.len(), &told[..told.len().min(20)]);
    assert!(stories > 1000, "only {stories} stories were told");
}

#[test]
fn a_choice_is_of_every_pack() {
    let all: Vec<Choice> = choices();
    for name in davy_rules::pack_names() {
        assert!(all.iter().any(|choice| choice.pack == name), "{name} is not tested");
    }
}

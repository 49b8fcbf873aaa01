//! `count`: so many alarms at a tier make one of another, as GB 39496-2020, 5.5.4 rolls up the points of a tailings pond.

use davy_model::{TagIndex, Tier, Unit};

use super::{
    Keep, KindDraft,
    group::{self, Group},
};
use crate::{
    Program,
    expand::{Calculation, Expansion, Subject},
    fields::{Fields, Item},
    level::LevelDraft,
    one_level,
    report::{Place, Report},
};

const KEYS: [&str; 3] = ["of", "group_by", "steps"];
/// The keys of a step.
pub(crate) const STEP: [&str; 3] = ["at_least", "at", "gives"];
const STEPS_MAX: usize = 8;

/// The number of the gravest step that is reached, from 1; 0 when none is.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// The steps, the least grave outcome first.
    pub steps: Vec<CountStep>,
}

/// So many alarms at a tier, or graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountStep {
    /// How many.
    pub at_least: u32,
    /// At this tier or graver.
    pub at: Tier,
}

impl Count {
    pub(super) fn keep(&self) -> Keep {
        Keep::default()
    }
}

pub(super) struct Draft {
    of: Vec<(String, Place)>,
    group: Group,
    steps: Vec<CountStep>,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    KEYS.to_vec()
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &KEYS, report)?;
    let of = fields.rules("of", report);
    let group = group::read(&fields, Group::Site, report);
    let nodes = fields.need("steps", report)?.list_of(1..=STEPS_MAX, "steps", report)?;
    let mut steps: Vec<(CountStep, Tier, Place)> =
        nodes.iter().filter_map(|node| step(node, about, report)).collect();
    let complete = steps.len() == nodes.len();
    steps.sort_by_key(|(_, gives, _)| *gives);
    let level = |(at, (step, gives, place)): (usize, &(CountStep, Tier, Place))| {
        let name = format!("{}-{}", step.at_least, step.at.word());
        let written = format!("{} {}", step.at_least, step.at.word()).into();
        one_level::from_number(&name, *place, *gives, (at + 1) as f64, written)
    };
    let levels = steps.iter().enumerate().map(level).collect();
    let steps = steps.iter().map(|(step, ..)| *step).collect();
    complete.then_some(Draft { of: of?, group: group?, steps, levels })
}

fn step(node: &crate::yaml::Node, about: &str, report: &mut Report) -> Option<(CountStep, Tier, Place)> {
    let fields = Fields::open(node, format!("{about}: step"), &STEP, report)?;
    let at_least = fields.need("at_least", report).and_then(|item| item.whole(1..=100_000, report));
    let at = fields.need("at", report).and_then(|item| item.tier(report));
    let gives = fields.need("gives", report).and_then(|item| item.tier(report));
    Some((CountStep { at_least: at_least?, at: at? }, gives?, fields.place))
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn looks_at(&self) -> &[(String, Place)] {
        &self.of
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let program = Program::Count(Count { steps: self.steps.clone() });
        of_groups(expansion, self.group, |_, _| Some((Vec::new(), program.clone())));
    }
}

/// One calculated tag for each group of the alarms that a rule looks at.
pub(super) fn of_groups(
    expansion: &mut Expansion<'_>,
    group: Group,
    program: impl Fn(&mut Expansion<'_>, &[&Subject]) -> Option<(Vec<TagIndex>, Program)>,
) {
    let subjects = expansion.subjects.clone();
    for (subject, members) in group.of(expansion.site, &subjects, |subject| subject.near) {
        let members: Vec<&Subject> = members.into_iter().map(|at| &subjects[at]).collect();
        let Some((inputs, program)) = program(expansion, &members) else { return };
        expansion.make(Calculation {
            subject,
            unit: Unit::One,
            substance: Default::default(),
            inputs,
            near: members.iter().find_map(|member| member.near),
            alarms: members.iter().map(|member| (member.rule, member.tag)).collect(),
            levels: None,
            program,
        });
    }
}

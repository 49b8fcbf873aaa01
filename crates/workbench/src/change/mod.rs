//! What another set of files says otherwise, rule by rule and beside them: and whether that makes it quicker to alarm, or
//! slower.

mod limit;
mod rule;
mod silence;
mod site;

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{Bundle, Tier};
use davy_rules::Plan;

/// What one rule says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Of which rule; of which file (`site.yaml`, `tags.csv`, `mappings/dtu.yaml`), where it is no rule.
    pub rule: Arc<str>,
    /// What: `L1: set point`, `covers`, `alarm`.
    pub what: String,
    /// As it was; nothing where there was none.
    pub before: String,
    /// As it is to be.
    pub after: String,
    /// Which way that goes.
    pub direction: Direction,
    /// The gravest tier that it bears on.
    pub tier: Tier,
}

/// Which way a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Nothing that raised before raises later, or less grave.
    Tighter,
    /// Neither: a text, or what is told again.
    Neutral,
    /// Nobody can tell without a log: what is calculated is calculated otherwise.
    Unclear,
    /// Something that raised before may raise later, less grave, shorter or not at all.
    Looser,
}

impl Direction {
    /// The word in answers and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Direction::Tighter => "tighter",
            Direction::Neutral => "neutral",
            Direction::Unclear => "unclear",
            Direction::Looser => "looser",
        }
    }
}

/// A change, and the subjects it is about.
pub type Changes = Vec<(Change, Vec<Arc<str>>)>;

/// Gathers changes that are the same for many subjects.
#[derive(Default)]
struct Gathered(BTreeMap<Change, Vec<Arc<str>>>);

impl Gathered {
    fn add(&mut self, change: Change, subject: Option<&Arc<str>>) {
        self.0.entry(change).or_default().extend(subject.cloned());
    }
}

/// What `after` says otherwise than `before`: by rule or file, what changes, and for which subjects, sorted.
/// Texts other than the action are not looked at.
pub fn changes(before: &Plan, after: &Plan) -> Changes {
    let mut gathered = Gathered::default();
    rule::compare(before, after, &mut gathered);
    site::compare(before, after, &mut gathered);
    gathered.0.into_iter().collect()
}

/// As [`changes`], and what the files that readings are read by (`mappings/*.yaml`) say otherwise: they scale and convert, and no
/// plan has them.
pub fn changes_of_files(before: (&Bundle, &Plan), after: (&Bundle, &Plan)) -> Changes {
    let mut gathered = Gathered::default();
    rule::compare(before.1, after.1, &mut gathered);
    site::compare(before.1, after.1, &mut gathered);
    site::compare_mappings(before.0, after.0, &mut gathered);
    gathered.0.into_iter().collect()
}

/// What loosens this or a graver tier needs a second person.
pub const SECOND_PERSON_FROM: Tier = Tier::Orange;

/// Whether a second person must agree: something loosens, or may loosen, what bears on a tier of `from` or graver.
pub fn needs_second_person(changes: &Changes, from: Tier) -> bool {
    changes.iter().any(|(change, _)| change.direction >= Direction::Unclear && change.tier >= from)
}

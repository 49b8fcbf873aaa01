//! `deviation`: how far a tag's value lies from another's, from its peers', or from what it usually is itself.

use davy_model::{TagIndex, micros};

use super::{
    Keep, KindDraft,
    group::{self, Group},
};
use crate::{
    Program,
    expand::{Calculation, Expansion},
    fields::{Fields, Item},
    level::{LevelDraft, Scale, levels},
    report::{Place, Report},
};

const KEYS: [&str; 3] = ["from", "signed", "levels"];
/// With whose value it is compared.
pub(crate) const WHOSE: [&str; 3] = ["tag", "peers", "itself"];
/// The keys of what a value is compared with.
pub(crate) const FROM: [&str; 4] = ["tag", "peers", "itself", "at_least"];

/// The tag's value less what it is compared with, in its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Deviation {
    /// With what it is compared.
    pub from: From,
    /// Whether its sign is kept; without it, above and below are alike.
    pub signed: bool,
}

/// What a value is compared with. The first input is the tag itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum From {
    /// The value of the other input.
    Tag,
    /// The median of the other inputs that are known, of which there must be so many.
    Peers {
        /// That many.
        at_least: u32,
    },
    /// The median of its own means in the parts of so long a time, µs, half of which must be known.
    Itself {
        /// How long.
        over_us: i64,
    },
}

impl Deviation {
    pub(super) fn keep(&self) -> Keep {
        match self.from {
            From::Tag | From::Peers { .. } => Keep::default(),
            From::Itself { over_us } => Keep { readings_us: 0, cells_us: over_us },
        }
    }
}

pub(super) struct Draft {
    whose: Whose,
    signed: bool,
    levels: Vec<LevelDraft>,
}

enum Whose {
    Tag(String, Place),
    Peers(Group, u32),
    Itself(i64),
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    KEYS.to_vec()
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &KEYS, report)?;
    let whose = fields.need("from", report).and_then(|item| whose(&item, report));
    let signed = fields.flag("signed", report);
    let levels = levels(&fields, report);
    Some(Draft { whose: whose?, signed: signed?, levels: levels? })
}

fn whose(item: &Item<'_>, report: &mut Report) -> Option<Whose> {
    let fields = Fields::open(item.node(), item.about_key(), &FROM, report)?;
    let at_least = fields.count("at_least", 1, 1..=1000, report)?;
    match fields.one_of(&WHOSE, report)? {
        "tag" => {
            let tag = fields.get("tag")?;
            Some(Whose::Tag(tag.text(report)?.to_owned(), tag.place))
        }
        "itself" => Some(Whose::Itself(micros(fields.need_span("itself", report)?))),
        _ => Some(Whose::Peers(group::read_as("peers", &fields, report)?, at_least)),
    }
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn scale(&self) -> Scale {
        Scale::Width
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let signed = self.signed;
        match &self.whose {
            Whose::Itself(over_us) => {
                let from = From::Itself { over_us: *over_us };
                expansion.each(Some, |_, _| Some(Program::Deviation(Deviation { from, signed })));
            }
            Whose::Tag(name, place) => {
                let Some(other) = expansion.tag(name, *place) else { return };
                for tag in expansion.tags.clone() {
                    if tag != other {
                        self.make(expansion, vec![tag, other], From::Tag);
                    }
                }
            }
            Whose::Peers(group, at_least) => self.peers(expansion, *group, *at_least),
        }
    }
}

impl Draft {
    fn peers(&self, expansion: &mut Expansion<'_>, group: Group, at_least: u32) {
        let tags = expansion.tags.clone();
        for members in group.of(expansion.site, &tags, |tag| Some(*tag)).into_values() {
            for &at in &members {
                let others = members.iter().filter(|other| **other != at).map(|other| tags[*other]);
                let inputs: Vec<TagIndex> = std::iter::once(tags[at]).chain(others).collect();
                if inputs.len() > at_least as usize {
                    self.make(expansion, inputs, From::Peers { at_least });
                }
            }
        }
    }

    /// Values are compared as they are: all inputs must have one unit.
    fn make(&self, expansion: &mut Expansion<'_>, inputs: Vec<TagIndex>, from: From) {
        if !expansion.in_one_unit(&inputs) {
            return;
        }
        let own = expansion.site.tag(inputs[0]);
        let (subject, unit, substance) = (own.name.clone(), own.unit, own.substance);
        let near = Some(inputs[0]);
        let program = Program::Deviation(Deviation { from, signed: self.signed });
        expansion.make(Calculation {
            subject,
            unit,
            substance,
            inputs,
            alarms: Vec::new(),
            near,
            levels: None,
            program,
        });
    }
}

//! `deviation`: how far a tag's value lies from another's, from its peers', from what it usually is itself, or from a limit
//! that moves.

use davy_model::{Comparator, TagIndex, micros};

use super::{
    HourTable, Hours, Keep, KindDraft, ModeTable, Moving,
    group::{self, Group},
    moving,
};
use crate::{
    Code, Program,
    expand::{Calculation, Expansion},
    fields::{Fields, Item, all_of, one_of},
    figure::Figure,
    level::{LevelDraft, Scale, levels},
    report::{Finding, Place, Report},
};

const KEYS: [&str; 3] = ["from", "signed", "levels"];
/// With what it is compared.
pub(crate) const WHOSE: [&str; 5] = ["tag", "peers", "itself", "mode", "hours"];
/// The keys of what a value is compared with.
pub(crate) const FROM: [&str; 11] = [
    "tag",
    "peers",
    "itself",
    "mode",
    "hours",
    "at_least",
    "otherwise",
    "not_below",
    "not_above",
    "values",
    "utc_offset",
];

/// The keys that go with each.
pub(crate) fn beside(whose: &str) -> &'static [&'static str] {
    match whose {
        "tag" => &["otherwise", "not_below", "not_above"],
        "peers" => &["at_least"],
        "mode" => &["values", "otherwise"],
        "hours" => &["utc_offset", "otherwise"],
        _ => &[],
    }
}

/// The tag's value less what it is compared with, in its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Deviation {
    /// With what it is compared.
    pub from: From,
    /// Whether its sign is kept; without it, above and below are alike.
    pub signed: bool,
}

/// What a value is compared with. The first input is the tag itself.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// The value of the other input.
    Tag(Moving),
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
    /// A limit by the value of the other input.
    Mode(ModeTable),
    /// A limit by the time of day, on the tag's clock.
    Hours(HourTable),
}

impl Deviation {
    pub(super) fn keep(&self) -> Keep {
        match self.from {
            From::Tag(_) | From::Peers { .. } | From::Mode(_) | From::Hours(_) => Keep::default(),
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
    Tag { name: String, place: Place, otherwise: Option<Figure>, bounds: [Option<Figure>; 2] },
    Peers(Group, u32),
    Itself(i64),
    Mode { name: String, place: Place, rows: Vec<(f64, Figure)>, otherwise: Figure },
    Hours { offset_us: i64, rows: Vec<(i64, i64, Figure)>, otherwise: Figure },
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
    let whose = fields.one_of(&WHOSE, report)?;
    check_beside(&fields, whose, report)?;
    let name = |key: &'static str, report: &mut Report| {
        let tag = fields.get(key)?;
        Some((tag.text(report)?.to_owned(), tag.place))
    };
    match whose {
        "tag" => {
            let figure = |key: &'static str, report: &mut Report| match fields.get(key) {
                None => Some(None),
                Some(item) => item.figure(report).map(Some),
            };
            let (name, place) = name("tag", report)?;
            let bounds = [figure("not_below", report)?, figure("not_above", report)?];
            Some(Whose::Tag { name, place, otherwise: figure("otherwise", report)?, bounds })
        }
        "itself" => Some(Whose::Itself(micros(fields.need_span("itself", report)?))),
        "mode" => {
            let (name, place) = name("mode", report)?;
            let rows = fields.need("values", report).and_then(|item| moving::values(&item, report));
            let otherwise = fields.need("otherwise", report).and_then(|item| item.figure(report));
            Some(Whose::Mode { name, place, rows: rows?, otherwise: otherwise? })
        }
        "hours" => {
            let rows = fields.get("hours").and_then(|item| moving::hours(&item, report));
            let offset = fields.need("utc_offset", report).and_then(|item| moving::utc_offset(&item, report));
            let otherwise = fields.need("otherwise", report).and_then(|item| item.figure(report));
            Some(Whose::Hours { offset_us: offset?, rows: rows?, otherwise: otherwise? })
        }
        _ => Some(Whose::Peers(group::read_as("peers", &fields, report)?, at_least)),
    }
}

/// Keys that go with something else are told.
fn check_beside(fields: &Fields<'_>, whose: &str, report: &mut Report) -> Option<()> {
    let goes_with = |key: &&str| *key == whose || beside(whose).contains(key);
    let mut wrong = fields.given(&FROM);
    wrong.retain(|key| !goes_with(key));
    if wrong.is_empty() {
        return Some(());
    }
    let finding = Finding::new(Code::KeyConflict, fields.about()).found_words(all_of(&wrong));
    let expected = match beside(whose) {
        [] => format!("{whose} alone"),
        keys => format!("beside {whose}: {}", one_of(keys)),
    };
    report.error(fields.place, finding.expected(expected));
    None
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
                expansion
                    .each(Some, |_, _| Some(Program::Deviation(Deviation { from: from.clone(), signed })));
            }
            Whose::Tag { name, place, otherwise, bounds } => {
                let Some(other) = expansion.tag(name, *place) else { return };
                for tag in expansion.tags.clone() {
                    if tag != other
                        && let Some(moving) = self.moving(expansion, tag, otherwise.as_ref(), bounds)
                    {
                        self.make(expansion, vec![tag, other], From::Tag(moving));
                    }
                }
            }
            Whose::Mode { name, place, rows, otherwise } => {
                let Some(mode) = expansion.tag(name, *place) else { return };
                for tag in expansion.tags.clone() {
                    if tag != mode
                        && let Some(table) = self.mode_table(expansion, tag, rows, otherwise)
                    {
                        self.make_of(expansion, vec![tag, mode], From::Mode(table));
                    }
                }
            }
            Whose::Hours { offset_us, rows, otherwise } => {
                for tag in expansion.tags.clone() {
                    let mut figure = |figure: &Figure| expansion.figure(figure, tag, Scale::Point);
                    let Some(otherwise) = figure(otherwise) else { continue };
                    let limits: Option<Vec<Hours>> = rows
                        .iter()
                        .map(|(from_us, until_us, limit)| {
                            Some(Hours { from_us: *from_us, until_us: *until_us, limit: figure(limit)? })
                        })
                        .collect();
                    let Some(rows) = limits else { continue };
                    let table = HourTable { offset_us: *offset_us, rows, otherwise };
                    self.make_of(expansion, vec![tag], From::Hours(table));
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

    /// The bounds of another tag's value, and what holds without it, in a tag's unit.
    fn moving(
        &self,
        expansion: &mut Expansion<'_>,
        tag: TagIndex,
        otherwise: Option<&Figure>,
        bounds: &[Option<Figure>; 2],
    ) -> Option<Moving> {
        let mut figure = |figure: Option<&Figure>, usual: f64| match figure {
            None => Some(usual),
            Some(figure) => expansion.figure(figure, tag, Scale::Point),
        };
        let [low, high] = bounds;
        let not_below = figure(low.as_ref(), f64::NEG_INFINITY)?;
        let not_above = figure(high.as_ref(), f64::INFINITY)?;
        let otherwise = match otherwise {
            None => None,
            Some(given) => Some(figure(Some(given), 0.0)?),
        };
        if let (Some(low), true) = (low, not_below > not_above) {
            expansion.wrong(
                low.place,
                Code::NumberRange,
                &low.written,
                "not_below that is at most not_above",
            );
            return None;
        }
        Some(Moving { otherwise, not_below, not_above })
    }

    fn mode_table(
        &self,
        expansion: &mut Expansion<'_>,
        tag: TagIndex,
        rows: &[(f64, Figure)],
        otherwise: &Figure,
    ) -> Option<ModeTable> {
        let otherwise = expansion.figure(otherwise, tag, Scale::Point)?;
        let row = |(is, limit): &(f64, Figure)| Some((*is, expansion.figure(limit, tag, Scale::Point)?));
        let rows: Vec<(f64, f64)> = rows.iter().map(row).collect::<Option<_>>()?;
        let comparators: Vec<Comparator> = self.levels.iter().map(|level| level.comparator).collect();
        // Without a sign, too much and too little are alike: none is the strictest.
        let strictest = if self.signed { ModeTable::strictest(&rows, otherwise, &comparators) } else { None };
        Some(ModeTable { rows, otherwise, strictest })
    }

    /// Values are compared as they are: all inputs must have one unit.
    fn make(&self, expansion: &mut Expansion<'_>, inputs: Vec<TagIndex>, from: From) {
        if expansion.in_one_unit(&inputs) {
            self.make_of(expansion, inputs, from);
        }
    }

    fn make_of(&self, expansion: &mut Expansion<'_>, inputs: Vec<TagIndex>, from: From) {
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

//! `hazard`: S or R of a hazard source, by what is in it now.
//!
//! GB 18218-2018, 4.2.1 and 4.3.2: S = Σ q/Q, R = α·Σ β·q/Q. The class in law goes by design; this watches the plant.

use std::sync::Arc;

use davy_model::{Substance, TagIndex, Unit};

use super::{Keep, KindDraft};
use crate::{
    Code, Content, HazardSource, Program,
    expand::{Calculation, Expansion},
    fields::{Fields, Item},
    level::{LevelDraft, levels},
    report::Report,
};

const KEYS: [&str; 2] = ["of", "levels"];
/// What is watched: S, R, or R as a part of what it is by design.
pub(crate) const WORDS: [&str; 3] = ["s", "r", "share"];

/// S, R or its share of that by design, a plain number: of what tags tell, and of what no tag tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Hazard {
    /// What members without a tag add, by design.
    pub fixed: f64,
    /// Of each input: what its value means, and how much a tonne adds.
    pub parts: Vec<(Content, f64)>,
}

impl Hazard {
    pub(super) fn keep(&self) -> Keep {
        Keep::default()
    }

    fn of(source: &HazardSource, what: &str) -> Hazard {
        let mut hazard = Hazard { fixed: 0.0, parts: Vec::new() };
        let mut design = 0.0;
        for member in &source.members {
            let weight = if what == "s" { 1.0 } else { source.alpha.value * member.beta.value };
            let a_tonne = weight / member.critical_t.value;
            design += a_tonne * member.design_t;
            match &member.live {
                Some(live) => hazard.parts.push((live.content.clone(), a_tonne)),
                None => hazard.fixed += a_tonne * member.design_t,
            }
        }
        if what == "share" {
            hazard.fixed /= design;
            hazard.parts.iter_mut().for_each(|(_, a_tonne)| *a_tonne /= design);
        }
        hazard
    }
}

pub(super) struct Draft {
    what: &'static str,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    KEYS.to_vec()
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &KEYS, report)?;
    let of = fields.get("of").map_or(Some("r"), |item| item.word(&WORDS, report));
    let levels = levels(&fields, report);
    let what = WORDS.into_iter().find(|word| Some(*word) == of)?;
    Some(Draft { what, levels: levels? })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    /// One for each source of which the rule covers a tag that tells of a member.
    fn expand(&self, expansion: &mut Expansion<'_>) {
        let covered = expansion.tags.clone();
        let mut made = 0;
        for source in expansion.hazards {
            let inputs: Vec<TagIndex> =
                source.members.iter().filter_map(|member| Some(member.live.as_ref()?.tag)).collect();
            let Some(near) = inputs.iter().find(|tag| covered.binary_search(tag).is_ok()) else { continue };
            made += 1;
            expansion.make(Calculation {
                subject: Arc::clone(&source.id),
                unit: Unit::One,
                substance: Substance::default(),
                near: Some(*near),
                inputs,
                alarms: Vec::new(),
                levels: None,
                program: Program::Hazard(Hazard::of(source, self.what)),
            });
        }
        if made == 0 && !covered.is_empty() && !expansion.is_of_a_pack() {
            let expected = "tags that tell what is in a hazard source: those under live of its members";
            expansion.wrong(
                expansion.place(),
                Code::HazardSourceUnknown,
                "none of a source's tags",
                expected,
            );
        }
    }
}

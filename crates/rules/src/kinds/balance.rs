//! `balance`: what goes in, less what comes out, less what is stored: what is left over has leaked, or is not measured.
//!
//! API RP 1130 calls the family of methods computational pipeline monitoring by volume balance.

use davy_model::{TagIndex, micros};

use super::{Keep, KindDraft};
use crate::{
    Program,
    expand::{Calculation, Expansion},
    fields::{Fields, Item},
    level::{LevelDraft, levels},
    report::{Place, Report},
    selector::Selector,
};

const KEYS: [&str; 6] = ["subject", "out", "inventory", "over", "coverage", "levels"];
/// The keys of a store.
pub(crate) const STORE: [&str; 2] = ["tag", "times"];
const STORES_MAX: usize = 100;

/// Mean flow in less mean flow out less the mean growth of what is stored, over a rolling window, in the unit of the flows.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// How long the window is, µs.
    pub over_us: i64,
    /// Which share of it must be known of every input.
    pub coverage: f64,
    /// So many of the inputs come first and flow in.
    pub flows_in: u32,
    /// So many come next and flow out. Those after them are stores.
    pub flows_out: u32,
    /// For each store, how much of the flows' unit times an hour one unit of its tag is.
    pub stores: Vec<f64>,
}

impl Balance {
    pub(super) fn keep(&self) -> Keep {
        Keep { readings_us: 0, cells_us: self.over_us }
    }
}

pub(super) struct Draft {
    subject: String,
    out: Vec<String>,
    stores: Vec<(String, Place, f64)>,
    over_us: i64,
    coverage: f64,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    KEYS.to_vec()
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &KEYS, report)?;
    let subject = fields.need("subject", report).and_then(|item| item.name(report));
    let out = fields.need("out", report)?.texts(report);
    let nodes = match fields.get("inventory") {
        Some(item) => item.list_of(1..=STORES_MAX, "stores", report)?,
        None => &[],
    };
    let stores: Vec<_> = nodes.iter().filter_map(|node| store(node, about, report)).collect();
    let complete = stores.len() == nodes.len();
    let over = fields.need_span("over", report);
    let coverage = fields.number("coverage", 0.9, 0.0..=1.0, report);
    let levels = levels(&fields, report);
    let draft = Draft {
        subject: subject?.to_owned(),
        out: out.into_iter().map(|(text, _)| text.to_owned()).collect(),
        stores,
        over_us: micros(over?),
        coverage: coverage?,
        levels: levels?,
    };
    complete.then_some(draft)
}

fn store(node: &crate::yaml::Node, about: &str, report: &mut Report) -> Option<(String, Place, f64)> {
    let fields = Fields::open(node, format!("{about}: inventory"), &STORE, report)?;
    let tag = fields.need("tag", report)?;
    let times = fields.number("times", 1.0, 0.0..=1e12, report);
    Some((tag.text(report)?.to_owned(), tag.place, times?))
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        let flows_in = expansion.tags.clone();
        let Some(&first) = flows_in.first() else { return };
        let mut out = expansion.select(&Selector { tag: Some(self.out.clone()), ..Selector::default() });
        out.retain(|tag| !flows_in.contains(tag));
        let described = expansion.site.tag(first);
        let (unit, substance) = (described.unit, described.substance);
        let mut inputs: Vec<TagIndex> = flows_in.iter().chain(&out).copied().collect();
        if !expansion.in_one_unit(&inputs) {
            return;
        }
        for (name, place, _) in &self.stores {
            let Some(tag) = expansion.tag(name, *place) else { return };
            inputs.push(tag);
        }
        let program = Program::Balance(Balance {
            over_us: self.over_us,
            coverage: self.coverage,
            flows_in: flows_in.len() as u32,
            flows_out: out.len() as u32,
            stores: self.stores.iter().map(|(_, _, times)| *times).collect(),
        });
        let (subject, near) = (self.subject.as_str().into(), Some(first));
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

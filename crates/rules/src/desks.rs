//! `desks` of `site.yaml`: who sits where, and who is asked next.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{Desk, DeskLevel, Escalation, Text, Tier};

use crate::{
    Code,
    fields::{Fields, Item},
    report::{Finding, Report, quoted},
    site_file::{Ids, unknown},
    yaml::{Node, Value},
};

/// The keys of a desk.
pub(crate) const DESK: [&str; 6] = ["id", "title", "areas", "level", "above", "escalates"];
/// The keys of a step of escalation.
pub(crate) const STEP: [&str; 3] = ["after", "to", "tier_from"];
const DESKS_MAX: usize = 100;
const STEPS_MAX: usize = 10;

/// Reads the desks, and gives their ids. What is wrong with them goes to the report.
pub(crate) fn read(fields: &Fields<'_>, areas: &Ids, report: &mut Report) -> (Vec<Desk>, Ids) {
    let Some(item) = fields.get("desks") else { return Default::default() };
    let Some(nodes) = item.list_of(1..=DESKS_MAX, "desks", report) else { return Default::default() };
    let mut taken = Ids::new();
    let mut ids = Ids::new();
    let mut desks: Vec<Desk> = Vec::new();
    let mut steps = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        let Some(fields) = Fields::open(node, format!("desk {}", at + 1), &DESK, report) else { continue };
        let Some(desk) = desk(&fields, (areas, &mut taken, &mut ids), report) else { continue };
        if desk.has_rest
            && let Some(other) = desks.iter().find(|desk| desk.has_rest)
        {
            let finding = Finding::new(Code::KeyMissing, fields.about());
            let finding = finding.found_words(format!("a second desk without areas, beside {}", other.id));
            let expected = "areas, [] for none: one desk at most has all that no other has";
            report.error(fields.place, finding.expected(expected));
        }
        steps.push((desks.len(), fields));
        desks.push(desk);
    }
    for (at, fields) in &steps {
        desks[*at].escalates = escalates(fields, &ids, report);
        desks[*at].above = above(fields, &ids, report);
    }
    chains(&desks, &steps, report);
    (desks, ids)
}

/// The desk that a key names, if it is there.
fn known(item: &Item<'_>, desks: &Ids, report: &mut Report) -> Option<Arc<str>> {
    let id = item.text(report)?;
    if !desks.contains_key(id) {
        report.error(item.place, unknown(Code::DeskUnknown, item.about_key(), id, "desk", desks, report));
        return None;
    }
    Some(id.into())
}

fn above(fields: &Fields<'_>, desks: &Ids, report: &mut Report) -> Option<Arc<str>> {
    fields.get("above").and_then(|item| known(&item, desks, report))
}

/// Whoever stands above stands no lower, and no chain comes round again.
fn chains(desks: &[Desk], places: &[(usize, Fields<'_>)], report: &mut Report) {
    let by_id: BTreeMap<&str, &Desk> = desks.iter().map(|desk| (&*desk.id, desk)).collect();
    let above = |desk: &Desk| desk.above.as_deref().and_then(|id| by_id.get(id).copied());
    for (at, fields) in places {
        let desk = &desks[*at];
        let (Some(item), Some(next)) = (fields.get("above"), above(desk)) else { continue };
        if next.level < desk.level {
            let finding = Finding::new(Code::DeskLevel, item.about_key());
            let found = format!("{}, a desk of level {}", quoted(&next.id), next.level.word());
            let expected = format!("a desk of level {} or higher", desk.level.word());
            report.error(item.place, finding.found_words(found).expected(expected));
        }
        let comes_round = std::iter::successors(Some(next), |desk| above(desk))
            .take(desks.len())
            .any(|other| other.id == desk.id);
        if comes_round {
            let finding = Finding::new(Code::DeskCycle, item.about_key());
            let found = format!("{} above itself", quoted(&desk.id));
            report.error(
                item.place,
                finding.found_words(found).expected("desks that end at one without above"),
            );
        }
    }
}

fn desk(fields: &Fields<'_>, known: (&Ids, &mut Ids, &mut Ids), report: &mut Report) -> Option<Desk> {
    let (areas, taken, ids) = known;
    let item = fields.need("id", report)?;
    let id = item.name(report)?;
    if ids.insert(id.to_owned(), item.place).is_some() {
        report.error(item.place, item.finding(Code::NameTwice).expected("an id of its own"));
        return None;
    }
    let title = fields.get("title").and_then(|item| item.words(report)).unwrap_or_else(|| Text::en(id));
    let areas = fields.get("areas").map(|item| own_areas(&item, areas, taken, report)).unwrap_or_default();
    let level = fields.get("level").and_then(|item| level(&item, report)).unwrap_or_default();
    // Who stands above the plant answers for no area of it, unless the file says so.
    let has_rest = fields.get("areas").is_none() && level == DeskLevel::Enterprise;
    Some(Desk { id: id.into(), title, areas, has_rest, level, above: None, escalates: Vec::new() })
}

/// A level of the chain.
pub(crate) fn level(item: &Item<'_>, report: &mut Report) -> Option<DeskLevel> {
    item.word(&DeskLevel::ALL.map(DeskLevel::word), report).and_then(DeskLevel::from_word)
}

fn own_areas(item: &Item<'_>, areas: &Ids, taken: &mut Ids, report: &mut Report) -> Vec<Arc<str>> {
    let mut own = Vec::new();
    if matches!(&item.node().value, Value::List(nodes) if nodes.is_empty()) {
        return own;
    }
    for (id, place) in item.texts(report) {
        if !areas.contains_key(id) {
            report.error(place, unknown(Code::AreaUnknown, item.about_key(), id, "area", areas, report));
        } else if let Some(first) = taken.get(id) {
            let expected = format!("an area of one desk: it is another's at {}", report.line_of(*first));
            report.error(place, Finding::new(Code::NameTwice, item.about_key()).found(id).expected(expected));
        } else {
            taken.insert(id.to_owned(), place);
            own.push(id.into());
        }
    }
    own
}

fn escalates(fields: &Fields<'_>, desks: &Ids, report: &mut Report) -> Vec<Escalation> {
    let Some(item) = fields.get("escalates") else { return Vec::new() };
    let Some(nodes) = item.list_of(1..=STEPS_MAX, "steps", report) else { return Vec::new() };
    let mut steps: Vec<Escalation> = Vec::new();
    for node in nodes {
        let Some(step) = step(node, fields.about(), desks, report) else { continue };
        if steps.contains(&step) {
            let finding = Finding::new(Code::StepTwice, format!("{}: escalates", fields.about()));
            let found = format!("a step to {} twice", quoted(&step.to));
            report.error(node.place, finding.found_words(found).expected("each step once"));
        }
        steps.push(step);
    }
    steps.sort_by_key(|step| step.after);
    steps
}

fn step(node: &Node, about: &str, desks: &Ids, report: &mut Report) -> Option<Escalation> {
    let fields = Fields::open(node, format!("{about}: escalates"), &STEP, report)?;
    let after = fields.need_span("after", report);
    let to = known(&fields.need("to", report)?, desks, report)?;
    let tier_from = fields.get("tier_from").map_or(Some(Tier::Blue), |item| item.tier(report));
    Some(Escalation { after: after?, to, tier_from: tier_from? })
}

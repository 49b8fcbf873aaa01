//! `hazard_sources` → drafts, whose tags are not looked up yet.

use std::sync::Arc;

use davy_model::Text;

use super::{
    HazardUnit, exposure,
    member::{self, MemberDraft},
};
use crate::{
    Code,
    fields::{Fields, Item},
    report::Report,
    site_file::Ids,
};

/// The keys of a source.
pub(crate) const KEYS: [&str; 5] = ["id", "title", "unit", "people_exposed", "members"];
pub(super) const UNITS: [HazardUnit; 2] = [HazardUnit::Production, HazardUnit::Storage];
/// Sources of a site at most.
pub(crate) const SOURCES_MAX: usize = 1000;
/// Members of a source at most.
pub(crate) const MEMBERS_MAX: usize = 1000;
/// People near a source at most.
pub(crate) const PEOPLE_MAX: u32 = 100_000_000;

/// What `hazard_sources` says.
#[derive(Default)]
pub(crate) struct Drafts {
    /// Those without an error, in the file's order.
    pub(super) sources: Vec<SourceDraft>,
    /// Every id that stands there.
    pub(crate) ids: Ids,
    /// Whether every entry told its id, so that a reference to none of them is a mistake for certain.
    pub(crate) whole: bool,
}

/// One source before its tags are known.
pub(super) struct SourceDraft {
    pub(super) id: Arc<str>,
    pub(super) title: Text,
    pub(super) unit: HazardUnit,
    pub(super) people_exposed: u32,
    pub(super) alpha: super::Sourced,
    pub(super) members: Vec<MemberDraft>,
}

/// Reads the list. What is wrong with it goes to the report.
pub(crate) fn read(site: &Fields<'_>, report: &mut Report) -> Drafts {
    let mut drafts = Drafts { whole: true, ..Drafts::default() };
    let Some(item) = site.get("hazard_sources") else { return drafts };
    let Some(nodes) = item.list_of(1..=SOURCES_MAX, "hazard sources", report) else {
        drafts.whole = false;
        return drafts;
    };
    for (at, node) in nodes.iter().enumerate() {
        let Some(fields) = Fields::open(node, format!("hazard source {}", at + 1), &KEYS, report) else {
            drafts.whole = false;
            continue;
        };
        let id = id(&fields, &mut drafts, report);
        let source = source(&fields, id, report);
        drafts.sources.extend(source);
    }
    drafts
}

fn id(fields: &Fields<'_>, drafts: &mut Drafts, report: &mut Report) -> Option<Arc<str>> {
    let item = fields.need("id", report);
    let Some((id, item)) = item.and_then(|item| Some((item.name(report)?, item))) else {
        drafts.whole = false;
        return None;
    };
    if let Some(first) = drafts.ids.get(id) {
        let expected = format!("an id of its own: it is taken at {}", report.line_of(*first));
        report.error(item.place, item.finding(Code::NameTwice).expected(expected));
        return None;
    }
    drafts.ids.insert(id.to_owned(), item.place);
    Some(id.into())
}

fn source(fields: &Fields<'_>, id: Option<Arc<str>>, report: &mut Report) -> Option<SourceDraft> {
    let title = fields.get("title").map(|item| item.words(report));
    let unit = fields.need("unit", report).and_then(|item| unit(&item, report));
    let people = fields.need("people_exposed", report).and_then(|item| item.whole(0..=PEOPLE_MAX, report));
    let members = fields.need("members", report).and_then(|item| members(&item, fields.about(), report));
    let (id, people_exposed) = (id?, people?);
    Some(SourceDraft {
        title: title.unwrap_or_else(|| Some(Text::en(&*id)))?,
        id,
        unit: unit?,
        people_exposed,
        alpha: exposure::alpha(people_exposed),
        members: members?,
    })
}

fn unit(item: &Item<'_>, report: &mut Report) -> Option<HazardUnit> {
    let word = item.word(&UNITS.map(HazardUnit::word), report)?;
    UNITS.into_iter().find(|unit| unit.word() == word)
}

/// The members; none when one of them has an error, for a sum without it would be too low.
fn members(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Vec<MemberDraft>> {
    let nodes = item.list_of(1..=MEMBERS_MAX, "members", report)?;
    let read = |(at, node)| member::read(node, &format!("{about}: member {}", at + 1), report);
    let members: Vec<MemberDraft> = nodes.iter().enumerate().filter_map(read).collect();
    (members.len() == nodes.len()).then_some(members)
}

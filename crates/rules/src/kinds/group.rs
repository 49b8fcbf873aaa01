//! `group_by`: which tags stand together under one alarm.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{Location, Site, Tag, TagIndex};

use crate::{
    fields::{Fields, Item},
    report::Report,
};

/// What tags may have in common.
pub(crate) const WORDS: [&str; 5] = ["site", "area", "equipment", "device", "tag"];

/// The key of a distance.
pub(crate) const RADIUS: [&str; 1] = ["radius"];

/// What tags have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Group {
    /// The site: one alarm.
    Site,
    /// Their area.
    Area,
    /// What they are mounted on.
    Equipment,
    /// Their device.
    Device,
    /// Nothing: each by itself.
    Tag,
    /// Each tag and those so near to it, m: tags may stand in several groups.
    Radius(f64),
}

/// Reads `group_by: area` or `group_by: {radius: 50 m}`; `usual` when it is not given.
pub(super) fn read(fields: &Fields<'_>, usual: Group, report: &mut Report) -> Option<Group> {
    if fields.get("group_by").is_none() {
        return Some(usual);
    }
    read_as("group_by", fields, report)
}

/// The same under another key.
pub(super) fn read_as(key: &'static str, fields: &Fields<'_>, report: &mut Report) -> Option<Group> {
    let item = fields.need(key, report)?;
    if item.is_map() {
        return radius(&item, report);
    }
    Some(match item.word(&WORDS, report)? {
        "site" => Group::Site,
        "area" => Group::Area,
        "equipment" => Group::Equipment,
        "device" => Group::Device,
        _ => Group::Tag,
    })
}

fn radius(item: &Item<'_>, report: &mut Report) -> Option<Group> {
    let inner = Fields::open(item.node(), item.about_key(), &RADIUS, report)?;
    let figure = inner.need("radius", report)?.figure(report)?;
    let unit = figure.unit.unwrap_or(davy_model::Unit::Metre);
    let line = unit.conversion(davy_model::Unit::Metre, &davy_model::Substance::default());
    match line.map(|line| line.apply(figure.value)) {
        Ok(metres) if metres > 0.0 => Some(Group::Radius(metres)),
        _ => {
            let finding = item.finding(crate::Code::NumberRange).found(&figure.written);
            report.error(figure.place, finding.expected("a length, such as 50 m"));
            None
        }
    }
}

impl Group {
    /// The groups that `members` fall into, by the name of each; who has nothing to stand in a group by stands in none.
    pub(super) fn of<M>(
        self,
        site: &Site,
        members: &[M],
        near: impl Fn(&M) -> Option<TagIndex>,
    ) -> BTreeMap<Arc<str>, Vec<usize>> {
        let mut groups: BTreeMap<Arc<str>, Vec<usize>> = BTreeMap::new();
        if let Group::Radius(metres) = self {
            return neighbours(site, members, near, metres);
        }
        for (at, member) in members.iter().enumerate() {
            let tag = near(member).map(|tag| site.tag(tag));
            let name = if self == Group::Site {
                Some(Arc::clone(&site.id))
            } else {
                tag.and_then(|tag| self.name(tag))
            };
            if let Some(name) = name {
                groups.entry(name).or_default().push(at);
            }
        }
        groups
    }

    fn name(self, tag: &Tag) -> Option<Arc<str>> {
        match self {
            Group::Area => tag.area.clone(),
            Group::Equipment => tag.equipment.clone(),
            Group::Device => tag.device.clone(),
            Group::Tag => Some(Arc::clone(&tag.name)),
            Group::Site | Group::Radius(_) => None,
        }
    }
}

fn neighbours<M>(
    site: &Site,
    members: &[M],
    near: impl Fn(&M) -> Option<TagIndex>,
    metres: f64,
) -> BTreeMap<Arc<str>, Vec<usize>> {
    let placed: Vec<(usize, &Tag, Location)> = members
        .iter()
        .enumerate()
        .filter_map(|(at, member)| {
            let tag = site.tag(near(member)?);
            Some((at, tag, tag.location?))
        })
        .collect();
    let mut groups = BTreeMap::new();
    for (_, centre, from) in &placed {
        let inside = placed.iter().filter(|(_, _, to)| from.metres_to(to).is_some_and(|away| away <= metres));
        groups.insert(Arc::clone(&centre.name), inside.map(|(at, _, _)| *at).collect());
    }
    groups
}

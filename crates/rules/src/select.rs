//! Selectors → lists of tags, by lists kept for each criterion rather than by looking at every tag for every rule.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Bound, Range},
};

use davy_model::{Area, Tag};

use crate::{glob, selector::Selector};

/// Tags by what they are.
pub(crate) struct TagLists<'a> {
    tags: &'a [Tag],
    quantities: BTreeMap<&'a str, Vec<u32>>,
    roles: BTreeMap<&'a str, Vec<u32>>,
    areas: BTreeMap<&'a str, Vec<u32>>,
    equipment: BTreeMap<&'a str, Vec<u32>>,
    devices: BTreeMap<&'a str, Vec<u32>>,
    nodes: BTreeMap<&'a str, Vec<u32>>,
    hazard_sources: BTreeMap<&'a str, Vec<u32>>,
    parts: BTreeMap<&'a str, Vec<&'a str>>,
}

/// The tags that one criterion lets through.
enum Criterion<'s, 'a> {
    /// Any of these lists, each sorted.
    Lists(Vec<&'a [u32]>),
    /// Any of these tags, sorted, or any in the ranges whose name matches.
    Names { exact: Vec<u32>, patterns: Vec<(&'s str, Range<u32>)> },
}

impl<'a> TagLists<'a> {
    /// Sorts the tags of a site, which are sorted by name already.
    pub(crate) fn new(tags: &'a [Tag], areas: &'a [Area]) -> TagLists<'a> {
        let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for area in areas {
            if let Some(parent) = &area.parent {
                parts.entry(parent).or_default().push(&area.id);
            }
        }
        TagLists {
            tags,
            quantities: lists(tags, |tag| Some(tag.quantity.as_str())),
            roles: lists(tags, |tag| tag.role.as_deref()),
            areas: lists(tags, |tag| tag.area.as_deref()),
            equipment: lists(tags, |tag| tag.equipment.as_deref()),
            devices: lists(tags, |tag| tag.device.as_deref()),
            nodes: lists(tags, |tag| tag.edge_node.as_deref()),
            hazard_sources: lists(tags, |tag| tag.hazard_source.as_deref()),
            parts,
        }
    }

    /// The places of the tags that meet every criterion, sorted, each once.
    pub(crate) fn select(&self, selector: &Selector) -> Vec<u32> {
        let mut criteria = self.criteria(selector);
        // The narrowest criterion is listed, the others only asked.
        criteria.sort_by_key(Criterion::size);
        let Some((narrowest, others)) = criteria.split_first() else { return Vec::new() };
        let mut found = narrowest.list(self.tags);
        let is_left_out = |tag: u32| selector.not.iter().any(|name| **name == *self.tags[tag as usize].name);
        found.retain(|tag| {
            others.iter().all(|criterion| criterion.lets(*tag, self.tags)) && !is_left_out(*tag)
        });
        found
    }

    fn criteria<'s>(&self, selector: &'s Selector) -> Vec<Criterion<'s, '_>> {
        let named = |ids: &[String], lists| Criterion::Lists(named(ids, lists));
        let mut criteria = Vec::new();
        if let Some(quantities) = &selector.quantity {
            criteria.push(Criterion::Lists(dotted(quantities, &self.quantities)));
        }
        criteria.extend(selector.role.as_ref().map(|roles| Criterion::Lists(dotted(roles, &self.roles))));
        if let Some(areas) = &selector.area {
            let all = self.with_parts(areas);
            criteria.push(Criterion::Lists(all.into_iter().filter_map(|id| list(&self.areas, id)).collect()));
        }
        criteria.extend(selector.equipment.as_ref().map(|ids| named(ids, &self.equipment)));
        criteria.extend(selector.device.as_ref().map(|ids| named(ids, &self.devices)));
        criteria.extend(selector.edge_node.as_ref().map(|ids| named(ids, &self.nodes)));
        criteria.extend(selector.hazard_source.as_ref().map(|ids| named(ids, &self.hazard_sources)));
        criteria.extend(selector.tag.as_ref().map(|patterns| self.by_name(patterns)));
        criteria
    }

    fn by_name<'s>(&self, patterns: &'s [String]) -> Criterion<'s, '_> {
        let (globs, names): (Vec<&String>, _) = patterns.iter().partition(|text| glob::is_pattern(text));
        let place = |name: &str| self.tags.binary_search_by(|tag| (*tag.name).cmp(name)).ok();
        let mut exact: Vec<u32> = names.iter().filter_map(|name| place(name)).map(index).collect();
        exact.sort_unstable();
        exact.dedup();
        let range = |pattern: &str| {
            let start = glob::literal_start(pattern);
            let from = self.tags.partition_point(|tag| &*tag.name < start);
            let len = self.tags[from..].partition_point(|tag| tag.name.starts_with(start));
            index(from)..index(from + len)
        };
        let patterns = globs.into_iter().map(|pattern| (pattern.as_str(), range(pattern))).collect();
        Criterion::Names { exact, patterns }
    }

    /// The areas and all their parts, however deep, each once.
    fn with_parts<'s>(&'s self, areas: &'s [String]) -> BTreeSet<&'s str> {
        let mut all = BTreeSet::new();
        let mut open: Vec<&str> = areas.iter().map(String::as_str).collect();
        while let Some(id) = open.pop() {
            if all.insert(id) {
                open.extend(self.parts.get(id).into_iter().flatten());
            }
        }
        all
    }
}

impl Criterion<'_, '_> {
    /// How many tags it may let through at most.
    fn size(&self) -> usize {
        match self {
            Criterion::Lists(lists) => lists.iter().map(|list| list.len()).sum(),
            Criterion::Names { exact, patterns } => {
                exact.len() + patterns.iter().map(|(_, range)| range.len()).sum::<usize>()
            }
        }
    }

    fn lets(&self, tag: u32, tags: &[Tag]) -> bool {
        match self {
            Criterion::Lists(lists) => lists.iter().any(|list| list.binary_search(&tag).is_ok()),
            Criterion::Names { exact, patterns } => {
                let fits = |(pattern, range): &(&str, Range<u32>)| {
                    range.contains(&tag) && glob::matches(pattern, &tags[tag as usize].name)
                };
                exact.binary_search(&tag).is_ok() || patterns.iter().any(fits)
            }
        }
    }

    fn list(&self, tags: &[Tag]) -> Vec<u32> {
        let mut found: Vec<u32> = match self {
            Criterion::Lists(lists) => lists.iter().flat_map(|list| list.iter().copied()).collect(),
            Criterion::Names { exact, patterns } => {
                let fitting = patterns.iter().flat_map(|(pattern, range)| {
                    range.clone().filter(|tag| glob::matches(pattern, &tags[*tag as usize].name))
                });
                exact.iter().copied().chain(fitting).collect()
            }
        };
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn lists<'a>(tags: &'a [Tag], key: impl Fn(&'a Tag) -> Option<&'a str>) -> BTreeMap<&'a str, Vec<u32>> {
    let mut lists: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (place, tag) in tags.iter().enumerate() {
        if let Some(key) = key(tag) {
            lists.entry(key).or_default().push(index(place));
        }
    }
    lists
}

/// The lists of dotted words, or of all that begin so.
fn dotted<'l>(wanted: &[String], lists: &'l BTreeMap<&str, Vec<u32>>) -> Vec<&'l [u32]> {
    let mut found: BTreeMap<&str, &[u32]> = BTreeMap::new();
    for text in wanted {
        let Some(stem) = text.strip_suffix(".*") else {
            let known = lists.get_key_value(text.as_str());
            found.extend(known.map(|(name, tags)| (*name, tags.as_slice())));
            continue;
        };
        let under = lists
            .range::<str, _>((Bound::Included(stem), Bound::Unbounded))
            .take_while(|(name, _)| name.starts_with(stem));
        let meant = under.filter(|(name, _)| is_under(stem, name));
        found.extend(meant.map(|(name, tags)| (*name, tags.as_slice())));
    }
    found.into_values().collect()
}

/// Whether a dotted word is that beginning, or has it before a dot.
pub(crate) fn is_under(stem: &str, name: &str) -> bool {
    name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn list<'l>(lists: &'l BTreeMap<&str, Vec<u32>>, id: &str) -> Option<&'l [u32]> {
    lists.get(id).map(Vec::as_slice)
}

fn named<'l>(ids: &[String], lists: &'l BTreeMap<&str, Vec<u32>>) -> Vec<&'l [u32]> {
    let unique: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    unique.into_iter().filter_map(|id| list(lists, id)).collect()
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("the number of tags is bounded far below")
}

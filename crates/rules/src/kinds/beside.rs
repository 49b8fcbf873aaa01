//! Tags that stand beside the one covered: by name, or by what they measure and what they have in common with it.

use std::sync::Arc;

use davy_model::{Tag, TagIndex};

use crate::{expand::Expansion, fields::Fields, report::Report, selector::Selector};

/// What it is told by.
pub(crate) const WHICH: [&str; 2] = ["quantity", "tag"];
/// What a tag may have in common with the one covered.
pub(crate) const SAME: [&str; 3] = ["area", "equipment", "device"];

/// Which tags.
pub(super) struct Beside {
    /// By name or quantity.
    pub(super) selector: Selector,
    same: Option<Same>,
}

#[derive(Clone, Copy)]
enum Same {
    Area,
    Equipment,
    Device,
}

/// Reads `quantity` or `tag`, and `same`.
pub(super) fn read(fields: &Fields<'_>, report: &mut Report) -> Option<Beside> {
    fields.one_of(&WHICH, report)?;
    let texts = |key: &'static str, report: &mut Report| {
        let item = fields.get(key)?;
        Some(item.texts(report).into_iter().map(|(text, _)| text.to_owned()).collect::<Vec<_>>())
    };
    let selector =
        Selector { quantity: texts("quantity", report), tag: texts("tag", report), ..Selector::default() };
    let same = match fields.get("same").and_then(|item| item.word(&SAME, report)) {
        Some("area") => Some(Same::Area),
        Some("equipment") => Some(Same::Equipment),
        Some(_) => Some(Same::Device),
        None => None,
    };
    Some(Beside { selector, same })
}

impl Beside {
    /// The tag of that name.
    pub(super) fn named(name: &str) -> Beside {
        Beside { selector: Selector { tag: Some(vec![name.to_owned()]), ..Selector::default() }, same: None }
    }

    /// Those of `selected` that stand beside a tag.
    pub(super) fn of(
        &self,
        expansion: &Expansion<'_>,
        selected: &[TagIndex],
        tag: TagIndex,
    ) -> Vec<TagIndex> {
        let site = expansion.site;
        let near = |other: &&TagIndex| **other != tag && self.shares(site.tag(tag), site.tag(**other));
        selected.iter().filter(near).copied().collect()
    }

    fn shares(&self, tag: &Tag, other: &Tag) -> bool {
        let shared = |a: &Option<Arc<str>>, b: &Option<Arc<str>>| a.is_some() && a == b;
        match self.same {
            None => true,
            Some(Same::Area) => shared(&tag.area, &other.area),
            Some(Same::Equipment) => shared(&tag.equipment, &other.equipment),
            Some(Same::Device) => shared(&tag.device, &other.device),
        }
    }
}

//! `packs:` in `site.yaml`: which packs of rules a site uses, and how.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Code,
    fields::Fields,
    report::{Finding, Place, Report},
    yaml::Node,
};

/// The keys of an entry of `packs`.
pub(crate) const KEYS: [&str; 5] = ["pack", "options", "tags", "on", "off"];

/// The tags that a site names for the lists of a pack, by the list's name.
pub(crate) type Lists = BTreeMap<String, Vec<(String, Place)>>;

/// One pack that a site uses.
pub(crate) struct PackUse {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// Where it is named.
    pub(crate) place: Place,
    /// What is chosen, by option; each with the places of the option and the choice.
    pub(crate) options: BTreeMap<String, (String, Place, Place)>,
    /// Tags that the pack asks a site to name.
    pub(crate) lists: Lists,
    /// Where each of those lists is named.
    pub(crate) list_places: BTreeMap<String, Place>,
    /// Rules turned on.
    pub(crate) on: Vec<(String, Place)>,
    /// Rules turned off.
    pub(crate) off: Vec<(String, Place)>,
}

/// Reads the packs of a site. What is wrong goes to the report.
pub(crate) fn read(site: &Fields<'_>, report: &mut Report) -> Vec<PackUse> {
    let Some(item) = site.get("packs") else { return Vec::new() };
    let nodes = item.list(report).unwrap_or_default();
    let mut uses: Vec<PackUse> = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        let Some(found) = one(node, place + 1, report) else { continue };
        if let Some(first) = uses.iter().find(|other| other.name == found.name) {
            let expected = format!("each pack once: it is used at {}", report.line_of(first.place));
            let finding = Finding::new(Code::NameTwice, format!("pack {}: pack", place + 1));
            report.error(found.place, finding.found(&found.name).expected(expected));
            continue;
        }
        uses.push(found);
    }
    uses
}

fn one(node: &Node, number: usize, report: &mut Report) -> Option<PackUse> {
    let fields = Fields::open(node, format!("pack {number}"), &KEYS, report)?;
    let pack = fields.need("pack", report)?;
    let mut found = PackUse {
        name: pack.name(report)?.into(),
        place: pack.place,
        options: BTreeMap::new(),
        lists: Lists::new(),
        list_places: BTreeMap::new(),
        on: Vec::new(),
        off: Vec::new(),
    };
    if let Some(item) = fields.get("options") {
        let options = Fields::open_any(item.node(), "options");
        for entry in item.entries(report).unwrap_or_default() {
            let value = options.as_ref().and_then(|options| options.get(entry.key()));
            let choice =
                value.and_then(|value| Some((value.text(report)?.to_owned(), entry.place, value.place)));
            found.options.extend(choice.map(|choice| (entry.key().to_owned(), choice)));
        }
    }
    if let Some(item) = fields.get("tags") {
        let lists = Fields::open_any(item.node(), "tags");
        for entry in item.entries(report).unwrap_or_default() {
            let value = lists.as_ref().and_then(|lists| lists.get(entry.key()));
            let tags = value.map(|value| value.texts(report)).unwrap_or_default();
            let owned = tags.into_iter().map(|(tag, place)| (tag.to_owned(), place)).collect();
            found.lists.insert(entry.key().to_owned(), owned);
            found.list_places.insert(entry.key().to_owned(), entry.place);
        }
    }
    let mut ids = |key: &'static str| {
        let texts = fields.get(key).map(|item| item.texts(report)).unwrap_or_default();
        texts.into_iter().map(|(id, place)| (id.to_owned(), place)).collect()
    };
    found.on = ids("on");
    found.off = ids("off");
    Some(found)
}

//! `applies_to`: which tags a rule covers.

use davy_model::Quantity;

use crate::{
    Code,
    fields::{Fields, Item},
    glob,
    report::{Finding, Place, Report},
    site_file::{Ids, unknown},
};

/// The keys of `applies_to`.
pub(crate) const KEYS: [&str; 8] =
    ["quantity", "role", "area", "equipment", "device", "edge_node", "hazard_source", "tag"];
/// What a role looks like, for people.
pub(crate) const ROLE_FORM: &str = "1 to 64 of a-z 0-9 _ - in parts with a dot between, such as coal.t1";

/// What a tag must be to be covered: of each key that is given, one of its texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    /// Where it stands.
    pub(crate) place: Option<Place>,
    /// Quantities, or their beginnings with `.*` behind.
    pub(crate) quantity: Option<Vec<String>>,
    /// Roles, or their beginnings with `.*` behind.
    pub(crate) role: Option<Vec<String>>,
    /// Areas; their parts are meant too.
    pub(crate) area: Option<Vec<String>>,
    /// What a tag is mounted on.
    pub(crate) equipment: Option<Vec<String>>,
    /// Devices.
    pub(crate) device: Option<Vec<String>>,
    /// Edge nodes.
    pub(crate) edge_node: Option<Vec<String>>,
    /// Hazard sources.
    pub(crate) hazard_source: Option<Vec<String>>,
    /// Names, or patterns of names.
    pub(crate) tag: Option<Vec<String>>,
    /// Names of tags that are not covered whatever else they are; a pack's rule has them.
    pub(crate) not: Vec<String>,
}

/// What a selector may refer to; what could not be read is not checked.
pub(crate) struct Targets {
    /// The site's areas.
    pub(crate) areas: Option<Ids>,
    /// Its edge nodes.
    pub(crate) nodes: Option<Ids>,
    /// Its devices.
    pub(crate) devices: Option<Ids>,
    /// Its hazard sources.
    pub(crate) hazard_sources: Option<Ids>,
    /// What its tags are mounted on.
    pub(crate) equipment: Option<Ids>,
    /// Its tags.
    pub(crate) tags: Option<Ids>,
}

/// Reads a selector. What is wrong with it goes to the report.
pub(crate) fn read(item: &Item<'_>, about: &str, targets: &Targets, report: &mut Report) -> Option<Selector> {
    let fields = Fields::open(item.node(), format!("{about}: applies_to"), &KEYS, report)?;
    if fields.given(&KEYS).is_empty() {
        let finding = Finding::new(Code::KeyMissing, fields.about());
        report
            .error(item.place, finding.expected("at least one key").help("for every tag, write tag: \"*\""));
        return None;
    }
    let texts = |key: &'static str, report: &mut Report| {
        let item = fields.get(key)?;
        Some(item.texts(report))
    };
    let known = |key: &'static str, code, kind, ids: Option<&Ids>, report: &mut Report| {
        let found = texts(key, report)?;
        for (id, place) in &found {
            if let Some(ids) = ids.filter(|ids| !ids.contains_key(*id)) {
                let finding = unknown(code, format!("{}: {key}", fields.about()), id, kind, ids, report);
                report.error(*place, finding);
            }
        }
        Some(owned(found))
    };
    let quantity = texts("quantity", report).inspect(|found| check_quantities(&fields, found, report));
    let role = texts("role", report).inspect(|found| check_roles(&fields, found, report));
    let tag = texts("tag", report).inspect(|found| check_tags(&fields, found, targets, report));
    Some(Selector {
        place: Some(item.place),
        quantity: quantity.map(owned),
        role: role.map(owned),
        area: known("area", Code::AreaUnknown, "area", targets.areas.as_ref(), report),
        equipment: known(
            "equipment",
            Code::EquipmentUnknown,
            "equipment",
            targets.equipment.as_ref(),
            report,
        ),
        device: known("device", Code::DeviceUnknown, "device", targets.devices.as_ref(), report),
        edge_node: known("edge_node", Code::EdgeNodeUnknown, "edge node", targets.nodes.as_ref(), report),
        hazard_source: known(
            "hazard_source",
            Code::HazardSourceUnknown,
            "hazard source",
            targets.hazard_sources.as_ref(),
            report,
        ),
        tag: tag.map(owned),
        not: Vec::new(),
    })
}

fn owned(texts: Vec<(&str, Place)>) -> Vec<String> {
    texts.into_iter().map(|(text, _)| text.to_owned()).collect()
}

fn check_quantities(fields: &Fields<'_>, found: &[(&str, Place)], report: &mut Report) {
    for (text, place) in found {
        let beginning = text.strip_suffix(".*");
        let stem = beginning.unwrap_or(text);
        // `gas.*` stands for quantities although `gas` alone is none.
        let known = Quantity::new(stem).is_some()
            || beginning.is_some_and(|stem| Quantity::new(&format!("{stem}.x")).is_some());
        if !known {
            let finding =
                Finding::new(Code::QuantityUnknown, format!("{}: quantity", fields.about())).found(text);
            report.error(
                *place,
                finding.expected("a quantity such as gas.h2s, or its beginning such as gas.*"),
            );
        }
    }
}

/// Whether a text may be a tag's role.
pub(crate) fn is_role(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
    };
    text.len() <= 64 && text.split('.').all(is_part)
}

fn check_roles(fields: &Fields<'_>, found: &[(&str, Place)], report: &mut Report) {
    for (text, place) in found {
        if !is_role(text.strip_suffix(".*").unwrap_or(text)) {
            let finding = Finding::new(Code::NameInvalid, format!("{}: role", fields.about())).found(text);
            report.error(*place, finding.expected("a role such as coal.t1, or its beginning such as coal.*"));
        }
    }
}

fn check_tags(fields: &Fields<'_>, found: &[(&str, Place)], targets: &Targets, report: &mut Report) {
    let Some(tags) = &targets.tags else { return };
    for (text, place) in found {
        if !glob::is_pattern(text) && !tags.contains_key(*text) {
            let about = format!("{}: tag", fields.about());
            let finding = unknown(Code::TagUnknown, about, text, "tag", tags, report);
            report.error(*place, finding);
        }
    }
}

//! `site.yaml` → everything of a site but its tags.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use davy_model::{
    Annunciation, Area, Desk, Device, Duties, EdgeNode, ShelvingPolicy, Source, Text, TimePolicy,
};

use crate::{
    Code, annunciation, desks, duties,
    fields::Fields,
    hazard_source,
    pack_use::{self, PackUse},
    report::{Finding, Place, Report},
    source,
    yaml::Node,
};

/// The keys of `site.yaml`.
pub(crate) const KEYS: [&str; 13] = [
    "site",
    "title",
    "time",
    "shelving",
    "areas",
    "edge_nodes",
    "devices",
    "sources",
    "desks",
    "duties",
    "annunciation",
    "hazard_sources",
    "packs",
];
/// The keys of an area.
pub(crate) const AREA: [&str; 3] = ["id", "title", "parent"];
/// The keys of an edge node.
pub(crate) const EDGE_NODE: [&str; 4] = ["id", "title", "loss_grace", "silence_limit"];
/// The keys of a device.
pub(crate) const DEVICE: [&str; 3] = ["id", "title", "edge_node"];
/// The keys of `time`.
pub(crate) const TIME: [&str; 4] = ["max_ahead", "late_after", "max_age", "backlog_settle"];
/// The keys of `shelving`.
pub(crate) const SHELVING: [&str; 2] = ["max", "two_person_from"];
const A_MILLISECOND: Duration = Duration::from_millis(1);

/// What `site.yaml` says.
#[derive(Default)]
pub(crate) struct SiteFile {
    /// The site's id; `None` when it is missing or wrong, and that is reported.
    pub(crate) id: Option<Arc<str>>,
    /// What people call the site.
    pub(crate) title: Text,
    /// What is believed of clocks.
    pub(crate) time: TimePolicy,
    /// How shelving is bounded.
    pub(crate) shelving: ShelvingPolicy,
    /// Who answers for what, in the file's order.
    pub(crate) desks: Vec<Desk>,
    /// What an alarm of each tier asks of people.
    pub(crate) duties: Duties,
    /// How much is told at once.
    pub(crate) annunciation: Annunciation,
    /// Parts of the site, in the file's order.
    pub(crate) areas: Vec<Area>,
    /// Who publishes, in the file's order.
    pub(crate) edge_nodes: Vec<EdgeNode>,
    /// What edge nodes speak for, in the file's order.
    pub(crate) devices: Vec<Device>,
    /// Where readings come from in another form than the native one, in the file's order.
    pub(crate) sources: Vec<Source>,
    /// Units that may be major hazard sources.
    pub(crate) hazard_sources: hazard_source::Drafts,
    /// Which packs of rules it uses, in the file's order.
    pub(crate) packs: Vec<PackUse>,
    /// Which of these lists are whole, so that a reference to none of their ids is a mistake for certain.
    pub(crate) whole: Whole,
}

/// Which lists of a site could be read to the last id.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Whole {
    /// The areas.
    pub(crate) areas: bool,
    /// The edge nodes.
    pub(crate) nodes: bool,
    /// The devices.
    pub(crate) devices: bool,
}

/// Ids of one kind, and where each was given.
pub(crate) type Ids = BTreeMap<String, Place>;

/// Reads the site. What is wrong with it goes to the report.
pub(crate) fn read(root: &Node, report: &mut Report) -> SiteFile {
    let Some(fields) = Fields::open(root, "site", &KEYS, report) else { return SiteFile::default() };
    let id = fields.need("site", report).and_then(|item| item.name(report));
    let mut site = SiteFile { id: id.map(Into::into), ..SiteFile::default() };
    site.title = title(&fields, id.unwrap_or_default(), report);
    site.time = time(&fields, report);
    site.shelving = shelving(&fields, report);
    let (areas, areas_whole) = entries(&fields, "areas", "area", &AREA, report);
    let (nodes, nodes_whole) = entries(&fields, "edge_nodes", "edge node", &EDGE_NODE, report);
    let (devices, devices_whole) = entries(&fields, "devices", "device", &DEVICE, report);
    site.whole = Whole { areas: areas_whole, nodes: nodes_whole, devices: devices_whole };
    let area_ids = ids(&areas, "area", report);
    let node_ids = ids(&nodes, "edge node", report);
    reserved(&nodes, report);
    ids(&devices, "device", report);
    site.areas = areas
        .iter()
        .filter_map(|(fields, id, _)| Some(area(fields, id.as_deref()?, &area_ids, report)))
        .collect();
    site.edge_nodes =
        nodes.iter().filter_map(|(fields, id, _)| Some(edge_node(fields, id.as_deref()?, report))).collect();
    site.devices = devices
        .iter()
        .filter_map(|(fields, id, _)| Some(device(fields, id.as_deref()?, &node_ids, report)))
        .collect();
    cycles(&site.areas, &area_ids, report);
    let (desks, desk_ids) = desks::read(&fields, &area_ids, report);
    site.desks = desks;
    site.duties = duties::read(&fields, &desk_ids, report);
    site.annunciation = annunciation::read(&fields, report);
    site.packs = pack_use::read(&fields, report);
    site.sources = source::read(&fields, nodes_whole.then_some(&node_ids), report);
    site.hazard_sources = hazard_source::read(&fields, report);
    site
}

/// Reports a reference to something that is not there, with the nearest name that is.
pub(crate) fn unknown(
    code: Code,
    about: impl Into<String>,
    id: &str,
    kind: &str,
    known: &Ids,
    report: &Report,
) -> Finding {
    let near = report.nearest(id, known.keys().map(String::as_str));
    let help = if known.is_empty() { format!("there is no {kind} at all") } else { String::new() };
    Finding::new(code, about)
        .found(id)
        .expected(format!("the id of a known {kind}"))
        .help(help)
        .did_you_mean(near)
}

type Entry<'a> = (Fields<'a>, Option<String>, Place);

/// The members of a list, and whether each has an id.
fn entries<'a>(
    fields: &'a Fields<'a>,
    key: &'static str,
    kind: &str,
    known: &[&'static str],
    report: &mut Report,
) -> (Vec<Entry<'a>>, bool) {
    let Some(item) = fields.get(key) else { return (Vec::new(), true) };
    let mut entries = Vec::new();
    let Some(nodes) = item.list(report) else { return (entries, false) };
    for (place, node) in nodes.iter().enumerate() {
        let Some(fields) = Fields::open(node, format!("{kind} {}", place + 1), known, report) else {
            continue;
        };
        let item = fields.need("id", report);
        let place = item.as_ref().map_or(fields.place, |item| item.place);
        let id = item.and_then(|item| item.name(report)).map(str::to_owned);
        entries.push((fields, id, place));
    }
    let whole = entries.len() == nodes.len() && entries.iter().all(|(_, id, _)| id.is_some());
    (entries, whole)
}

fn ids(entries: &[Entry<'_>], kind: &str, report: &mut Report) -> Ids {
    let mut ids = Ids::new();
    for (_, id, place) in entries {
        let Some(id) = id else { continue };
        if let Some(first) = ids.get(id) {
            let expected = format!("an id of its own: it is taken at {}", report.line_of(*first));
            report.error(
                *place,
                Finding::new(Code::NameTwice, format!("{kind}: id")).found(id).expected(expected),
            );
            continue;
        }
        ids.insert(id.clone(), *place);
    }
    ids
}

/// An edge node may not be called as the topic of a site's alarms is: it would be heard by whoever hears those.
fn reserved(nodes: &[Entry<'_>], report: &mut Report) {
    for (_, id, place) in nodes {
        if id.as_deref() == Some(EdgeNode::RESERVED) {
            let finding = Finding::new(Code::NameReserved, "edge node: id").found(EdgeNode::RESERVED);
            report.error(
                *place,
                finding.expected("another id: in topics this word stands for a site's alarms"),
            );
        }
    }
}

fn title(fields: &Fields<'_>, otherwise: &str, report: &mut Report) -> Text {
    let given = fields.get("title").and_then(|item| item.words(report));
    given.unwrap_or_else(|| Text::en(otherwise))
}

fn area(fields: &Fields<'_>, id: &str, ids: &Ids, report: &mut Report) -> Area {
    let parent = reference(fields, "parent", Code::AreaUnknown, "area", ids, report);
    Area { id: id.into(), title: title(fields, id, report), parent }
}

fn edge_node(fields: &Fields<'_>, id: &str, report: &mut Report) -> EdgeNode {
    let loss_grace = fields.get("loss_grace").and_then(|item| item.duration(Duration::ZERO, report));
    let silence_limit = fields.get("silence_limit").and_then(|item| item.duration(A_MILLISECOND, report));
    EdgeNode {
        id: id.into(),
        title: title(fields, id, report),
        loss_grace: loss_grace.unwrap_or(EdgeNode::DEFAULT_LOSS_GRACE),
        silence_limit: silence_limit.unwrap_or(EdgeNode::DEFAULT_SILENCE_LIMIT),
    }
}

fn device(fields: &Fields<'_>, id: &str, nodes: &Ids, report: &mut Report) -> Device {
    let edge_node = reference(fields, "edge_node", Code::EdgeNodeUnknown, "edge node", nodes, report);
    Device { id: id.into(), title: title(fields, id, report), edge_node }
}

fn reference(
    fields: &Fields<'_>,
    key: &str,
    code: Code,
    kind: &str,
    ids: &Ids,
    report: &mut Report,
) -> Option<Arc<str>> {
    let item = fields.get(key)?;
    let id = item.text(report)?;
    if !ids.contains_key(id) {
        let finding = unknown(code, format!("{}: {key}", fields.about()), id, kind, ids, report);
        report.error(item.place, finding);
        return None;
    }
    Some(id.into())
}

/// Follows each area to the top; one that comes by itself again is a part of itself.
fn cycles(areas: &[Area], ids: &Ids, report: &mut Report) {
    let parents: BTreeMap<&str, &str> =
        areas.iter().filter_map(|area| Some((&*area.id, area.parent.as_deref()?))).collect();
    // What is known to end at the top is not walked again, so that a long chain costs its length once.
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    for area in areas {
        let mut path = BTreeSet::new();
        let mut at = &*area.id;
        while settled.insert(at) {
            path.insert(at);
            match parents.get(at) {
                Some(parent) if path.contains(*parent) => {
                    let place = ids[*parent];
                    let found = format!("{} under itself", crate::report::quoted(parent));
                    let finding = Finding::new(Code::AreaCycle, "area: parent").found_words(found);
                    report.error(place, finding.expected("areas that end at one without a parent"));
                    break;
                }
                Some(parent) => at = parent,
                None => break,
            }
        }
    }
}

fn time(fields: &Fields<'_>, report: &mut Report) -> TimePolicy {
    let mut policy = TimePolicy::default();
    let Some(item) = fields.get("time") else { return policy };
    let Some(time) = Fields::open(item.node(), "site: time", &TIME, report) else { return policy };
    let read =
        |key: &str, report: &mut Report| time.get(key).and_then(|item| item.duration(A_MILLISECOND, report));
    policy.max_ahead = read("max_ahead", report).unwrap_or(policy.max_ahead);
    policy.late_after = read("late_after", report).unwrap_or(policy.late_after);
    policy.max_age = read("max_age", report).unwrap_or(policy.max_age);
    policy.backlog_settle = read("backlog_settle", report).unwrap_or(policy.backlog_settle);
    if policy.max_age < policy.late_after {
        let place =
            time.get("max_age").or_else(|| time.get("late_after")).map_or(time.place, |item| item.place);
        let finding = Finding::new(Code::DurationRange, "site: time: max_age");
        let found = crate::duration::show(policy.max_age);
        let least = format!("at least late_after, {}", crate::duration::show(policy.late_after));
        report.error(place, finding.found_words(found).expected(least));
    }
    policy
}

fn shelving(fields: &Fields<'_>, report: &mut Report) -> ShelvingPolicy {
    let mut policy = ShelvingPolicy::default();
    let Some(item) = fields.get("shelving") else { return policy };
    let Some(shelving) = Fields::open(item.node(), "site: shelving", &SHELVING, report) else {
        return policy;
    };
    if let Some(max) = shelving.get("max").and_then(|item| item.duration(Duration::from_secs(1), report)) {
        policy.max = max;
    }
    if let Some(tier) = shelving.get("two_person_from").and_then(|item| item.tier(report)) {
        policy.two_person_from = tier;
    }
    policy
}

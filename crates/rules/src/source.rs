//! `sources` in `site.yaml`: where readings come from in another form than the native one.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{Source, SourceForm};

use crate::{
    Code,
    fields::{Fields, Item, one_of},
    report::{Finding, Report},
    site_file::{Ids, unknown},
    yaml::{Node, Value},
};

/// The keys of a source.
pub(crate) const KEYS: [&str; 6] = ["mapping", "sparkplug", "hj212", "topic", "edge_node", "edge_nodes"];
/// In which form its readings come.
pub(crate) const FORMS: [&str; 3] = ["mapping", "sparkplug", "hj212"];
/// Bytes of a topic at most, as MQTT has it.
const TOPIC_LEN_MAX: usize = 65_535;

/// Reads the list; edge nodes are looked up where all of them are known.
pub(crate) fn read(site: &Fields<'_>, nodes: Option<&Ids>, report: &mut Report) -> Vec<Source> {
    let Some(entries) = site.get("sources").and_then(|item| item.list(report)) else { return Vec::new() };
    let read = |(place, node): (usize, &Node)| {
        let fields = Fields::open(node, format!("source {}", place + 1), &KEYS, report)?;
        source(&fields, nodes, report)
    };
    entries.iter().enumerate().filter_map(read).collect()
}

fn source(fields: &Fields<'_>, nodes: Option<&Ids>, report: &mut Report) -> Option<Source> {
    let form = form(fields, nodes, report)?;
    let edge_node = fields.get("edge_node").and_then(|item| edge_node(&item, nodes, report));
    for key in ["topic", "edge_node"] {
        if let Some(item) = fields.get(key).filter(|_| matches!(form, SourceForm::Sparkplug { .. })) {
            let finding = item.finding(Code::KeyConflict);
            report
                .error(item.place, finding.expected("nothing: Sparkplug's topics tell group and edge node"));
        }
    }
    if let Some(item) = fields.get("edge_nodes").filter(|_| !matches!(form, SourceForm::Sparkplug { .. })) {
        let finding = item.finding(Code::KeyConflict);
        report.error(item.place, finding.expected("edge_node, for one; edge_nodes goes with sparkplug"));
    }
    if matches!(form, SourceForm::Hj212 { .. }) {
        fields.need("edge_node", report)?;
    }
    let topic = fields.get("topic").and_then(|item| topic(&item, report));
    Some(Source { form, topic, edge_node })
}

fn form(fields: &Fields<'_>, nodes: Option<&Ids>, report: &mut Report) -> Option<SourceForm> {
    let given = fields.given(&FORMS);
    let [key] = given[..] else {
        let finding = Finding::new(Code::KeyConflict, fields.about());
        let found = if given.is_empty() { "none of them".to_owned() } else { given.join(" and ") };
        report.error(fields.place, finding.found_words(found).expected(format!("one of {}", one_of(&FORMS))));
        return None;
    };
    let item = fields.get(key)?;
    match key {
        "mapping" => Some(SourceForm::Mapping(item.name(report)?.into())),
        "hj212" => Some(SourceForm::Hj212 { mn: item.text(report)?.into() }),
        _ => {
            let group = item.text(report)?.into();
            let edge_nodes = fields.get("edge_nodes").map(|item| renamed(&item, nodes, report));
            Some(SourceForm::Sparkplug { group, edge_nodes: edge_nodes.unwrap_or_default() })
        }
    }
}

/// Sparkplug's id of an edge node, and the site's.
fn renamed(item: &Item<'_>, nodes: Option<&Ids>, report: &mut Report) -> Vec<(Arc<str>, Arc<str>)> {
    let Value::Map(entries) = &item.node().value else {
        report.error(item.place, item.finding(Code::ValueType).expected("Sparkplug's ids and the site's"));
        return Vec::new();
    };
    let names: Vec<&str> = entries.iter().map(|(key, _)| key.name.as_str()).collect();
    let mut renamed = BTreeMap::new();
    let Some(fields) = Fields::open_any(item.node(), "edge_nodes") else { return Vec::new() };
    for name in names {
        if let Some(id) = fields.get(name).and_then(|item| edge_node(&item, nodes, report)) {
            renamed.insert(Arc::from(name), id);
        }
    }
    renamed.into_iter().collect()
}

fn edge_node(item: &Item<'_>, nodes: Option<&Ids>, report: &mut Report) -> Option<Arc<str>> {
    let id = item.name(report)?;
    if let Some(nodes) = nodes.filter(|nodes| !nodes.contains_key(id)) {
        let finding = unknown(Code::EdgeNodeUnknown, "source: edge_node", id, "edge node", nodes, report);
        report.error(item.place, finding);
        return None;
    }
    Some(id.into())
}

fn topic(item: &Item<'_>, report: &mut Report) -> Option<Arc<str>> {
    let topic = item.text(report)?;
    if topic.len() > TOPIC_LEN_MAX || topic.starts_with("davy/") || topic.starts_with('$') {
        let expected = "a topic that is not Davy's own (davy/...) nor the broker's ($...)";
        report.error(item.place, item.finding(Code::NameReserved).expected(expected));
        return None;
    }
    Some(topic.into())
}

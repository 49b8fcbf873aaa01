//! Text of a mapping file → what it asks for, or everything that is wrong with it.

mod entry;
mod fields;
mod layout;
mod parts;
mod report;
mod wire;

use std::sync::Arc;

use davy_model::Text;
use davy_yaml::{Node, Place, Value};

use self::{
    entry::Entries,
    report::{Item, Map, Report},
};
use super::{
    MappingProblem,
    numbers::Scale,
    path::Path,
    patterns::Patterns,
    shipped,
    spec::{Layout, Policy, Spec, Unknown},
    tree::{End, Tree},
};
use crate::TopicPattern;

/// The keys of a mapping.
const KEYS: [&str; 24] = [
    "extends",
    "about",
    "format",
    "topic",
    "csv",
    "readings",
    "fields",
    "tag",
    "time",
    "unit",
    "scale",
    "offset",
    "numbers_as_text",
    "decimal_comma",
    "words",
    "sentinels",
    "not_numbers",
    "quality",
    "historical",
    "seq",
    "keys",
    "ignore",
    "unknown",
    "other_fields",
];
/// The longest mapping file, bytes; what ships has 2 KiB at most.
const FILE_LEN_MAX: usize = 256 * 1024;
/// Mappings that build on each other at most.
const EXTENDS_MAX: usize = 4;

/// What a mapping file says.
pub(super) struct File {
    pub(super) pattern: Option<TopicPattern>,
    pub(super) about: Text,
    pub(super) spec: Spec,
}

/// Reads a mapping file.
pub(super) fn read(text: &str) -> Result<File, Vec<MappingProblem>> {
    let mut report = Report::default();
    let file = root(text, &mut report).and_then(|node| whole(&node, &mut report));
    let problems = report.into_problems();
    match file {
        Some(file) if problems.is_empty() => Ok(file),
        Some(_) | None => Err(problems),
    }
}

/// The tree of the file, laid over the one that it extends.
fn root(text: &str, report: &mut Report) -> Option<Node> {
    if text.len() > FILE_LEN_MAX {
        let message = Text::both("a mapping file has at most 256 KiB", "映射文件最大 256 KiB");
        report.problem(Place::start_of(0), "", message);
        return None;
    }
    let mut node = tree(text, report)?;
    for _ in 0..EXTENDS_MAX {
        let Some(base) = extends(&node, report) else { return Some(node) };
        node = over(base?, node);
    }
    None
}

fn tree(text: &str, report: &mut Report) -> Option<Node> {
    davy_yaml::parse(text, 0)
        .map_err(|broken| {
            let zh = format!("不是合法的 YAML：{}", broken.problem);
            report.problem(broken.place, "", Text::both(format!("not plain YAML: {}", broken.problem), zh));
        })
        .ok()
}

/// The tree of the shipped mapping that this one extends; the key is taken out.
fn extends(node: &Node, report: &mut Report) -> Option<Option<Node>> {
    let Value::Map(entries) = &node.value else { return None };
    let (_, wanted) = entries.iter().find(|(key, _)| key.name == "extends")?;
    let item = Item { place: wanted.place, path: "extends".to_owned(), node: wanted };
    let names: Vec<&'static str> = shipped::all().map(|(name, _)| name).collect();
    let name = item.word(&names, report);
    Some(name.and_then(|name| {
        let text = shipped::all().find(|(known, _)| *known == name).map(|(_, text)| text)?;
        let mut base = tree(text, report)?;
        // Whatever is wrong with the two together is told where one is asked for.
        settle(&mut base, wanted.place);
        Some(base)
    }))
}

fn settle(node: &mut Node, place: Place) {
    node.place = place;
    match &mut node.value {
        Value::Null | Value::Scalar(_) => {}
        Value::List(items) => items.iter_mut().for_each(|item| settle(item, place)),
        Value::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            key.place = place;
            settle(value, place);
        }),
    }
}

/// One tree laid over another: maps are joined, everything else of the upper one counts.
fn over(base: Node, upper: Node) -> Node {
    let place = upper.place;
    match (base.value, upper.value) {
        (Value::Map(mut joined), Value::Map(entries)) => {
            for (key, node) in entries.into_iter().filter(|(key, _)| key.name != "extends") {
                match joined.iter_mut().find(|(known, _)| known.name == key.name) {
                    Some((_, below)) => {
                        let under = std::mem::replace(below, Node { place, value: Value::Null });
                        *below = over(under, node);
                    }
                    None => joined.push((key, node)),
                }
            }
            Node { place, value: Value::Map(joined) }
        }
        (_, value) => Node { place, value },
    }
}

fn whole(node: &Node, report: &mut Report) -> Option<File> {
    let item = Item { place: node.place, path: String::new(), node };
    let map = Map::open(&item, &KEYS, report)?;
    let about = map.get("about").map(|item| about(&item, report)).unwrap_or_default();
    let pattern = map.get("topic").and_then(|item| {
        let text = item.text(report)?;
        let read = TopicPattern::parse(text);
        read.map_err(|error| report.problem(item.place, &item.path, Text::both(error.en(), error.zh()))).ok()
    });
    let formats = ["json", "csv", "senml", "hj212"];
    let format = map.get("format").map_or(Some("json"), |item| item.word(&formats, report))?;
    let layout = match format {
        "senml" => return Some(File { pattern, about, spec: Spec::of_wire(wire::senml(&map, report)) }),
        "hj212" => return Some(File { pattern, about, spec: Spec::of_wire(wire::hj212(&map, report)?) }),
        "csv" => layout::csv(&map, report)?,
        _ => Layout::Json,
    };
    if layout == Layout::Json
        && let Some(item) = map.get("csv")
    {
        let message = Text::both("csv is for format: csv", "csv 仅用于 format: csv");
        report.problem(item.place, &item.path, message);
    }
    let spec = spec(&map, layout, report)?;
    Some(File { pattern, about, spec })
}

fn about(item: &Item<'_>, report: &mut Report) -> Text {
    if let Some(text) = item.scalar() {
        return Text::en(text);
    }
    let Some(map) = Map::open(item, &["en", "zh"], report) else { return Text::both("", "") };
    let part = |key| map.get(key).and_then(|item| item.scalar()).unwrap_or_default();
    Text::both(part("en"), part("zh"))
}

fn spec(map: &Map<'_>, layout: Layout, report: &mut Report) -> Option<Spec> {
    let is_csv = layout != Layout::Json;
    let mut entries = Entries::new(map, is_csv, report);
    entries.read_all(map, report);
    let keys = entries.keys(map, report);
    let unit = map.get("unit").and_then(|item| entries.common_unit(&item, report));
    let looked_for = entries.looked_for();
    let mut tree = Tree::new();
    let (rules, fields) = entries.finish(unit.as_ref(), &keys, &mut tree, report);
    if let Some(item) = map.get("seq")
        && let Some(path) = parts::path(&item, report)
    {
        tree.add(&path, End::Seq);
    }
    tree.finish();
    let (fields, stamps) = fields.into_parts();
    let scale = parts::scale(map, report).unwrap_or(Scale::ONE);
    let flag =
        |key: &str, report: &mut Report| map.get(key).and_then(|item| item.flag(report)).unwrap_or(false);
    Some(Spec {
        tree,
        rules,
        fields,
        stamps,
        keys: Patterns::new(keys),
        ignore: parts::ignore(map, report),
        unknown: unknown(map, report),
        warns_of_other_fields: map.get("other_fields").and_then(|item| item.word(&["skip", "warn"], report))
            == Some("warn"),
        not_numbers: policy(map, report),
        numbers_as_text: is_csv || flag("numbers_as_text", report),
        decimal_comma: flag("decimal_comma", report),
        sentinels: map
            .get("sentinels")
            .map(|item| parts::sentinels(&item, report))
            .unwrap_or_else(|| Arc::from([])),
        scale,
        unit,
        words: map.get("words").map(|item| parts::words(&item, report)).unwrap_or_else(|| Arc::from([])),
        looked_for,
        layout,
    })
}

fn unknown(map: &Map<'_>, report: &mut Report) -> Unknown {
    let word = map.get("unknown").and_then(|item| item.word(&["take", "skip", "warn", "refuse"], report));
    match word {
        Some("skip") => Unknown::Skip,
        Some("warn") => Unknown::Warn,
        Some("refuse") => Unknown::Refuse,
        Some(_) | None => Unknown::Take,
    }
}

fn policy(map: &Map<'_>, report: &mut Report) -> Policy {
    match map.get("not_numbers").and_then(|item| item.word(&["refuse", "skip", "warn"], report)) {
        Some("skip") => Policy::Skip,
        Some("warn") => Policy::Warn,
        Some(_) | None => Policy::Refuse,
    }
}

/// The paths of a file that has the columns of rows in place of the entries of objects.
fn in_rows(path: Path, is_csv: bool) -> Path {
    if is_csv { Path(vec![super::path::Step::Each]).then(&path) } else { path }
}

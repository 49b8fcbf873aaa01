//! Reads the keys of a mapping file, and collects everything that is wrong with it.

use davy_model::Text;
use davy_yaml::{Key, Node, Place, Value, nearest};

use crate::mapping::MappingProblem;

/// Problems listed at most: who made more reads the first ones.
const PROBLEMS_MAX: usize = 100;
/// Characters of a found text that are shown at most.
const SHOWN_MAX: usize = 60;

/// Everything found so far.
#[derive(Default)]
pub(super) struct Report {
    problems: Vec<MappingProblem>,
}

/// A map whose keys are known.
pub(super) struct Map<'a> {
    pub(super) place: Place,
    path: String,
    entries: &'a [(Key, Node)],
}

/// The value of a key.
#[derive(Clone)]
pub(super) struct Item<'a> {
    pub(super) place: Place,
    pub(super) path: String,
    pub(super) node: &'a Node,
}

impl Report {
    pub(super) fn problem(&mut self, place: Place, path: &str, message: Text) {
        self.helped(place, path, message, Text::both("", ""));
    }

    pub(super) fn helped(&mut self, place: Place, path: &str, message: Text, help: Text) {
        if self.problems.len() < PROBLEMS_MAX {
            let (line, column, key) = (place.line, place.column, path.to_owned());
            self.problems.push(MappingProblem { line, column, key, message, help });
        }
    }

    pub(super) fn into_problems(mut self) -> Vec<MappingProblem> {
        self.problems.sort_by_key(|problem| (problem.line, problem.column));
        self.problems
    }
}

impl<'a> Map<'a> {
    /// Opens a map, and reports every key that is not `known`.
    pub(super) fn open(item: &Item<'a>, known: &[&'static str], report: &mut Report) -> Option<Map<'a>> {
        let map = Map::open_free(item, report)?;
        for (key, _) in map.entries.iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
            let expected = known.join(", ");
            let found = quoted(&key.name);
            let message = Text::both(
                format!("found {found}, expected one of {expected}"),
                format!("此处为 {found}，应为以下之一：{expected}"),
            );
            report.helped(key.place, &map.child(&key.name), message, meant(&key.name, known));
        }
        Some(map)
    }

    /// Opens a map whose keys are data.
    pub(super) fn open_free(item: &Item<'a>, report: &mut Report) -> Option<Map<'a>> {
        match &item.node.value {
            Value::Map(entries) => Some(Map { place: item.place, path: item.path.clone(), entries }),
            Value::Null | Value::Scalar(_) | Value::List(_) => {
                item.wrong("keys and values", "键值对", report);
                None
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Item<'a>> {
        let (name, node) = self.entries.iter().find(|(name, _)| name.name == key)?;
        Some(self.item(name, node))
    }

    /// Every entry: its key, and the item.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a Key, Item<'a>)> {
        self.entries.iter().map(|(key, node)| (key, self.item(key, node)))
    }

    /// Reports that a key is missing.
    pub(super) fn missing(&self, key: &str, report: &mut Report) {
        let message = Text::both(format!("the key {key} is missing"), format!("缺少键 {key}"));
        report.problem(self.place, &self.path, message);
    }

    fn item(&self, key: &'a Key, node: &'a Node) -> Item<'a> {
        let place = if node.value == Value::Null { key.place } else { node.place };
        Item { place, path: self.child(&key.name), node }
    }

    fn child(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

impl<'a> Item<'a> {
    /// Reports that something else should stand here.
    pub(super) fn wrong(&self, en: &str, zh: &str, report: &mut Report) {
        report.problem(self.place, &self.path, self.message(en, zh));
    }

    fn message(&self, en: &str, zh: &str) -> Text {
        let (found, found_zh) = match &self.node.value {
            Value::Null => ("nothing".to_owned(), "空".to_owned()),
            Value::Scalar(text) => (quoted(text), quoted(text)),
            Value::List(_) => ("a list".to_owned(), "列表".to_owned()),
            Value::Map(_) => ("keys and values".to_owned(), "键值对".to_owned()),
        };
        Text::both(format!("found {found}, expected {en}"), format!("此处为 {found_zh}，应为 {zh}"))
    }

    /// The text of a single value, when it is one.
    pub(super) fn scalar(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar(text) => Some(text),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// A text of 1 to 256 characters.
    pub(super) fn text(&self, report: &mut Report) -> Option<&'a str> {
        let text = self.scalar().filter(|text| (1..=256).contains(&text.chars().count()));
        if text.is_none() {
            self.wrong("a text of 1 to 256 characters", "1 至 256 个字符的文本", report);
        }
        text
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, report: &mut Report) -> Option<bool> {
        self.word(&["true", "false"], report).map(|word| word == "true")
    }

    /// One of a few words.
    pub(super) fn word(&self, known: &[&'static str], report: &mut Report) -> Option<&'static str> {
        let found = self.scalar().unwrap_or_default();
        let word = known.iter().copied().find(|word| *word == found);
        if word.is_none() {
            let expected = known.join(", ");
            let message = self.message(&format!("one of {expected}"), &format!("以下之一：{expected}"));
            report.helped(self.place, &self.path, message, meant(found, known));
        }
        word
    }

    /// A text, or a list of texts, with their places.
    pub(super) fn texts(&self, report: &mut Report) -> Vec<(&'a str, Item<'a>)> {
        let items = match &self.node.value {
            Value::List(_) => self.items(report),
            Value::Null | Value::Scalar(_) | Value::Map(_) => vec![self.clone()],
        };
        items.into_iter().filter_map(|item| Some((item.text(report)?, item))).collect()
    }

    /// The members of a list.
    pub(super) fn items(&self, report: &mut Report) -> Vec<Item<'a>> {
        let Value::List(nodes) = &self.node.value else {
            self.wrong("a list", "列表", report);
            return Vec::new();
        };
        let item = |(at, node): (usize, &'a Node)| Item {
            place: node.place,
            path: format!("{}[{at}]", self.path),
            node,
        };
        nodes.iter().enumerate().map(item).collect()
    }
}

/// Asks whether a near word was meant.
pub(super) fn meant(found: &str, known: &[&'static str]) -> Text {
    match nearest(found, known.iter().copied()) {
        Some(near) => Text::both(format!("did you mean {near:?}?"), format!("是否想写 {near:?}？")),
        None => Text::both("", ""),
    }
}

/// A text in quotes, on one line, cut to a readable length.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_MAX).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    format!("{shown:?}")
}

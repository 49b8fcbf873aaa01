//! The keys of one YAML map, and the readers of their values. Whatever is wrong goes to the report.

use std::{ops::RangeInclusive, time::Duration};

use davy_model::{Text, Tier, is_name};

use crate::{
    Code, duration,
    figure::{self, Figure, FigureError},
    report::{Finding, Place, Report},
    yaml::{Key, Node, Value},
};

/// Characters of a text at most.
pub(crate) const TEXT_MAX: usize = 2000;
/// The languages of a text for people.
pub(crate) const LANGUAGES: [&str; 2] = ["en", "zh"];
/// Which way a value goes.
pub(crate) const DIRECTIONS: [&str; 2] = ["rising", "falling"];
/// What a name looks like, for people.
pub(crate) const NAME_FORM: &str = "1 to 64 of A-Z a-z 0-9 - _ . with a letter or digit first";
/// What a unit looks like, for people.
pub(crate) const UNIT_FORM: &str = "a unit such as ppm, mg/m3, %LEL, %vol, kPa, m, degC, m/s";

/// One map, whose keys are known.
pub struct Fields<'a> {
    /// Where the map begins.
    pub place: Place,
    about: String,
    entries: &'a [(Key, Node)],
}

/// The value of one key.
pub struct Item<'a> {
    /// Where the value begins; of an empty one, where its key does.
    pub place: Place,
    about: &'a str,
    key: &'a str,
    node: &'a Node,
}

impl<'a> Fields<'a> {
    /// Opens a map about something, and reports every key that is not `known`.
    pub fn open(
        node: &'a Node,
        about: impl Into<String>,
        known: &[&'static str],
        report: &mut Report,
    ) -> Option<Fields<'a>> {
        let about = about.into();
        let Value::Map(entries) = &node.value else {
            report.error(
                node.place,
                Finding::new(Code::ValueType, about).found_node(node).expected("keys and values"),
            );
            return None;
        };
        for (key, value) in entries.iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
            let near = davy_yaml::nearest(&key.name, known.iter().copied());
            // `{en: a, b}` is two keys to YAML, and one text to whoever wrote it.
            let comma = if value.value == Value::Null {
                "a comma in a text inside {} needs quotes around the text"
            } else {
                ""
            };
            let finding = Finding::new(Code::KeyUnknown, &*about).found(&key.name).expected(one_of(known));
            report.error(key.place, finding.help(comma).did_you_mean(near));
        }
        Some(Fields { place: node.place, about, entries })
    }

    /// Opens a map whose keys are names that somebody gave.
    pub fn open_any(node: &'a Node, about: impl Into<String>) -> Option<Fields<'a>> {
        let Value::Map(entries) = &node.value else { return None };
        Some(Fields { place: node.place, about: about.into(), entries })
    }

    /// What the map is about.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// The value of a key, if it is there.
    pub fn get(&'a self, key: &'a str) -> Option<Item<'a>> {
        let (name, node) = self.entries.iter().find(|(name, _)| name.name == key)?;
        let place = if node.value == Value::Null { name.place } else { node.place };
        Some(Item { place, about: &self.about, key, node })
    }

    /// The value of a key that must be there.
    pub fn need(&'a self, key: &'a str, report: &mut Report) -> Option<Item<'a>> {
        let item = self.get(key);
        if item.is_none() {
            report.error(
                self.place,
                Finding::new(Code::KeyMissing, &*self.about).expected(format!("the key {key}")),
            );
        }
        item
    }

    /// A key that must be there, with a duration of at least a millisecond.
    pub(crate) fn need_span(&'a self, key: &'a str, report: &mut Report) -> Option<Duration> {
        self.need(key, report)?.span(report)
    }

    /// A whole number that may be missing.
    pub(crate) fn count(
        &'a self,
        key: &'a str,
        usual: u32,
        range: RangeInclusive<u32>,
        report: &mut Report,
    ) -> Option<u32> {
        self.get(key).map_or(Some(usual), |item| item.whole(range, report))
    }

    /// A plain number that may be missing.
    pub(crate) fn number(
        &'a self,
        key: &'a str,
        usual: f64,
        range: RangeInclusive<f64>,
        report: &mut Report,
    ) -> Option<f64> {
        self.get(key).map_or(Some(usual), |item| item.number(range, report))
    }

    /// `true` or `false`; false when it is missing.
    pub(crate) fn flag(&'a self, key: &'a str, report: &mut Report) -> Option<bool> {
        self.get(key).map_or(Some(false), |item| item.flag(report))
    }

    /// `direction: falling`; rising when it is missing.
    pub(crate) fn falling(&'a self, report: &mut Report) -> Option<bool> {
        let Some(item) = self.get("direction") else { return Some(false) };
        item.word(&DIRECTIONS, report).map(|word| word == "falling")
    }

    /// The ids of rules, each with its place.
    pub(crate) fn rules(&'a self, key: &'a str, report: &mut Report) -> Option<Vec<(String, Place)>> {
        let texts = self.need(key, report)?.texts(report);
        Some(texts.into_iter().map(|(text, place)| (text.to_owned(), place)).collect())
    }

    /// The one of `keys` that is there; it is told when there is none, or more than one.
    pub(crate) fn one_of(&self, keys: &'static [&'static str], report: &mut Report) -> Option<&'static str> {
        let given = self.given(keys);
        if let [key] = given[..] {
            return Some(key);
        }
        let code = if given.is_empty() { Code::KeyMissing } else { Code::KeyConflict };
        let finding = Finding::new(code, self.about()).found_words(all_of(&given));
        report.error(self.place, finding.expected(format!("exactly one of {}", one_of(keys))));
        None
    }

    /// Those of `keys` that are there.
    pub fn given(&self, keys: &'static [&'static str]) -> Vec<&'static str> {
        keys.iter().copied().filter(|key| self.entries.iter().any(|(name, _)| name.name == *key)).collect()
    }
}

impl<'a> Item<'a> {
    /// A finding about this value.
    pub fn finding(&self, code: Code) -> Finding {
        Finding::new(code, format!("{}: {}", self.about, self.key)).found_node(self.node)
    }

    /// The node itself.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// A single value's text.
    pub fn scalar(&self, expected: &str, report: &mut Report) -> Option<&'a str> {
        if let Value::Scalar(text) = &self.node.value {
            return Some(text);
        }
        report.error(self.place, self.finding(Code::ValueType).expected(expected));
        None
    }

    /// A text that is not empty.
    pub fn text(&self, report: &mut Report) -> Option<&'a str> {
        let text = self.scalar("a text", report)?.trim();
        if text.is_empty() || text.chars().count() > TEXT_MAX {
            let expected = format!("a text of 1 to {TEXT_MAX} characters");
            report.error(self.place, self.finding(Code::TextLength).expected(expected));
            return None;
        }
        Some(text)
    }

    /// A text for people: plain, or `{en: ..., zh: ...}`.
    pub(crate) fn words(&self, report: &mut Report) -> Option<Text> {
        if matches!(self.node.value, Value::Scalar(_)) {
            return self.text(report).map(Text::en);
        }
        if !matches!(self.node.value, Value::Map(_)) {
            report.error(self.place, self.finding(Code::ValueType).expected("a text, or {en: ..., zh: ...}"));
            return None;
        }
        let both = Fields::open(self.node, format!("{}: {}", self.about, self.key), &LANGUAGES, report)?;
        let en = both.need("en", report).and_then(|item| item.text(report));
        let zh = both.get("zh").map(|item| item.text(report));
        Some(Text::both(en?, zh.flatten().unwrap_or_default()))
    }

    /// A name.
    pub fn name(&self, report: &mut Report) -> Option<&'a str> {
        let text = self.scalar("a name", report)?;
        if is_name(text) {
            return Some(text);
        }
        report.error(self.place, self.finding(Code::NameInvalid).expected(NAME_FORM));
        None
    }

    /// A duration of at least `shortest`.
    pub fn duration(&self, shortest: Duration, report: &mut Report) -> Option<Duration> {
        let text = self.scalar(duration::FORM, report)?;
        let Some(span) = duration::parse(text) else {
            report.error(self.place, self.finding(Code::DurationInvalid).expected(duration::FORM));
            return None;
        };
        if span < shortest {
            let expected = format!("at least {}", duration::show(shortest));
            report.error(self.place, self.finding(Code::DurationRange).expected(expected));
            return None;
        }
        Some(span)
    }

    /// A duration of at least a millisecond.
    pub(crate) fn span(&self, report: &mut Report) -> Option<Duration> {
        self.duration(Duration::from_millis(1), report)
    }

    /// A whole number.
    pub(crate) fn whole(&self, range: RangeInclusive<u32>, report: &mut Report) -> Option<u32> {
        let expected = format!("a whole number, {} to {}", range.start(), range.end());
        let number =
            self.scalar(&expected, report)?.trim().parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            report.error(self.place, self.finding(Code::NumberRange).expected(expected));
        }
        number
    }

    /// A plain number.
    pub(crate) fn number(&self, range: RangeInclusive<f64>, report: &mut Report) -> Option<f64> {
        let expected = format!("a number, {} to {}", range.start(), range.end());
        let number =
            figure::number(self.scalar(&expected, report)?.trim()).filter(|number| range.contains(number));
        if number.is_none() {
            report.error(self.place, self.finding(Code::NumberRange).expected(expected));
        }
        number
    }

    /// The keys that somebody gave, each with its value.
    pub(crate) fn entries(&self, report: &mut Report) -> Option<Vec<Item<'a>>>
    where
        Self: 'a,
    {
        let Value::Map(entries) = &self.node.value else {
            report.error(self.place, self.finding(Code::ValueType).expected("keys and values"));
            return None;
        };
        let about = self.key;
        let item = |(key, node): &'a (Key, Node)| Item { place: key.place, about, key: &key.name, node };
        Some(entries.iter().map(item).collect())
    }

    /// Under which key it stands.
    pub(crate) fn key(&self) -> &'a str {
        self.key
    }

    /// Whether it is keys and values.
    pub(crate) fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    /// What the value is about, for what stands inside it.
    pub(crate) fn about_key(&self) -> String {
        format!("{}: {}", self.about, self.key)
    }

    /// `true` or `false`.
    pub fn flag(&self, report: &mut Report) -> Option<bool> {
        match self.scalar("true or false", report)? {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                report.error(self.place, self.finding(Code::WordUnknown).expected("true or false"));
                None
            }
        }
    }

    /// A tier.
    pub fn tier(&self, report: &mut Report) -> Option<Tier> {
        self.word(&Tier::ALL.map(Tier::word), report).and_then(Tier::from_word)
    }

    /// One of a few words.
    pub fn word(&self, known: &[&'static str], report: &mut Report) -> Option<&'a str> {
        let text = self.scalar(&one_of(known), report)?;
        if known.contains(&text) {
            return Some(text);
        }
        let near = davy_yaml::nearest(text, known.iter().copied());
        report.error(self.place, self.finding(Code::WordUnknown).expected(one_of(known)).did_you_mean(near));
        None
    }

    /// A number with or without a unit.
    pub fn figure(&self, report: &mut Report) -> Option<Figure> {
        let text = self.scalar("a number and a unit, such as 7.05 ppm", report)?;
        let error = match Figure::parse(text, self.place) {
            Ok(figure) => return Some(figure),
            Err(error) => error,
        };
        let finding = match &error {
            FigureError::Number => {
                self.finding(Code::NumberInvalid).expected("a number and a unit, such as 7.05 ppm")
            }
            FigureError::Unit(unit) => {
                let near = davy_yaml::nearest(unit, UNIT_WORDS.iter().copied());
                self.finding(Code::UnitUnknown).expected(UNIT_FORM).did_you_mean(near)
            }
        };
        report.error(self.place, finding.found_words(error.found(text)));
        None
    }

    /// A text, or a list of texts, each with its place.
    pub fn texts(&self, report: &mut Report) -> Vec<(&'a str, Place)> {
        let Value::List(items) = &self.node.value else {
            return self.text(report).map(|text| (text, self.place)).into_iter().collect();
        };
        let each = |node: &'a Node| Item { place: node.place, about: self.about, key: self.key, node };
        let texts = items.iter().map(each).filter_map(|item| Some((item.text(report)?, item.place)));
        let texts: Vec<_> = texts.collect();
        if items.is_empty() {
            report.error(self.place, self.finding(Code::ValueType).expected("a text, or a list of texts"));
        }
        texts
    }

    /// The members of a list that may be so long.
    pub(crate) fn list_of(
        &self,
        len: RangeInclusive<usize>,
        what: &str,
        report: &mut Report,
    ) -> Option<&'a [Node]> {
        let nodes = self.list(report)?;
        if len.contains(&nodes.len()) {
            return Some(nodes);
        }
        let finding =
            Finding::new(Code::ValueType, self.about_key()).found_words(format!("{} {what}", nodes.len()));
        report.error(
            self.place,
            finding.expected(format!("a list of {} to {} {what}", len.start(), len.end())),
        );
        None
    }

    /// The members of a list.
    pub fn list(&self, report: &mut Report) -> Option<&'a [Node]> {
        if let Value::List(items) = &self.node.value {
            return Some(items);
        }
        report.error(self.place, self.finding(Code::ValueType).expected("a list"));
        None
    }
}

/// What is proposed for a mistyped unit.
pub(crate) const UNIT_WORDS: [&str; 34] = [
    "ppm", "ppb", "mg/m3", "ug/m3", "%vol", "%LEL", "LEL.m", "Pa", "kPa", "MPa", "bar", "mbar", "mm", "cm",
    "m", "L", "m3", "kg", "t", "degC", "K", "degF", "m3/h", "m3/s", "L/min", "kg/h", "t/h", "m/s", "km/h",
    "on/off", "s", "min", "h", "d",
];

/// `a and b`, or that there is none.
pub(crate) fn all_of(keys: &[&str]) -> String {
    if keys.is_empty() { "none".to_owned() } else { keys.join(" and ") }
}

/// `a, b or c`.
pub fn one_of(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [word] => (*word).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

impl Finding {
    /// What a node is, as a reader sees it.
    pub fn found_node(self, node: &Node) -> Finding {
        match &node.value {
            Value::Null => self.found_words("nothing"),
            Value::Scalar(text) => self.found(text),
            Value::List(_) => self.found_words("a list"),
            Value::Map(_) => self.found_words("keys and values"),
        }
    }
}

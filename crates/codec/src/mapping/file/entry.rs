//! `readings`: where values stand, and what belongs to them.

use std::sync::Arc;

use davy_model::Text;

use super::{
    fields::Fields,
    in_rows, parts,
    report::{Item, Map, Report},
};
use crate::mapping::{
    path::{Path, Step},
    spec::{Codes, KeyRule, Part, QualityFrom, Rule, UnitFrom},
    stamp::{Format, Stamp, zone},
    tree::{End, Tree},
};

/// Entries of `readings` at most.
const ENTRIES_MAX: usize = 64;
/// Entries of `keys` at most.
const KEYS_MAX: usize = 5_000;

/// All entries, while they are read.
pub(super) struct Entries<'a> {
    is_csv: bool,
    fields: Fields,
    rules: Vec<(Path, Rule)>,
    /// Fields with names, for all entries.
    named: Vec<(&'a str, Path, Item<'a>)>,
    tag: Option<Item<'a>>,
    time: Option<Item<'a>>,
    quality: Option<Item<'a>>,
    historical: Option<Item<'a>>,
}

/// What an entry's paths begin with, and the names that its tag may use.
struct Scope<'s, 'a> {
    base: Path,
    captures: Vec<(Arc<str>, usize)>,
    named: Vec<&'s (&'a str, Path, Item<'a>)>,
    is_csv: bool,
}

impl<'a> Entries<'a> {
    pub(super) fn new(root: &Map<'a>, is_csv: bool, report: &mut Report) -> Entries<'a> {
        let nothing = Path::default();
        let named =
            root.get("fields").map(|item| fields(&item, &nothing, is_csv, report)).unwrap_or_default();
        Entries {
            is_csv,
            fields: Fields::default(),
            rules: Vec::new(),
            named,
            tag: root.get("tag"),
            time: root.get("time"),
            quality: root.get("quality"),
            historical: root.get("historical"),
        }
    }

    pub(super) fn read_all(&mut self, root: &Map<'a>, report: &mut Report) {
        let Some(item) = root.get("readings") else { return root.missing("readings", report) };
        if item.scalar() == Some("none") {
            return;
        }
        let entries = item.items(report);
        if entries.len() > ENTRIES_MAX {
            item.wrong("at most 64 entries", "最多 64 条", report);
        }
        for entry in entries.into_iter().take(ENTRIES_MAX) {
            self.entry(&entry, report);
        }
    }

    fn entry(&mut self, item: &Item<'a>, report: &mut Report) -> Option<()> {
        let known = [
            "in",
            "value",
            "error",
            "tag",
            "fields",
            "time",
            "unit",
            "scale",
            "offset",
            "quality",
            "historical",
        ];
        let map = Map::open(item, &known, report)?;
        let base = map.get("in").map_or(Some(Path::default()), |item| parts::path(&item, report))?;
        let (path, error) = self.value(&map, &base, report)?;
        let own = map.get("fields").map(|item| fields(&item, &base, self.is_csv, report)).unwrap_or_default();
        let common = std::mem::take(&mut self.named);
        let named: Vec<_> = own.iter().chain(&common).collect();
        let scope = Scope { base, captures: path.captures(), named, is_csv: self.is_csv };
        let rule = self.rule(&map, &path, error, &scope, report);
        drop(scope);
        self.named = common;
        self.rules.push((path, rule?));
        Some(())
    }

    /// Where the value stands; or the error in place of one, and its codes.
    fn value(&self, map: &Map<'a>, base: &Path, report: &mut Report) -> Option<(Path, Option<Codes>)> {
        match (map.get("value"), map.get("error")) {
            (Some(item), None) => {
                let path = parts::path(&item, report)?;
                Some((in_rows(base.then(&path), self.is_csv), None))
            }
            (None, Some(item)) => {
                let error = Map::open(&item, &["at", "codes", "otherwise"], report)?;
                let codes = parts::codes(&error, report);
                let Some(at) = error.get("at") else {
                    error.missing("at", report);
                    return None;
                };
                Some((in_rows(base.then(&parts::path(&at, report)?), self.is_csv), Some(codes)))
            }
            (Some(item), Some(_)) => {
                item.wrong("value or error, not both", "value 与 error 只能写一个", report);
                None
            }
            (None, None) => {
                map.missing("value", report);
                None
            }
        }
    }

    fn rule(
        &mut self,
        map: &Map<'a>,
        path: &Path,
        error: Option<Codes>,
        scope: &Scope<'_, 'a>,
        report: &mut Report,
    ) -> Option<Rule> {
        let key = self.key(path, scope);
        let tag = match map.get("tag").or_else(|| self.tag.clone()) {
            Some(item) => self.template(&item, scope, report)?,
            None => vec![Part::Key],
        };
        let time = self.time_of(map.get("time"), scope, report);
        let is_error = error.is_some();
        let quality = match error {
            Some(codes) => Some(QualityFrom { slot: None, codes: codes.into() }),
            None => self.quality_of(map.get("quality"), scope, report),
        };
        let historical = match (map.get("historical"), self.historical.clone()) {
            (Some(item), _) => self.historical_of(&item, &scope.base, report),
            (None, Some(item)) => self.historical_of(&item, &Path::default(), report),
            (None, None) => None,
        };
        let unit = map.get("unit").and_then(|item| self.unit(&item, &scope.base, report));
        let scale = parts::scale(map, report);
        let slots = Vec::new();
        Some(Rule { tag, key, time, quality, is_error, historical, unit, scale, slots })
    }

    /// What `keys` is asked with: what is called `key` on the way or among the fields, else the last name of the path.
    fn key(&mut self, path: &Path, scope: &Scope<'_, 'a>) -> Part {
        if let Some((_, at)) = scope.captures.iter().find(|(name, _)| &**name == "key") {
            return Part::Trail(*at);
        }
        if let Some((_, path, item)) = scope.named.iter().find(|(name, ..)| *name == "key") {
            return Part::Slot(self.fields.slot(path.clone(), None, item));
        }
        let last = path.0.iter().rev().find_map(|step| match step {
            Step::Key(name) => Some(Arc::clone(name)),
            Step::Any(_) | Step::Each | Step::Text => None,
        });
        Part::Literal(last.unwrap_or_else(|| "".into()))
    }

    fn template(&mut self, item: &Item<'a>, scope: &Scope<'_, 'a>, report: &mut Report) -> Option<Vec<Part>> {
        let mut rest = item.text(report)?;
        let mut parts = Vec::new();
        while let Some((literal, open)) = rest.split_once('{') {
            let Some((name, behind)) = open.split_once('}').filter(|(name, _)| davy_model::is_name(name))
            else {
                item.wrong("a template such as {device}/{key}", "模板，如 {device}/{key}", report);
                return None;
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.into()));
            }
            parts.push(self.part(name, scope));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.into()));
        }
        Some(parts)
    }

    fn part(&mut self, name: &str, scope: &Scope<'_, 'a>) -> Part {
        if name == "key" {
            return Part::Key;
        }
        if let Some((_, at)) = scope.captures.iter().find(|(known, _)| &**known == name) {
            return Part::Trail(*at);
        }
        match scope.named.iter().find(|(known, ..)| *known == name) {
            Some((_, path, item)) => Part::Slot(self.fields.slot(path.clone(), None, item)),
            None => Part::Topic(name.into()),
        }
    }

    /// The time of an entry: its own, else the one of all; format and zone of all where its own says none.
    fn time_of(
        &mut self,
        own: Option<Item<'a>>,
        scope: &Scope<'_, 'a>,
        report: &mut Report,
    ) -> Option<usize> {
        let common = self.time.clone().map(|item| TimeKeys::read(&item, report)).unwrap_or_default();
        let own = own.map(|item| TimeKeys::read(&item, report)).unwrap_or_default();
        let base = if own.at.is_some() { scope.base.clone() } else { Path::default() };
        let keys = own.or(common);
        let at = keys.at?;
        let path = in_rows(base.then(&parts::path(&at, report)?), scope.is_csv);
        let stamp = stamp(keys.format.as_ref(), keys.zone.as_ref(), &at, report)?;
        Some(self.fields.slot(path, Some(stamp), &at))
    }

    fn quality_of(
        &mut self,
        own: Option<Item<'a>>,
        scope: &Scope<'_, 'a>,
        report: &mut Report,
    ) -> Option<QualityFrom> {
        let (item, base) = match (own, self.quality.clone()) {
            (Some(item), _) => (item, scope.base.clone()),
            (None, Some(item)) => (item, Path::default()),
            (None, None) => return None,
        };
        let (at, codes) = if item.scalar().is_some() {
            (item, Codes::default())
        } else {
            let map = Map::open(&item, &["at", "codes", "otherwise"], report)?;
            let codes = parts::codes(&map, report);
            let Some(at) = map.get("at") else {
                map.missing("at", report);
                return None;
            };
            (at, codes)
        };
        let path = in_rows(base.then(&parts::path(&at, report)?), self.is_csv);
        Some(QualityFrom { slot: Some(self.fields.slot(path, None, &at)), codes: codes.into() })
    }

    fn historical_of(
        &mut self,
        item: &Item<'a>,
        base: &Path,
        report: &mut Report,
    ) -> Option<(usize, Arc<[Box<str>]>)> {
        let map = Map::open(item, &["at", "when"], report)?;
        let (Some(at), Some(when)) = (map.get("at"), map.get("when")) else {
            map.missing(if map.get("at").is_some() { "when" } else { "at" }, report);
            return None;
        };
        let path = in_rows(base.then(&parts::path(&at, report)?), self.is_csv);
        let words = when.texts(report).into_iter().map(|(word, _)| word.into()).collect();
        Some((self.fields.slot(path, None, &at), words))
    }

    /// The unit of every reading.
    pub(super) fn common_unit(&mut self, item: &Item<'a>, report: &mut Report) -> Option<UnitFrom> {
        self.unit(item, &Path::default(), report)
    }

    fn unit(&mut self, item: &Item<'a>, base: &Path, report: &mut Report) -> Option<UnitFrom> {
        if item.scalar().is_some() {
            return parts::unit(item, report).map(UnitFrom::Fixed);
        }
        let map = Map::open(item, &["at", "words", "otherwise"], report)?;
        let Some(at) = map.get("at") else {
            map.missing("at", report);
            return None;
        };
        let path = in_rows(base.then(&parts::path(&at, report)?), self.is_csv);
        let listed = map.get("words").and_then(|item| Map::open_free(&item, report));
        let words = listed.map(|listed| {
            let word = |(key, item): (&davy_yaml::Key, Item<'a>)| {
                parts::unit(&item, report).map(|unit| (key.name.as_str().into(), unit))
            };
            listed.entries().filter_map(word).collect()
        });
        let otherwise = map.get("otherwise").and_then(|item| parts::unit(&item, report));
        let slot = self.fields.slot(path, None, &at);
        Some(UnitFrom::Field { slot, words: words.unwrap_or_default(), otherwise })
    }

    /// What is known of keys.
    pub(super) fn keys(&mut self, root: &Map<'a>, report: &mut Report) -> Vec<(String, KeyRule)> {
        let Some(map) = root.get("keys").and_then(|item| Map::open_free(&item, report)) else {
            return Vec::new();
        };
        let mut keys = Vec::new();
        for (key, item) in map.entries().take(KEYS_MAX) {
            keys.extend(self.key_rule(&item, report).map(|rule| (key.name.clone(), rule)));
        }
        keys
    }

    fn key_rule(&mut self, item: &Item<'a>, report: &mut Report) -> Option<KeyRule> {
        match item.scalar() {
            Some("skip") => return Some(KeyRule { is_skipped: true, ..KeyRule::default() }),
            Some("take") => return Some(KeyRule::default()),
            Some(_) => {
                item.wrong(
                    "take, skip, or keys such as unit and scale",
                    "take、skip，或 unit、scale 等键",
                    report,
                );
                return None;
            }
            None => {}
        }
        let map = Map::open(item, &["name", "unit", "scale", "offset", "words", "sentinels"], report)?;
        Some(KeyRule {
            is_skipped: false,
            rename: map.get("name").and_then(|item| item.text(report)).map(Into::into),
            unit: map.get("unit").and_then(|item| self.unit(&item, &Path::default(), report)),
            scale: parts::scale(&map, report),
            sentinels: map.get("sentinels").map(|item| parts::sentinels(&item, report)),
            words: map.get("words").map(|item| parts::words(&item, report)),
        })
    }

    /// Where values are looked for, for people.
    pub(super) fn looked_for(&self) -> String {
        let paths: Vec<String> = self.rules.iter().map(|(path, _)| path.to_string()).collect();
        format!("values at {}", paths.join(", or "))
    }

    /// Puts everything into the tree.
    pub(super) fn finish(
        mut self,
        unit: Option<&UnitFrom>,
        keys: &[(String, KeyRule)],
        tree: &mut Tree,
        report: &mut Report,
    ) -> (Vec<Rule>, Fields) {
        for (_, rule) in &mut self.rules {
            rule.slots = wanted(rule, unit, keys);
        }
        for (at, (path, _)) in self.rules.iter().enumerate() {
            tree.add(path, End::Reading(at));
        }
        let readings: Vec<(&Path, &[usize])> =
            self.rules.iter().map(|(path, rule)| (path, rule.slots.as_slice())).collect();
        self.fields.place(&readings, tree, report);
        (self.rules.into_iter().map(|(_, rule)| rule).collect(), self.fields)
    }
}

/// Every field that a rule's readings may want.
fn wanted(rule: &Rule, unit: Option<&UnitFrom>, keys: &[(String, KeyRule)]) -> Vec<usize> {
    let of_part = |part: &Part| match part {
        Part::Slot(slot) => Some(*slot),
        Part::Literal(_) | Part::Topic(_) | Part::Trail(_) | Part::Key => None,
    };
    let of_unit = |unit: &UnitFrom| match unit {
        UnitFrom::Field { slot, .. } => Some(*slot),
        UnitFrom::Fixed(_) => None,
    };
    let mut slots: Vec<usize> = rule.tag.iter().chain([&rule.key]).filter_map(of_part).collect();
    slots.extend(rule.time);
    slots.extend(rule.quality.as_ref().and_then(|quality| quality.slot));
    slots.extend(rule.historical.as_ref().map(|(slot, _)| *slot));
    let units =
        rule.unit.as_ref().or(unit).into_iter().chain(keys.iter().filter_map(|(_, key)| key.unit.as_ref()));
    slots.extend(units.filter_map(of_unit));
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// `at`, `format` and `zone` of a time, or a path alone.
#[derive(Default)]
struct TimeKeys<'a> {
    at: Option<Item<'a>>,
    format: Option<Item<'a>>,
    zone: Option<Item<'a>>,
}

impl<'a> TimeKeys<'a> {
    fn read(item: &Item<'a>, report: &mut Report) -> TimeKeys<'a> {
        if item.scalar().is_some() {
            return TimeKeys { at: Some(item.clone()), format: None, zone: None };
        }
        let Some(map) = Map::open(item, &["at", "format", "zone"], report) else {
            return TimeKeys::default();
        };
        TimeKeys { at: map.get("at"), format: map.get("format"), zone: map.get("zone") }
    }

    fn or(self, other: TimeKeys<'a>) -> TimeKeys<'a> {
        TimeKeys {
            at: self.at.or(other.at),
            format: self.format.or(other.format),
            zone: self.zone.or(other.zone),
        }
    }
}

fn stamp(
    format: Option<&Item<'_>>,
    in_zone: Option<&Item<'_>>,
    at: &Item<'_>,
    report: &mut Report,
) -> Option<Stamp> {
    let mut formats = Vec::new();
    let mut written = Vec::new();
    for (text, item) in format.map(|item| item.texts(report)).unwrap_or_default() {
        match Format::parse(text) {
            Some(format) => formats.push(format),
            None => {
                let en = "auto, s, ms, us, ns, rfc3339, local, or a pattern such as %Y-%m-%d %H:%M:%S";
                let zh = "auto、s、ms、us、ns、rfc3339、local，或模式，如 %Y-%m-%d %H:%M:%S";
                item.wrong(en, zh, report);
                return None;
            }
        }
        written.push(text);
    }
    if formats.is_empty() {
        formats.push(Format::Native);
        written.push(crate::time::EXPECTED);
    }
    let known = in_zone.map(|item| {
        let known = item.scalar().and_then(zone);
        if known.is_none() {
            item.wrong(
                "a zone such as +08:00, UTC or Asia/Shanghai",
                "时区，如 +08:00、UTC 或 Asia/Shanghai",
                report,
            );
        }
        known
    });
    if known.is_none() && formats.iter().any(Format::needs_zone) {
        let message = Text::both(
            "this format says no zone: say in which its times are",
            "该格式不含时区：请写明时间所在的时区",
        );
        let help = Text::both("add zone: +08:00 to time", "请在 time 中加上 zone: +08:00");
        report.helped(at.place, &at.path, message, help);
        return None;
    }
    Some(Stamp { formats, zone: known.flatten(), expected: format!("a time as {}", written.join(" or ")) })
}

/// Fields with names: for all entries, or for those of one.
fn fields<'a>(
    item: &Item<'a>,
    base: &Path,
    is_csv: bool,
    report: &mut Report,
) -> Vec<(&'a str, Path, Item<'a>)> {
    let Some(map) = Map::open_free(item, report) else { return Vec::new() };
    let field = |(key, item): (&'a davy_yaml::Key, Item<'a>)| {
        let path = in_rows(base.then(&parts::path(&item, report)?), is_csv);
        Some((key.name.as_str(), path, item))
    };
    map.entries().filter_map(field).collect()
}

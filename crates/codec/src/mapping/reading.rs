//! One value, with all that is known of it → a metric, or why not.

use std::borrow::Cow;

use davy_model::{Quality, QualityReason, Reason, Timestamp};

use super::{
    chunks::Chunks,
    numbers::of_text,
    spec::{KeyRule, Part, Policy, Rule, Sentinel, Spec, UnitFrom, Unknown},
    stamp::Stamp,
    trail::{Step, Trail},
    walk::{Given, Pending, Pick},
};
use crate::{
    At, Metric, Rejection, Spot,
    check::name_is_fit,
    json::{Cell, Texts},
};

/// What is known on the way, for readings to draw on.
pub(super) struct Known<'de, 'm> {
    pub(super) spec: &'m Spec,
    /// The parts of each rule's tag, and its key, for this topic.
    pub(super) names: &'m [(Vec<Part>, Part)],
    pub(super) texts: Texts<'de>,
    pub(super) arrival: Timestamp,
    pub(super) given: Chunks<Given<'de>>,
    pub(super) trail: Trail<'de>,
    pub(super) picks: Chunks<Pick>,
    last_time: Option<(usize, &'de str, Timestamp)>,
}

/// A metric, and what is odd about it.
pub(super) struct Read<'a> {
    pub(super) metric: Metric<'a>,
    pub(super) warning: Option<Box<Rejection>>,
}

type Checked<T> = Result<T, Box<Rejection>>;

impl<'de, 'm> Known<'de, 'm> {
    pub(super) fn new(
        spec: &'m Spec,
        names: &'m [(Vec<Part>, Part)],
        texts: Texts<'de>,
        arrival: Timestamp,
    ) -> Known<'de, 'm> {
        let (given, trail, picks, last_time) = (Chunks::new(), Trail::new(), Chunks::new(), None);
        Known { spec, names, texts, arrival, given, trail, picks, last_time }
    }

    /// No reading waits: only the fields are still of use.
    pub(super) fn forget(&mut self) {
        self.picks.truncate(0);
        self.trail.forget(self.given.last().map_or(0, |given| given.kept));
    }

    /// The moment a field says. Most readings of a message share their time: it is read once.
    pub(super) fn time(
        &mut self,
        slot: usize,
        stamp: &Stamp,
        cell: &Cell<'de>,
    ) -> Result<Timestamp, &'static str> {
        let Cell::Text(Cow::Borrowed(text)) = cell else { return stamp.read(cell, self.arrival) };
        match self.last_time {
            Some((last_slot, last, time)) if last_slot == slot && last == *text => Ok(time),
            Some(_) | None => {
                let time = stamp.read(cell, self.arrival)?;
                self.last_time = Some((slot, text, time));
                Ok(time)
            }
        }
    }

    /// What to say of a value that cannot be a number.
    pub(super) fn not_a_number(
        &self,
        cell: &Cell<'_>,
        pointer: String,
        expected: &str,
    ) -> Option<Box<Rejection>> {
        match self.spec.not_numbers {
            Policy::Skip => None,
            Policy::Warn => {
                let fix = "leave it out, or list its key under ignore in the mapping";
                let warning = Rejection::new(Reason::FieldUnknown, pointer, &cell.shown(), expected, fix);
                Some(warning.free().into())
            }
            Policy::Refuse => {
                let fix =
                    "send a number; or list its key under ignore in the mapping, or its texts under words";
                Some(Rejection::new(Reason::FieldType, pointer, &cell.shown(), expected, fix).into())
            }
        }
    }
}

/// A reading of which all is known.
pub(super) struct Ready<'a, 'de, 'm> {
    pub(super) known: &'a Known<'de, 'm>,
    pub(super) pending: &'a Pending<'de>,
}

/// A value, what it is worth, and what is odd about it. There may be none where it is worth nothing.
type Judged = Option<(Option<f64>, Quality, Option<Box<Rejection>>)>;

impl<'a, 'de, 'm> Ready<'a, 'de, 'm> {
    /// The metric, its name put together in `name`. `None` when the mapping says that it is none.
    pub(super) fn metric(&'a self, name: &'a mut String) -> Checked<Option<Read<'a>>> {
        let spec = self.known.spec;
        let rule = self.rule();
        let (parts, key_part) = &self.known.names[self.pending.rule as usize];
        let key = self.part(key_part, "")?;
        if matches!(key_part, Part::Slot(_)) && spec.ignore.get(&key).is_some() {
            return Ok(None);
        }
        let key_rule = if spec.keys.is_empty() { None } else { spec.keys.get(&key) };
        match key_rule {
            Some(rule) if rule.is_skipped => return Ok(None),
            None if spec.unknown != Unknown::Take => return self.unknown(&key),
            Some(_) | None => {}
        }
        let judged = if rule.is_error { self.error(rule)? } else { self.value(rule, key_rule)? };
        let Some((value, quality, warning)) = judged else { return Ok(None) };
        let key = key_rule.and_then(|rule| rule.rename.as_deref()).unwrap_or(&key);
        name.clear();
        for part in parts {
            match part {
                Part::Literal(text) => name.push_str(text),
                Part::Key => name.push_str(key),
                part => name.push_str(&self.part(part, key)?),
            }
        }
        name_is_fit(name, || self.pointer("tag"))?;
        let time = self.time()?;
        let unit = if rule.is_error { None } else { self.unit(rule, key_rule)? };
        let historical = self.is_historical(rule);
        let at = At::Spot(self);
        let metric = Metric { name: Cow::Borrowed(name), value, unit, time, quality, historical, at };
        Ok(Some(Read { metric, warning }))
    }

    fn rule(&self) -> &'m Rule {
        &self.known.spec.rules[self.pending.rule as usize]
    }

    /// A part of the tag's name.
    fn part<'p>(&self, part: &'p Part, key: &'p str) -> Checked<Cow<'p, str>>
    where
        'a: 'p,
    {
        match part {
            Part::Literal(text) | Part::Topic(text) => Ok(Cow::Borrowed(text)),
            Part::Key => Ok(Cow::Borrowed(key)),
            Part::Trail(at) => match self.known.trail.step(self.pending.way, *at) {
                Step::Key(name) if self.known.texts.is_marked(name) => {
                    Err(self.known.texts.not_utf8(name, self.pointer("value")))
                }
                Step::Key(name) => Ok(Cow::Borrowed(name)),
                Step::Index(at) => Ok(at.to_string().into()),
            },
            Part::Slot(slot) => match self.given(*slot) {
                Some(given) => self.word(given),
                None => {
                    let field = self.known.spec.fields[*slot].to_string();
                    let fix = format!("add {field}: the tag's name is made of it");
                    Err(Rejection::new(Reason::FieldMissing, self.pointer("tag"), "", &field, &fix).into())
                }
            },
        }
    }

    /// A field as text.
    fn word(&self, given: &'a Given<'de>) -> Checked<Cow<'a, str>> {
        match &given.cell {
            Cell::Text(text) if self.known.texts.is_marked(text) => {
                Err(self.known.texts.not_utf8(text, self.pointer_of(given)))
            }
            cell => code(cell).ok_or_else(|| {
                let fix = "send a text or a whole number";
                let pointer = self.pointer_of(given);
                Rejection::new(Reason::FieldType, pointer, &cell.shown(), "a text", fix).into()
            }),
        }
    }

    fn unknown(&self, key: &str) -> Checked<Option<Read<'a>>> {
        let pointer = self.pointer("value");
        let expected = "a key that the mapping lists under keys";
        let fix = "leave it out, or list it in the mapping";
        match self.known.spec.unknown {
            Unknown::Take | Unknown::Skip => Ok(None),
            Unknown::Warn => {
                Err(Rejection::new(Reason::FieldUnknown, pointer, key, expected, fix).free().into())
            }
            Unknown::Refuse => {
                Err(Rejection::new(Reason::SchemaViolation, pointer, key, expected, fix).into())
            }
        }
    }

    /// A code in place of a value: nothing when it says that all is well.
    fn error(&self, rule: &Rule) -> Checked<Judged> {
        let Some(codes) = &rule.quality else { return Ok(None) };
        if matches!(self.pending.cell, Cell::Null) {
            return Ok(None);
        }
        let known = code(&self.pending.cell).and_then(|code| codes.codes.quality(&code));
        Ok(match known {
            Some(Quality::Good) => None,
            Some(quality) => Some((None, quality, None)),
            None => Some((None, BAD, Some(self.quality_unknown(&self.pending.cell)))),
        })
    }

    fn value(&self, rule: &Rule, key: Option<&KeyRule>) -> Checked<Judged> {
        let spec = self.known.spec;
        let cell = &self.pending.cell;
        let scale = key.and_then(|key| key.scale).or(rule.scale).unwrap_or(spec.scale);
        let raw = self.raw(key);
        let sentinels = key.and_then(|key| key.sentinels.as_ref()).unwrap_or(&spec.sentinels);
        if !sentinels.is_empty()
            && let Some((_, quality)) = sentinels.iter().find(|(sentinel, _)| self.is(sentinel, raw))
        {
            // What stands for no value was not measured.
            return Ok(quality.map(|quality| (None, quality, None)));
        }
        let Some(raw) = raw else { return self.no_number(cell) };
        let value = scale.apply(raw);
        if !value.is_finite() {
            let fix =
                "leave the reading out while there is no value, or say in the mapping what stands for none";
            let pointer = self.pointer("value");
            let refusal =
                Rejection::new(Reason::NumberNotFinite, pointer, &cell.shown(), "a finite number", fix);
            return Err(refusal.into());
        }
        let (quality, warning) = self.quality(rule)?;
        Ok(Some((Some(value), quality, warning)))
    }

    /// The number a value is, before it is scaled.
    fn raw(&self, key: Option<&KeyRule>) -> Option<f64> {
        let spec = self.known.spec;
        #[allow(clippy::cast_precision_loss)] // A value is a double.
        match &self.pending.cell {
            Cell::Number(value) => Some(*value),
            Cell::Integer(value) => Some(*value as f64),
            Cell::Bool(value) => Some(f64::from(u8::from(*value))),
            Cell::Text(text) => {
                let words = key.and_then(|key| key.words.as_ref()).unwrap_or(&spec.words);
                let word = words.iter().find(|(word, _)| **word == **text).map(|(_, value)| *value);
                word.or_else(|| if spec.numbers_as_text { of_text(text, spec.decimal_comma) } else { None })
            }
            Cell::Null | Cell::Array | Cell::Object => None,
        }
    }

    fn is(&self, sentinel: &Sentinel, raw: Option<f64>) -> bool {
        match (sentinel, &self.pending.cell) {
            (Sentinel::Null, Cell::Null) => true,
            #[allow(clippy::float_cmp)] // It is that number, or it is none.
            (Sentinel::Number(number), Cell::Integer(_) | Cell::Number(_) | Cell::Text(_)) => {
                raw == Some(*number)
            }
            (Sentinel::Text(wanted), Cell::Text(text)) => {
                text.trim() == &**wanted || self.known.texts.bare_word(text).as_deref() == Some(wanted)
            }
            (_, _) => false,
        }
    }

    fn no_number(&self, cell: &Cell<'_>) -> Checked<Judged> {
        let pointer = self.pointer("value");
        if let Cell::Text(text) = cell {
            let texts = &self.known.texts;
            if texts.is_marked(text) && texts.bare_word(text).is_none() {
                return Err(texts.not_utf8(text, pointer));
            }
            if text.trim().parse::<f64>().is_ok() || texts.bare_word(text).is_some() {
                return Err(texts.text_for_a_value(text, pointer));
            }
        }
        if self.known.spec.is_csv() && matches!(cell, Cell::Null) {
            return Ok(None);
        }
        self.known.not_a_number(cell, pointer, "a number").map_or(Ok(None), Err)
    }

    fn quality(&self, rule: &Rule) -> Checked<(Quality, Option<Box<Rejection>>)> {
        let Some(from) = &rule.quality else { return Ok((Quality::Good, None)) };
        let Some(given) = from.slot.and_then(|slot| self.given(slot)) else {
            return Ok((Quality::Good, None));
        };
        let known = code(&given.cell).and_then(|code| from.codes.quality(&code));
        Ok(known.map_or_else(|| (BAD, Some(self.quality_unknown(&given.cell))), |quality| (quality, None)))
    }

    fn quality_unknown(&self, cell: &Cell<'_>) -> Box<Rejection> {
        let pointer = self.pointer("quality");
        let expected = "a code that the mapping lists";
        let fix = "list it under codes in the mapping; the value was taken as bad";
        Rejection::new(Reason::QualityUnknown, pointer, &cell.shown(), expected, fix).free().into()
    }

    fn time(&self) -> Checked<Option<Timestamp>> {
        let Some(slot) = self.rule().time else { return Ok(None) };
        let Some(given) = self.given(slot) else { return Ok(None) };
        given.time.unwrap_or(Err("")).map(Some).map_err(|fix| {
            let expected = self.known.spec.stamps[slot].as_ref().map_or("", |stamp| &stamp.expected);
            let got = match &given.cell {
                Cell::Text(text) => self.known.texts.original_of(text),
                cell => cell.shown(),
            };
            Rejection::new(Reason::TimestampFormat, self.pointer_of(given), &got, expected, fix).into()
        })
    }

    fn unit(&self, rule: &'m Rule, key: Option<&'m KeyRule>) -> Checked<Option<Cow<'a, str>>> {
        match unit_from(self.known.spec, rule, key) {
            None => Ok(None),
            Some(UnitFrom::Fixed(unit)) => Ok(Some(Cow::Borrowed(unit))),
            Some(UnitFrom::Field { slot, words, otherwise }) => {
                let Some(given) = self.given(*slot) else {
                    return Ok(otherwise.as_deref().map(Cow::Borrowed));
                };
                let sent = self.word(given)?;
                let known = words.iter().find(|(word, _)| **word == *sent).map(|(_, unit)| &**unit);
                Ok(Some(known.map_or(sent, Cow::Borrowed)).filter(|unit| !unit.is_empty()))
            }
        }
    }

    fn is_historical(&self, rule: &Rule) -> bool {
        let Some((slot, words)) = &rule.historical else { return false };
        let word = self.given(*slot).and_then(|given| code(&given.cell));
        word.is_some_and(|word| words.iter().any(|wanted| **wanted == *word))
    }

    fn given(&self, slot: usize) -> Option<&'a Given<'de>> {
        let at = self.rule().slots.iter().position(|wanted| *wanted == slot)?;
        match self.known.picks[self.pending.picks as usize + at] {
            Pick::Given(at) => Some(&self.known.given[at as usize]),
            Pick::Open | Pick::Absent => None,
        }
    }

    fn pointer_of(&self, given: &Given<'de>) -> String {
        self.known.trail.pointer(given.way)
    }
}

impl Spot for Ready<'_, '_, '_> {
    fn pointer(&self, field: &str) -> String {
        let rule = self.rule();
        let slot = match field {
            "ts" => rule.time,
            "quality" => rule.quality.as_ref().and_then(|from| from.slot),
            "unit" => match unit_from(self.known.spec, rule, None) {
                Some(UnitFrom::Field { slot, .. }) => Some(*slot),
                Some(UnitFrom::Fixed(_)) | None => None,
            },
            "tag" => match &self.known.names[self.pending.rule as usize].1 {
                Part::Slot(slot) => Some(*slot),
                Part::Literal(_) | Part::Topic(_) | Part::Trail(_) | Part::Key => None,
            },
            _ => None,
        };
        match slot.and_then(|slot| self.given(slot)) {
            Some(given) => self.pointer_of(given),
            None => self.known.trail.pointer(self.pending.way),
        }
    }
}

const BAD: Quality = Quality::Bad(QualityReason::Unspecified);

fn unit_from<'m>(spec: &'m Spec, rule: &'m Rule, key: Option<&'m KeyRule>) -> Option<&'m UnitFrom> {
    key.and_then(|key| key.unit.as_ref()).or(rule.unit.as_ref()).or(spec.unit.as_ref())
}

/// A single value as senders' codes are written in a mapping.
fn code<'c>(cell: &'c Cell<'_>) -> Option<Cow<'c, str>> {
    match cell {
        Cell::Text(text) => Some(Cow::Borrowed(text)),
        Cell::Integer(number) => Some(number.to_string().into()),
        Cell::Number(number) => Some(number.to_string().into()),
        Cell::Bool(value) => Some(value.to_string().into()),
        Cell::Null | Cell::Array | Cell::Object => None,
    }
}

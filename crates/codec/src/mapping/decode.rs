//! The payloads of one topic, by their mapping.

use std::{cell::RefCell, sync::Arc};

use davy_model::{Reason, Timestamp};
use serde::de::DeserializeSeed;
use typed_arena::Arena;

use super::{
    Mapping, csv,
    level::Level,
    reading::Known,
    spec::{CsvLayout, Layout, Part},
    walk::Walk,
};
use crate::{
    Captures, Codec, Form, Hj212, Limits, Rejection, Senml, Sink, Summary,
    json::{Broken, Source, is_behind_a_comma, passes},
    native::refused_whole,
    tally::Tally,
};

/// Reads the payloads of one topic.
pub(super) struct Reader {
    mapping: Arc<Mapping>,
    /// The parts of each rule's tag, and its key: the levels of the topic are known.
    names: Vec<(Vec<Part>, Part)>,
    /// A name that the topic has no level for.
    missing: Option<Arc<str>>,
    limits: Limits,
    /// Reads lines of values: to make one costs as much as to read a hundred lines.
    lines: Option<RefCell<Box<csv_core::Reader>>>,
}

impl Reader {
    pub(super) fn new(mapping: Arc<Mapping>, captures: &Captures, limits: Limits) -> Reader {
        let mut missing = None;
        let mut known = |part: &Part| match part {
            Part::Topic(name) => match captures.get(name) {
                Some(level) => Part::Literal(level.into()),
                None => {
                    missing.get_or_insert_with(|| Arc::clone(name));
                    part.clone()
                }
            },
            Part::Literal(_) | Part::Trail(_) | Part::Slot(_) | Part::Key => part.clone(),
        };
        let rules = mapping.spec.rules.iter();
        let names = rules.map(|rule| (joined(rule.tag.iter().map(&mut known)), rule.key.clone())).collect();
        let lines = match &mapping.spec.layout {
            Layout::Csv(layout) => Some(RefCell::new(layout.reader().into())),
            Layout::Json | Layout::Senml | Layout::Hj212(_) => None,
        };
        Reader { mapping, names, missing, limits, lines }
    }

    fn refused(&self, payload: &[u8], form: Form, sink: &mut dyn Sink) -> Option<Summary> {
        if let Some(summary) = refused_whole(payload, form, self.limits, sink) {
            return Some(summary);
        }
        let name = self.missing.as_ref()?;
        let (got, expected) =
            (format!("a topic without {{{name}}}"), format!("a level called {{{name}}} in the topic"));
        let fix = "give the source a topic pattern that has it, or take it out of the mapping's tag";
        sink.problem(Rejection::new(Reason::SchemaViolation, String::new(), &got, &expected, fix));
        Some(Summary { rejected: 1, ..Summary::empty(form) })
    }

    fn walk<'s, 'de>(
        &'de self,
        tally: Tally<'s>,
        source: &'de Source<'_>,
        arrival: Timestamp,
    ) -> Walk<'s, 'de, 'de> {
        let known = Known::new(&self.mapping.spec, &self.names, source.texts(), arrival);
        Walk::new(tally, known, self.limits.readings_max)
    }

    fn pass<'s>(
        &self,
        source: &Source<'_>,
        tally: Tally<'s>,
        arrival: Timestamp,
        may_patch: bool,
    ) -> (Tally<'s>, Option<String>) {
        let texts = Arena::with_capacity(0);
        let mut walk = self.walk(tally, source, arrival);
        let mut json = serde_json::Deserializer::from_str(&source.text);
        let level = Level { walk: &mut walk, texts: &texts, node: 0, depth: 0 };
        let read = level.deserialize(&mut json).and_then(|cell| json.end().map(|()| cell));
        match read {
            Ok(cell) => {
                walk.finish(cell.as_ref());
                if let Some(refusal) = source.rest() {
                    walk.tally.problem(refusal);
                }
            }
            Err(error) => match source.broken(&error, 0, String::new(), may_patch) {
                Broken::Again(text) => return (walk.tally, Some(text)),
                Broken::Refused(refusal) => {
                    if is_behind_a_comma(&error) {
                        Level { walk: &mut walk, texts: &texts, node: 0, depth: 0 }.complete();
                    }
                    let pointer = walk.place();
                    walk.tally.problem(Rejection { pointer, ..refusal });
                }
            },
        }
        (walk.tally, None)
    }

    fn rows(&self, payload: &[u8], layout: &CsvLayout, arrival: Timestamp, sink: &mut dyn Sink) -> Summary {
        let source = Source::of(payload);
        let lines = self.lines.as_ref().expect("made for every mapping of lines");
        let rows = csv::Rows::of(source.payload, &mut lines.borrow_mut());
        let tally = source.begin(Form::Csv, self.limits, 0, sink);
        let mut walk = self.walk(tally, &source, arrival);
        csv::read(&rows, layout, &mut walk);
        walk.tally.finish()
    }
}

/// The parts of a name, those that are known put together.
fn joined(parts: impl Iterator<Item = Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        match (joined.last_mut(), part) {
            (Some(Part::Literal(before)), Part::Literal(text)) => *before = format!("{before}{text}").into(),
            (_, part) => joined.push(part),
        }
    }
    joined
}

impl Codec for Reader {
    fn decode(&self, payload: &[u8], arrival: Timestamp, sink: &mut dyn Sink) -> Summary {
        match &self.mapping.spec.layout {
            Layout::Json => self.refused(payload, Form::MappedJson, sink).unwrap_or_else(|| {
                passes(payload, Form::MappedJson, self.limits, sink, |source, tally, may_patch| {
                    self.pass(source, tally, arrival, may_patch)
                })
            }),
            Layout::Csv(layout) => self
                .refused(payload, Form::Csv, sink)
                .unwrap_or_else(|| self.rows(payload, layout, arrival, sink)),
            Layout::Senml => Senml { limits: self.limits }.decode(payload, arrival, sink),
            Layout::Hj212(hj212) => {
                Hj212 { limits: self.limits, ..hj212.clone() }.decode(payload, arrival, sink)
            }
        }
    }
}

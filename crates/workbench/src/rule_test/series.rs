//! The series of a test → readings, as their edge nodes send them.

use std::time::Duration;

use davy_model::{Conversion, Freshness, NodeIndex, Quality, Reading, Tag, TagIndex, Timestamp, Unit, Value};
use davy_rules::{
    Code,
    reader::{Fields, Item, Node, Report, Value as Written},
};

use super::{
    case::Sent,
    notation::{self, FORM, STEPS_MAX, Step},
    refer::Names,
};

/// Its keys.
pub(crate) const KEYS: &[&str] =
    &["values", "unit", "interval", "start", "arrives_after", "arrives_at", "freshness", "edge_node"];
/// How fresh readings may be said to be.
pub(crate) const FRESHNESS: [&str; 3] = ["live", "historical", "replayed"];
/// Nothing of a test lies further from its beginning: a year and a day.
pub(crate) const SPAN_MAX: Duration = Duration::from_secs(367 * 86_400);

/// All readings of a test, and until when they go on.
#[derive(Default)]
pub(crate) struct Series {
    pub(crate) tags: Vec<TagIndex>,
    pub(crate) readings: Vec<Sent>,
    pub(crate) span: Duration,
}

/// What holds for all series of a test.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) names: Names<'a>,
    pub(crate) start: Timestamp,
    pub(crate) interval: Option<Duration>,
}

/// When the readings of a part come.
#[derive(Clone, Copy)]
struct Way {
    node: NodeIndex,
    freshness: Freshness,
    start: Duration,
    interval: Duration,
    after: Duration,
    at: Option<Duration>,
}

/// Reads `series:`, a map from tags to values.
pub(crate) fn read(item: &Item<'_>, frame: Frame<'_>, report: &mut Report) -> Series {
    let mut series = Series::default();
    let Written::Map(entries) = &item.node().value else {
        report.error(item.place, item.finding(Code::ValueType).expected("tags and their values"));
        return series;
    };
    let fields = Fields::open_any(item.node(), "series").expect("it is a map");
    for (key, _) in entries {
        let Some(tag) = frame.names.plan.site.tag_index(&key.name) else {
            let near = report.nearest(&key.name, frame.names.plan.site.tags.iter().map(|tag| &*tag.name));
            let finding = item.finding(Code::TagUnknown).found(&key.name).expected("a tag of the site");
            report.error(key.place, finding.did_you_mean(near));
            continue;
        };
        series.tags.push(tag);
        let values = fields.get(&key.name).expect("the key is there");
        let before = series.readings.len();
        each_part(values.node(), &key.name, tag, frame, &mut series, report);
        series.readings[before..].sort_by_key(|sent| sent.reading.source_time);
    }
    if series.readings.len() > STEPS_MAX {
        let finding = item.finding(Code::NumberRange).found_words("more readings");
        report.error(item.place, finding.expected(format!("{STEPS_MAX} in a test at most")));
    }
    series
}

/// A text, a part with keys, or a list of either.
fn each_part(
    node: &Node,
    name: &str,
    tag: TagIndex,
    frame: Frame<'_>,
    series: &mut Series,
    report: &mut Report,
) {
    if let Written::List(parts) = &node.value {
        for part in parts {
            part_of(part, name, tag, frame, series, report);
        }
    } else {
        part_of(node, name, tag, frame, series, report);
    }
}

fn part_of(
    node: &Node,
    name: &str,
    tag: TagIndex,
    frame: Frame<'_>,
    series: &mut Series,
    report: &mut Report,
) {
    let about = format!("series \"{name}\"");
    let described = frame.names.plan.site.tag(tag);
    if let Written::Scalar(text) = &node.value {
        let way = usual(described, frame);
        let steps = steps(text, node, &about, report);
        series.add(tag, described, way, Conversion::IDENTITY, &steps, frame.start);
        return;
    }
    let Some(fields) = Fields::open(node, about.as_str(), KEYS, report) else { return };
    let way = way(&fields, described, frame, report);
    let unit = fields.get("unit").and_then(|item| conversion(&item, described, report));
    let Some(values) = fields.need("values", report) else { return };
    let Some(text) = values.scalar(FORM, report) else { return };
    let steps = steps(text, values.node(), &about, report);
    let Some(way) = way else { return };
    series.add(tag, described, way, unit.unwrap_or(Conversion::IDENTITY), &steps, frame.start);
}

fn steps(text: &str, node: &Node, about: &str, report: &mut Report) -> Vec<Step> {
    notation::parse(text).unwrap_or_else(|mistakes| {
        for mistake in mistakes {
            let finding = davy_rules::reader::Finding::new(Code::SeriesInvalid, about).found(&mistake.found);
            report.error(node.place, finding.expected(mistake.expected));
        }
        Vec::new()
    })
}

/// As the tag's own edge node sends it, at the tag's own interval.
fn usual(tag: &Tag, frame: Frame<'_>) -> Way {
    let site = &frame.names.plan.site;
    let own = tag.edge_node.as_deref().and_then(|id| site.node_index(id));
    Way {
        node: own.unwrap_or(NodeIndex(0)),
        freshness: Freshness::Live,
        start: Duration::ZERO,
        interval: frame.interval.unwrap_or(tag.expected_interval),
        after: Duration::ZERO,
        at: None,
    }
}

fn way(fields: &Fields<'_>, tag: &Tag, frame: Frame<'_>, report: &mut Report) -> Option<Way> {
    let before = report.errors();
    let mut way = usual(tag, frame);
    if let Some(node) = fields.get("edge_node").and_then(|item| frame.names.node(&item, report)) {
        way.node = node;
    }
    if let Some(item) = fields.get("interval") {
        way.interval = item.duration(Duration::from_millis(1), report).unwrap_or(way.interval);
    }
    way.start = fields.get("start").and_then(|item| offset(&item, report)).unwrap_or_default();
    way.after = fields.get("arrives_after").and_then(|item| offset(&item, report)).unwrap_or_default();
    way.at = fields.get("arrives_at").and_then(|item| offset(&item, report));
    if let (Some(item), true) = (fields.get("arrives_at"), fields.get("arrives_after").is_some()) {
        report.error(
            item.place,
            item.finding(Code::KeyConflict).expected("arrives_after or arrives_at, not both"),
        );
    }
    way.freshness = match fields.get("freshness").and_then(|item| item.word(&FRESHNESS, report)) {
        Some("historical") => Freshness::Historical,
        Some("replayed") => Freshness::Replayed,
        _ => Freshness::Live,
    };
    (report.errors() == before).then_some(way)
}

/// A time since the test began.
pub(crate) fn offset(item: &Item<'_>, report: &mut Report) -> Option<Duration> {
    let span = item.duration(Duration::ZERO, report)?;
    if span > SPAN_MAX {
        report
            .error(item.place, item.finding(Code::TimeInvalid).expected("at most 367d after the test began"));
        return None;
    }
    Some(span)
}

fn conversion(item: &Item<'_>, tag: &Tag, report: &mut Report) -> Option<Conversion> {
    let text = item.text(report)?;
    let Some(unit) = Unit::parse(text) else {
        report.error(
            item.place,
            item.finding(Code::UnitUnknown).expected(format!("a unit of the kind of {}", tag.unit)),
        );
        return None;
    };
    unit.conversion(tag.unit, &tag.substance)
        .map_err(|error| {
            let finding =
                item.finding(Code::UnitMismatch).expected(format!("a unit of the kind of {}", tag.unit));
            report.error(item.place, finding.help(error.to_string()));
        })
        .ok()
}

impl Series {
    fn add(
        &mut self,
        tag: TagIndex,
        described: &Tag,
        way: Way,
        unit: Conversion,
        steps: &[Step],
        start: Timestamp,
    ) {
        for (place, step) in (0..).zip(steps) {
            let measured = way.start.saturating_add(way.interval.saturating_mul(place));
            self.span = self.span.max(way.arrival(measured));
            let Step::Sent(value, quality) = *step else { continue };
            if self.readings.len() > STEPS_MAX {
                return;
            }
            let value = value.map(|value| unit.apply(value));
            let reading = Reading {
                tag,
                quality: believed(described, value, quality),
                source_time: start.plus(measured),
                value: Value::from(value),
            };
            let arrival = start.plus(way.arrival(measured));
            self.readings.push(Sent { node: way.node, arrival, freshness: way.freshness, reading });
        }
    }
}

/// As intake believes what is sent.
fn believed(tag: &Tag, value: Option<f64>, quality: Quality) -> Quality {
    match (value, tag.range) {
        (Some(value), Some(range)) => range.quality_of(value, quality),
        (Some(_), None) | (None, _) => quality,
    }
}

impl Way {
    /// What is kept comes at once, in its order; what is measured later comes as it is measured.
    fn arrival(self, measured: Duration) -> Duration {
        match self.at {
            Some(at) => at.max(measured),
            None => measured.saturating_add(self.after),
        }
    }
}

//! A file of tests → the tests that can be run, and all that is wrong with the others.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use davy_model::{TagIndex, Timestamp};
use davy_rules::{
    Code, Diagnostic, Plan, Severity,
    reader::{Fields, Finding, Item, Node, Report, parse},
};

use super::{
    case::{Happening, Scope, Test},
    event,
    expectation::{self, Meant},
    notation::STEPS_MAX,
    refer::Names,
    series::{self, Frame, Series, offset},
    want::{Expectation, What},
};

/// The key of a file of tests.
pub(crate) const FILE_KEYS: &[&str] = &["tests"];
/// Its keys.
pub(crate) const KEYS: &[&str] = &[
    "name",
    "severity",
    "start",
    "interval",
    "rules",
    "tags",
    "series",
    "events",
    "expect",
    "nothing_else",
    "until",
];
/// What becomes of whoever runs a test that fails.
pub(crate) const SEVERITIES: [&str; 2] = ["error", "warn"];
/// When a test begins that does not say: a Thursday, at midnight UTC.
const START: &str = "2026-01-01T00:00:00Z";
/// Tests of a file at most.
pub(crate) const TESTS_MAX: usize = 10_000;

/// Reads one file against the site it tests. What is wrong comes with its place; the tests without a mistake are there
/// nevertheless.
pub fn read(plan: &Plan, path: &str, text: &str) -> (Vec<Test>, Vec<Diagnostic>) {
    let mut report = Report::new(vec![path.into()]);
    let tests = parse(text, 0, &mut report).map(|root| file(&root, Names { plan }, &mut report));
    (tests.unwrap_or_default(), report.into_findings())
}

fn file(root: &Node, names: Names<'_>, report: &mut Report) -> Vec<Test> {
    let Some(fields) = Fields::open(root, "rule tests", FILE_KEYS, report) else { return Vec::new() };
    let Some(list) = fields.need("tests", report) else { return Vec::new() };
    let Some(nodes) = list.list(report) else { return Vec::new() };
    if nodes.is_empty() || nodes.len() > TESTS_MAX {
        let found = format!("{} tests", nodes.len());
        let finding = list.finding(Code::ValueType).found_words(found);
        report.error(list.place, finding.expected(format!("a list of 1 to {TESTS_MAX} tests")));
    }
    let mut taken = BTreeSet::new();
    let mut tests = Vec::new();
    let mut readings = 0;
    for node in nodes.iter().take(TESTS_MAX) {
        let Some(test) = test(node, names, &mut taken, report) else { continue };
        readings += test.readings.len();
        if readings > STEPS_MAX {
            let found = format!("{readings} readings up to here");
            let finding = Finding::new(Code::NumberRange, "tests").found_words(found);
            report.error(node.place, finding.expected(format!("{STEPS_MAX} in a file at most")));
            break;
        }
        tests.push(test);
    }
    tests
}

fn test(node: &Node, names: Names<'_>, taken: &mut BTreeSet<String>, report: &mut Report) -> Option<Test> {
    let before = report.errors();
    let fields = Fields::open(node, "test", KEYS, report)?;
    let name = name(&fields, taken, report).unwrap_or_default();
    let severity = match fields.get("severity").and_then(|item| item.word(&SEVERITIES, report)) {
        Some("warn") => Severity::Warning,
        _ => Severity::Error,
    };
    let frame = Frame { names, start: start(&fields, report), interval: interval(&fields, report) };
    let series =
        fields.need("series", report).map(|item| series::read(&item, frame, report)).unwrap_or_default();
    let events = fields.get("events").map(|item| event::read(&item, names, report)).unwrap_or_default();
    let rules = rules(&fields, names, report);
    let meant =
        Meant { rule: only(&rules).cloned(), subject: only(&series.tags).map(|tag| tag_name(names, *tag)) };
    let expect = fields.need("expect", report).map(|item| expectation::read(&item, names, &meant, report));
    let expect = expect.unwrap_or_default();
    let tags = tags(&fields, &series, names, report);
    let nothing_else = fields.get("nothing_else").and_then(|item| item.flag(report));
    let until = fields.get("until").and_then(|item| offset(&item, report)).unwrap_or_default();
    if report.errors() > before {
        return None;
    }
    let last_event = events.iter().map(|event| match event.what {
        Happening::Down(span) => event.at + span,
        Happening::Node(..) | Happening::Command(_) => event.at,
    });
    let last_expected = expect.iter().map(|wanted| wanted.at + wanted.within);
    let span = last_event.chain(last_expected).chain([series.span, until]).max().unwrap_or_default();
    let lists_transitions = expect.iter().any(|wanted| matches!(wanted.what, What::Transition(_)));
    let alarms = expect.iter().map(|wanted: &Expectation| wanted.alarm.clone()).collect();
    Some(Test {
        name,
        line: node.place.line,
        severity,
        start: frame.start,
        span,
        readings: series.readings,
        events,
        nothing_else: nothing_else.unwrap_or(lists_transitions || expect.is_empty()),
        expect,
        scope: Scope { rules, tags, alarms },
    })
}

fn name(fields: &Fields<'_>, taken: &mut BTreeSet<String>, report: &mut Report) -> Option<String> {
    let item = fields.need("name", report)?;
    let name = item.text(report)?;
    if !taken.insert(name.to_owned()) {
        report.error(item.place, item.finding(Code::NameTwice).expected("each name once in a file"));
    }
    Some(name.to_owned())
}

fn start(fields: &Fields<'_>, report: &mut Report) -> Timestamp {
    let usual: Timestamp = START.parse().expect("a constant that a test reads");
    let Some(item) = fields.get("start") else { return usual };
    let Some(text) = item.text(report) else { return usual };
    text.parse().unwrap_or_else(|_| {
        let expected = "an RFC 3339 time with an offset, such as 2026-11-23T08:00:00+08:00";
        report.error(item.place, item.finding(Code::TimeInvalid).expected(expected));
        usual
    })
}

fn interval(fields: &Fields<'_>, report: &mut Report) -> Option<Duration> {
    fields.get("interval")?.duration(Duration::from_millis(1), report)
}

fn rules(fields: &Fields<'_>, names: Names<'_>, report: &mut Report) -> Vec<Arc<str>> {
    let Some(item) = fields.get("rules") else { return Vec::new() };
    let texts = item.texts(report);
    texts.into_iter().filter_map(|(name, _)| names.rule(&item, name, report)).collect()
}

/// The tags whose alarms are looked at: those with a series, unless the test names others.
fn tags(fields: &Fields<'_>, series: &Series, names: Names<'_>, report: &mut Report) -> BTreeSet<Arc<str>> {
    let own = || series.tags.iter().map(|tag| tag_name(names, *tag)).collect();
    fields.get("tags").map_or_else(own, |item: Item<'_>| {
        let texts = item.texts(report);
        texts
            .into_iter()
            .filter_map(|(name, _)| names.tag_named(&item, name, report))
            .map(|tag| tag_name(names, tag))
            .collect()
    })
}

fn tag_name(names: Names<'_>, tag: TagIndex) -> Arc<str> {
    Arc::clone(&names.plan.site.tag(tag).name)
}

fn only<T>(items: &[T]) -> Option<&T> {
    if let [item] = items { Some(item) } else { None }
}

//! What the journal holds, as `davy journal export` tells it, and what its own readings imply.

use std::{
    collections::{BTreeMap, HashSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use davy_tests::davy_binary;
use jiff::Timestamp;
use serde_json::Value;

use crate::{LIMIT, TAGS, publisher::Sample, tag_name};

/// A transition, as far as this test looks at it.
pub(crate) struct Transition {
    pub(crate) sequence: u64,
    pub(crate) id: String,
    alarm: String,
    kind: String,
    at_us: i64,
    value: f64,
}

/// Past the limit, or back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) raised: bool,
    at_us: i64,
    value: f64,
}

/// The journal.
#[derive(Default)]
pub(crate) struct Record {
    /// Of each tag, source time and value in the order of the log.
    readings: BTreeMap<usize, Vec<(i64, f64)>>,
    known: HashSet<Sample>,
    pub(crate) transitions: Vec<Transition>,
}

impl Record {
    /// Reads it through the export.
    pub(crate) fn read(journal: &Path) -> Record {
        let mut command = Command::new(davy_binary());
        command.args(["journal", "export"]).arg(journal).stdout(Stdio::piped());
        let mut export = command.spawn().expect("davy runs");
        let mut record = Record::default();
        for line in BufReader::new(export.stdout.take().expect("piped")).lines() {
            let line = line.expect("UTF-8");
            record.take(&serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")));
        }
        let status = export.wait().expect("it ends");
        assert!(status.success(), "journal export: {status}");
        record
    }

    pub(crate) fn has(&self, sample: &Sample) -> bool {
        self.known.contains(sample)
    }

    fn take(&mut self, line: &Value) {
        if line["input"] == "readings" {
            for reading in line["value"]["readings"].as_array().expect("readings") {
                let tag = reading["tag"].as_u64().expect("a tag") as usize;
                let (at_us, value) =
                    (micros(&reading["source_time"]), reading["value"].as_f64().expect("a value"));
                self.known.insert(Sample { tag, number: Sample::number_of(value), at_us });
                self.readings.entry(tag).or_default().push((at_us, value));
            }
        }
        if let Some(found) = line.get("transition") {
            let text =
                |key: &str| found[key].as_str().unwrap_or_else(|| panic!("no {key}: {found}")).to_owned();
            self.transitions.push(Transition {
                sequence: found["sequence"].as_u64().expect("a sequence"),
                id: text("id"),
                alarm: text("alarm"),
                kind: text("kind"),
                at_us: micros(&found["source_time"]),
                value: found["value"].as_f64().unwrap_or(f64::NAN),
            });
        }
    }

    /// What must have happened: of readings in the order of a tag's own time, each past the limit or not. One that is
    /// older than the last, or the same again, says nothing.
    pub(crate) fn implied(&self) -> BTreeMap<usize, Vec<Change>> {
        let implied = |tag: usize| {
            let mut changes: Vec<Change> = Vec::new();
            let mut last_us = i64::MIN;
            for &(at_us, value) in self.readings.get(&tag).map(Vec::as_slice).unwrap_or_default() {
                if at_us <= last_us {
                    continue;
                }
                last_us = at_us;
                let raised = changes.last().is_some_and(|change| change.raised);
                if raised != (value >= LIMIT) {
                    changes.push(Change { raised: !raised, at_us, value });
                }
            }
            changes
        };
        (0..TAGS).map(|tag| (tag, implied(tag))).collect()
    }

    /// What did happen.
    pub(crate) fn changes(&self) -> BTreeMap<usize, Vec<Change>> {
        let mut found: BTreeMap<usize, Vec<Change>> = (0..TAGS).map(|tag| (tag, Vec::new())).collect();
        for transition in &self.transitions {
            let place = (0..TAGS).find(|tag| transition.alarm == format!("kill:high:{}", tag_name(*tag)));
            let place =
                place.unwrap_or_else(|| panic!("a transition that no reading implies: {}", transition.id));
            let raised = match transition.kind.as_str() {
                "raised" => true,
                "cleared" => false,
                other => panic!("{}: {other}, which nothing implies", transition.id),
            };
            let change = Change { raised, at_us: transition.at_us, value: transition.value };
            found.get_mut(&place).expect("every tag is there").push(change);
        }
        found
    }
}

fn micros(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("no time: {time}"));
    let time: Timestamp = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    time.as_microsecond()
}

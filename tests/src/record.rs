//! What a journal holds, as `davy journal export` tells it, and what its own readings imply for a rule with one limit.

use std::{
    collections::{BTreeMap, HashSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use jiff::Timestamp;
use serde_json::Value;

use crate::{davy, davy_binary};

/// A reading, as far as it can be told from others: its tag's place in the site's files, its source time in microseconds
/// and the bits of its value.
pub type Told = (usize, i64, u64);

/// A transition, as far as tests look at it.
#[derive(Clone, Debug)]
pub struct Transition {
    /// Its number.
    pub sequence: u64,
    /// Its id.
    pub id: String,
    /// Its alarm's id.
    pub alarm: String,
    /// What changed, in the glossary's word.
    pub kind: String,
    at_us: i64,
    value: f64,
}

/// Past the limit, or back.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Past it.
    pub raised: bool,
    /// When, on the tag's clock, microseconds.
    pub at_us: i64,
    /// The value that did it.
    pub value: f64,
}

/// A journal.
#[derive(Debug, Default)]
pub struct Record {
    /// Of each tag, source time and value in the order of the log.
    readings: BTreeMap<usize, Vec<(i64, f64)>>,
    known: HashSet<Told>,
    /// All, in the order of the log.
    pub transitions: Vec<Transition>,
}

impl Record {
    /// Reads it through the export.
    ///
    /// # Panics
    /// When it cannot be exported.
    pub fn read(journal: &Path) -> Record {
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

    /// Whether that reading is in it.
    pub fn has(&self, reading: Told) -> bool {
        self.known.contains(&reading)
    }

    /// How many readings are in it, those sent again included.
    pub fn readings_len(&self) -> usize {
        self.readings.values().map(Vec::len).sum()
    }

    fn take(&mut self, line: &Value) {
        if line["input"] == "readings" {
            for reading in line["value"]["readings"].as_array().expect("readings") {
                let tag = reading["tag"].as_u64().expect("a tag") as usize;
                let at_us = micros(&reading["source_time"]);
                let Some(value) = reading["value"].as_f64() else { continue };
                self.known.insert((tag, at_us, value.to_bits()));
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
                at_us: found["source_time"].as_str().map_or(0, |_| micros(&found["source_time"])),
                value: found["value"].as_f64().unwrap_or(f64::NAN),
            });
        }
    }

    /// What must have happened to a tag: of readings in the order of its own time, each past the limit or not. One that is
    /// older than the last, or the same again, says nothing.
    pub fn implied(&self, tag: usize, limit: f64) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        let mut last_us = i64::MIN;
        for &(at_us, value) in self.readings.get(&tag).map(Vec::as_slice).unwrap_or_default() {
            if at_us <= last_us {
                continue;
            }
            last_us = at_us;
            let raised = changes.last().is_some_and(|change| change.raised);
            if raised != (value >= limit) {
                changes.push(Change { raised: !raised, at_us, value });
            }
        }
        changes
    }

    /// What did happen to an alarm: how often it was raised and cleared. What operators did is left out.
    pub fn changes(&self, alarm: &str) -> Vec<Change> {
        let own = self.transitions.iter().filter(|transition| transition.alarm == alarm);
        let change = |transition: &Transition| {
            let raised = match transition.kind.as_str() {
                "raised" => true,
                "cleared" => false,
                _ => return None,
            };
            Some(Change { raised, at_us: transition.at_us, value: transition.value })
        };
        own.filter_map(change).collect()
    }

    /// That what happened to an alarm is what its tag's readings imply.
    ///
    /// # Panics
    /// When it is not.
    pub fn check_changes(&self, tag: usize, alarm: &str, limit: f64) {
        let (implied, found) = (self.implied(tag, limit), self.changes(alarm));
        for (place, (implied, found)) in implied.iter().zip(&found).enumerate() {
            assert_eq!(implied, found, "{alarm}: change {place} (implied by the readings, found)");
        }
        assert_eq!(implied.len(), found.len(), "{alarm}: how many changes (implied, found)");
    }

    /// That numbers are dense from 1, and no id stands twice.
    ///
    /// # Panics
    /// When it is not so.
    pub fn check_numbers(&self) {
        let mut ids = HashSet::new();
        for (place, transition) in self.transitions.iter().enumerate() {
            assert_eq!(transition.sequence, place as u64 + 1, "sequences are dense: {}", transition.id);
            assert!(ids.insert(&transition.id), "{} stands twice in the journal", transition.id);
        }
    }

    /// That every one of these readings, which Davy acknowledged, is in it.
    ///
    /// # Panics
    /// When one is not.
    pub fn check_acknowledged<'a>(&self, acknowledged: impl IntoIterator<Item = &'a Told>) {
        let missing: Vec<&Told> =
            acknowledged.into_iter().filter(|reading| !self.has(**reading)).take(10).collect();
        assert!(missing.is_empty(), "acknowledged, and not in the journal (tag, µs, bits): {missing:?}");
    }
}

/// That a journal is whole, and judged again gives itself.
///
/// # Panics
/// When it is not so.
pub async fn check_journal(journal: &Path) {
    let journal = journal.display().to_string();
    for verb in ["verify", "replay"] {
        let said = davy(["journal", verb, &journal, "--json"]).await;
        assert!(said.code == 0, "{}: {}\n{}\n{}", said.call, said.code, said.out, said.err);
        let value = said.one();
        let good = if verb == "verify" { value["whole"] == true } else { value["differs"].is_null() };
        assert!(good && value["commits"].as_u64() > Some(0), "journal {verb}: {value}");
    }
}

fn micros(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("no time: {time}"));
    let time: Timestamp = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    time.as_microsecond()
}

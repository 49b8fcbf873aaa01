//! What really happened: events that somebody labelled, against which alarms are scored.

use std::sync::Arc;

use davy_model::{Site, Tag, Timestamp};

/// Columns that a list of events may have; others are passed over.
const COLUMNS: [&str; 6] = ["id", "scope", "start", "end", "kind", "consequence"];

/// Something that happened, or was made to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is called; its line in the file where it has no id.
    pub id: Arc<str>,
    /// Where.
    pub scope: Scope,
    /// From when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// What it was.
    pub kind: EventKind,
    /// When it did harm, or would have.
    pub consequence: Option<Timestamp>,
}

/// What an event was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An alarm was due.
    True,
    /// A test: an alarm was due, and nobody was in danger.
    Test,
    /// An alarm then was a nuisance.
    Nuisance,
}

/// Where an event was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Anywhere.
    Site,
    /// In an area or one of its parts, at a piece of equipment, at a device, or at a tag: whatever has that id.
    Named(Arc<str>),
}

impl Event {
    /// Whether an alarm was due.
    pub fn is_due(&self) -> bool {
        matches!(self.kind, EventKind::True | EventKind::Test)
    }
}

impl Scope {
    /// Whether a tag of the site is in it.
    pub fn holds(&self, site: &Site, tag: &str) -> bool {
        let Scope::Named(name) = self else { return true };
        let Some(tag) = site.tag_index(tag).map(|index| site.tag(index)) else { return **name == *tag };
        let is = |id: &Option<Arc<str>>| id.as_deref() == Some(&**name);
        *tag.name == **name || is(&tag.equipment) || is(&tag.device) || in_area(site, tag, name)
    }

    /// Whether the site has anything of that name.
    fn is_known(&self, site: &Site) -> bool {
        let Scope::Named(name) = self else { return true };
        site.areas.iter().any(|area| area.id == *name)
            || site.tags.iter().any(|tag| self.holds(site, &tag.name))
    }
}

fn in_area(site: &Site, tag: &Tag, area: &str) -> bool {
    let mut at = tag.area.as_deref();
    while let Some(id) = at {
        if id == area {
            return true;
        }
        at = site.areas.iter().find(|area| *area.id == *id).and_then(|area| area.parent.as_deref());
    }
    false
}

/// Reads a list of events: CSV with a header, `start` and `end` in RFC 3339, `kind` one of `true`, `test` and `nuisance`.
/// A word of its own for a kind (`controlled_release`) is a true event; that is told beside the events.
///
/// # Errors
/// Every row that cannot be read, with its line.
pub fn read_events(text: &str, site: &Site) -> Result<(Vec<Event>, Vec<String>), Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| vec![error.to_string()])?.clone();
    let places = COLUMNS.map(|column| header.iter().position(|name| name == column));
    let missing: Vec<String> = [2, 3]
        .into_iter()
        .filter(|column| places[*column].is_none())
        .map(|column| format!("line 1: column {:?} is not in the header", COLUMNS[column]))
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let (mut events, mut remarks, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                errors.push(error.to_string());
                continue;
            }
        };
        let line = row.position().map_or(0, csv::Position::line);
        let cell =
            |column: usize| places[column].and_then(|place| row.get(place)).filter(|cell| !cell.is_empty());
        match event(&cell, line, site, &mut remarks) {
            Ok(event) => events.push(event),
            Err(problem) => errors.push(format!("line {line}: {problem}")),
        }
    }
    events.sort_by_key(|event| event.start);
    if errors.is_empty() { Ok((events, remarks)) } else { Err(errors) }
}

fn event<'c>(
    cell: &impl Fn(usize) -> Option<&'c str>,
    line: u64,
    site: &Site,
    remarks: &mut Vec<String>,
) -> Result<Event, String> {
    let time = |column: usize| match cell(column) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            format!("{}: found {text:?}, expected a time like 2026-11-23T08:00:00Z", COLUMNS[column])
        }),
    };
    let needed = |column: usize| time(column)?.ok_or_else(|| format!("{}: found nothing", COLUMNS[column]));
    let (start, end): (Timestamp, Timestamp) = (needed(2)?, needed(3)?);
    if end < start {
        return Err(format!("end: found {end}, expected a time after the start"));
    }
    let scope = cell(1).map_or(Scope::Site, |name| Scope::Named(name.into()));
    if !scope.is_known(site) {
        let name = cell(1).unwrap_or_default();
        return Err(format!("scope: found {name:?}, expected an area, equipment, device or tag of the site"));
    }
    let kind = match cell(4) {
        None | Some("true") => EventKind::True,
        Some("test") => EventKind::Test,
        Some("nuisance") => EventKind::Nuisance,
        Some(other) => {
            let remark = format!("kind {other:?} is taken as a true event");
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
            EventKind::True
        }
    };
    let id = cell(0).map_or_else(|| format!("line {line}").into(), Arc::from);
    Ok(Event { id, scope, start, end, kind, consequence: time(5)? })
}

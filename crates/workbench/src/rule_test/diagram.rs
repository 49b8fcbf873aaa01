//! What a test sends and what comes of it, as a timing diagram of text: time goes down, a column a tag and an alarm.

use std::collections::{BTreeMap, BTreeSet};

use davy_model::{Quality, TagIndex, Timestamp, TransitionKind};
use davy_rules::Plan;

use super::{
    case::{Sent, Test},
    offset::Offset,
    report::{Happened, TestReport, short},
};

/// A mark while an alarm is active, and while it is not.
const ACTIVE: &str = "┃";
const NORMAL: &str = "·";
/// In place of rows in which nothing changes.
const MORE: &str = "⋮";

/// The diagram of a test that was run. A row is a moment at which something arrives or is decided; rows that are as those
/// before and behind them are left out.
pub fn diagram(plan: &Plan, test: &Test, report: &TestReport) -> String {
    let sent = by_moment(test);
    let alarms: BTreeSet<&str> = report.happened.iter().map(|told| told.alarm.as_str()).collect();
    let tags: BTreeSet<TagIndex> = test.readings.iter().map(|sent| sent.reading.tag).collect();
    let mut head = vec!["at".to_owned()];
    head.extend(tags.iter().map(|tag| format!("{}, {}", plan.site.tag(*tag).name, plan.site.tag(*tag).unit)));
    head.extend(alarms.iter().map(|alarm| (*alarm).to_owned()));
    let mut active = BTreeSet::new();
    let mut rows = vec![head];
    for moment in moments(&sent, report) {
        let mut row = vec![moment.to_string()];
        row.extend(tags.iter().map(|tag| values(sent.get(&moment), *tag, test.start)));
        for alarm in &alarms {
            let told: Vec<&Happened> =
                report.happened.iter().filter(|told| told.at == moment && told.alarm == *alarm).collect();
            row.push(state(alarm, &told, &mut active));
        }
        rows.push(row);
    }
    aligned(&thinned(&rows))
}

fn by_moment(test: &Test) -> BTreeMap<Offset, Vec<Sent>> {
    let mut sent: BTreeMap<Offset, Vec<Sent>> = BTreeMap::new();
    for one in &test.readings {
        sent.entry(Offset::of(one.arrival, test.start)).or_default().push(*one);
    }
    sent
}

fn moments(sent: &BTreeMap<Offset, Vec<Sent>>, report: &TestReport) -> BTreeSet<Offset> {
    sent.keys().copied().chain(report.happened.iter().map(|told| told.at)).collect()
}

/// What arrives of a tag: `85`, `85 bad`, `85 of 20s` where it was measured earlier.
fn values(sent: Option<&Vec<Sent>>, tag: TagIndex, start: Timestamp) -> String {
    let of_tag = sent.into_iter().flatten().filter(|sent| sent.reading.tag == tag);
    let shown = of_tag.map(|sent| {
        let value: Option<f64> = sent.reading.value.get();
        let mut text = value.map_or_else(|| "-".to_owned(), short);
        if sent.reading.quality != Quality::Good {
            text += &format!(" {}", sent.reading.quality);
        }
        if sent.reading.source_time < sent.arrival {
            text += &format!(" of {}", Offset::of(sent.reading.source_time, start));
        }
        text
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn state<'a>(alarm: &'a str, told: &[&Happened], active: &mut BTreeSet<&'a str>) -> String {
    for one in told {
        match one.kind {
            TransitionKind::Raised => active.insert(alarm),
            TransitionKind::Cleared => active.remove(alarm),
            _ => false,
        };
    }
    let mark = if active.contains(alarm) { ACTIVE } else { NORMAL };
    let words: Vec<String> = told.iter().map(|one| worded(one)).collect();
    if words.is_empty() { mark.to_owned() } else { format!("{mark} {}", words.join(", ")) }
}

fn worded(told: &Happened) -> String {
    let late = if told.late { " late" } else { "" };
    format!("{}{late}", told.what())
}

/// Without the rows that are as those before and behind them. The first is the head.
fn thinned(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let alike = |a: usize, b: usize| rows[a][1..] == rows[b][1..];
    let dull = |place: usize| {
        place > 1 && place + 1 < rows.len() && alike(place, place - 1) && alike(place, place + 1)
    };
    let mut kept: Vec<Vec<String>> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        if !dull(place) {
            kept.push(row.clone());
        } else if kept.last().is_some_and(|row| row[0] != MORE) {
            kept.push(vec![MORE.to_owned()]);
        }
    }
    kept
}

fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
        cells.join("   ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

//! A recording, as it would have come in: each row a message of the edge node that the map names.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::bail;
use davy_model::{
    Bundle, Freshness, Input, MessageHead, NodeChange, NodeIndex, Reading, ReadingBlock, TagIndex, Timestamp,
    Value,
};
use davy_rules::Plan;
use davy_simulators::replay::{RecordedValue, ReplayMap, read_recording};
use davy_workbench::{backtest::Entry, performance::Period};

use super::{candidate::Candidate, log::Entries};
use crate::{exit::Misuse, recorded::Recorded};

/// Each row arrives a microsecond sooner than the one before it, against its own time, and after so many rows it begins anew:
/// a delay that is over at the very moment of the next reading is then decided by that reading, as where readings come in
/// time, and not by which of the two is looked at first.
const SOONER_MAX: u64 = 500_000;

/// What is to be known of a column.
struct Column {
    tag: TagIndex,
    recorded: Recorded,
}

struct Incoming {
    /// The files by whose places it is written.
    bundle: Arc<Bundle>,
    columns: Vec<Column>,
    node: NodeIndex,
    latency: Duration,
    entries: Vec<Entry>,
    first: Option<Timestamp>,
    arrival: Timestamp,
    row: u64,
}

/// Reads all of it.
pub(super) fn read(
    csv: &Path,
    map: &ReplayMap,
    candidate: &Candidate,
    latency: Duration,
) -> anyhow::Result<Entries<'static>> {
    let plan = &candidate.plan;
    let site = &plan.site;
    if *map.site != *site.id {
        return Err(Misuse(format!("the map is of site {}, the folder of {}", map.site, site.id)).into());
    }
    let Some(node) = site.node_index(&map.edge_node) else {
        return Err(
            Misuse(format!("the site has no edge node {}, which the map names", map.edge_node)).into()
        );
    };
    let mut incoming = Incoming {
        bundle: Arc::clone(&candidate.bundle),
        columns: columns(map, plan)?,
        node,
        latency,
        entries: Vec::new(),
        first: None,
        arrival: Timestamp::MIN,
        row: 0,
    };
    let (_, cells_bad) = read_recording(csv, map, |values| incoming.take(values))?;
    let Some(from) = incoming.first else { bail!("{}: no reading in it", csv.display()) };
    let mut remarks = Vec::new();
    if cells_bad > 0 {
        remarks.push(format!("{cells_bad} cells of the recording are no number"));
    }
    let period = Period { from, until: incoming.arrival.offset_micros(1) };
    Ok(Entries::Recording { entries: incoming.entries, period, remarks })
}

fn columns(map: &ReplayMap, plan: &Plan) -> anyhow::Result<Vec<Column>> {
    let mut columns = Vec::new();
    for column in &map.tags {
        let Some(tag) = plan.site.tag_index(&column.tag) else {
            return Err(Misuse(format!("the site has no tag {}, which the map names", column.tag)).into());
        };
        let recorded = Recorded::of(plan.site.tag(tag), column).map_err(Misuse)?;
        columns.push(Column { tag, recorded });
    }
    Ok(columns)
}

impl Incoming {
    fn take(&mut self, values: &[RecordedValue]) {
        let Some(newest) = values.iter().map(time).max() else { return };
        self.row += 1;
        let sooner = Duration::from_micros(self.row % SOONER_MAX);
        let at = newest.plus(self.latency.saturating_sub(sooner)).max(self.arrival);
        if self.first.is_none() {
            self.first = Some(newest);
            let online = Input::Node { node: self.node, change: NodeChange::Online };
            let inputs = vec![Input::Activate(Arc::clone(&self.bundle)), online];
            self.entries.push(Entry { at: newest, inputs, transitions: Vec::new() });
        }
        self.arrival = at;
        let readings: Vec<Reading> = values.iter().map(|value| self.reading(value)).collect();
        let head = MessageHead {
            node: self.node,
            arrival: at,
            seq: None,
            redelivered: false,
            freshness: Freshness::Live,
            len: u32::try_from(readings.len()).unwrap_or(u32::MAX),
        };
        let block = ReadingBlock { messages: vec![head], readings };
        self.entries.push(Entry { at, inputs: vec![Input::Readings(block)], transitions: Vec::new() });
    }

    fn reading(&self, recorded: &RecordedValue) -> Reading {
        let column = &self.columns[recorded.column];
        let (value, quality) = column.recorded.judge(recorded.value);
        Reading { tag: column.tag, quality, source_time: time(recorded), value: Value::of(value) }
    }
}

fn time(recorded: &RecordedValue) -> Timestamp {
    Timestamp::from_micros(recorded.source_time.as_microsecond())
}

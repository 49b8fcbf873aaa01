//! The way through one payload: what is known of it, and the readings that wait for what is not.

use davy_model::{Reason, Timestamp};

use super::{
    chunks::Chunks,
    reading::{Known, Ready},
    spec::Spec,
    trail::Way,
    tree::{End, NodeId},
};
use crate::{Rejection, clip::clip_bytes, json::Cell, tally::Tally};

/// What is known of a field that a reading wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// It may come yet.
    Open,
    /// It does not come any more.
    Absent,
    /// It is that one of those given.
    Given(u32),
}

/// A field that has come.
pub(super) struct Given<'de> {
    pub(super) cell: Cell<'de>,
    /// Of a field that says a time.
    pub(super) time: Option<Result<Timestamp, &'static str>>,
    pub(super) way: Way,
    /// How many steps were kept with it.
    pub(super) kept: u32,
}

/// A value that waits until all is known that it wants. Of a long list there are many, so it is small.
pub(super) struct Pending<'de> {
    pub(super) cell: Cell<'de>,
    pub(super) way: Way,
    pub(super) rule: u32,
    /// Where its picks begin: one for each field of its rule.
    pub(super) picks: u32,
    open: u32,
}

/// What is known on the way through one payload.
pub(super) struct Walk<'s, 'de, 'm> {
    pub(super) tally: Tally<'s>,
    pub(super) known: Known<'de, 'm>,
    pub(super) spec: &'m Spec,
    /// The last single value and its node, until it is known to be complete; its step is the last of the trail.
    pub(super) held: Option<(NodeId, Cell<'de>)>,
    /// The fields as they stand now.
    now: Vec<Pick>,
    pending: Chunks<Pending<'de>>,
    /// How many of those are told.
    told: usize,
    /// How many waited before those, and are told and gone.
    gone: usize,
    /// How many had ever waited when the node began that a field belongs to: only later ones can want it.
    since: Vec<usize>,
    readings_max: usize,
    /// Something was where readings stand.
    reached: bool,
    other_told: bool,
    /// Where the tag's name is put together.
    name: String,
}

/// How many fields had been given when a node began.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize);

impl<'s, 'de, 'm> Walk<'s, 'de, 'm> {
    pub(super) fn new(tally: Tally<'s>, known: Known<'de, 'm>, readings_max: u32) -> Walk<'s, 'de, 'm> {
        let spec = known.spec;
        Walk {
            tally,
            known,
            spec,
            held: None,
            now: vec![Pick::Absent; spec.tree.owners.len()],
            pending: Chunks::new(),
            told: 0,
            gone: 0,
            since: vec![0; spec.tree.owners.len()],
            readings_max: readings_max as usize,
            reached: false,
            other_told: false,
            name: String::new(),
        }
    }

    /// An object, an array or a row begins.
    #[inline]
    pub(super) fn open(&mut self, node: NodeId) -> Mark {
        let node = &self.spec.tree.nodes[node];
        self.reached |= node.holds;
        for slot in &node.opens {
            self.now[*slot] = Pick::Open;
            self.since[*slot] = self.gone + self.pending.len();
        }
        Mark(self.known.given.len())
    }

    /// It is complete: what has not come does not come any more.
    #[inline]
    pub(super) fn close(&mut self, node: NodeId, mark: Mark) {
        let node = &self.spec.tree.nodes[node];
        for slot in &node.opens {
            if self.now[*slot] == Pick::Open {
                self.settle(*slot, Pick::Absent);
            }
            self.now[*slot] = Pick::Absent;
        }
        self.tell();
        if node.is_closed && self.pending.is_empty() {
            self.known.given.truncate(mark.0);
            self.known.forget();
        }
    }

    /// A single value, known to be complete.
    #[inline]
    pub(super) fn value(&mut self, node: NodeId, cell: Cell<'de>) {
        match *self.spec.tree.nodes[node].ends {
            [] => self.misplaced(node, &cell),
            [end] => self.end(end, cell),
            ref ends => ends.iter().for_each(|end| self.end(*end, cell.clone())),
        }
    }

    /// An entry that nothing is known of.
    pub(super) fn other_field(&mut self, name: &str) {
        if self.spec.warns_of_other_fields {
            let pointer = self.known.trail.place() + "/" + name;
            let fix =
                "leave it out, or give it a place in the mapping; others of this message are not listed";
            let refusal = Rejection::new(Reason::FieldUnknown, pointer, name, "a field of the mapping", fix);
            self.problem(refusal.free());
        }
    }

    /// The pointer to where it is.
    pub(super) fn place(&self) -> String {
        self.known.trail.place()
    }

    fn problem(&mut self, refusal: Rejection) {
        problem(&mut self.tally, &mut self.other_told, refusal);
    }

    /// A text that should hold JSON does not, from some place on.
    pub(super) fn broken_inside(&mut self, error: &serde_json::Error) {
        self.reached = true;
        let (got, fix) =
            (error.to_string(), "send whole JSON in that text; what stood before the place was read");
        let refusal = Rejection::new(Reason::JsonSyntax, self.place(), &got, "JSON in the text", fix);
        self.tally.problem(refusal);
    }

    /// A cell that is not UTF-8.
    pub(super) fn not_utf8(&mut self, cell: &[u8]) {
        self.reached = true;
        let fix = "send UTF-8 (not GBK, GB 18030, Latin-1 or raw bytes)";
        let refusal = Rejection::new(Reason::EncodingInvalid, self.place(), &clip_bytes(cell), "UTF-8", fix);
        self.tally.problem(refusal);
    }

    /// Readings that wait are not told at all.
    pub(super) fn drop_waiting(&mut self) {
        self.pending.truncate(self.told);
    }

    /// The payload is complete, and may be a single value. Says so when nothing was where readings should stand.
    pub(super) fn finish(&mut self, single: Option<&Cell<'_>>) {
        if self.spec.rules.is_empty() {
            return;
        }
        let got = match single {
            Some(cell) => cell.shown(),
            None if self.reached => return,
            None => "nothing there".to_owned(),
        };
        let fix = "send what the mapping describes, or mend the mapping: davy payload check shows both";
        let (expected, pointer) = (self.spec.looked_for.clone(), String::new());
        self.tally.problem(Rejection::new(Reason::SchemaViolation, pointer, &got, &expected, fix));
    }

    #[inline]
    fn end(&mut self, end: End, cell: Cell<'de>) {
        match end {
            End::Reading(rule) => self.reading(rule, cell),
            End::Slot(slot) => self.give(slot, cell),
            End::Seq => self.seq(&cell),
        }
    }

    #[inline]
    fn reading(&mut self, rule: usize, cell: Cell<'de>) {
        self.reached = true;
        if self.pending.len() >= self.readings_max {
            self.tally.too_many();
            return;
        }
        let picks = count(self.known.picks.len());
        let slots = &self.spec.rules[rule].slots;
        let mut open = 0;
        for slot in slots {
            let pick = self.now[*slot];
            open += u32::from(pick == Pick::Open);
            self.known.picks.push(pick);
        }
        let way = self.known.trail.keep();
        self.pending.push(Pending { cell, way, rule: count(rule), picks, open });
        self.tell();
    }

    #[inline]
    fn give(&mut self, slot: usize, cell: Cell<'de>) {
        match self.now[slot] {
            Pick::Open => {}
            Pick::Given(_) => return self.repeated(),
            Pick::Absent => return,
        }
        if matches!(cell, Cell::Null) {
            return;
        }
        let stamp = self.spec.stamps[slot].as_deref();
        let time = stamp.map(|stamp| self.known.time(slot, stamp, &cell));
        let way = self.known.trail.keep();
        let at = count(self.known.given.len());
        self.known.given.push(Given { cell, time, way, kept: self.known.trail.kept() });
        self.settle(slot, Pick::Given(at));
        self.tell();
    }

    fn repeated(&mut self) {
        let fix = "the first was taken; leave the other out";
        let refusal =
            Rejection::new(Reason::SchemaViolation, self.place(), "a field twice", "every field once", fix);
        self.tally.problem(refusal.free());
    }

    fn seq(&mut self, cell: &Cell<'de>) {
        let seq = match cell {
            Cell::Integer(seq) => u64::try_from(*seq).ok(),
            Cell::Text(text) => text.parse().ok().filter(|_| self.spec.numbers_as_text),
            Cell::Null => return,
            Cell::Bool(_) | Cell::Number(_) | Cell::Array | Cell::Object => None,
        };
        if seq.is_some() {
            self.tally.summary.seq = self.tally.summary.seq.or(seq);
            return;
        }
        let fix = "count messages from 0, or take seq out of the mapping";
        let expected = "a whole number from 0 to 2^63 - 1";
        let refusal = Rejection::new(Reason::FieldType, self.place(), &cell.shown(), expected, fix);
        self.tally.problem(refusal.free());
    }

    /// A field is known now, to the readings too that have waited for it.
    fn settle(&mut self, slot: usize, pick: Pick) {
        self.now[slot] = pick;
        let from = self.since[slot].saturating_sub(self.gone).max(self.told);
        for at in from..self.pending.len() {
            let pending = &mut self.pending[at];
            let slots = &self.spec.rules[pending.rule as usize].slots;
            for (place, wanted) in slots.iter().enumerate() {
                let waits = &mut self.known.picks[pending.picks as usize + place];
                if *wanted == slot && *waits == Pick::Open {
                    *waits = pick;
                    pending.open -= 1;
                }
            }
        }
    }

    /// Tells the readings that wait for nothing any more, in their order.
    #[inline]
    fn tell(&mut self) {
        if self.pending.get(self.told).is_none_or(|first| first.open == 0) {
            self.tell_ready();
        }
    }

    fn tell_ready(&mut self) {
        while let Some(pending) = self.pending.get(self.told).filter(|pending| pending.open == 0) {
            self.told += 1;
            let ready = Ready { known: &self.known, pending };
            match ready.metric(&mut self.name) {
                Ok(None) => {}
                Ok(Some(read)) => {
                    if let Some(warning) = read.warning {
                        self.tally.problem(*warning);
                    }
                    self.tally.metric(read.metric);
                }
                Err(refusal) => problem(&mut self.tally, &mut self.other_told, *refusal),
            }
        }
        if self.told == self.pending.len() {
            self.gone += self.pending.len();
            self.pending.truncate(0);
            self.told = 0;
            self.known.forget();
        }
    }

    /// A single value where the mapping goes on into an object or an array, or the other way round.
    fn misplaced(&mut self, node: NodeId, cell: &Cell<'de>) {
        let node = &self.spec.tree.nodes[node];
        let expected = match (node.each, node.takes_object()) {
            (Some(_), true) => "an object or an array",
            (Some(_), false) => "an array",
            (None, true) => "an object",
            (None, false) => "a text that holds JSON",
        };
        self.reached = true;
        if let Some(refusal) = self.known.not_a_number(cell, self.place(), expected) {
            self.problem(*refusal);
        }
    }
}

/// A number of things that a payload or a mapping holds.
#[allow(clippy::cast_possible_truncation)] // Each is a byte of it at least, and neither is as long.
const fn count(number: usize) -> u32 {
    number as u32
}

/// Tells a problem; of fields nobody knows, the first of a message only.
fn problem(tally: &mut Tally<'_>, other_told: &mut bool, refusal: Rejection) {
    let is_other = refusal.reason == Reason::FieldUnknown && refusal.readings == 0;
    if !(is_other && std::mem::replace(other_told, true)) {
        tally.problem(refusal);
    }
}

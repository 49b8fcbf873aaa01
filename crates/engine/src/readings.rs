//! Readings come in: which are judged, at what time, and the quick way out for those that change nothing.

use davy_model::{Freshness, Quality, Reading, ReadingBlock, TagIndex, Timestamp, Transition};
use davy_rules::WatchKind;

use crate::{
    calculate::Change,
    engine::{Engine, LIVE, Moment},
    hold::Seen,
    tag::{NEVER_QUIET, NONE, Order},
};

/// How readings of one message came.
struct Came {
    /// The edge node's place, or none.
    node: u32,
    arrival_us: i64,
    now: Timestamp,
    /// Their sender calls them history.
    historical: bool,
}

impl Engine {
    pub(crate) fn judge_block(&mut self, now: Timestamp, block: &ReadingBlock, out: &mut Vec<Transition>) {
        let mut rest = block.readings.as_slice();
        for head in &block.messages {
            // A message may have waited behind another that arrived later: the log's order decides.
            let arrival_us = head.arrival.as_micros().max(self.clock_us);
            self.advance(arrival_us, now, out);
            // An edge node that the files do not know is nobody's.
            let node = if (head.node.0 as usize) < self.nodes.len() { head.node.0 } else { NONE };
            let (readings, later) = rest.split_at(head.len as usize);
            rest = later;
            let came = Came { node, arrival_us, now, historical: head.freshness == Freshness::Historical };
            for reading in readings {
                match head.freshness {
                    Freshness::Live => self.judge(reading, &came, out),
                    Freshness::Historical => self.judge_history(reading, &came, out),
                    Freshness::Replayed => self.judge_replayed(reading, arrival_us, now, out),
                }
            }
            if head.freshness != Freshness::Replayed {
                // Last, so that its tags' own readings speak first for the time since the message before.
                self.hear_node(head.node, arrival_us, now, out);
            }
            self.observe(arrival_us, now, out);
            // What it has made due at once, such as steps that a higher tier has missed.
            self.advance(arrival_us, now, out);
        }
    }

    #[inline]
    fn judge(&mut self, reading: &Reading, came: &Came, out: &mut Vec<Transition>) {
        let arrival_us = came.arrival_us;
        let state = &mut self.tags[reading.tag.0 as usize];
        let source_us = reading.source_time.as_micros();
        let order = state.order(reading, arrival_us, &self.policy);
        if order == Order::Next
            && reading.quality.is_evidence()
            && state.is_plain()
            && self.active_clock_alarms == 0
        {
            let clock_us = source_us.max(state.clock_us);
            let late = arrival_us - source_us > self.policy.late_after_us;
            if !late && state.is_quiet(reading.value.or_nan()) {
                state.note(reading);
                state.set_on_arrival(false);
                state.hear(clock_us, arrival_us, came.node);
                self.counts.judged += 1;
                return;
            }
        }
        self.judge_slowly(order, reading, came, out);
    }

    /// A reading that its sender calls history is part of a backlog, however young it is.
    fn judge_history(&mut self, reading: &Reading, came: &Came, out: &mut Vec<Transition>) {
        let order = self.tags[reading.tag.0 as usize].order(reading, came.arrival_us, &self.policy);
        self.judge_slowly(order, reading, came, out);
    }

    fn judge_slowly(&mut self, order: Order, reading: &Reading, came: &Came, out: &mut Vec<Transition>) {
        let Came { node, arrival_us, now, historical } = *came;
        let at = reading.tag.0 as usize;
        let source_us = reading.source_time.as_micros();
        let Some(on_arrival) = self.triage(order, reading, arrival_us, now, out) else { return };
        let state = &self.tags[at];
        let old = arrival_us - source_us > self.policy.late_after_us;
        let late = !on_arrival && (historical || old);
        let clock_us = if on_arrival { state.clock_at(arrival_us) } else { source_us.max(state.clock_us) };
        let catching_up = late && (historical || self.is_catching_up(reading, arrival_us));
        let moment = Moment { clock_us, arrival_us, recorded: now, late, catching_up, replayed: false };
        self.counts.judged += 1;
        self.counts.late += u64::from(late);
        self.counts.clock_suspect += u64::from(on_arrival);
        self.complete_holds_of(reading.tag, clock_us, moment, out);
        self.before_feeding(reading.tag, moment, out);
        let evidence = evidence_of(reading);
        if evidence.is_none() {
            self.lapse(reading, arrival_us, clock_us);
        }
        self.note(order, reading);
        if let Some(value) = evidence {
            self.tags[at].hear(clock_us, arrival_us, node);
            self.end_lapse(reading.tag);
            let seen = Seen { value, quality: reading.quality, source_us, arrival_us, judged_us: clock_us };
            self.look(reading.tag, seen, moment, out);
            self.feed(reading.tag, Change::Reading(seen), moment, out);
        } else {
            self.counts.bad += 1;
            self.tags[at].set_holding(false);
            self.switch_modes(reading.tag, None, moment, out);
            self.feed(reading.tag, Change::Ended, moment, out);
        }
        self.observe(arrival_us, now, out);
    }

    /// Whether a reading is judged at its arrival rather than at its source time; nothing, when it is not judged.
    fn triage(
        &mut self,
        order: Order,
        reading: &Reading,
        arrival_us: i64,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) -> Option<bool> {
        let judged = if order == Order::Future { self.order_ahead(reading) } else { order };
        match judged {
            Order::Duplicate => {
                self.counts.duplicate += 1;
                None
            }
            Order::Older | Order::TooOld => {
                if !self.clock_stepped(reading, arrival_us, now, out) {
                    match judged {
                        Order::TooOld => self.counts.too_old += 1,
                        _ => self.counts.out_of_order += 1,
                    }
                    return None;
                }
                Some(true)
            }
            Order::Future => {
                self.clock_is_ahead(reading, arrival_us, now, out);
                Some(true)
            }
            Order::OnArrival => {
                self.clock_still_wrong(reading, arrival_us, now, out);
                Some(true)
            }
            Order::Next => {
                self.clock_is_right(reading, arrival_us, now, out);
                Some(false)
            }
        }
    }

    fn note(&mut self, order: Order, reading: &Reading) {
        let state = &mut self.tags[reading.tag.0 as usize];
        match order {
            // A future stamp never advances the tag's own order, so the next believable reading is still in it.
            Order::Future => {
                state.note_value(reading);
                state.set_ahead(true);
                self.ahead.insert(reading.tag.0, reading.source_time.as_micros());
            }
            Order::Next => {
                state.note(reading);
                state.set_on_arrival(false);
            }
            Order::OnArrival | Order::Older | Order::TooOld | Order::Duplicate => state.note(reading),
        }
    }

    /// A backlog comes in faster than it was measured. A device whose clock is merely slow does not.
    fn is_catching_up(&self, reading: &Reading, arrival_us: i64) -> bool {
        let state = &self.tags[reading.tag.0 as usize];
        if !state.is_seen() || state.source_us == i64::MIN {
            return true;
        }
        let measured_us = reading.source_time.as_micros() - state.source_us;
        let passed_us = arrival_us - state.heard_us;
        measured_us > passed_us.saturating_mul(2).saturating_add(100_000)
    }

    /// Keeps the quick mark of a watch true, after its alarm may have changed.
    pub(crate) fn mark(&mut self, watch: u32, alarm: u32) {
        let live = self.alarms[alarm as usize].is_live();
        self.slots[watch as usize] = if live { alarm | LIVE } else { alarm };
        self.note_quiet(self.plan.watches[watch as usize].tag);
    }

    /// Notes with the tag between which values no watch of it can have anything to say.
    pub(crate) fn note_quiet(&mut self, tag: TagIndex) {
        let (mut above, mut below) = (f64::NEG_INFINITY, f64::INFINITY);
        for watch in self.plan.watches_of(tag) {
            let WatchKind::Limit(program) = self.plan.watches[watch].kind else { continue };
            let slot = self.slots[watch];
            if slot != NONE && slot & LIVE != 0 {
                (above, below) = NEVER_QUIET;
                break;
            }
            let program = &self.plan.limits[program as usize];
            (above, below) = (program.quiet_above.max(above), program.quiet_below.min(below));
        }
        self.tags[tag.0 as usize].set_quiet(above, below);
    }

    /// Shows evidence to a watch.
    pub(crate) fn look_at_watch(
        &mut self,
        watch: u32,
        seen: Seen,
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        match self.plan.watches[watch as usize].kind {
            WatchKind::Limit(program) => self.look_at_limit(watch, program, seen, moment, out),
            WatchKind::Silence(_) => self.break_silence(watch, seen, moment, out),
        }
    }

    /// Shows evidence to every watch of its tag.
    fn look(&mut self, tag: TagIndex, seen: Seen, moment: Moment, out: &mut Vec<Transition>) {
        for watch in self.plan.watches_of(tag) {
            self.look_at_watch(watch as u32, seen, moment, out);
        }
        self.tags[tag.0 as usize].set_silent(false);
        self.schedule_silence_if_never(tag);
        if self.tags[tag.0 as usize].is_mode() {
            let value = (seen.quality == Quality::Good).then_some(seen.value);
            self.switch_modes(tag, value, moment, out);
        }
    }
}

/// What a reading says about the process; nothing when it is bad, or has no value.
#[inline]
pub(crate) fn evidence_of(reading: &Reading) -> Option<f64> {
    reading.value.get().filter(|_| reading.quality.is_evidence())
}

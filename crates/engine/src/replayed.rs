//! Readings that were refused when they came, and that an operator sent again: evidence of what was.
//!
//! They may raise an alarm, which is late and does not sound until a live reading says the same. They clear none, complete
//! no delay, end no silence, say nothing of the device's clock, and switch no mode. One that is no evidence, and newer than
//! all that was judged, ends the evidence of its tag like any other.

use davy_model::{Reading, TagIndex, Timestamp, Transition};
use davy_rules::WatchKind;

use crate::{
    engine::{Engine, Moment},
    hold::Seen,
    readings::evidence_of,
    tag::Order,
};

impl Engine {
    pub(crate) fn judge_replayed(
        &mut self,
        reading: &Reading,
        arrival_us: i64,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let state = &self.tags[reading.tag.0 as usize];
        let clock_us = reading.source_time.as_micros().max(state.clock_us);
        match state.order(reading, arrival_us, &self.policy) {
            Order::Duplicate => self.counts.duplicate += 1,
            Order::TooOld => self.counts.too_old += 1,
            // A stamp that is not to be believed says nothing of when it was.
            Order::Older | Order::Future | Order::OnArrival => self.counts.out_of_order += 1,
            Order::Next => {
                let evidence = evidence_of(reading);
                if evidence.is_none() || state.has_lapsed() {
                    self.lapse(reading, arrival_us, clock_us);
                }
                self.tags[reading.tag.0 as usize].note(reading);
                self.counts.judged += 1;
                self.counts.late += 1;
                match evidence {
                    Some(value) => {
                        let source_us = reading.source_time.as_micros();
                        let quality = reading.quality;
                        let seen = Seen { value, quality, source_us, arrival_us, judged_us: clock_us };
                        self.look_back(reading.tag, seen, now, out);
                    }
                    None => self.counts.bad += 1,
                }
            }
        }
    }

    fn look_back(&mut self, tag: TagIndex, seen: Seen, now: Timestamp, out: &mut Vec<Transition>) {
        let moment = Moment {
            clock_us: seen.judged_us,
            arrival_us: seen.arrival_us,
            recorded: now,
            late: true,
            catching_up: true,
            replayed: true,
        };
        for watch in self.plan.watches_of(tag) {
            if let WatchKind::Limit(program) = self.plan.watches[watch].kind {
                self.look_back_at_limit(watch as u32, program, seen, moment, out);
            }
        }
    }
}

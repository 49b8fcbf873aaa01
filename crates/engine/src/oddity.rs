//! Clocks that cannot be believed: ahead, stepped back, or slow. Each raises an alarm on its device, and blinds nobody.

use davy_model::{Reading, Tag, TagIndex, Text, Tier, Timestamp, Transition};
use std::sync::Arc;

use crate::{
    alarm::{Alarm, Origin},
    engine::{Engine, Moment},
    lifecycle::Event,
    tag::Order,
    transitions::Story,
};

/// How many live readings from a stepped clock it takes until their tag is judged at arrival.
const STEPPED_READINGS: u32 = 3;
/// For how long they must have come: over less, a burst of readings sent again looks like any pace, arrival µs.
const STEPPED_FOR_US: i64 = 500_000;
/// How long a clock must be right before its alarm clears, arrival µs.
const RIGHT_AGAIN_US: i64 = 60_000_000;
/// Rule id of clock alarms.
const CLOCK_RULE: &str = "davy-clock";

/// Readings of a tag that came out of order, looked at to tell a stepped clock from a backlog.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Oddity {
    pub(crate) readings: u32,
    /// Source time of the first of them, µs.
    pub(crate) source_us: i64,
    /// Arrival of the first of them, µs.
    pub(crate) arrival_us: i64,
    /// Source time of the last of them, µs.
    pub(crate) last_us: i64,
}

impl Oddity {
    /// One more in a row, and whether they now tell of a stepped clock; `None` when they came faster, or slower, than they
    /// were measured.
    fn go_on(self, source_us: i64, arrival_us: i64) -> Option<(Oddity, bool)> {
        let odd = Oddity { readings: self.readings.saturating_add(1), last_us: source_us, ..self };
        let passed_us = arrival_us.saturating_sub(self.arrival_us);
        if passed_us < STEPPED_FOR_US {
            return Some((odd, false));
        }
        let live = is_live_pace(source_us.saturating_sub(self.source_us), passed_us);
        live.then_some((odd, odd.readings >= STEPPED_READINGS))
    }
}

impl Engine {
    /// A reading before the last judged one, or older than the site accepts. True when its tag is now judged at arrival:
    /// at least the third such reading in a row, and together they came at the pace at which they were measured. A backlog,
    /// or a burst of what was sent before, comes faster.
    pub(crate) fn clock_stepped(
        &mut self,
        reading: &Reading,
        arrival_us: i64,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) -> bool {
        let source_us = reading.source_time.as_micros();
        let earlier = self.oddities.get(&reading.tag.0).copied();
        if earlier.is_some_and(|odd| odd.last_us == source_us) {
            // The same again says nothing new about the clock.
            return false;
        }
        let first = Oddity { readings: 1, source_us, arrival_us, last_us: source_us };
        let (odd, stepped) = match earlier {
            Some(odd) if source_us > odd.last_us => {
                odd.go_on(source_us, arrival_us).unwrap_or((first, false))
            }
            _ => (first, false),
        };
        self.oddities.insert(reading.tag.0, odd);
        self.tags[reading.tag.0 as usize].set_odd(true);
        if !stepped {
            return false;
        }
        self.forget_oddity(reading.tag);
        self.tags[reading.tag.0 as usize].set_on_arrival(true);
        let text = || {
            Text::both(
                format!("its clock stepped back, to {}: judged at arrival", reading.source_time),
                format!("时钟回拨至 {}，按到达时间判断", reading.source_time),
            )
        };
        self.clock_is_odd(reading.tag, text, arrival_us, now, out);
        true
    }

    /// How a reading stamped ahead of arrival stands to the last such one of its tag. A fault of a clock must not let
    /// what was delivered twice be judged twice.
    pub(crate) fn order_ahead(&self, reading: &Reading) -> Order {
        let state = &self.tags[reading.tag.0 as usize];
        let source_us = reading.source_time.as_micros();
        match self.ahead.get(&reading.tag.0).filter(|_| state.is_ahead()) {
            Some(&last_us) if source_us == last_us && state.repeats(reading) => Order::Duplicate,
            Some(&last_us) if source_us < last_us => Order::Older,
            _ => Order::Future,
        }
    }

    fn forget_oddity(&mut self, tag: TagIndex) {
        if !self.oddities.is_empty() {
            self.oddities.remove(&tag.0);
            self.tags[tag.0 as usize].set_odd(false);
        }
    }

    pub(crate) fn clock_is_ahead(
        &mut self,
        reading: &Reading,
        arrival_us: i64,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let ahead_s = (reading.source_time.as_micros() - arrival_us) / 1_000_000;
        let text = || {
            Text::both(
                format!("its clock is {ahead_s} s ahead: judged at arrival"),
                format!("时钟超前 {ahead_s} 秒，按到达时间判断"),
            )
        };
        self.clock_is_odd(reading.tag, text, arrival_us, now, out);
    }

    pub(crate) fn clock_still_wrong(
        &mut self,
        reading: &Reading,
        arrival_us: i64,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let text =
            || Text::both("its clock is still wrong: judged at arrival", "时钟仍不正确，按到达时间判断");
        self.clock_is_odd(reading.tag, text, arrival_us, now, out);
    }

    fn clock_is_odd(
        &mut self,
        tag: TagIndex,
        text: impl FnOnce() -> Text,
        arrival_us: i64,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let subject = self.clock_subject(tag);
        let alarm = self.built_in_alarm(Origin::Clock, CLOCK_RULE, &subject, Tier::Blue);
        self.alarms[alarm as usize].odd_us = arrival_us;
        if self.alarms[alarm as usize].is_active() {
            return;
        }
        self.active_clock_alarms += 1;
        let moment = Moment::at_arrival(arrival_us, now);
        let first_out = Some(Timestamp::from_micros(arrival_us));
        // The process is never refused.
        let _ = self.change(
            alarm,
            Event::Raise(Tier::Blue),
            moment,
            Story { text: Some(text()), first_out, ..Story::default() },
            out,
        );
    }

    /// A reading in order, with a believable stamp: no longer stepping, and after a while the alarm clears.
    pub(crate) fn clock_is_right(
        &mut self,
        reading: &Reading,
        arrival_us: i64,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        self.forget_oddity(reading.tag);
        if self.active_clock_alarms == 0 {
            return;
        }
        let subject = self.clock_subject(reading.tag);
        let Some(&alarm) = self.built_in.get(&(CLOCK_RULE.into(), subject)) else { return };
        let record = &self.alarms[alarm as usize];
        if record.is_active() && arrival_us - record.odd_us >= RIGHT_AGAIN_US {
            self.active_clock_alarms -= 1;
            let moment = Moment::at_arrival(arrival_us, now);
            // The process is never refused.
            let _ = self.change(alarm, Event::Clear { latch: false }, moment, Story::default(), out);
        }
    }

    fn clock_subject(&self, tag: TagIndex) -> Arc<str> {
        Arc::clone(clock_owner(self.plan.site.tag(tag)))
    }

    pub(crate) fn built_in_alarm(
        &mut self,
        origin: Origin,
        rule: &str,
        subject: &Arc<str>,
        tier: Tier,
    ) -> u32 {
        let rule: Arc<str> = rule.into();
        let key = (Arc::clone(&rule), Arc::clone(subject));
        if let Some(alarm) = self.built_in.get(&key) {
            return *alarm;
        }
        let alarm = self.alarms.len() as u32;
        let mut record = Alarm::new(origin, &self.plan.site.id, &rule, subject, tier);
        (record.occurrence, record.step) = self.retired.remove(&key).unwrap_or_default();
        self.alarms.push(record);
        self.built_in.insert(key, alarm);
        alarm
    }
}

/// Whose clock stamps the tag: its device's, else its edge node's, else its own.
pub(crate) fn clock_owner(tag: &Tag) -> &Arc<str> {
    tag.device.as_ref().or(tag.edge_node.as_ref()).unwrap_or(&tag.name)
}

/// Measured about as fast as it came in.
fn is_live_pace(measured_us: i64, passed_us: i64) -> bool {
    measured_us > 0 && (measured_us - passed_us).abs() <= passed_us / 2
}

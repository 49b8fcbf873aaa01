//! An alarm that nobody acknowledges goes to the next desk.

use std::{sync::Arc, time::Duration};

use davy_model::{
    Delay, DelayKind, Desk, Escalation, Evidence, Timestamp, Transition, TransitionKind, micros,
};

use crate::{
    alarm::NEVER,
    engine::{Engine, Moment},
    lifecycle::Event,
    timers::Due,
    transitions::Story,
};

impl Engine {
    /// The desk that answers for an alarm; that without areas, for alarms of Davy itself.
    pub(crate) fn desk_of(&self, alarm: u32) -> Option<&Desk> {
        let area = self.place_of(alarm).and_then(|tag| self.plan.site.tag(tag).area.as_deref());
        self.plan.site.desk_of(area)
    }

    /// An alarm has changed: whoever answers for it may have to be asked later, or no more.
    pub(crate) fn reschedule_escalation(
        &mut self,
        alarm: u32,
        kind: TransitionKind,
        sounds: bool,
        moment: Moment,
    ) {
        // It sounds anew: whoever answers for it has their time again.
        let now_us = self.decided_at(moment);
        let record = &mut self.alarms[alarm as usize];
        let goes_on = kind == TransitionKind::Escalated
            || (kind == TransitionKind::ReAlarmed && record.escalate_us != NEVER);
        if sounds && !goes_on {
            (record.sounded_us, record.escalations) = (Some(now_us), 0);
        }
        // Not from `now_us`: what was due while Davy was down was due then.
        self.note_escalation(alarm, moment.arrival_us);
        self.note_lateness(alarm, moment.arrival_us);
    }

    /// Notes when nobody will have acknowledged an alarm for too long, not before `now_us`.
    pub(crate) fn note_escalation(&mut self, alarm: u32, now_us: i64) {
        let record = &self.alarms[alarm as usize];
        let waits = record.is_active()
            && !record.facts.acknowledged
            && !record.facts.is_quieted()
            && !record.has_duty_to_acknowledge();
        if waits && record.unsounded {
            // A rise that nobody was told of yet makes nothing due, and puts nothing off.
            return;
        }
        let next = self.next_escalation(alarm).filter(|_| waits);
        let at_us = next.map_or(NEVER, |(_, _, at_us)| at_us.max(now_us));
        if at_us != self.alarms[alarm as usize].escalate_us {
            self.schedule(Due::Escalate(alarm), at_us);
        }
    }

    /// The next step of the desk that answers for an alarm, its place, and when it is due, arrival µs.
    fn next_escalation(&self, alarm: u32) -> Option<(usize, &Escalation, i64)> {
        let record = &self.alarms[alarm as usize];
        let sounded_us = record.sounded_us?;
        let steps = &self.desk_of(alarm)?.escalates;
        let mut left = steps.iter().enumerate().skip(record.escalations as usize);
        let (place, step) = left.find(|(_, step)| record.facts.tier >= step.tier_from)?;
        Some((place, step, sounded_us.saturating_add(micros(step.after))))
    }

    pub(crate) fn fire_escalate(
        &mut self,
        alarm: u32,
        at_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        self.alarms[alarm as usize].escalate_us = NEVER;
        let Some((place, step, _)) = self.next_escalation(alarm) else { return };
        let (to, after) = (Arc::clone(&step.to), step.after);
        let record = &mut self.alarms[alarm as usize];
        record.escalations = place as u32 + 1;
        record.desk = Some(Arc::clone(&to));
        let delay = record.sounded_us.map(|since_us| waited(since_us, after));
        let evidence = Evidence { delay, ..Evidence::default() };
        let moment = Moment::at_arrival(at_us, recorded);
        // Time is never refused.
        let _ = self.change(
            alarm,
            Event::Escalate,
            moment,
            Story { evidence, desk: Some(to), ..Story::default() },
            out,
        );
    }
}

fn waited(since_us: i64, after: Duration) -> Delay {
    Delay {
        kind: DelayKind::Escalation,
        since: Timestamp::from_micros(since_us),
        elapsed: after,
        required: after,
    }
}

//! The one place where an alarm changes: its facts, its numbers, its deadlines, and the transition that says so.

use davy_model::{
    Actor, AlarmFacts, Evidence, LimitView, Quality, Refusal, Text, Timestamp, Transition, TransitionKind,
    Unit, Verdict,
};
use std::{sync::Arc, time::Duration};

use crate::{
    alarm::{Alarm, NEVER, Origin},
    duty::Called,
    engine::{Engine, Moment},
    lifecycle::{Event, step},
    timers::Due,
    words,
};

/// So many repetitions of one thing are caught up with one by one.
const MISSED_MAX: i64 = 1000;

/// What a transition tells beside the change itself.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) limit: Option<LimitView>,
    pub(crate) value: Option<f64>,
    pub(crate) unit: Option<Unit>,
    pub(crate) quality: Quality,
    pub(crate) first_out: Option<Timestamp>,
    pub(crate) evidence: Evidence,
    pub(crate) re_alarm_us: Option<i64>,
    pub(crate) actor: Option<Actor>,
    /// Words of their own, of alarms that no rule makes.
    pub(crate) text: Option<Text>,
    /// Who is asked as well.
    pub(crate) desk: Option<Arc<str>>,
    /// Whether they were asked before.
    pub(crate) asked_again: bool,
    /// What it was found to be.
    pub(crate) verdict: Option<Verdict>,
    /// Whether an open case ends with it.
    pub(crate) ends_case: bool,
    /// The limit near to which a tag fell silent.
    pub(crate) near: Option<Arc<str>>,
}

impl Default for Story {
    fn default() -> Story {
        Story {
            limit: None,
            value: None,
            unit: None,
            quality: Quality::Good,
            first_out: None,
            evidence: Evidence::default(),
            re_alarm_us: None,
            actor: None,
            text: None,
            desk: None,
            asked_again: false,
            verdict: None,
            ends_case: false,
            near: None,
        }
    }
}

impl Story {
    /// What is told of the case.
    fn note_case(&mut self, before: &AlarmFacts, after: &AlarmFacts) {
        let case = after.case.as_deref().or(before.case.as_deref());
        self.verdict = case.and_then(|case| case.verdict);
        self.ends_case = before.case.is_some() && after.case.is_none();
    }
}

/// Whether an open case became graver.
fn has_graver_case(before: &AlarmFacts, after: &AlarmFacts) -> bool {
    before.case.as_ref().zip(after.case.as_ref()).is_some_and(|(before, after)| after.tier > before.tier)
}

/// When what recurs every so often, and is due at `at_us`, is told on the way to `until_us`: at once, or after a very long
/// gap the last time of many.
pub(crate) fn skip_missed(at_us: i64, until_us: i64, every_us: i64) -> i64 {
    let missed = until_us.saturating_sub(at_us) / every_us.max(1);
    if missed > MISSED_MAX { at_us + missed * every_us.max(1) } else { at_us }
}

impl Engine {
    /// Lets `event` happen to an alarm. Nothing happens where the event does not apply.
    pub(crate) fn change(
        &mut self,
        alarm: u32,
        event: Event,
        moment: Moment,
        mut story: Story,
        out: &mut Vec<Transition>,
    ) -> Result<(), Refusal> {
        let record = &mut self.alarms[alarm as usize];
        let Some(change) = step(&record.facts, event)? else { return Ok(()) };
        story.note_case(&record.facts, &change.facts);
        let is_graver = has_graver_case(&record.facts, &change.facts);
        if change.kind == TransitionKind::Raised {
            record.occurrence += 1;
            record.step = 0;
            record.first_out = story.first_out;
        }
        record.step += 1;
        record.facts = change.facts;
        self.note_observers(alarm);
        if !self.is_alarm(alarm) {
            // Nobody is told, and nobody has to answer.
            self.alarms[alarm as usize].facts.acknowledged = true;
            return Ok(());
        }
        let record = &mut self.alarms[alarm as usize];
        self.sequence += 1;
        record.last_sequence = self.sequence;
        if change.kind == TransitionKind::Raised {
            record.raised_sequence = self.sequence;
            record.desk = record.desk.take().filter(|_| record.facts.case.is_some());
            record.sounded_us = None;
            self.join_incident(alarm, moment);
        }
        let is_new = matches!(change.kind, TransitionKind::Raised | TransitionKind::TierRaised);
        let calls = change.sounds && !moment.catching_up;
        let comes = is_new && calls;
        let quiet = if comes { self.quiet_of(alarm, moment) } else { None };
        let sounds = calls && quiet.is_none();
        let record = &mut self.alarms[alarm as usize];
        record.quiet = if comes { quiet } else { record.quiet.filter(|_| record.is_active() && !sounds) };
        let is_put_off = change.sounds && moment.catching_up;
        record.unsounded = is_put_off || (!is_new && record.unsounded && record.is_active() && !sounds);
        if !record.facts.latched && !record.is_active() {
            record.latch_tier = None;
        }
        let called = Called { kind: change.kind, is_graver, calls, sounds };
        self.keep_case(alarm, called, moment);
        let re_alarm_us = story.re_alarm_us;
        out.push(self.transition(alarm, change.kind, sounds, moment, story));
        self.reschedule(alarm, change.kind, sounds, re_alarm_us, moment);
        if is_new || is_put_off {
            self.note_settle(alarm, moment);
        }
        self.reschedule_escalation(alarm, change.kind, sounds, moment);
        if comes {
            self.weigh(alarm, change.kind, moment, out);
        }
        Ok(())
    }

    /// Calculated tags that look at this alarm are calculated next.
    fn note_observers(&mut self, alarm: u32) {
        if let Origin::Watch(watch) = self.alarms[alarm as usize].origin {
            self.observers_due.extend(self.plan.observers_of(watch));
        }
    }

    /// Whether people are told of it, or only other rules.
    pub(crate) fn is_alarm(&self, alarm: u32) -> bool {
        match self.alarms[alarm as usize].origin {
            Origin::Watch(watch) => self.plan.rules[self.plan.watches[watch as usize].rule as usize].is_alarm,
            Origin::Clock | Origin::Fault | Origin::Load => true,
        }
    }

    fn transition(
        &self,
        alarm: u32,
        kind: TransitionKind,
        sounds: bool,
        moment: Moment,
        story: Story,
    ) -> Transition {
        let record = &self.alarms[alarm as usize];
        let title = self.title(record);
        let message = words::message(kind, &title, &record.key, &story);
        Transition {
            sequence: self.sequence,
            alarm: record.key.clone(),
            occurrence: record.occurrence,
            step: record.step,
            kind,
            facts: record.facts.clone(),
            rule_revision: Arc::clone(&self.plan.revision),
            tags: self.tags_of_alarm(record),
            title,
            limit: story.limit,
            value: story.value,
            unit: story.unit,
            quality: story.quality,
            source_time: Timestamp::from_micros(moment.clock_us),
            arrival_time: Timestamp::from_micros(moment.arrival_us),
            recorded_time: moment.recorded,
            first_out_time: record.first_out,
            late: moment.late,
            sounds,
            incident: record.incident.clone(),
            desk: record.desk.clone().or_else(|| self.desk_of(alarm).map(|desk| Arc::clone(&desk.id))),
            actor: story.actor,
            evidence: story.evidence,
            message,
        }
    }

    fn title(&self, record: &Alarm) -> Text {
        match record.origin {
            Origin::Watch(watch) => {
                self.plan.rules[self.plan.watches[watch as usize].rule as usize].title.clone()
            }
            Origin::Clock => words::clock_title(),
            Origin::Fault => words::fault_title(),
            Origin::Load => words::load_title(&record.key.rule),
        }
    }

    fn tags_of_alarm(&self, record: &Alarm) -> Vec<Arc<str>> {
        match record.origin {
            Origin::Watch(watch) => {
                let tag = self.plan.watches[watch as usize].tag;
                match self.plan.calculated(tag) {
                    Some(made) => made.inputs.iter().map(|&tag| Arc::clone(self.plan.subject(tag))).collect(),
                    None => vec![Arc::clone(&self.plan.site.tag(tag).name)],
                }
            }
            Origin::Clock | Origin::Fault | Origin::Load => Vec::new(),
        }
    }

    fn reschedule(
        &mut self,
        alarm: u32,
        kind: TransitionKind,
        sounds: bool,
        re_alarm_us: Option<i64>,
        moment: Moment,
    ) {
        let record = &mut self.alarms[alarm as usize];
        if let (TransitionKind::Shelved, Some(shelving)) = (kind, &record.facts.shelving) {
            let until_us = shelving.until.as_micros();
            self.schedule(Due::Shelve(alarm), until_us);
            return;
        }
        match kind {
            TransitionKind::Raised | TransitionKind::TierRaised => {
                record.re_alarm_every_us = re_alarm_us;
                let every_us = re_alarm_us.filter(|_| !moment.replayed);
                let every_us = every_us.map_or(NEVER, |every_us| moment.arrival_us.saturating_add(every_us));
                self.schedule(Due::ReAlarm(alarm), every_us);
            }
            TransitionKind::Cleared | TransitionKind::Withdrawn => {
                record.re_alarm_us = NEVER;
                record.settle_us = NEVER;
            }
            _ if sounds => {
                let every_us = record.re_alarm_every_us;
                let at_us = every_us.map_or(NEVER, |every_us| moment.arrival_us.saturating_add(every_us));
                self.schedule(Due::ReAlarm(alarm), at_us);
            }
            _ => {}
        }
    }

    /// Notes when a backlog that says nothing more is through, for what it put off. What was sent again waits for a live
    /// reading.
    fn note_settle(&mut self, alarm: u32, moment: Moment) {
        let settles = self.alarms[alarm as usize].unsounded && !moment.replayed;
        let settle_us = moment.arrival_us.saturating_add(self.policy.settle_us);
        self.schedule(Due::Settle(alarm), if settles { settle_us } else { NEVER });
    }

    /// A reading that is no longer part of a backlog in full flow: what the backlog left active sounds.
    pub(crate) fn sound_if_caught_up(&mut self, alarm: u32, moment: Moment, out: &mut Vec<Transition>) {
        if !self.alarms[alarm as usize].unsounded {
            return;
        }
        if moment.catching_up {
            let settle_us = moment.arrival_us.saturating_add(self.policy.settle_us);
            self.schedule(Due::Settle(alarm), settle_us);
        } else {
            self.sound(alarm, moment, out);
        }
    }

    fn sound(&mut self, alarm: u32, moment: Moment, out: &mut Vec<Transition>) {
        self.alarms[alarm as usize].unsounded = false;
        // The process is never refused.
        let _ = self.change(alarm, Event::Sound, moment, Story::default(), out);
    }

    pub(crate) fn fire_settle(
        &mut self,
        alarm: u32,
        at_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        self.alarms[alarm as usize].settle_us = NEVER;
        if self.alarms[alarm as usize].unsounded {
            self.sound(alarm, Moment::at_arrival(at_us, recorded), out);
        }
    }

    pub(crate) fn fire_shelve(
        &mut self,
        alarm: u32,
        at_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let moment = Moment::at_arrival(at_us, recorded);
        // Time is never refused.
        let _ = self.change(alarm, Event::ExpireShelve, moment, Story::default(), out);
    }

    /// Which of the re-alarms between `at_us` and `until_us` sounds next. After a very long gap without any input, such
    /// as a wrong clock set right, all but the last are left out.
    pub(crate) fn last_re_alarm(&self, alarm: u32, at_us: i64, until_us: i64) -> i64 {
        let every_us = self.alarms[alarm as usize].re_alarm_every_us;
        every_us.map_or(at_us, |every_us| skip_missed(at_us, until_us, every_us))
    }

    pub(crate) fn fire_re_alarm(
        &mut self,
        alarm: u32,
        at_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let record = &mut self.alarms[alarm as usize];
        record.re_alarm_us = NEVER;
        let Some(every_us) = record.re_alarm_every_us else { return };
        if !record.is_active() {
            return;
        }
        if record.facts.is_quieted() {
            self.schedule(Due::ReAlarm(alarm), at_us.saturating_add(every_us));
            return;
        }
        let elapsed = Duration::from_micros(every_us.unsigned_abs());
        let delay = davy_model::Delay {
            kind: davy_model::DelayKind::ReAlarm,
            since: Timestamp::from_micros(at_us - every_us),
            elapsed,
            required: elapsed,
        };
        let evidence = Evidence { delay: Some(delay), ..Evidence::default() };
        let moment = Moment::at_arrival(at_us, recorded);
        // Time is never refused.
        let _ = self.change(alarm, Event::ReAlarm, moment, Story { evidence, ..Story::default() }, out);
    }
}

//! Who hears of an alarm, by when they answer, and where it goes when they do not: the duties of a site, kept on arrival time.

use std::{mem, sync::Arc, time::Duration};

use davy_model::{
    Case, Deadline, Delay, DelayKind, Duty, Evidence, Timestamp, Transition, TransitionKind, micros,
};

use crate::{
    alarm::{Alarm, NEVER, Origin},
    engine::{Engine, Moment},
    lifecycle::{Event, Overdue},
    timers::Due,
    transitions::{Story, skip_missed},
};

/// How late people are with one alarm.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lateness {
    /// That nobody acknowledged was told.
    pub(crate) acknowledge: bool,
    /// That nobody gave feedback was told.
    pub(crate) feedback: bool,
    /// The case became graver, and the duty of its tier has not asked yet.
    pub(crate) is_graver: bool,
    /// The desk it climbed to last.
    pub(crate) climbed: Option<Arc<str>>,
    /// When it climbed last, arrival µs.
    pub(crate) climbed_us: i64,
    /// When it climbs next, arrival µs.
    pub(crate) due_us: i64,
}

/// What just happened to an alarm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    pub(crate) kind: TransitionKind,
    /// Its case became graver.
    pub(crate) is_graver: bool,
    /// It is to be seen, nobody quieted it, and it is no part of a backlog.
    pub(crate) calls: bool,
    /// It sounds.
    pub(crate) sounds: bool,
}

impl Lateness {
    /// Nobody is late.
    pub(crate) const fn none() -> Lateness {
        Lateness {
            acknowledge: false,
            feedback: false,
            is_graver: false,
            climbed: None,
            climbed_us: 0,
            due_us: NEVER,
        }
    }
}

impl Engine {
    /// An alarm has changed: its case begins, its deadlines run, or nobody is late any more.
    pub(crate) fn keep_case(&mut self, alarm: u32, called: Called, moment: Moment) {
        let record = &self.alarms[alarm as usize];
        if record.facts.case.is_none() && !self.opens_case(record, called) {
            self.forget_lateness(alarm);
            return;
        }
        let now_us = self.decided_at(moment);
        let begins = record.facts.case.is_none();
        let mut case = record.facts.case.clone();
        let mut case =
            case.take().unwrap_or_else(|| Box::new(Case::new(record.occurrence, record.facts.tier)));
        let is_new = matches!(called.kind, TransitionKind::Raised | TransitionKind::TierRaised);
        self.alarms[alarm as usize].late.is_graver |= called.is_graver;
        if let Some(duty) = self.plan.site.duties.of(case.tier) {
            let is_heard = if is_new { called.calls } else { called.sounds };
            // Lateness tells of what was asked before; it asks only where it is the first to tell of a tier.
            let is_first = begins || self.alarms[alarm as usize].late.is_graver;
            if is_heard && (called.kind != TransitionKind::Escalated || is_first) {
                let told = self.plan.site.told_at_once(self.desk_of(alarm), duty);
                case.told
                    .extend(told.into_iter().filter(|desk| !case.told.contains(desk)).collect::<Vec<_>>());
                ask(&mut case, &mut self.alarms[alarm as usize].late, duty, now_us);
            }
        }
        let record = &mut self.alarms[alarm as usize];
        if record.facts.acknowledged || record.facts.is_quieted() {
            (case.acknowledge, record.late.acknowledge) = (None, false);
        }
        if case.feedback {
            (case.give_feedback, record.late.feedback) = (None, false);
        }
        record.facts.case = Some(case);
    }

    /// Whether a case begins: it sounds, and its tier has a duty. What Davy tells of itself is for its desk alone.
    fn opens_case(&self, record: &Alarm, called: Called) -> bool {
        called.sounds
            && record.is_active()
            && matches!(record.origin, Origin::Watch(_))
            && self.plan.site.duties.of(record.facts.tier).is_some()
    }

    fn forget_lateness(&mut self, alarm: u32) {
        let record = &mut self.alarms[alarm as usize];
        if record.late.climbed.is_some() {
            record.desk = None;
        }
        record.late = Lateness { due_us: record.late.due_us, ..Lateness::none() };
    }

    /// Notes when somebody will be late, or be so for longer than may be, not before `now_us`.
    pub(crate) fn note_lateness(&mut self, alarm: u32, now_us: i64) {
        let at_us = self.next_lateness(alarm).map_or(NEVER, |(_, at_us)| at_us.max(now_us));
        if at_us != self.alarms[alarm as usize].late.due_us {
            self.schedule(Due::Late(alarm), at_us);
        }
    }

    /// What somebody is late with next, and when it is told, arrival µs.
    fn next_lateness(&self, alarm: u32) -> Option<(Overdue, i64)> {
        let record = &self.alarms[alarm as usize];
        let (case, late) = (record.facts.case.as_deref()?, &record.late);
        let every = self.plan.site.duties.of(case.tier).and_then(|duty| duty.then_every);
        let again_us = every.map(|every| late.climbed_us.saturating_add(micros(every)));
        let due = |deadline: Option<Deadline>, was_told: bool| {
            deadline.and_then(|deadline| if was_told { again_us } else { Some(deadline.by.as_micros()) })
        };
        let acknowledge = due(case.acknowledge, late.acknowledge).map(|at_us| (Overdue::Acknowledge, at_us));
        let feedback = due(case.give_feedback, late.feedback).map(|at_us| (Overdue::Feedback, at_us));
        acknowledge.into_iter().chain(feedback).min_by_key(|(_, at_us)| *at_us)
    }

    /// Somebody is late, at `at_us`, on the way to `until_us`.
    pub(crate) fn fire_late(
        &mut self,
        alarm: u32,
        at_us: i64,
        until_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        self.alarms[alarm as usize].late.due_us = NEVER;
        let Some((what, _)) = self.next_lateness(alarm) else { return };
        let record = &self.alarms[alarm as usize];
        let Some(case) = record.facts.case.as_deref() else { return };
        let deadline = match what {
            Overdue::Acknowledge => case.acknowledge,
            Overdue::Feedback => case.give_feedback,
        };
        let every = self.plan.site.duties.of(case.tier).and_then(|duty| duty.then_every);
        let at_us = every.map_or(at_us, |every| skip_missed(at_us, until_us, micros(every)));
        let answers = self.desk_of(alarm);
        let to = self.plan.site.climb(answers, &case.told, record.late.climbed.as_deref());
        let again =
            to.is_some_and(|to| case.told.contains(&to.id) || answers.is_some_and(|desk| desk.id == to.id));
        let to = to.map(|desk| Arc::clone(&desk.id));
        let evidence =
            Evidence { delay: deadline.map(|asked| waited(what, asked, at_us)), ..Evidence::default() };
        let record = &mut self.alarms[alarm as usize];
        match what {
            Overdue::Acknowledge => record.late.acknowledge = true,
            Overdue::Feedback => record.late.feedback = true,
        }
        record.late.climbed_us = at_us;
        if to.is_some() {
            record.late.climbed.clone_from(&to);
            record.desk.clone_from(&to);
        }
        let story = Story { evidence, desk: to.clone(), asked_again: again, ..Story::default() };
        // Time is never refused.
        let _ = self.change(alarm, Event::Overdue(what, to), Moment::at_arrival(at_us, recorded), story, out);
    }
}

impl Alarm {
    /// Whether a duty has asked for an acknowledgement, which then takes the place of the desk's steps.
    pub(crate) fn has_duty_to_acknowledge(&self) -> bool {
        self.facts.case.as_deref().is_some_and(|case| case.acknowledge.is_some())
    }
}

/// What a duty asks for from now on. What was asked before is not put off, but for what was told late already when the case
/// became graver: it is asked anew.
fn ask(case: &mut Case, late: &mut Lateness, duty: &Duty, now_us: i64) {
    let since = Timestamp::from_micros(now_us);
    let is_graver = mem::take(&mut late.is_graver);
    let asked = |before: Option<Deadline>, was_told: &mut bool, within: Option<Duration>| {
        let now = within.map(|within| Deadline { since, by: since.plus(within) });
        match (before, now) {
            (Some(_), Some(now)) if is_graver && *was_told => {
                *was_told = false;
                Some(now)
            }
            (Some(before), Some(now)) => Some(before.earlier(now)),
            (before, now) => before.or(now),
        }
    };
    case.acknowledge = asked(case.acknowledge, &mut late.acknowledge, duty.acknowledge_within);
    case.give_feedback = asked(case.give_feedback, &mut late.feedback, duty.feedback_within);
}

fn waited(what: Overdue, asked: Deadline, at_us: i64) -> Delay {
    let kind = match what {
        Overdue::Acknowledge => DelayKind::Escalation,
        Overdue::Feedback => DelayKind::Feedback,
    };
    let elapsed = Timestamp::from_micros(at_us).since(asked.since);
    Delay { kind, since: asked.since, elapsed, required: asked.by.since(asked.since) }
}

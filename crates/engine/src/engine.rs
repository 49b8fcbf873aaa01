//! The engine of one site: its state, and the one door through which the log comes in.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use davy_model::{AlarmKey, Input, Refusal, Reporting, TagIndex, Timestamp, Transition, micros};
use davy_rules::Plan;

use crate::{
    Counts,
    alarm::{Alarm, NEVER},
    incident::Incident,
    lapse::Lapse,
    load::Load,
    memory::Memory,
    nodes::NodeState,
    oddity::Oddity,
    tag::{NONE, Policy, TagState},
    timers::{Due, Timers},
};

/// Set in a watch's slot while its alarm needs to see every reading.
pub(crate) const LIVE: u32 = 1 << 31;

/// A part of the plant that a tag's value switches, and with it the alarms of a rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mode {
    pub(crate) rule: u32,
    pub(crate) tag: TagIndex,
    pub(crate) at_or_above: f64,
    pub(crate) on: bool,
    /// When its value is too old to believe, arrival µs.
    pub(crate) hold_us: i64,
}

/// Decides which alarms one site has.
pub struct Engine {
    pub(crate) plan: Arc<Plan>,
    pub(crate) policy: Policy,
    /// Arrival time of the last input, µs. Never goes back.
    pub(crate) clock_us: i64,
    pub(crate) sequence: u64,
    pub(crate) tags: Vec<TagState>,
    pub(crate) nodes: Vec<NodeState>,
    /// For every watch: its alarm's place, with [`LIVE`], or [`NONE`].
    pub(crate) slots: Vec<u32>,
    pub(crate) alarms: Vec<Alarm>,
    /// Alarms that no watch makes, by rule and subject.
    pub(crate) built_in: BTreeMap<(Arc<str>, Arc<str>), u32>,
    /// Occurrence and step of alarms whose rule or tag is gone, so that a number is never used twice.
    pub(crate) retired: BTreeMap<(Arc<str>, Arc<str>), (u64, u32)>,
    pub(crate) modes: Vec<Mode>,
    pub(crate) oddities: BTreeMap<u32, Oddity>,
    /// The last stamp of tags whose stamps lie ahead of arrival, µs.
    pub(crate) ahead: BTreeMap<u32, i64>,
    /// Tags whose last reading is no evidence, by name.
    pub(crate) lapses: BTreeMap<Arc<str>, Lapse>,
    pub(crate) active_clock_alarms: u32,
    /// What is kept for each calculated tag, in the plan's order.
    pub(crate) memories: Vec<Memory>,
    /// Calculated tags that look at an alarm which has just changed.
    pub(crate) observers_due: BTreeSet<u32>,
    /// The last incident of each group.
    pub(crate) incidents: BTreeMap<Arc<str>, Incident>,
    /// What has sounded at each desk, and last, where none answers.
    pub(crate) loads: Vec<Load>,
    pub(crate) timers: Timers,
    pub(crate) counts: Counts,
}

/// A moment at which something is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// On the tag's clock, µs.
    pub(crate) clock_us: i64,
    /// When Davy could know it, µs.
    pub(crate) arrival_us: i64,
    /// When it is written down.
    pub(crate) recorded: Timestamp,
    /// Decided from a backlog.
    pub(crate) late: bool,
    /// The backlog is still coming in: what this raises may be cleared by the next reading, so it does not sound yet.
    pub(crate) catching_up: bool,
    /// An operator sent it again: what this raises does not sound until a live reading says the same.
    pub(crate) replayed: bool,
}

/// An alarm that something ever happened to, and where its story is in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which.
    pub alarm: AlarmKey,
    /// Number of the transition that raised it last; 0 when it never was.
    pub raised_sequence: u64,
    /// Number of its last transition.
    pub last_sequence: u64,
    /// Whether it is anything but plainly normal.
    pub stands: bool,
}

impl Engine {
    /// An engine that has heard nothing yet, listening since `now`.
    pub fn new(plan: Arc<Plan>, now: Timestamp) -> Engine {
        let clock_us = now.as_micros();
        let mut engine = Engine {
            policy: Policy::from(&plan.site.time),
            clock_us,
            sequence: 0,
            tags: vec![TagState::unheard(clock_us); plan.tags_len()],
            nodes: vec![NodeState::unheard(clock_us); plan.site.edge_nodes.len()],
            slots: vec![NONE; plan.watches.len()],
            alarms: Vec::new(),
            built_in: BTreeMap::new(),
            retired: BTreeMap::new(),
            modes: Vec::new(),
            oddities: BTreeMap::new(),
            ahead: BTreeMap::new(),
            lapses: BTreeMap::new(),
            active_clock_alarms: 0,
            memories: memories_of(&plan),
            observers_due: BTreeSet::new(),
            incidents: BTreeMap::new(),
            loads: vec![Load::none(); plan.site.desks.len() + 1],
            timers: Timers::default(),
            counts: Counts::default(),
            plan,
        };
        engine.modes_of_plan();
        engine.schedule_everything();
        engine
    }

    /// The site and rules it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Number of the last transition made.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// What became of the readings given so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The alarms that something ever happened to, sorted by key.
    pub fn known(&self) -> Vec<Known> {
        let happened = self.alarms.iter().filter(|alarm| alarm.last_sequence > 0);
        let mut known: Vec<Known> = happened.map(Known::of).collect();
        known.sort_by(|a, b| a.alarm.cmp(&b.alarm));
        known
    }

    /// Takes one entry of the log, recorded at `now`, and adds what it changes to `out`.
    ///
    /// [`Input::Activate`] is for [`crate::Judge`], which knows how files become a plan; here it only lets time pass.
    ///
    /// # Errors
    /// The refusal of an operator's command. The log goes on; the command changed nothing.
    pub fn apply(&mut self, now: Timestamp, input: &Input, out: &mut Vec<Transition>) -> Result<(), Refusal> {
        match input {
            Input::Readings(block) => self.judge_block(now, block, out),
            Input::Node { node, change } => {
                self.advance_to(now, out);
                self.change_node(*node, *change, now, out);
            }
            Input::Command(command) => {
                self.advance_to(now, out);
                let answer = self.command(command, now, out);
                self.observe(self.clock_us, now, out);
                return answer;
            }
            Input::Fault(fault) => {
                self.advance_to(now, out);
                self.fault(fault, now, out);
            }
            Input::Restarted => self.restarted(now, out),
            Input::Tick | Input::Heartbeat(_) | Input::Activate(_) => self.advance_to(now, out),
        }
        self.observe(self.clock_us, now, out);
        Ok(())
    }

    /// When something will be due if nothing else comes, arrival time; the caller sleeps until then and sends a tick.
    pub fn next_deadline(&mut self) -> Option<Timestamp> {
        loop {
            let (at_us, due) = self.timers.peek()?;
            match self.real_due(due, at_us) {
                Some(real_us) if real_us <= at_us => return Some(Timestamp::from_micros(at_us)),
                Some(real_us) => {
                    self.timers.pop();
                    self.schedule(due, real_us);
                }
                None => {
                    self.timers.pop();
                }
            }
        }
    }

    pub(crate) fn advance_to(&mut self, now: Timestamp, out: &mut Vec<Transition>) {
        self.advance(now.as_micros(), now, out);
    }

    /// Lets arrival time pass, firing what is due on the way, in order.
    #[inline]
    pub(crate) fn advance(&mut self, arrival_us: i64, recorded: Timestamp, out: &mut Vec<Transition>) {
        while let Some((at_us, due)) = self.timers.peek() {
            if at_us > arrival_us {
                break;
            }
            self.timers.pop();
            self.clock_us = self.clock_us.max(at_us);
            match self.real_due(due, at_us) {
                Some(real_us) if real_us <= at_us => {
                    self.fire(due, at_us, arrival_us, recorded, out);
                    self.observe(at_us, recorded, out);
                }
                Some(real_us) => self.schedule(due, real_us),
                None => {}
            }
        }
        self.clock_us = self.clock_us.max(arrival_us);
    }

    /// When `due`, noted for `at_us`, is really due; `None` when that note is out of date.
    fn real_due(&self, due: Due, at_us: i64) -> Option<i64> {
        let (noted_us, real_us) = match due {
            Due::Hold(alarm) => (self.alarms[alarm as usize].hold_us, self.alarms[alarm as usize].hold_us),
            Due::Silence(tag) => (self.silence_at(tag), self.silence_due(TagIndex(tag))?),
            Due::Mode(mode) => (self.modes[mode as usize].hold_us, self.mode_due(mode)?),
            Due::Shelve(alarm) => {
                let until = self.alarms[alarm as usize].facts.shelving.as_ref()?.until.as_micros();
                (until, until)
            }
            Due::ReAlarm(alarm) => {
                (self.alarms[alarm as usize].re_alarm_us, self.alarms[alarm as usize].re_alarm_us)
            }
            Due::Calculated(place) => {
                let due_us = self.memories[place as usize].due_us;
                (due_us, due_us)
            }
            Due::Escalate(alarm) => {
                (self.alarms[alarm as usize].escalate_us, self.alarms[alarm as usize].escalate_us)
            }
            Due::Late(alarm) => {
                let due_us = self.alarms[alarm as usize].late.due_us;
                (due_us, due_us)
            }
            Due::Chatter(alarm) => {
                (self.alarms[alarm as usize].chatter_us, self.alarms[alarm as usize].chatter_us)
            }
            Due::Flood(desk) => (self.loads[desk as usize].due_us, self.loads[desk as usize].due_us),
            Due::Settle(alarm) => {
                (self.alarms[alarm as usize].settle_us, self.alarms[alarm as usize].settle_us)
            }
        };
        (noted_us == at_us).then_some(real_us)
    }

    fn silence_at(&self, tag: u32) -> i64 {
        self.tags[tag as usize].silence_at_us
    }

    /// Notes that `due` is to be looked at, replacing the earlier note.
    pub(crate) fn schedule(&mut self, due: Due, at_us: i64) {
        match due {
            Due::Hold(alarm) => self.alarms[alarm as usize].hold_us = at_us,
            Due::Silence(tag) => self.tags[tag as usize].silence_at_us = at_us,
            Due::Mode(mode) => self.modes[mode as usize].hold_us = at_us,
            Due::ReAlarm(alarm) => self.alarms[alarm as usize].re_alarm_us = at_us,
            Due::Settle(alarm) => self.alarms[alarm as usize].settle_us = at_us,
            Due::Calculated(place) => self.memories[place as usize].due_us = at_us,
            Due::Escalate(alarm) => self.alarms[alarm as usize].escalate_us = at_us,
            Due::Late(alarm) => self.alarms[alarm as usize].late.due_us = at_us,
            Due::Chatter(alarm) => self.alarms[alarm as usize].chatter_us = at_us,
            Due::Flood(desk) => self.loads[desk as usize].due_us = at_us,
            Due::Shelve(_) => {}
        }
        if at_us != NEVER {
            self.timers.push(at_us, due);
        }
    }

    /// Something is due at `at_us`, on the way to `until_us`.
    fn fire(&mut self, due: Due, at_us: i64, until_us: i64, recorded: Timestamp, out: &mut Vec<Transition>) {
        match due {
            Due::Hold(alarm) => self.fire_hold(alarm, at_us, recorded, out),
            Due::Silence(tag) => self.fire_silence(TagIndex(tag), at_us, recorded, out),
            Due::Mode(mode) => self.fire_mode(mode, at_us, recorded, out),
            Due::Shelve(alarm) => self.fire_shelve(alarm, at_us, recorded, out),
            Due::ReAlarm(alarm) => {
                let at_us = self.last_re_alarm(alarm, at_us, until_us);
                self.fire_re_alarm(alarm, at_us, recorded, out);
            }
            Due::Settle(alarm) => self.fire_settle(alarm, at_us, recorded, out),
            Due::Calculated(place) => self.fire_calculated(place, at_us, recorded, out),
            Due::Escalate(alarm) => self.fire_escalate(alarm, at_us, recorded, out),
            Due::Late(alarm) => self.fire_late(alarm, at_us, until_us, recorded, out),
            Due::Chatter(alarm) => self.fire_chatter(alarm, at_us, recorded, out),
            Due::Flood(desk) => self.fire_flood(desk, at_us, recorded, out),
        }
    }

    /// Makes all marks and notes anew from the state: after a start, a snapshot or an activation.
    pub(crate) fn schedule_everything(&mut self) {
        self.timers.clear();
        self.timers.reserve(self.tags.len());
        self.keep_lapses();
        self.mark_feeding();
        for place in 0..self.memories.len() as u32 {
            let due_us = self.memories[place as usize].due_us;
            self.schedule(Due::Calculated(place), due_us);
        }
        for tag in 0..self.tags.len() as u32 {
            self.tags[tag as usize].silence_at_us = NEVER;
            self.note_quiet(TagIndex(tag));
            self.schedule_silence(TagIndex(tag));
        }
        for alarm in 0..self.alarms.len() as u32 {
            let record = &mut self.alarms[alarm as usize];
            record.hold_us = NEVER;
            let (re_alarm_us, settle_us) = (record.re_alarm_us, record.settle_us);
            let until = record.facts.shelving.as_ref().map(|shelving| shelving.until.as_micros());
            let (escalate_us, chatter_us) = (record.escalate_us, record.chatter_us);
            let late_us = record.late.due_us;
            self.schedule(Due::Late(alarm), late_us);
            self.schedule(Due::Escalate(alarm), escalate_us);
            self.schedule(Due::Chatter(alarm), chatter_us);
            self.schedule(Due::ReAlarm(alarm), re_alarm_us);
            self.schedule(Due::Settle(alarm), settle_us);
            if let Some(until_us) = until {
                self.schedule(Due::Shelve(alarm), until_us);
            }
            self.schedule_hold(alarm);
        }
        for desk in 0..self.loads.len() as u32 {
            let due_us = self.loads[desk as usize].due_us;
            self.schedule(Due::Flood(desk), due_us);
        }
        for mode in 0..self.modes.len() as u32 {
            self.modes[mode as usize].hold_us = NEVER;
            self.schedule_mode(mode);
        }
    }

    /// Marks the tags that calculated tags read.
    fn mark_feeding(&mut self) {
        for tag in 0..self.plan.site.tags.len() as u32 {
            let feeds = !self.plan.readers_of(TagIndex(tag)).is_empty();
            self.tags[tag as usize].set_feeds(feeds);
        }
    }

    /// For how long the last value of a tag counts as what the process does, arrival µs.
    pub(crate) fn held_until(&self, tag: TagIndex) -> i64 {
        if let Some(calculated) = self.plan.calculated(tag) {
            return self.calculated_held_until(tag, calculated);
        }
        let state = &self.tags[tag.0 as usize];
        if let Some(node) = self.node_that_holds(tag) {
            let limit = self.plan.site.edge_nodes[node].silence_limit;
            return self.nodes[node].heard_us.max(state.heard_us).saturating_add(micros(limit));
        }
        state.heard_us.saturating_add(micros(self.plan.site.tag(tag).silence_limit))
    }

    /// The edge node whose life holds a by-exception tag's last value; none when that is no evidence.
    pub(crate) fn node_that_holds(&self, tag: TagIndex) -> Option<usize> {
        if let Some(calculated) = self.plan.calculated(tag) {
            let [input] = calculated.inputs[..] else { return None };
            return self.node_that_holds(input);
        }
        let state = &self.tags[tag.0 as usize];
        let node = state.node as usize;
        let by_exception = self.plan.site.tag(tag).reporting == Reporting::ByException;
        (by_exception && node < self.nodes.len() && !state.has_lapsed()).then_some(node)
    }
}

/// Nothing is kept yet.
pub(crate) fn memories_of(plan: &Plan) -> Vec<Memory> {
    plan.calculated.iter().map(|calculated| Memory::new(calculated.inputs.len())).collect()
}

impl Known {
    fn of(alarm: &Alarm) -> Known {
        Known {
            stands: alarm.facts.stands(),
            alarm: alarm.key.clone(),
            raised_sequence: alarm.raised_sequence,
            last_sequence: alarm.last_sequence,
        }
    }
}

impl Moment {
    /// An operator's, or Davy's own: tag clock and arrival are the same.
    pub(crate) fn now(now: Timestamp) -> Moment {
        Moment::at_arrival(now.as_micros(), now)
    }

    /// A deadline's on the arrival clock.
    pub(crate) fn at_arrival(arrival_us: i64, recorded: Timestamp) -> Moment {
        Moment {
            clock_us: arrival_us,
            arrival_us,
            recorded,
            late: false,
            catching_up: false,
            replayed: false,
        }
    }
}

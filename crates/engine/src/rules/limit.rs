//! `limit`: ordered trip levels on one tag's value.
//!
//! Each level has a state of its own, with its own delays on the tag's clock; the alarm's tier is the gravest level
//! that is active. A level that latches keeps the alarm at its tier until somebody resets it.

use std::sync::Arc;

use davy_model::{Evidence, TagIndex, Tier, Timestamp, Transition};
use davy_rules::{Level, LimitProgram, WatchKind};

use crate::{
    alarm::{Alarm, NEVER, Origin},
    calculate::Change,
    engine::{Engine, LIVE, Moment},
    hold::{LevelState, Seen},
    level::{Done, complete, running, step_level, view},
    lifecycle::Event,
    tag::NONE,
    timers::Due,
    transitions::Story,
};

impl Engine {
    /// Shows a reading to a limit watch.
    pub(crate) fn look_at_limit(
        &mut self,
        watch: u32,
        program: u32,
        seen: Seen,
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        let plan = Arc::clone(&self.plan);
        let program = &plan.limits[program as usize];
        let slot = self.slots[watch as usize];
        let live = slot != NONE && slot & LIVE != 0;
        if !live && !program.levels.iter().any(|level| level.is_past(seen.value)) {
            return;
        }
        let alarm = self.alarm_of_watch(watch);
        let record = &mut self.alarms[alarm as usize];
        let done: Vec<Done> = record
            .levels
            .iter_mut()
            .zip(&program.levels)
            .enumerate()
            .filter_map(|(place, (state, level))| step_level(place, state, level, seen))
            .collect();
        self.conclude(alarm, program, &done, moment, out);
        self.sound_if_caught_up(alarm, moment, out);
        self.after_look(watch, alarm);
    }

    /// Shows a replayed reading to a limit watch: it may only raise, and at once.
    pub(crate) fn look_back_at_limit(
        &mut self,
        watch: u32,
        program: u32,
        seen: Seen,
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        let plan = Arc::clone(&self.plan);
        let program = &plan.limits[program as usize];
        let raises = |level: &Level| level.on_delay_us == 0 && level.is_past(seen.value);
        if !program.levels.iter().any(raises) {
            return;
        }
        let alarm = self.alarm_of_watch(watch);
        let levels = self.alarms[alarm as usize].levels.iter_mut().zip(&program.levels).enumerate();
        let done: Vec<Done> = levels
            .filter(|(_, (state, level))| matches!(state, LevelState::Normal) && raises(level))
            .filter_map(|(place, (state, level))| step_level(place, state, level, seen))
            .collect();
        self.conclude(alarm, program, &done, moment, out);
        self.after_look(watch, alarm);
    }

    /// Lets the delays of a tag's alarms run up to `clock_us`, not including it: a reading of that very moment decides.
    pub(crate) fn complete_holds_of(
        &mut self,
        tag: TagIndex,
        clock_us: i64,
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        for watch in self.plan.watches_of(tag) {
            let slot = self.slots[watch];
            if slot != NONE && slot & LIVE != 0 {
                self.complete_holds(watch as u32, slot & !LIVE, clock_us - 1, moment, out);
                self.credit_holds(slot & !LIVE, tag, clock_us);
                self.after_look(watch as u32, slot & !LIVE);
            }
        }
    }

    /// A delay's deadline on the arrival clock has come.
    pub(crate) fn fire_hold(
        &mut self,
        alarm: u32,
        at_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        self.alarms[alarm as usize].hold_us = NEVER;
        let Origin::Watch(watch) = self.alarms[alarm as usize].origin else { return };
        let tag = self.plan.watches[watch as usize].tag;
        let clock_us = self.tags[tag.0 as usize].clock_at(at_us);
        let moment = Moment::at_arrival(at_us, recorded);
        self.complete_holds(watch, alarm, clock_us, moment, out);
        self.after_look(watch, alarm);
    }

    /// Completes, in order, every delay that is over by `until_us` on the tag's clock.
    fn complete_holds(
        &mut self,
        watch: u32,
        alarm: u32,
        until_us: i64,
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        let plan = Arc::clone(&self.plan);
        let WatchKind::Limit(program) = plan.watches[watch as usize].kind else { return };
        let program = &plan.limits[program as usize];
        let tag = plan.watches[watch as usize].tag;
        while let Some((place, due_us)) = self.earliest_hold(alarm, program, tag) {
            if due_us > until_us.min(self.evidence_until(tag)) {
                break;
            }
            let state = &mut self.alarms[alarm as usize].levels[place];
            let Some(done) = complete(place, state, &program.levels[place], due_us) else { break };
            let moment = self.moment_of_hold(tag, due_us, moment);
            self.conclude(alarm, program, &[done], moment, out);
        }
    }

    /// The delay that is over first if its evidence lasts, and when, on the tag's clock; none without evidence.
    fn earliest_hold(&self, alarm: u32, program: &LimitProgram, tag: TagIndex) -> Option<(usize, i64)> {
        let state = &self.tags[tag.0 as usize];
        if !state.is_holding() {
            return None;
        }
        let levels = self.alarms[alarm as usize].levels.iter().zip(&program.levels).enumerate();
        let holds = levels.filter_map(|(place, (level_state, level))| {
            let (hold, required_us) = running(level_state, level)?;
            (!hold.stands_still).then(|| (place, hold.due_us(required_us)))
        });
        holds.min_by_key(|&(place, due_us)| (due_us, place))
    }

    /// Up to where on its own clock the tag's last value is evidence.
    pub(crate) fn evidence_until(&self, tag: TagIndex) -> i64 {
        let state = &self.tags[tag.0 as usize];
        state.clock_us.saturating_add(self.held_until(tag).saturating_sub(state.heard_us))
    }

    fn credit_holds(&mut self, alarm: u32, tag: TagIndex, clock_us: i64) {
        let holding = self.tags[tag.0 as usize].is_holding();
        let evidence_until_us = holding.then(|| self.evidence_until(tag));
        for hold in self.alarms[alarm as usize].levels.iter_mut().filter_map(LevelState::hold_mut) {
            hold.credit(clock_us, evidence_until_us);
        }
    }

    /// The tag's value is evidence again from this arrival on, without a reading of its own.
    pub(crate) fn resume_holds(&mut self, tag: TagIndex, arrival_us: i64) {
        let state = &self.tags[tag.0 as usize];
        let clock_us = state.clock_at(arrival_us);
        let evidence_until_us = state.is_holding().then(|| self.evidence_until(tag));
        for watch in self.plan.watches_of(tag) {
            let slot = self.slots[watch];
            if slot == NONE || evidence_until_us.is_some_and(|until_us| until_us >= clock_us) {
                continue;
            }
            let levels = self.alarms[(slot & !LIVE) as usize].levels.iter_mut();
            for hold in levels.filter_map(LevelState::hold_mut) {
                hold.resume(clock_us, evidence_until_us);
            }
        }
    }

    /// A delay that ended between two readings was over when its tag's clock said so, and could be known as soon as
    /// that much arrival time had passed.
    fn moment_of_hold(&self, tag: TagIndex, due_us: i64, moment: Moment) -> Moment {
        let state = &self.tags[tag.0 as usize];
        let knowable_us = state.heard_us.saturating_add((due_us - state.clock_us).max(0));
        let arrival_us = knowable_us.min(moment.arrival_us);
        let late = !state.is_on_arrival() && arrival_us - due_us > self.policy.late_after_us;
        Moment { clock_us: due_us, arrival_us, late, catching_up: late && moment.catching_up, ..moment }
    }

    /// Stops the delays of a tag whose value is no longer evidence, after counting what was.
    pub(crate) fn freeze(
        &mut self,
        tag: TagIndex,
        arrival_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let clock_us = self.tags[tag.0 as usize].clock_at(arrival_us);
        let moment = Moment { clock_us, ..Moment::at_arrival(arrival_us, recorded) };
        self.freeze_delays(tag, moment, out);
        self.switch_modes(tag, None, moment, out);
        self.feed(tag, Change::Ended, moment, out);
    }

    /// Stops the delays only: what the tag switches stays as it is.
    pub(crate) fn freeze_delays(&mut self, tag: TagIndex, moment: Moment, out: &mut Vec<Transition>) {
        self.complete_holds_of(tag, moment.clock_us, moment, out);
        self.tags[tag.0 as usize].set_holding(false);
        for watch in self.plan.watches_of(tag) {
            let slot = self.slots[watch];
            if slot != NONE {
                self.alarms[(slot & !LIVE) as usize].hold_us = NEVER;
            }
        }
    }

    /// What the levels amount to: the alarm rises, moves or clears.
    fn conclude(
        &mut self,
        alarm: u32,
        program: &LimitProgram,
        done: &[Done],
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        if done.is_empty() {
            return;
        }
        let record = &mut self.alarms[alarm as usize];
        let was_active = record.is_active();
        if was_active && !record.levels.iter().any(LevelState::is_active) {
            // It does not clear while another limit is passed, however short.
            for rising in record.levels.iter_mut().filter(|level| matches!(level, LevelState::Rising(_))) {
                *rising = LevelState::Active;
            }
        }
        let active = |level: usize| record.levels[level].is_active();
        let speaking = (0..program.levels.len()).rev().find(|&level| active(level));
        // What an earlier occurrence latched stays latched until it is reset.
        if !was_active && !record.facts.latched {
            record.latch_tier = None;
        }
        let reached = (0..program.levels.len()).filter(|&level| record.levels[level].is_active());
        let latched = reached
            .filter(|&level| program.levels[level].latch)
            .map(|level| program.levels[level].tier)
            .max();
        record.latch_tier = record.latch_tier.max(latched);
        let (event, spoke) = match speaking {
            Some(level) => {
                let tier = Some(program.levels[level].tier).max(record.latch_tier).unwrap_or(Tier::Blue);
                let rises = !was_active || tier > record.facts.tier;
                let spoke = if rises { done_of(done, level) } else { done.last() };
                (if was_active { Event::Retier(tier) } else { Event::Raise(tier) }, spoke)
            }
            None => (Event::Clear { latch: record.latch_tier.is_some() }, done.first()),
        };
        let Some(spoke) = spoke.or(done.first()) else { return };
        let rising = self.alarms[alarm as usize].levels.iter().filter_map(LevelState::hold);
        let past = done.iter().map(|done| done.first.judged_us).chain(rising.map(|hold| hold.since_us));
        let first_out_us = past.min().unwrap_or(spoke.first.judged_us);
        self.speak_of_level(alarm, event, spoke, first_out_us, moment, out);
    }

    fn speak_of_level(
        &mut self,
        alarm: u32,
        event: Event,
        spoke: &Done,
        first_out_us: i64,
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        let Origin::Watch(watch) = self.alarms[alarm as usize].origin else { return };
        let plan = Arc::clone(&self.plan);
        let watch = plan.watches[watch as usize];
        let WatchKind::Limit(program) = watch.kind else { return };
        let level = &plan.limits[program as usize].levels[spoke.level];
        let mut readings = vec![spoke.first.named(plan.subject(watch.tag))];
        if spoke.last != spoke.first {
            readings.push(spoke.last.named(plan.subject(watch.tag)));
        }
        let made_of = watch.tag.0.checked_sub(plan.site.tags.len() as u32);
        let evidence = match made_of {
            Some(place) => Evidence { calculated: readings, ..self.evidence_of_calculated(place, moment) },
            None => Evidence { readings, ..Evidence::default() },
        };
        let story = Story {
            limit: Some(view(level)),
            value: Some(spoke.last.value),
            unit: Some(plan.unit(watch.tag)),
            quality: spoke.last.quality,
            first_out: Some(Timestamp::from_micros(first_out_us)),
            evidence: Evidence { readings_held: spoke.readings, delay: spoke.delay, ..evidence },
            re_alarm_us: level.re_alarm_us,
            ..Story::default()
        };
        // The process is never refused.
        let _ = self.change(alarm, event, moment, story, out);
    }

    /// Keeps the watch's quick mark and the alarm's deadline true.
    fn after_look(&mut self, watch: u32, alarm: u32) {
        self.mark(watch, alarm);
        self.schedule_hold(alarm);
    }

    pub(crate) fn schedule_hold(&mut self, alarm: u32) {
        let Origin::Watch(watch) = self.alarms[alarm as usize].origin else { return };
        let plan = Arc::clone(&self.plan);
        let watch = plan.watches[watch as usize];
        let WatchKind::Limit(program) = watch.kind else { return };
        let due = self.earliest_hold(alarm, &plan.limits[program as usize], watch.tag);
        let at_us = due.map_or(NEVER, |(_, due_us)| self.look_again_at(watch.tag, due_us));
        if at_us != self.alarms[alarm as usize].hold_us {
            self.schedule(Due::Hold(alarm), at_us);
        }
    }

    /// When a delay of the tag that is over at `due_us` is to be looked at, arrival µs: then, or when the evidence ends
    /// before. A tag held by its edge node may get more evidence from that node's next message, even after the end.
    fn look_again_at(&mut self, tag: TagIndex, due_us: i64) -> i64 {
        let state = &self.tags[tag.0 as usize];
        let at_us = state.heard_us.saturating_add(due_us.saturating_sub(state.clock_us).max(0));
        let end_us = self.held_until(tag);
        if at_us <= end_us {
            return at_us;
        }
        let Some(node) = self.node_that_holds(tag) else { return NEVER };
        if end_us > self.clock_us {
            return end_us;
        }
        self.nodes[node].has_waiting_tags = true;
        NEVER
    }

    /// The alarm of a watch, made when it is first needed.
    pub(crate) fn alarm_of_watch(&mut self, watch: u32) -> u32 {
        let slot = self.slots[watch as usize];
        if slot != NONE {
            return slot & !LIVE;
        }
        let plan = &self.plan;
        let described = plan.watches[watch as usize];
        let subject = Arc::clone(plan.subject(described.tag));
        let rule = &plan.rules[described.rule as usize];
        let (tier, levels) = match described.kind {
            WatchKind::Limit(program) => {
                let levels = &plan.limits[program as usize].levels;
                (levels.first().map_or(Tier::Blue, |level| level.tier), levels.len())
            }
            WatchKind::Silence(program) => (plan.silences[program as usize].tier, 0),
        };
        let mut record = Alarm::new(Origin::Watch(watch), &plan.site.id, &rule.id, &subject, tier);
        record.levels = vec![LevelState::Normal; levels];
        if let Some((occurrence, step)) = self.retired.remove(&(Arc::clone(&rule.id), subject)) {
            record.occurrence = occurrence;
            record.step = step;
        }
        let alarm = self.alarms.len() as u32;
        self.alarms.push(record);
        self.slots[watch as usize] = alarm;
        alarm
    }
}

fn done_of(done: &[Done], level: usize) -> Option<&Done> {
    done.iter().find(|done| done.level == level)
}

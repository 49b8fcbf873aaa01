//! Calculated tags: when their value is calculated, on which clock, and for how long it is evidence.
//!
//! What one tag alone makes runs on that tag's clock, also over a backlog. What several tags make, or alarms, runs on
//! arrival: it is what Davy knows at a moment, and a tag of which only a backlog is known is not known now.

use std::sync::Arc;

use davy_model::{
    Evidence, Quality, QualityReason, Reporting, SeenAlarm, SeenReading, Summary, TagIndex, Timestamp,
    Transition,
};
use davy_rules::{Calculated, Program};

use crate::{
    alarm::{Alarm, NEVER},
    engine::{Engine, LIVE, Moment},
    hold::Seen,
    memory::{Cell, Kept, Memory},
    rules::{self, Input, Standing, Value, View},
    tag::NONE,
    timers::Due,
};

/// What has become of a tag's evidence.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    /// A reading that is evidence.
    Reading(Seen),
    /// What it held before is evidence again, without a reading.
    Again(Seen),
    /// It has ended.
    Ended,
}

impl Engine {
    /// A reading of `tag` is about to be judged at `moment`: what its calculated tags held until now has its time.
    pub(crate) fn before_feeding(&mut self, tag: TagIndex, moment: Moment, out: &mut Vec<Transition>) {
        if !self.tags[tag.0 as usize].feeds() {
            return;
        }
        let plan = Arc::clone(&self.plan);
        for &place in plan.readers_of(tag) {
            let moment = moment_of(&plan.calculated[place as usize], moment);
            self.complete_holds_of(plan.calculated_tag(place), moment.clock_us, moment, out);
            self.sum_up(place, moment);
        }
    }

    /// Something has become of a tag's evidence: what reads it is calculated anew.
    pub(crate) fn feed(&mut self, tag: TagIndex, change: Change, moment: Moment, out: &mut Vec<Transition>) {
        if !self.tags[tag.0 as usize].feeds() {
            return;
        }
        let plan = Arc::clone(&self.plan);
        for &place in plan.readers_of(tag) {
            let calculated = &plan.calculated[place as usize];
            // What came out of a backlog is not what several tags do now.
            let change = if calculated.is_on_arrival() && moment.late { Change::Ended } else { change };
            let moment = moment_of(calculated, moment);
            self.complete_holds_of(plan.calculated_tag(place), moment.clock_us, moment, out);
            self.sum_up(place, moment);
            self.remember(place, tag, change, moment.clock_us);
            self.calculate(place, moment, out);
        }
    }

    /// Keeps of what came to a tag what a calculated tag needs of it.
    fn remember(&mut self, place: u32, tag: TagIndex, change: Change, clock_us: i64) {
        let calculated = &self.plan.calculated[place as usize];
        let keep = calculated.program.keep();
        let memory = &mut self.memories[place as usize];
        for (kept, _) in memory.inputs.iter_mut().zip(&calculated.inputs).filter(|(_, input)| **input == tag)
        {
            match change {
                Change::Reading(seen) => kept.take(keep, seen, clock_us),
                Change::Again(seen) => drop(kept.hold(keep, seen, clock_us)),
                Change::Ended => kept.open = None,
            }
        }
        if let (Program::Interlock(program), Change::Reading(seen)) = (&calculated.program, change)
            && calculated.inputs[0] == tag
        {
            memory.command = rules::command(program, memory.command, seen);
        }
    }

    /// Alarms have changed by `arrival_us` that calculated tags look at.
    pub(crate) fn observe(&mut self, arrival_us: i64, recorded: Timestamp, out: &mut Vec<Transition>) {
        while let Some(place) = self.observers_due.pop_first() {
            let moment = Moment::at_arrival(arrival_us, recorded);
            let tag = self.plan.calculated_tag(place);
            self.complete_holds_of(tag, moment.clock_us, moment, out);
            self.calculate(place, moment, out);
        }
    }

    /// Its value may have changed though nothing came.
    pub(crate) fn fire_calculated(
        &mut self,
        place: u32,
        at_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        self.memories[place as usize].due_us = NEVER;
        let plan = Arc::clone(&self.plan);
        let calculated = &plan.calculated[place as usize];
        let moment = Moment::at_arrival(at_us, recorded);
        let moment = match calculated.inputs[..] {
            [input] => Moment { clock_us: self.tags[input.0 as usize].clock_at(at_us), ..moment },
            _ => moment,
        };
        self.complete_holds_of(plan.calculated_tag(place), moment.clock_us, moment, out);
        self.sum_up(place, moment);
        self.calculate(place, moment, out);
    }

    /// Davy was down since `last_us`: what held then held up to then. The clock of arrival did not stand still meanwhile.
    pub(crate) fn rest_calculated(&mut self, place: u32, last_us: i64, now_us: i64) {
        let plan = Arc::clone(&self.plan);
        let moment = Moment::at_arrival(last_us, Timestamp::from_micros(last_us));
        let moment = match plan.calculated[place as usize].inputs[..] {
            [input] => Moment { clock_us: self.tags[input.0 as usize].clock_at(last_us), ..moment },
            _ => moment,
        };
        self.sum_up(place, moment);
        for kept in &mut self.memories[place as usize].inputs {
            kept.open = None;
        }
        if plan.calculated[place as usize].is_on_arrival() {
            self.tags[plan.calculated_tag(place).0 as usize].arrive_at(now_us);
        }
    }

    /// Sums up what its inputs hold, up to a moment or the end of their evidence. What has ended holds no more, whatever is
    /// heard later.
    fn sum_up(&mut self, place: u32, moment: Moment) {
        let plan = Arc::clone(&self.plan);
        let calculated = &plan.calculated[place as usize];
        let keep = calculated.program.keep();
        for (at, &input) in calculated.inputs.iter().enumerate() {
            let ends_us =
                if calculated.is_on_arrival() { self.held_until(input) } else { self.evidence_until(input) };
            let kept = &mut self.memories[place as usize].inputs[at];
            kept.sum_up(keep, moment.clock_us.min(ends_us));
            if ends_us < moment.clock_us && kept.open.take().is_some() {
                self.await_node(input);
            }
        }
    }

    /// The evidence of a tag has ended with its edge node's silence: the node's next message may bring it back.
    fn await_node(&mut self, tag: TagIndex) {
        if let Some(node) = self.node_that_holds(tag) {
            self.nodes[node].has_waiting_tags = true;
        }
    }

    /// Calculates a value, and shows it to the levels of its rule.
    pub(crate) fn calculate(&mut self, place: u32, moment: Moment, out: &mut Vec<Transition>) {
        let plan = Arc::clone(&self.plan);
        let calculated = &plan.calculated[place as usize];
        let keep = calculated.program.keep();
        for kept in &mut self.memories[place as usize].inputs {
            kept.forget(keep, moment.clock_us);
        }
        let tag = plan.calculated_tag(place);
        let (value, due_us) = self.value(place, moment);
        match value {
            Some(value) => self.judge_calculated(tag, value, moment, out),
            None if self.tags[tag.0 as usize].is_holding() => self.freeze_delays(tag, moment, out),
            None => {}
        }
        self.schedule_calculated(place, due_us, moment);
    }

    fn judge_calculated(&mut self, tag: TagIndex, value: Value, moment: Moment, out: &mut Vec<Transition>) {
        let Moment { clock_us, arrival_us, .. } = moment;
        let state = &mut self.tags[tag.0 as usize];
        state.note_calculated(value.value, value.quality);
        state.hear(clock_us, arrival_us, NONE);
        let (value, quality) = (value.value, value.quality);
        let seen = Seen { value, quality, source_us: clock_us, arrival_us, judged_us: clock_us };
        for watch in self.plan.watches_of(tag) {
            self.look_at_watch(watch as u32, seen, moment, out);
        }
    }

    /// The value now, and when it may change though no reading comes, on its clock, µs.
    fn value(&self, place: u32, moment: Moment) -> (Option<Value>, Option<i64>) {
        let calculated = &self.plan.calculated[place as usize];
        let memory = &self.memories[place as usize];
        let input = |at: usize| self.input(calculated, memory, at, moment.arrival_us);
        let alarms = self.standing(calculated);
        let view = |inputs: &[Input<'_>]| {
            let view = View { now_us: moment.clock_us, inputs, alarms: &alarms, command: memory.command };
            (rules::value(&calculated.program, &view), rules::due(&calculated.program, &view))
        };
        match calculated.inputs.len() {
            1 => view(&[input(0)]),
            len => view(&(0..len).map(input).collect::<Vec<_>>()),
        }
    }

    fn input<'m>(&self, calculated: &Calculated, memory: &'m Memory, at: usize, now_us: i64) -> Input<'m> {
        let Kept { readings, cells, .. } = &memory.inputs[at];
        let tag = calculated.inputs[at];
        let state = &self.tags[tag.0 as usize];
        let holds = state.is_holding() && state.has_evidence() && self.held_until(tag) >= now_us;
        // Of several tags only what is live is known now; one whose stamps cannot be believed is judged at arrival.
        let is_live = state.is_on_arrival()
            || state.heard_us.saturating_sub(state.clock_us) <= self.policy.late_after_us;
        let held = (holds && (is_live || !calculated.is_on_arrival())).then(|| self.last_seen(tag));
        let quality =
            if state.is_seen() { state.quality() } else { Quality::Bad(QualityReason::Unspecified) };
        let by_exception = self.plan.site.tag(tag).reporting == Reporting::ByException;
        Input { held, quality, by_exception, readings, cells }
    }

    /// The alarms that a calculated tag looks at and that stand. What is out of service, or quiet by design, says nothing.
    fn standing(&self, calculated: &Calculated) -> Vec<Standing> {
        let slots = (0..).zip(calculated.alarms.iter().zip(&calculated.witnesses));
        let standing = slots.filter_map(|(at, (&watch, &witness))| {
            let slot = self.slots[watch as usize];
            let alarm = (slot != NONE).then(|| &self.alarms[(slot & !LIVE) as usize])?;
            let says = alarm.is_active() && alarm.facts.in_service && alarm.facts.suppressed_by.is_none();
            says.then(|| Standing { seen: seen_alarm(alarm), witness, at })
        });
        standing.collect()
    }

    /// When the value is to be calculated again though nothing comes, arrival µs.
    fn schedule_calculated(&mut self, place: u32, due_us: Option<i64>, moment: Moment) {
        let calculated = &self.plan.calculated[place as usize];
        let at_us = if let [input] = calculated.inputs[..] {
            let state = &self.tags[input.0 as usize];
            let at_us = due_us.map(|due_us| state.heard_us.saturating_add((due_us - state.clock_us).max(0)));
            // Or when the value ends before: whoever waits for it must know.
            at_us.map(|at_us| at_us.min(self.held_until(input).saturating_add(1)))
        } else {
            let held = calculated.inputs.iter().filter(|input| self.tags[input.0 as usize].is_holding());
            let ends_us = held.map(|input| self.held_until(*input).saturating_add(1));
            due_us.into_iter().chain(ends_us.filter(|end_us| *end_us > moment.arrival_us)).min()
        };
        let at_us = at_us.unwrap_or(NEVER);
        if at_us != self.memories[place as usize].due_us {
            self.schedule(Due::Calculated(place), at_us);
        }
    }

    /// For how long the value of a calculated tag counts, arrival µs. What alarms make always counts; what several tags make
    /// is calculated anew when one of them ends.
    pub(crate) fn calculated_held_until(&self, tag: TagIndex, calculated: &Calculated) -> i64 {
        match (&calculated.program, &calculated.inputs[..]) {
            (_, []) | (Program::Corroborate(_), _) => NEVER,
            (Program::Vote(vote), _) if vote.faulty => NEVER,
            (Program::Quality(_), [input]) => {
                let limit = self.plan.site.tag(*input).silence_limit;
                self.tags[tag.0 as usize].heard_us.saturating_add(davy_model::micros(limit))
            }
            (_, [input]) => self.held_until(*input),
            (_, inputs) => {
                let held = inputs.iter().filter(|input| self.tags[input.0 as usize].is_holding());
                let heard_us = self.tags[tag.0 as usize].heard_us;
                held.map(|input| self.held_until(*input))
                    .filter(|end_us| *end_us >= heard_us)
                    .min()
                    .unwrap_or(heard_us)
            }
        }
    }

    /// What a calculated tag's value was made of.
    pub(crate) fn evidence_of_calculated(&self, place: u32, moment: Moment) -> Evidence {
        let calculated = &self.plan.calculated[place as usize];
        let memory = &self.memories[place as usize];
        let mut evidence = Evidence::default();
        if let Some(command) = memory.command {
            evidence.readings.push(command.named(&self.plan.site.tag(calculated.inputs[0]).name));
        }
        for (at, &tag) in calculated.inputs.iter().enumerate() {
            let name = &self.plan.site.tag(tag).name;
            let Input { held, readings, cells, .. } = self.input(calculated, memory, at, moment.arrival_us);
            evidence.readings.extend(readings.iter().map(|seen| seen.named(name)));
            evidence.summaries.extend(cells.iter().map(|cell| summary(cell, name)));
            let of_now = calculated.program.keep().readings_us == 0;
            match (held, &calculated.program) {
                (_, Program::Quality(_)) => evidence.readings.push(self.qualified(place, tag)),
                (Some(seen), _) if of_now => evidence.readings.push(seen.named(name)),
                _ => {}
            }
        }
        evidence.alarms = self.standing(calculated).into_iter().map(|standing| standing.seen).collect();
        evidence
    }

    /// The last reading of a tag, evidence or not, as it was when its quality was looked at.
    fn qualified(&self, place: u32, tag: TagIndex) -> SeenReading {
        let state = &self.tags[tag.0 as usize];
        let looked = &self.tags[self.plan.calculated_tag(place).0 as usize];
        SeenReading {
            tag: Arc::clone(&self.plan.site.tag(tag).name),
            value: (!state.is_empty() && state.value.is_finite()).then_some(state.value),
            quality: state.quality(),
            source_time: Timestamp::from_micros(state.source_us),
            arrival_time: Timestamp::from_micros(looked.heard_us),
            judged_time: Timestamp::from_micros(looked.clock_us),
        }
    }
}

/// The moment on the clock of a calculated tag, of a moment on that of an input.
fn moment_of(calculated: &Calculated, moment: Moment) -> Moment {
    if calculated.is_on_arrival() { Moment::at_arrival(moment.arrival_us, moment.recorded) } else { moment }
}

fn seen_alarm(alarm: &Alarm) -> SeenAlarm {
    SeenAlarm {
        alarm: alarm.key.clone(),
        occurrence: alarm.occurrence,
        tier: alarm.facts.tier,
        first_out: alarm.first_out.unwrap_or(Timestamp::MIN),
    }
}

fn summary(cell: &Cell, tag: &Arc<str>) -> Summary {
    Summary {
        tag: Arc::clone(tag),
        from: Timestamp::from_micros(cell.from_us),
        until: Timestamp::from_micros(cell.until_us),
        readings: cell.readings,
        covered: std::time::Duration::from_micros(cell.covered_us.unsigned_abs()),
        area: cell.area,
        min: cell.min,
        max: cell.max,
        last: cell.last,
        quality: cell.quality,
    }
}

//! A decision derived again from its evidence alone: the value calculated anew, compared with its limit anew, the delay
//! looked at anew; and of each piece of evidence, whether the verdict would be another without it.
//!
//! It looks at no engine and no log. What it is given is a transition, and the files it was decided by.

use std::collections::VecDeque;

use davy_model::{
    Delay, DelayKind, Evidence, LimitView, Quality, SeenAlarm, SeenReading, Summary, TagIndex, Tier,
    Transition, TransitionKind, micros,
};
use davy_rules::{Calculated, Level, Plan, Program, Watch, WatchKind};

use crate::{
    hold::Seen,
    memory::Cell,
    rules::{self, Input, Standing, View},
};

/// What was derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// Whether the evidence comes to the verdict.
    pub holds: bool,
    /// Whether it comes to the value that was told as well, to the last bit. False is a defect of Davy.
    pub agrees: bool,
    /// Of each piece of evidence: whether the verdict hangs on it. The others only show more of what was.
    pub pieces: Vec<Piece>,
}

/// A piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which.
    pub part: Part,
    /// Whether the evidence would not come to the verdict without it.
    pub is_needed: bool,
}

/// A part of an [`Evidence`], by its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One of its readings.
    Reading(usize),
    /// One of its calculated values.
    Calculated(usize),
    /// One of its summaries.
    Summary(usize),
    /// One of its alarms.
    Alarm(usize),
    /// Its delay.
    Delay,
}

/// Derives what the process decided: a raise, a rise in tier, or a clear. Nothing of what people decide, of what other
/// files decide, or of alarms that no rule makes.
pub fn derive(plan: &Plan, decided: &Transition) -> Option<Derivation> {
    let case = Case::of(plan, decided)?;
    let evidence = &decided.evidence;
    let holds = case.holds(evidence);
    let needed = |part: Part| Piece { part, is_needed: !case.holds(&without(evidence, part)) };
    let pieces = parts(evidence).into_iter().map(needed).collect();
    Some(Derivation { holds, agrees: holds && case.calculates(evidence), pieces })
}

/// Every piece of an evidence.
pub fn parts(evidence: &Evidence) -> Vec<Part> {
    let readings = (0..evidence.readings.len()).map(Part::Reading);
    let calculated = (0..evidence.calculated.len()).map(Part::Calculated);
    let summaries = (0..evidence.summaries.len()).map(Part::Summary);
    let alarms = (0..evidence.alarms.len()).map(Part::Alarm);
    let delay = evidence.delay.map(|_| Part::Delay);
    readings.chain(calculated).chain(summaries).chain(alarms).chain(delay).collect()
}

/// The same evidence without one piece, which must be there.
pub fn without(evidence: &Evidence, part: Part) -> Evidence {
    let mut rest = evidence.clone();
    match part {
        Part::Reading(at) => drop(rest.readings.remove(at)),
        Part::Calculated(at) => drop(rest.calculated.remove(at)),
        Part::Summary(at) => drop(rest.summaries.remove(at)),
        Part::Alarm(at) => drop(rest.alarms.remove(at)),
        Part::Delay => rest.delay = None,
    }
    rest
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Past,
    Clear,
}

/// What is to be derived, and by which files.
struct Case<'a> {
    plan: &'a Plan,
    limit: &'a LimitView,
    direction: Direction,
    /// The level that spoke; none of silence.
    level: Option<&'a Level>,
    made: Option<&'a Calculated>,
    watch: &'a Watch,
    /// How grave it was told.
    tier: Tier,
}

impl<'a> Case<'a> {
    fn of(plan: &'a Plan, decided: &'a Transition) -> Option<Case<'a>> {
        let direction = match decided.kind {
            TransitionKind::Raised | TransitionKind::TierRaised => Direction::Past,
            TransitionKind::Cleared => Direction::Clear,
            _ => return None,
        };
        let limit = decided.limit.as_ref()?;
        let rule = plan.rules.binary_search_by(|rule| rule.id.cmp(&decided.alarm.rule)).ok()?;
        let watch = plan.watch_on(u32::try_from(rule).ok()?, &decided.alarm.subject)?;
        let watch = &plan.watches[watch as usize];
        let level = match watch.kind {
            WatchKind::Limit(program) => {
                let levels = &plan.limits[program as usize].levels;
                Some(levels.iter().find(|level| level.name == limit.name)?)
            }
            WatchKind::Silence(_) => None,
        };
        let (made, tier) = (plan.calculated(watch.tag), decided.facts.tier);
        Some(Case { plan, limit, direction, level, made, watch, tier })
    }

    /// Whether an evidence comes to the verdict.
    fn holds(&self, evidence: &Evidence) -> bool {
        let Some(level) = self.level else {
            let lasted = evidence.delay.is_some_and(|delay| delay.elapsed >= delay.required);
            return lasted && self.is_as_grave(evidence);
        };
        let (judged, proven) = match self.made {
            Some(made) => {
                let value = self.value(made, evidence);
                (&evidence.calculated, value.is_some_and(|value| self.is(value)))
            }
            None => (&evidence.readings, true),
        };
        proven
            && !judged.is_empty()
            && judged.iter().all(|seen| self.says(seen))
            && self.lasted(judged, level, evidence.delay)
    }

    /// Whether a silence is as grave as was told: graver where the last evidence stood near a limit.
    fn is_as_grave(&self, evidence: &Evidence) -> bool {
        let WatchKind::Silence(program) = self.watch.kind else { return true };
        let program = &self.plan.silences[program as usize];
        let Some(near) = program.near_limit.filter(|_| self.direction == Direction::Past) else {
            return true;
        };
        let told = evidence.readings.iter().rev().filter(|seen| seen.quality.is_evidence());
        let value = told.filter_map(|seen| seen.value).next();
        let level = value.and_then(|value| self.plan.limit_near(self.watch.tag, value, near.within));
        self.tier == if level.is_some() { near.tier } else { program.tier }
    }

    /// Whether what is calculated of the evidence is the value that was told, to the last bit.
    fn calculates(&self, evidence: &Evidence) -> bool {
        let Some(made) = self.made else { return true };
        let told = evidence.calculated.last().and_then(|seen| seen.value);
        self.value(made, evidence).map(f64::to_bits) == told.map(f64::to_bits)
    }

    fn says(&self, seen: &SeenReading) -> bool {
        let believed = match self.direction {
            Direction::Past => seen.quality.is_evidence(),
            Direction::Clear => seen.quality.may_clear(),
        };
        believed && seen.value.is_some_and(|value| self.is(value))
    }

    fn is(&self, value: f64) -> bool {
        match self.direction {
            Direction::Past => self.limit.comparator.is_past(value, self.limit.set_point),
            Direction::Clear => self.limit.is_clear(value),
        }
    }

    /// Whether it lasted as long as the level asks for, from the first of the values on.
    fn lasted(&self, judged: &[SeenReading], level: &Level, delay: Option<Delay>) -> bool {
        let (kind, required_us) = match self.direction {
            Direction::Past => (DelayKind::OnDelay, level.on_delay_us),
            Direction::Clear => (DelayKind::OffDelay, level.off_delay_us),
        };
        if required_us == 0 {
            return true;
        }
        let began = |delay: Delay| judged.first().is_some_and(|first| first.judged_time == delay.since);
        delay.is_some_and(|delay| delay.kind == kind && micros(delay.elapsed) >= required_us && began(delay))
    }

    /// What the rule's kind makes of an evidence.
    fn value(&self, made: &Calculated, evidence: &Evidence) -> Option<f64> {
        let kept: Vec<Rebuilt> = made.inputs.iter().map(|tag| self.rebuilt(*tag, evidence)).collect();
        let inputs: Vec<Input<'_>> = kept.iter().map(|kept| kept.input(&made.program)).collect();
        let alarms: Vec<Standing> =
            evidence.alarms.iter().filter_map(|seen| self.standing(made, seen)).collect();
        let command = match &made.program {
            Program::Interlock(program) => {
                let given = |seen: &&Seen| program.comparator.is_past(seen.value, program.command);
                kept.first().and_then(|own| own.readings.iter().find(given).copied())
            }
            _ => None,
        };
        // The evidence was cut to its windows when it was written.
        let now_us = evidence.calculated.last().map_or(0, |seen| seen.judged_time.as_micros());
        let view = View { now_us, inputs: &inputs, alarms: &alarms, command };
        rules::value(&made.program, &view).map(|value| value.value)
    }

    fn rebuilt(&self, tag: TagIndex, evidence: &Evidence) -> Rebuilt {
        let name = &self.plan.site.tag(tag).name;
        let readings = evidence.readings.iter().filter(|seen| seen.tag == *name);
        Rebuilt {
            quality: readings.clone().next_back().map(|seen| seen.quality),
            readings: readings.filter_map(seen).collect(),
            cells: evidence.summaries.iter().filter(|summary| summary.tag == *name).map(cell).collect(),
            none: VecDeque::new(),
        }
    }

    fn standing(&self, made: &Calculated, seen: &SeenAlarm) -> Option<Standing> {
        let rule = self.plan.rules.binary_search_by(|rule| rule.id.cmp(&seen.alarm.rule)).ok()?;
        let watch = self.plan.watch_on(u32::try_from(rule).ok()?, &seen.alarm.subject)?;
        let at = made.alarms.iter().position(|other| *other == watch)?;
        Some(Standing { seen: seen.clone(), witness: made.witnesses[at], at: at as u32 })
    }
}

/// What was kept of an input, as the evidence has it.
struct Rebuilt {
    quality: Option<Quality>,
    readings: VecDeque<Seen>,
    cells: VecDeque<Cell>,
    none: VecDeque<Seen>,
}

impl Rebuilt {
    fn input(&self, program: &Program) -> Input<'_> {
        let keeps_readings = program.keep().readings_us > 0;
        Input {
            held: self.readings.back().copied(),
            quality: self.quality.unwrap_or(Quality::Good),
            by_exception: false,
            readings: if keeps_readings { &self.readings } else { &self.none },
            cells: &self.cells,
        }
    }
}

fn seen(reading: &SeenReading) -> Option<Seen> {
    Some(Seen {
        value: reading.value.filter(|_| reading.quality.is_evidence())?,
        quality: reading.quality,
        source_us: reading.source_time.as_micros(),
        arrival_us: reading.arrival_time.as_micros(),
        judged_us: reading.judged_time.as_micros(),
    })
}

fn cell(summary: &Summary) -> Cell {
    Cell {
        begins_us: summary.from.as_micros(),
        from_us: summary.from.as_micros(),
        until_us: summary.until.as_micros(),
        covered_us: micros(summary.covered),
        area: summary.area,
        min: summary.min,
        max: summary.max,
        last: summary.last,
        readings: summary.readings,
        quality: summary.quality,
    }
}

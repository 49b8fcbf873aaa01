//! One tag: its clock, its evidence, its delays and its silence.

use davy_model::{Quality, QualityReason, Reading};

use super::{
    GRACE_US, Node, SILENCE_US,
    life::{Life, grave},
    order::{On, Stamps},
    rules::{self, Level},
};

/// What came of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Judged,
    /// Judged, and its clock cannot be believed.
    Odd,
    Again,
    Late,
    TooOld,
}

/// A delay that runs on a level.
#[derive(Clone, Copy, Debug)]
struct Runs {
    /// Time with evidence so far, and up to where on the tag's clock it was counted.
    elapsed_us: i64,
    counted_us: i64,
    /// The last reading proved nothing.
    paused: bool,
}

#[derive(Clone, Debug, Default)]
struct State {
    active: bool,
    /// Rising when not active, falling when active.
    runs: Option<Runs>,
}

#[derive(Debug)]
pub(super) struct Tag {
    pub(super) node: usize,
    pub(super) name: String,
    pub(super) rule: &'static str,
    levels: &'static [Level],
    states: Vec<State>,
    pub(super) limit: Life,
    latch: Option<&'static str>,
    pub(super) silence: Life,
    stamps: Stamps,
    /// The tag's clock at its last evidence; none before there was any.
    clock_us: Option<i64>,
    /// When that arrived, or Davy began to listen.
    heard_us: i64,
    /// Its last value is evidence.
    holds: bool,
    /// Its edge node was lost since.
    lost: bool,
}

impl Tag {
    pub(super) fn new(node: usize, letter: char, now_us: i64) -> Tag {
        let (rule, levels) = rules::of(letter);
        Tag {
            node,
            name: format!("n{node}/{letter}"),
            rule,
            levels,
            states: vec![State::default(); levels.len()],
            limit: Life::new(levels[0].tier),
            latch: None,
            silence: Life::new("blue"),
            stamps: Stamps::default(),
            clock_us: None,
            heard_us: now_us,
            holds: false,
            lost: false,
        }
    }

    pub(super) fn life(&mut self, rule: &str) -> Option<&mut Life> {
        match rule {
            "silent" => Some(&mut self.silence),
            rule if rule == self.rule => Some(&mut self.limit),
            _ => None,
        }
    }

    /// The tag's clock at an arrival, while nothing comes.
    fn clock_at(&self, arrival_us: i64) -> i64 {
        self.clock_us.map_or(arrival_us, |clock_us| clock_us + (arrival_us - self.heard_us).max(0))
    }

    /// Everything that becomes due up to an arrival, in order.
    pub(super) fn pass_to(&mut self, arrival_us: i64, node: Node) {
        loop {
            let hold = self.earliest().map(|(_, due_us)| {
                let clock_us = self.clock_us.unwrap_or(due_us);
                self.heard_us + (due_us - clock_us).max(0)
            });
            let hold = hold.filter(|at_us| *at_us <= self.heard_us + SILENCE_US);
            let silent = (!self.silence.active).then(|| self.silent_at(node));
            let shelved = [&self.limit, &self.silence].map(|life| life.until_us);
            let due = [hold, silent, shelved[0], shelved[1]];
            let next = due.iter().enumerate().filter_map(|(what, at)| at.map(|at_us| (at_us, what))).min();
            match next.filter(|(at_us, _)| *at_us <= arrival_us) {
                Some((at_us, 0)) => self.complete(self.clock_at(at_us)),
                Some((at_us, 1)) => {
                    self.freeze(at_us);
                    self.silence.rise("blue", at_us);
                }
                Some((at_us, 2)) => self.limit.unshelve("shelve_expired", at_us),
                Some((at_us, _)) => self.silence.unshelve("shelve_expired", at_us),
                None => return,
            }
        }
    }

    fn silent_at(&self, node: Node) -> i64 {
        let quiet_us = self.heard_us + SILENCE_US;
        if node.is_lost && self.lost { quiet_us.min(node.lost_us + GRACE_US) } else { quiet_us }
    }

    /// The delay that is over first, and when on the tag's clock.
    fn earliest(&self) -> Option<(usize, i64)> {
        if !self.holds {
            return None;
        }
        let runs = self.states.iter().zip(self.levels).enumerate().filter_map(|(place, (state, level))| {
            let runs = state.runs.filter(|runs| !runs.paused)?;
            let needed_us = if state.active { level.off_us } else { level.on_us };
            Some((runs.counted_us + (needed_us - runs.elapsed_us).max(0), place))
        });
        runs.min().map(|(due_us, place)| (place, due_us))
    }

    /// Completes the delays that are over by then on the tag's clock, as far as there is evidence.
    fn complete(&mut self, until_us: i64) {
        let Some(clock_us) = self.clock_us else { return };
        while let Some((place, due_us)) = self.earliest() {
            if due_us > until_us || due_us > clock_us + SILENCE_US {
                return;
            }
            let state = &mut self.states[place];
            *state = State { active: !state.active, runs: None };
            self.conclude(due_us);
        }
    }

    /// Counts the time of every delay up to there.
    fn count(&mut self, clock_us: i64) {
        let until_us = self.clock_us.filter(|_| self.holds).map(|last_us| last_us + SILENCE_US);
        for runs in self.states.iter_mut().filter_map(|state| state.runs.as_mut()) {
            if let Some(until_us) = until_us.filter(|_| !runs.paused) {
                runs.elapsed_us += (clock_us.min(until_us) - runs.counted_us).max(0);
            }
            runs.counted_us = runs.counted_us.max(clock_us);
        }
    }

    /// From now on its last value proves nothing.
    fn freeze(&mut self, arrival_us: i64) {
        let clock_us = self.clock_at(arrival_us);
        self.complete(clock_us - 1);
        self.count(clock_us);
        self.holds = false;
    }

    pub(super) fn lose(&mut self, arrival_us: i64) {
        self.freeze(arrival_us);
        self.lost = true;
    }

    /// Davy was down from one arrival to another: the tag's clock stood still.
    pub(super) fn rest(&mut self, last_us: i64, now_us: i64) {
        self.freeze(last_us);
        self.clock_us = self.clock_us.map(|_| self.clock_at(last_us));
        self.heard_us = now_us;
    }

    pub(super) fn read(&mut self, reading: &Reading, arrival_us: i64) -> Came {
        let on = self.stamps.judge(reading, arrival_us);
        let clock_us = match on {
            On::Source => self.clock_us.map_or(reading.source_time.as_micros(), |clock_us| {
                clock_us.max(reading.source_time.as_micros())
            }),
            On::Arrival => self.clock_at(arrival_us),
            On::Again => return Came::Again,
            On::Late => return Came::Late,
            On::TooOld => return Came::TooOld,
        };
        self.complete(clock_us - 1);
        self.count(clock_us);
        self.holds = reading.value.is_some() && !matches!(reading.quality, Quality::Bad(_));
        if self.holds {
            self.clock_us = Some(clock_us);
            self.heard_us = arrival_us;
            self.lost = false;
            self.look(reading, clock_us);
            self.silence.clear(false, arrival_us);
        }
        if on == On::Arrival { Came::Odd } else { Came::Judged }
    }

    fn look(&mut self, reading: &Reading, clock_us: i64) {
        // Beyond its range a sensor proves nothing about being back.
        let beyond = matches!(
            reading.quality,
            Quality::Uncertain(QualityReason::OverRange | QualityReason::UnderRange)
        );
        let mut changed = false;
        for (state, level) in self.states.iter_mut().zip(self.levels) {
            let value = reading.value.or_nan();
            let (past, clear) = ((level.past)(value), (level.clear)(value));
            let (goes_on, needed_us) =
                if state.active { (clear && !beyond, level.off_us) } else { (past, level.on_us) };
            let pauses = beyond && if state.active { clear } else { !past };
            if !goes_on {
                match &mut state.runs {
                    Some(runs) if pauses => runs.paused = true,
                    _ => state.runs = None,
                }
                continue;
            }
            let begins = Runs { elapsed_us: 0, counted_us: clock_us, paused: false };
            let runs = state.runs.get_or_insert(begins);
            runs.paused = false;
            if runs.elapsed_us >= needed_us {
                *state = State { active: !state.active, runs: None };
                changed = true;
            }
        }
        if changed {
            self.conclude(clock_us);
        }
    }

    /// What the levels amount to.
    fn conclude(&mut self, clock_us: i64) {
        let was_active = self.limit.active;
        if was_active && !self.states.iter().any(|state| state.active) {
            // It does not clear while another limit is passed, however short.
            for state in self.states.iter_mut().filter(|state| state.runs.is_some()) {
                *state = State { active: true, runs: None };
            }
        }
        if !was_active && !self.limit.latched {
            self.latch = None;
        }
        let active: Vec<&Level> = self
            .states
            .iter()
            .zip(self.levels)
            .filter(|(state, _)| state.active)
            .map(|(_, level)| level)
            .collect();
        let latching = active.iter().filter(|level| level.latch).map(|level| level.tier);
        self.latch = latching.chain(self.latch).max_by_key(|tier| grave(tier));
        match active.iter().map(|level| level.tier).max_by_key(|tier| grave(tier)) {
            Some(tier) => {
                let tier = self.latch.filter(|latch| grave(latch) > grave(tier)).unwrap_or(tier);
                self.limit.rise(tier, clock_us);
            }
            None => self.limit.clear(self.latch.is_some(), clock_us),
        }
    }
}

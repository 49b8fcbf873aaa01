//! The rule kinds, one file each. Beside `limit` and `stale`, which look at readings themselves, each calculates one value
//! from what is kept of its inputs, as a plain function: the same evidence gives the same value, live, in a backtest and
//! in an explanation.

mod balance;
mod corroborate;
mod count;
mod cusum;
mod deviation;
mod ewma;
mod expression;
mod flatline;
mod hazard;
mod interlock;
mod limit;
mod median;
mod quality;
mod rate_of_change;
mod spike;
mod stale;
mod standard;
mod time_to_limit;
mod vote;
mod window;

use std::collections::VecDeque;

use davy_model::{Quality, SeenAlarm};
use davy_rules::{Deviation, From, Program};

pub(crate) use interlock::command;

use crate::{
    hold::Seen,
    memory::{Cell, part_us, worse},
};

/// What a kind sees when it calculates.
pub(crate) struct View<'a> {
    /// The calculated tag's clock, µs.
    pub(crate) now_us: i64,
    /// What is kept of its inputs.
    pub(crate) inputs: &'a [Input<'a>],
    /// The alarms it looks at that stand, sorted by alarm.
    pub(crate) alarms: &'a [Standing],
    /// The reading that gave a command that stands.
    pub(crate) command: Option<Seen>,
}

/// One input.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    /// Its last value, while it holds.
    pub(crate) held: Option<Seen>,
    /// The quality of its last reading, evidence or not.
    pub(crate) quality: Quality,
    /// Whether it reports by exception: then time passes without a reading.
    pub(crate) by_exception: bool,
    /// Readings kept, the oldest first.
    pub(crate) readings: &'a VecDeque<Seen>,
    /// Summaries kept, the oldest first.
    pub(crate) cells: &'a VecDeque<Cell>,
}

/// An alarm that is looked at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    pub(crate) seen: SeenAlarm,
    /// Who measures its subject: alarms with the same are one witness.
    pub(crate) witness: u32,
    /// Its place among all the alarms that are looked at.
    pub(crate) at: u32,
}

/// What was calculated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Value {
    pub(crate) value: f64,
    /// How far it may be believed: as far as the least to be believed of what it was made of.
    pub(crate) quality: Quality,
}

/// The value of a calculated tag; none where too little is known.
pub(crate) fn value(program: &Program, view: &View<'_>) -> Option<Value> {
    // What one tag alone makes is known while that tag is; only of its quality something is known always.
    if let [input] = view.inputs
        && input.held.is_none()
        && !matches!(program, Program::Quality(_))
    {
        return None;
    }
    let value = match program {
        Program::RateOfChange(program) => rate_of_change::value(program, view),
        Program::Window(program) => window::value(program, view),
        Program::Flatline(program) => flatline::value(program, view),
        Program::Deviation(program) => deviation::value(program, view),
        Program::Spike(program) => spike::value(program, view),
        Program::TimeToLimit(program) => time_to_limit::value(program, view),
        Program::Cusum(program) => cusum::value(program, view),
        Program::Ewma(program) => ewma::value(program, view),
        Program::Quality(program) => quality::value(program, view),
        Program::Vote(program) => vote::value(program, view),
        Program::Count(program) => count::value(program, view),
        Program::Interlock(program) => interlock::value(program, view),
        Program::Corroborate(program) => corroborate::value(program, view),
        Program::Balance(program) => balance::value(program, view),
        Program::Hazard(program) => hazard::value(program, view),
        Program::Expression(program) => expression::value(program, view),
    };
    value.filter(|value| value.value.is_finite())
}

/// When a value may change though no reading comes, on the calculated tag's clock, µs: where a window goes on over what a
/// tag that reports by exception holds; or where the limit is another from a time of day on.
pub(crate) fn due(program: &Program, view: &View<'_>) -> Option<i64> {
    if let Program::Deviation(Deviation { from: From::Hours(table), .. }) = program
        && view.input().is_some_and(|own| own.held.is_some())
    {
        return table.next_edge(view.now_us);
    }
    let cells_us = program.keep().cells_us;
    let goes_on = |input: &Input<'_>| input.by_exception && input.held.is_some();
    if cells_us == 0 || !view.inputs.iter().any(goes_on) {
        return None;
    }
    let part_us = part_us(cells_us);
    Some(view.now_us - view.now_us.rem_euclid(part_us) + part_us)
}

impl Value {
    fn new(value: f64, quality: Quality) -> Value {
        Value { value, quality }
    }
}

impl View<'_> {
    /// Its only input.
    fn input(&self) -> Option<&Input<'_>> {
        self.inputs.first()
    }
}

impl Input<'_> {
    /// The least to be believed of the readings kept.
    fn quality_of_readings(&self) -> Quality {
        self.readings.iter().map(|seen| seen.quality).fold(Quality::Good, worse)
    }

    /// The least to be believed of the summaries kept.
    fn quality_of_cells(&self) -> Quality {
        self.cells.iter().map(|cell| cell.quality).fold(Quality::Good, worse)
    }
}

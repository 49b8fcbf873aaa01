//! What is kept of the readings of a calculated tag's inputs: the last of each part of a span, or a summary of each part.
//!
//! Parts lie on a grid of the clock, so that what is kept does not depend on when somebody looked. At most
//! [`PARTS`] and one are kept, however many readings come.

use std::collections::VecDeque;

use davy_model::Quality;
use davy_rules::{Keep, PARTS};

use crate::hold::Seen;

/// What is kept for one calculated tag.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Memory {
    /// By input.
    pub(crate) inputs: Vec<Kept>,
    /// A command that stands: the reading that gave it.
    pub(crate) command: Option<Seen>,
    /// When its value is to be calculated again though no reading came, arrival µs.
    pub(crate) due_us: i64,
}

/// What is kept of one input.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Kept {
    /// Readings, the oldest first.
    pub(crate) readings: VecDeque<Seen>,
    /// Summaries, the oldest first.
    pub(crate) cells: VecDeque<Cell>,
    /// The value that holds, and since when, µs; none where the last reading was no evidence.
    pub(crate) open: Option<Open>,
}

/// A value that holds until another comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Open {
    /// The value.
    pub(crate) value: f64,
    /// How far it may be believed.
    pub(crate) quality: Quality,
    /// Since when it holds in the last part, µs.
    pub(crate) since_us: i64,
    /// Up to where it has been summed up, µs.
    pub(crate) summed_us: i64,
    /// The sum of value times time of the last part before it, unit · µs. What it adds itself is never added up piece by
    /// piece: the sum must not depend on how often somebody looked.
    pub(crate) area_before: f64,
}

/// The readings of one part of a span, as what is left of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    /// Where the part begins on the grid, µs.
    pub(crate) begins_us: i64,
    /// Where its first evidence lies, µs.
    pub(crate) from_us: i64,
    /// Where its last evidence lies, µs.
    pub(crate) until_us: i64,
    /// For how much of the time between there was evidence, µs.
    pub(crate) covered_us: i64,
    /// The sum of value times time, unit · µs.
    pub(crate) area: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) last: f64,
    /// How many readings came in it.
    pub(crate) readings: u32,
    /// The least to be believed.
    pub(crate) quality: Quality,
}

/// How long a part of a span is, µs.
pub(crate) fn part_us(span_us: i64) -> i64 {
    (span_us / PARTS).max(1)
}

impl Memory {
    /// Nothing yet, of so many inputs.
    pub(crate) fn new(inputs: usize) -> Memory {
        Memory { inputs: vec![Kept::default(); inputs], command: None, due_us: i64::MAX }
    }
}

impl Kept {
    /// Sums up the value that holds, up to a moment for which it is evidence.
    pub(crate) fn sum_up(&mut self, keep: Keep, until_us: i64) {
        let Some(open) = &mut self.open else { return };
        if keep.cells_us == 0 || until_us <= open.summed_us {
            return;
        }
        let part_us = part_us(keep.cells_us);
        // What lies before the span is not summed up, however long nobody looked.
        let oldest_us = until_us.saturating_sub(keep.cells_us.saturating_add(part_us));
        let oldest_us = oldest_us - oldest_us.rem_euclid(part_us);
        if open.summed_us < oldest_us {
            (open.summed_us, open.since_us, open.area_before) = (oldest_us, oldest_us, 0.0);
        }
        while open.summed_us < until_us {
            let begins_us = open.summed_us - open.summed_us.rem_euclid(part_us);
            let to_us = until_us.min(begins_us + part_us);
            let cell = cell_at(&mut self.cells, begins_us, open.summed_us, (open.value, open.quality));
            if open.since_us < begins_us {
                (open.since_us, open.area_before) = (begins_us, 0.0);
            }
            cell.area = open.area_before + open.value * (to_us - open.since_us) as f64;
            cell.covered_us += to_us - open.summed_us;
            cell.until_us = to_us;
            open.summed_us = to_us;
        }
    }

    /// Takes up a reading.
    pub(crate) fn take(&mut self, keep: Keep, seen: Seen, clock_us: i64) {
        if keep.readings_us > 0 {
            let part_us = part_us(keep.readings_us);
            let part = |seen: &Seen| seen.judged_us.div_euclid(part_us);
            match self.readings.back_mut() {
                Some(last) if part(last) == part(&seen) => *last = seen,
                _ => self.readings.push_back(seen),
            }
        }
        if let Some(cell) = self.hold(keep, seen, clock_us) {
            cell.readings = cell.readings.saturating_add(1);
        }
        self.forget(keep, clock_us);
    }

    /// Its value holds from a moment on; gives the part that begins with it, where parts are kept.
    pub(crate) fn hold(&mut self, keep: Keep, seen: Seen, clock_us: i64) -> Option<&mut Cell> {
        if keep.cells_us == 0 {
            return None;
        }
        let part_us = part_us(keep.cells_us);
        let begins_us = clock_us - clock_us.rem_euclid(part_us);
        let cell = cell_at(&mut self.cells, begins_us, clock_us, (seen.value, seen.quality));
        cell.until_us = cell.until_us.max(clock_us);
        let (value, quality, area_before) = (seen.value, seen.quality, cell.area);
        self.open = Some(Open { value, quality, since_us: clock_us, summed_us: clock_us, area_before });
        Some(cell)
    }

    /// Lets go of what lies before the span, seen from a moment.
    pub(crate) fn forget(&mut self, keep: Keep, now_us: i64) {
        let old = |seen: &Seen| seen.judged_us <= now_us.saturating_sub(keep.readings_us);
        while self.readings.front().is_some_and(old) {
            self.readings.pop_front();
        }
        let part_us = part_us(keep.cells_us);
        let old = |cell: &Cell| cell.begins_us + part_us <= now_us.saturating_sub(keep.cells_us);
        while self.cells.front().is_some_and(old) {
            self.cells.pop_front();
        }
    }
}

/// The last part when it begins there, or a new one.
fn cell_at(cells: &mut VecDeque<Cell>, begins_us: i64, from_us: i64, held: (f64, Quality)) -> &mut Cell {
    let (value, quality) = held;
    if cells.back().is_none_or(|cell| cell.begins_us != begins_us) {
        cells.push_back(Cell {
            begins_us,
            from_us,
            until_us: from_us,
            covered_us: 0,
            area: 0.0,
            min: value,
            max: value,
            last: value,
            readings: 0,
            quality,
        });
    }
    let cell = cells.back_mut().expect("one was just pushed where there was none");
    cell.min = cell.min.min(value);
    cell.max = cell.max.max(value);
    cell.last = value;
    cell.quality = worse(cell.quality, quality);
    cell
}

/// The less believable of two qualities that are both evidence: what may not clear is worse than what may.
pub(crate) fn worse(a: Quality, b: Quality) -> Quality {
    let rank = |quality: Quality| (!quality.may_clear(), quality.code());
    if rank(b) > rank(a) { b } else { a }
}

impl Cell {
    /// The mean over the time covered; of one instant, its value.
    pub(crate) fn mean(&self) -> f64 {
        if self.covered_us > 0 { self.area / self.covered_us as f64 } else { self.last }
    }
}

//! What happens in a plant, and when: the script, which is also the ground truth.

use std::time::Duration;

use super::process::lagged_pulse;

/// The script begins anew after so many seconds of plant time.
pub const CYCLE_S: u64 = 300;

/// What an episode is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Something in the process: a release, a leak, a transfer. The values tell it.
    Process,
    /// A calibration: the tags read this span gas, in their units, with quality `bad:calibration`.
    Calibration(f64),
    /// The tags keep the value they had, to the last digit, and call it good.
    Stuck,
    /// The edge node falls off the network; nothing is measured meanwhile.
    Cut,
}

impl Kind {
    /// One word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Process => "process",
            Kind::Calibration(_) => "calibration",
            Kind::Stuck => "stuck",
            Kind::Cut => "cut",
        }
    }
}

/// One episode of a script.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Episode {
    /// A short name, unique in the plant.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The tags it is about; the edge node for [`Kind::Cut`].
    pub about: &'static [&'static str],
    /// First second of the cycle in which its cause acts.
    pub start_s: u64,
    /// The second of the cycle in which its cause ends; effects may last longer.
    pub end_s: u64,
}

impl Episode {
    /// Whether its cause acts at this second of the cycle.
    pub(super) fn acts(&self, cycle_s: f64) -> bool {
        (self.start_s as f64..self.end_s as f64).contains(&cycle_s)
    }

    /// When its cause acts, seen `delay_s` later somewhere else.
    pub(super) fn span_s(&self, delay_s: f64) -> (f64, f64) {
        (self.start_s as f64 + delay_s, self.end_s as f64 + delay_s)
    }

    /// Its effect as a first-order process shows it, 0..=1.
    pub(super) fn effect(&self, cycle_s: f64, delay_s: f64, rise_s: f64, fall_s: f64) -> f64 {
        lagged_pulse(cycle_s, self.span_s(delay_s), rise_s, fall_s)
    }
}

/// One episode as it came to pass, in plant time.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// The site.
    pub site: &'static str,
    /// The episode.
    pub episode: Episode,
    /// When its cause began to act.
    pub start: Duration,
    /// When its cause ended.
    pub end: Duration,
}

//! What the alarms were worth: releases caught, how soon, and how often for nothing.

use std::{collections::BTreeMap, fmt};

use davy_proto::v1::TransitionKind;
use jiff::{SignedDuration, Timestamp};

use crate::{
    data::{Point, Release, median},
    naive::Change,
};

/// One occurrence of an alarm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occurrence {
    pub(super) raised: Timestamp,
    pub(super) cleared: Timestamp,
}

/// The figures of a rule set over a recording.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) releases: usize,
    /// By release, how long after its start an alarm stood; nothing when none did.
    delays: Vec<Option<SignedDuration>>,
    /// By release, how long after its start an alarm was raised anew: what stood before does not count.
    delays_anew: Vec<Option<SignedDuration>>,
    alarms: usize,
    /// Raised outside every release.
    pub(super) outside: usize,
    sensor_days: f64,
}

impl Figures {
    pub(super) fn of(
        occurrences: &[Occurrence],
        readings: &BTreeMap<&str, Vec<Point>>,
        releases: &[Release],
    ) -> Figures {
        let inside =
            |at: Timestamp| releases.iter().any(|release| (release.start..=release.end).contains(&at));
        Figures {
            releases: releases.len(),
            delays: releases.iter().map(|release| delay(occurrences, release)).collect(),
            delays_anew: releases.iter().map(|release| delay_anew(occurrences, release)).collect(),
            alarms: occurrences.len(),
            outside: occurrences.iter().filter(|found| !inside(found.raised)).count(),
            sensor_days: readings.values().map(|points| span_days(points)).sum(),
        }
    }

    /// Alarms raised outside every release, for each day of each sensor.
    fn outside_a_sensor_day(&self) -> f64 {
        self.outside as f64 / self.sensor_days
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, delays) in [("caught", &self.delays), ("with an alarm of their own", &self.delays_anew)] {
            let minutes = minutes(delays);
            write!(
                f,
                "{} of {} releases {what}, delay median {:.1}, p95 {:.1}, longest {:.1} min; ",
                minutes.len(),
                self.releases,
                median(minutes.iter().copied()),
                percentile_95(&minutes),
                minutes.iter().copied().fold(0.0, f64::max),
            )?;
        }
        let Figures { alarms, outside, .. } = self;
        write!(f, "{alarms} alarms, {outside} of them outside every release: ")?;
        write!(f, "{:.3} a sensor-day", self.outside_a_sensor_day())
    }
}

/// Each raising with its clearing.
pub(super) fn occurrences(changes: &[Change]) -> Vec<Occurrence> {
    let raised = changes.iter().filter(|change| change.kind == TransitionKind::Raised);
    let cleared =
        changes.iter().filter(|change| change.kind == TransitionKind::Cleared).map(|change| change.at);
    let ends = cleared.chain(std::iter::once(Timestamp::MAX));
    raised.zip(ends).map(|(raised, cleared)| Occurrence { raised: raised.at, cleared }).collect()
}

/// How long after its start a release was known; nothing when it never was.
fn delay(occurrences: &[Occurrence], release: &Release) -> Option<SignedDuration> {
    let during = |found: &&Occurrence| found.raised <= release.end && found.cleared >= release.start;
    let first = occurrences.iter().filter(during).map(|found| found.raised.max(release.start)).min()?;
    Some(first.duration_since(release.start))
}

fn delay_anew(occurrences: &[Occurrence], release: &Release) -> Option<SignedDuration> {
    let during = |at: &Timestamp| (release.start..=release.end).contains(at);
    let first = occurrences.iter().map(|found| found.raised).filter(during).min()?;
    Some(first.duration_since(release.start))
}

fn minutes(delays: &[Option<SignedDuration>]) -> Vec<f64> {
    delays.iter().flatten().map(|delay| delay.as_secs_f64() / 60.0).collect()
}

/// Interpolated between the two values about it.
fn percentile_95(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = 0.95 * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

fn span_days(points: &[Point]) -> f64 {
    match (points.first(), points.last()) {
        (Some(first), Some(last)) => last.at.duration_since(first.at).as_secs_f64() / 86_400.0,
        (_, _) => 0.0,
    }
}

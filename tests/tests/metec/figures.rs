//! What the alarms were worth: releases caught, how soon, and how often for nothing.

use std::collections::BTreeMap;

use davy_proto::v1::TransitionKind;
use jiff::{SignedDuration, Timestamp};

use crate::{
    data::{Point, Release, SENSORS, median},
    naive::Change,
};

/// One occurrence at one sensor.
struct Occurrence {
    raised: Timestamp,
    cleared: Timestamp,
}

/// Tells the figures.
pub(super) fn tell(
    changes: &BTreeMap<String, Vec<Change>>,
    readings: &BTreeMap<&str, Vec<Point>>,
    releases: &[Release],
) {
    let occurrences: Vec<Occurrence> = changes.values().flat_map(|changes| occurrences(changes)).collect();
    let delays: Vec<SignedDuration> =
        releases.iter().filter_map(|release| delay(&occurrences, release)).collect();
    let minutes = |delay: &SignedDuration| delay.as_secs_f64() / 60.0;
    let longest = delays.iter().map(minutes).fold(0.0, f64::max);
    let inside = |at: Timestamp| releases.iter().any(|release| (release.start..=release.end).contains(&at));
    let outside = occurrences.iter().filter(|found| !inside(found.raised)).count();
    let sensor_days: f64 = readings.values().map(|points| span_days(points)).sum();
    println!(
        "plain two-level limit on {} sensors: {} of {} releases caught, delay median {:.1} min, longest {longest:.1} min; \
         {} alarms, {outside} of them outside every release: {:.2} per sensor-day",
        SENSORS.len(),
        delays.len(),
        releases.len(),
        median(delays.iter().map(minutes)),
        occurrences.len(),
        outside as f64 / sensor_days,
    );
}

fn occurrences(changes: &[Change]) -> Vec<Occurrence> {
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

fn span_days(points: &[Point]) -> f64 {
    match (points.first(), points.last()) {
        (Some(first), Some(last)) => last.at.duration_since(first.at).as_secs_f64() / 86_400.0,
        (_, _) => 0.0,
    }
}

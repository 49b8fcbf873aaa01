//! What the alarms must do, worked out from the documentation alone, one sensor at a time.
//!
//! Two levels that raise at once and clear after a minute below. A delay runs on the sensor's own time and counts only time
//! for which there is evidence: between two readings the earlier value holds, at most for the silence limit. A delay that is
//! over strictly before the next reading ends when it is over, with the value that held; at that very moment the reading of
//! that moment decides.

use davy_proto::v1::{Tier, TransitionKind};
use jiff::{SignedDuration, Timestamp};

use crate::data::Point;

/// How long below before a level clears.
pub(super) const OFF_DELAY: SignedDuration = SignedDuration::from_secs(60);
/// How long a value holds: three intervals.
pub(super) const SILENCE_LIMIT: SignedDuration = SignedDuration::from_secs(180);

/// One change of one alarm.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) kind: TransitionKind,
    pub(super) tier: Tier,
    pub(super) at: Timestamp,
    pub(super) ppm: f64,
}

/// A level: at or above its set point it raises.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub(super) tier: Tier,
    pub(super) ppm: f64,
}

/// How a level stands. `below` is for how long, with evidence, it has been below while still active.
#[derive(Clone, Copy, Debug)]
struct Standing {
    level: Level,
    active: bool,
    below: Option<SignedDuration>,
}

/// Everything that must happen, in order. Levels from the least to the most grave.
pub(super) fn changes(levels: [Level; 2], points: &[Point]) -> Vec<Change> {
    let mut standing = levels.map(|level| Standing { level, active: false, below: None });
    let mut found = Vec::new();
    let mut held: Option<Point> = None;
    for point in points {
        if let Some(held) = held {
            hold(&mut standing, held, point.at, &mut found);
        }
        let before = tier(&standing);
        standing.iter_mut().for_each(|level| look(level, point.ppm));
        note(before, tier(&standing), *point, &mut found);
        held = Some(*point);
    }
    found
}

/// The value holds until the next reading, or for the silence limit: delays may end on the way.
fn hold(standing: &mut [Standing; 2], held: Point, next: Timestamp, found: &mut Vec<Change>) {
    let evidence = next.duration_since(held.at).min(SILENCE_LIMIT);
    let mut due: Vec<SignedDuration> = standing
        .iter()
        .filter_map(|level| Some(OFF_DELAY - level.below?))
        .filter(|wait| *wait <= evidence)
        .collect();
    due.sort();
    for wait in due {
        let at = held.at + wait;
        // At the very moment of the next reading, that reading decides.
        if at >= next {
            continue;
        }
        let before = tier(standing);
        for level in
            standing.iter_mut().filter(|level| level.below.is_some_and(|below| below + wait >= OFF_DELAY))
        {
            (level.active, level.below) = (false, None);
        }
        note(before, tier(standing), Point { at, ppm: held.ppm }, found);
    }
    for level in standing.iter_mut() {
        level.below = level.below.map(|below| below + evidence);
    }
}

fn look(standing: &mut Standing, ppm: f64) {
    if ppm >= standing.level.ppm {
        (standing.active, standing.below) = (true, None);
    } else if standing.active {
        let below = *standing.below.get_or_insert(SignedDuration::ZERO);
        if below >= OFF_DELAY {
            (standing.active, standing.below) = (false, None);
        }
    }
}

/// The gravest active level's.
fn tier(standing: &[Standing; 2]) -> Option<Tier> {
    standing.iter().rev().find(|level| level.active).map(|level| level.level.tier)
}

fn note(before: Option<Tier>, after: Option<Tier>, point: Point, found: &mut Vec<Change>) {
    let (kind, tier) = match (before, after) {
        (None, Some(tier)) => (TransitionKind::Raised, tier),
        (Some(before), Some(tier)) if tier > before => (TransitionKind::TierRaised, tier),
        (Some(before), Some(tier)) if tier < before => (TransitionKind::TierLowered, tier),
        // A normal alarm shows how grave it was last.
        (Some(tier), None) => (TransitionKind::Cleared, tier),
        (None, None) | (Some(_), Some(_)) => return,
    };
    found.push(Change { kind, tier, at: point.at, ppm: point.ppm });
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [Level; 2] =
        [Level { tier: Tier::Yellow, ppm: 7.0 }, Level { tier: Tier::Orange, ppm: 22.0 }];

    /// Minute and value in; kind, tier, second and value out.
    fn check(points: &[(i64, f64)], expected: &[(&str, &str, i64, f64)]) {
        let at = |seconds| Timestamp::from_second(seconds).expect("in range");
        let points: Vec<Point> =
            points.iter().map(|&(minute, ppm)| Point { at: at(60 * minute), ppm }).collect();
        let found = changes(LEVELS, &points);
        let told: Vec<(String, String, i64, f64)> = found
            .iter()
            .map(|change| {
                (
                    format!("{:?}", change.kind),
                    format!("{:?}", change.tier),
                    change.at.as_second(),
                    change.ppm,
                )
            })
            .collect();
        let told: Vec<(&str, &str, i64, f64)> =
            told.iter().map(|(kind, tier, at, ppm)| (kind.as_str(), tier.as_str(), *at, *ppm)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_minute_below_clears_with_the_reading_of_that_minute() {
        check(
            &[(0, 2.0), (1, 7.0), (2, 6.0), (3, 5.0)],
            &[("Raised", "Yellow", 60, 7.0), ("Cleared", "Yellow", 180, 5.0)],
        );
    }

    #[test]
    fn a_value_back_above_at_the_due_moment_cancels() {
        check(&[(1, 7.0), (2, 6.0), (3, 8.0), (4, 6.0)], &[("Raised", "Yellow", 60, 7.0)]);
    }

    #[test]
    fn with_a_gap_the_held_value_clears_when_the_minute_is_over() {
        check(
            &[(1, 7.0), (2, 6.0), (4, 8.0)],
            &[("Raised", "Yellow", 60, 7.0), ("Cleared", "Yellow", 180, 6.0), ("Raised", "Yellow", 240, 8.0)],
        );
    }

    #[test]
    fn levels_rise_and_fall_inside_one_alarm() {
        check(
            &[(1, 30.0), (2, 8.0), (3, 8.5), (4, 25.0), (5, 1.0), (6, 1.5)],
            &[
                ("Raised", "Orange", 60, 30.0),
                ("TierLowered", "Yellow", 180, 8.5),
                ("TierRaised", "Orange", 240, 25.0),
                ("Cleared", "Orange", 360, 1.5),
            ],
        );
    }
}

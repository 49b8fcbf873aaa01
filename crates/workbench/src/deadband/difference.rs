//! In what a rule would be otherwise under another profile, each with the shortest series of values that shows it.

use std::collections::{BTreeMap, VecDeque};

use davy_rules::Level;

use super::{
    edge::Edge,
    path::{Walker, path, speaking},
    profile::Profile,
};

/// How many states of two alarms side by side are looked at for a series. Rules of four levels have some dozens.
const STATES_MAX: usize = 4_096;

/// A rule's levels here and there.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The levels that raise or clear elsewhere.
    pub levels: Vec<LevelDifference>,
    /// Where the alarm moves otherwise between its levels though each raises and clears as there.
    pub moves: Option<Worked>,
    /// What one alarm of that system cannot have at all; for people.
    pub obstacles: Vec<String>,
}

/// A level that raises or clears elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelDifference {
    /// Its place among the levels.
    pub level: usize,
    /// Where it raises, here and there; none, when in both alike.
    pub raises: Option<(Edge, Edge)>,
    /// Where it clears, here and there; none, when in both alike.
    pub clears: Option<(Edge, Edge)>,
    /// Whether only values exactly at a point are judged otherwise.
    pub at_the_point_only: bool,
    /// The shortest series that shows it, of this level alone.
    pub worked: Option<Worked>,
}

/// A series of values, and the place of the level that speaks after each, here and there.
#[derive(Clone, Debug, PartialEq)]
pub struct Worked {
    /// In the tag's unit.
    pub values: Vec<f64>,
    /// Under Davy's profile.
    pub here: Vec<Option<usize>>,
    /// Under the other.
    pub there: Vec<Option<usize>>,
}

impl Comparison {
    /// Whether nothing is otherwise.
    pub fn is_alike(&self) -> bool {
        self.levels.is_empty() && self.moves.is_none() && self.obstacles.is_empty()
    }
}

/// In what a rule's levels, the least grave first, would be otherwise under `profile`.
pub fn compare(profile: Profile, levels: &[Level]) -> Comparison {
    let differ = (0..levels.len()).filter_map(|place| of_level(profile, levels, place)).collect();
    Comparison { levels: differ, moves: moves(profile, levels), obstacles: profile.obstacles(levels) }
}

fn of_level(profile: Profile, levels: &[Level], place: usize) -> Option<LevelDifference> {
    let level = &levels[place];
    let (here, there) = (Profile::Davy.turn(level), profile.turn(level));
    if here == there {
        return None;
    }
    let pair = |here: Edge, there: Edge| (here != there).then_some((here, there));
    let alone = std::slice::from_ref(level);
    let shown = first_difference(Profile::Davy, profile, alone).map(|values| worked(profile, alone, values));
    let named = |states: Vec<Option<usize>>| states.into_iter().map(|state| state.map(|_| place)).collect();
    Some(LevelDifference {
        level: place,
        raises: pair(here.raises, there.raises),
        clears: pair(here.clears, there.clears),
        at_the_point_only: here.raises.point == there.raises.point && here.clears.point == there.clears.point,
        worked: shown.map(|worked| Worked { here: named(worked.here), there: named(worked.there), ..worked }),
    })
}

fn moves(profile: Profile, levels: &[Level]) -> Option<Worked> {
    if profile != Profile::OpcUa {
        return None;
    }
    let values = first_difference(Profile::OpcUaEach, profile, levels)?;
    Some(worked(profile, levels, values)).filter(|worked| worked.here != worked.there)
}

fn worked(profile: Profile, levels: &[Level], values: Vec<f64>) -> Worked {
    Worked { here: path(Profile::Davy, levels, &values), there: path(profile, levels, &values), values }
}

/// The shortest series after which another level speaks; none, when there is no such series, or none was found.
fn first_difference(one: Profile, other: Profile, levels: &[Level]) -> Option<Vec<f64>> {
    let (one, other) = (Walker::new(one, levels), Walker::new(other, levels));
    let values = telling(one.points().chain(other.points()).collect());
    let begin = (one.begin(), other.begin());
    let mut seen = BTreeMap::from([(begin.clone(), Vec::new())]);
    let mut waiting = VecDeque::from([begin]);
    while let Some(state) = waiting.pop_front() {
        for value in &values {
            let next = (one.step(&state.0, *value), other.step(&state.1, *value));
            let mut series: Vec<f64> = seen[&state].clone();
            series.push(*value);
            if speaking(&next.0) != speaking(&next.1) {
                return Some(series);
            }
            if seen.len() < STATES_MAX && !seen.contains_key(&next) {
                seen.insert(next.clone(), series);
                waiting.push_back(next);
            }
        }
    }
    None
}

/// One value of every stretch between the points, then the points themselves: no other value is judged otherwise than these.
fn telling(mut points: Vec<f64>) -> Vec<f64> {
    points.sort_by(f64::total_cmp);
    points.dedup();
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else { return points };
    let margin = (last - first).max(1.0);
    let between = points.windows(2).map(|pair| neat(pair[0], pair[1]));
    let ends = [neat(first - margin, first), neat(last, last + margin)];
    ends.into_iter().chain(between).chain(points.iter().copied()).collect()
}

/// A number between two that is short to write.
fn neat(low: f64, high: f64) -> f64 {
    let middle = low + (high - low) / 2.0;
    let rounded = (0..12).map(|digits| {
        let scale = 10f64.powi(digits);
        (middle * scale).round() / scale
    });
    rounded.into_iter().find(|number| *number > low && *number < high).unwrap_or(middle)
}

//! OPC UA Part 9: limit alarms, exclusive (one limit's state at a time) or not (each limit has a state).

use davy_rules::Level;

use super::edge::{Edge, Turn};

/// OPC 10000-9, B.1.5: an alarm that crossed its limit does not return until the value drops below the limit by the deadband,
/// and each limit has its own. What counts at a point itself is left open: we keep the level's comparator, and read "below"
/// as not at it.
pub(super) fn turn(level: &Level) -> Turn {
    Turn {
        raises: Edge { comparator: level.comparator, point: level.set_point },
        clears: Edge::back(level, level.clear_point, false),
    }
}

/// What of these levels one limit alarm cannot have. OPC 10000-9, 5.8.18: HighHigh > High > Low > LowLow, and a limit less
/// its deadband lies past the next one.
pub(super) fn obstacles(levels: &[Level]) -> Vec<String> {
    let mut found = super::profile::too_many(levels, "HighHigh, High, Low and LowLow");
    let mut ordered: Vec<&Level> = levels.iter().collect();
    ordered.sort_by(|a, b| a.set_point.total_cmp(&b.set_point));
    for pair in ordered.windows(2) {
        let (low, high) = (pair[0], pair[1]);
        let (rises, falls) = (high.comparator.is_rising(), !low.comparator.is_rising());
        if low.set_point == high.set_point {
            found.push(format!("{} and {} have the same set point", low.name, high.name));
            continue;
        }
        if rises && high.clear_point <= low.set_point {
            found.push(format!("{} clears at or past the set point of {}", high.name, low.name));
        }
        if falls && low.clear_point >= high.set_point {
            found.push(format!("{} clears at or past the set point of {}", low.name, high.name));
        }
    }
    found
}

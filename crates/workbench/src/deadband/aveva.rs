//! AVEVA System Platform: limit alarms of an analog attribute, in the two readings that its manuals have.

use davy_rules::Level;

use super::edge::{Edge, Turn, figure, width};

/// Application Server, "Configure limit alarms": it raises past the limit and not at it, and the deadband counts for clearing
/// only. That it is not yet clear at the point itself is our reading.
pub(super) fn clearing_only(level: &Level) -> Turn {
    Turn { raises: Edge::beyond(level, level.set_point), clears: Edge::back(level, level.clear_point, false) }
}

/// Operations Management Interface, "Configure limit alarms": the deadband counts both ways. Limit 90 and deadband 5 raise
/// above 95 and clear below 85.
pub(super) fn both_ways(level: &Level) -> Turn {
    let further = if level.comparator.is_rising() { width(level) } else { -width(level) };
    Turn {
        raises: Edge::beyond(level, level.set_point + further),
        clears: Edge::back(level, level.clear_point, false),
    }
}

/// What of these levels one attribute cannot have: there are HiHi, Hi, Lo and LoLo, and one deadband for them.
pub(super) fn obstacles(levels: &[Level]) -> Vec<String> {
    let mut found = super::profile::too_many(levels, "HiHi, Hi, Lo and LoLo");
    let differs =
        |level: &&Level| (width(level) - width(&levels[0])).abs() > 1e-9 * width(level).abs().max(1.0);
    if levels.iter().any(|level| differs(&level)) {
        let widths: Vec<String> =
            levels.iter().map(|level| format!("{} {}", level.name, figure(width(level)))).collect();
        found.push(format!("one deadband for all limits of an attribute; here {}", widths.join(", ")));
    }
    found
}

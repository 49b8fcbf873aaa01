//! Davy's own: comparator and clear point are in the rule file, and each level is judged for itself.

use davy_rules::Level;

use super::edge::{Edge, Turn};

/// Where a level raises and clears.
pub(super) fn turn(level: &Level) -> Turn {
    Turn {
        raises: Edge { comparator: level.comparator, point: level.set_point },
        clears: Edge::back(level, level.clear_point, level.clear_inclusive),
    }
}

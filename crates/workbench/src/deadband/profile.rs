//! Which system's reading of a set point and a deadband.

use davy_rules::Level;

use super::{aveva, davy, edge::Turn, opc_ua};

/// Which system's reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Davy's own.
    Davy,
    /// AVEVA Application Server: the deadband counts for clearing only.
    AvevaA,
    /// AVEVA Operations Management Interface: the deadband counts both ways.
    AvevaB,
    /// OPC UA Part 9, `ExclusiveLimitAlarmType`: one limit's state at a time.
    OpcUa,
    /// OPC UA Part 9, `NonExclusiveLimitAlarmType`: each limit has a state.
    OpcUaEach,
}

/// How an alarm moves between its levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// Each level is judged for itself; the gravest that is active speaks.
    EachForItself,
    /// There is one state. Only the level that it is in keeps its deadband: a lesser one is entered at its set point.
    OneAtATime,
}

impl Profile {
    /// All of them.
    pub const ALL: [Profile; 5] =
        [Profile::Davy, Profile::AvevaA, Profile::AvevaB, Profile::OpcUa, Profile::OpcUaEach];

    /// The word for programs and people.
    pub const fn word(self) -> &'static str {
        match self {
            Profile::Davy => "davy",
            Profile::AvevaA => "aveva-a",
            Profile::AvevaB => "aveva-b",
            Profile::OpcUa => "opc-ua",
            Profile::OpcUaEach => "opc-ua-each",
        }
    }

    /// Where a level raises and clears.
    pub fn turn(self, level: &Level) -> Turn {
        match self {
            Profile::Davy => davy::turn(level),
            Profile::AvevaA => aveva::clearing_only(level),
            Profile::AvevaB => aveva::both_ways(level),
            Profile::OpcUa | Profile::OpcUaEach => opc_ua::turn(level),
        }
    }

    /// How an alarm moves between its levels.
    pub const fn moves(self) -> Moves {
        match self {
            Profile::Davy | Profile::AvevaA | Profile::AvevaB | Profile::OpcUaEach => Moves::EachForItself,
            Profile::OpcUa => Moves::OneAtATime,
        }
    }

    /// What of a rule's levels one alarm of that system cannot have; for people.
    pub fn obstacles(self, levels: &[Level]) -> Vec<String> {
        match self {
            Profile::Davy => Vec::new(),
            Profile::AvevaA | Profile::AvevaB => aveva::obstacles(levels),
            Profile::OpcUa | Profile::OpcUaEach => opc_ua::obstacles(levels),
        }
    }
}

/// Two levels each way is what these systems have.
pub(super) fn too_many(levels: &[Level], names: &str) -> Vec<String> {
    let rising = levels.iter().filter(|level| level.comparator.is_rising()).count();
    let falling = levels.len() - rising;
    let told = |count: usize, way: &str| (count > 2).then(|| format!("{count} {way} levels; it has {names}"));
    told(rising, "rising").into_iter().chain(told(falling, "falling")).collect()
}

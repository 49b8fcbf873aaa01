//! For how long a reading can still decide something.

use std::time::Duration;

use davy_rules::{Plan, Program};

/// For how long a reading can still decide something under a rule set: what lies further back is in no window, delays
/// nothing and holds nothing up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The longest window.
    pub windows: Duration,
    /// The longest delays of a level, of coming and of going, one after the other.
    pub delays: Duration,
    /// The longest silence before something is made of it.
    pub silences: Duration,
}

impl Reach {
    /// That of a rule set.
    pub fn of(plan: &Plan) -> Reach {
        let us = |us: i64| Duration::from_micros(u64::try_from(us).unwrap_or(0));
        let windows = plan.calculated.iter().map(|made| {
            let keep = made.program.keep();
            let within_us = match &made.program {
                Program::Corroborate(program) => program.within_us,
                _ => 0,
            };
            us(keep.readings_us.max(keep.cells_us).max(within_us))
        });
        let levels = plan.limits.iter().flat_map(|program| &program.levels);
        let delays = levels.map(|level| us(level.on_delay_us) + us(level.off_delay_us));
        let silences = plan.silences.iter().map(|program| us(program.after_us));
        let held = plan.site.tags.iter().map(|tag| tag.silence_limit);
        Reach {
            windows: windows.max().unwrap_or_default(),
            delays: delays.max().unwrap_or_default(),
            silences: silences.chain(held).max().unwrap_or_default(),
        }
    }

    /// The longer of each.
    pub fn or(self, other: Reach) -> Reach {
        Reach {
            windows: self.windows.max(other.windows),
            delays: self.delays.max(other.delays),
            silences: self.silences.max(other.silences),
        }
    }

    /// How much before a moment has to be known for what is decided then: a value may be held into a window, and its alarm
    /// be what another rule looks at.
    pub fn before(self) -> Duration {
        self.windows + self.silences + self.delays * 2
    }

    /// How much after a moment has to be known for what was decided then to be over.
    pub fn after(self) -> Duration {
        self.silences + self.delays * 2
    }
}

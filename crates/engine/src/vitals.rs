//! How much of the plant the engine sees now, and how much of what it sees is kept quiet: what a heartbeat tells.

use davy_model::{AlarmState, TagIndex, Vitals};

use crate::engine::Engine;

impl Engine {
    /// Counts afresh, over every tag and every alarm, as things are after the last input.
    pub fn vitals(&self) -> Vitals {
        let tags = u32::try_from(self.tags.len()).unwrap_or(u32::MAX);
        let stale = (0..tags).filter(|tag| {
            self.tags[*tag as usize].is_lost() || self.held_until(TagIndex(*tag)) <= self.clock_us
        });
        let mut vitals = Vitals { stale_tags: stale.count() as u32, ..Vitals::default() };
        for alarm in &self.alarms {
            vitals.standing += u32::from(alarm.facts.stands());
            match alarm.facts.state() {
                AlarmState::Shelved => vitals.shelved += 1,
                AlarmState::Suppressed => vitals.suppressed += 1,
                AlarmState::OutOfService => vitals.out_of_service += 1,
                AlarmState::Normal
                | AlarmState::ActiveUnacknowledged
                | AlarmState::ActiveAcknowledged
                | AlarmState::ReturnedUnacknowledged
                | AlarmState::LatchedUnacknowledged
                | AlarmState::LatchedAcknowledged => {}
            }
        }
        vitals
    }
}

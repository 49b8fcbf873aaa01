//! How much of the plant is seen, and how much of what is seen is kept quiet: what a heartbeat tells of its site.

/// Counts of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Tags that say nothing of the process: nothing usable within their silence limit, or their edge node is lost.
    pub stale_tags: u32,
    /// Alarms that stand, quieted ones among them.
    pub standing: u32,
    /// Alarms an operator has shelved.
    pub shelved: u32,
    /// Alarms that plant state suppresses.
    pub suppressed: u32,
    /// Alarms taken out of service.
    pub out_of_service: u32,
}

//! How long a session waits, and how much it keeps.

use std::time::Duration;

use crate::Limits;

/// How long a session waits, and how much it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a message that came too early waits for those before it.
    pub reorder_timeout: Duration,
    /// The least time between two requests for births.
    pub rebirth_min_interval: Duration,
    /// Messages that may wait; one more, and those missing count as lost.
    pub pending_max: usize,
    /// Their payloads, bytes.
    pub pending_bytes_max: usize,
    /// Metrics of the edge node and its devices together; a birth's further metrics are refused.
    pub metrics_max: usize,
    /// Devices.
    pub devices_max: usize,
    /// How much one payload may ask for.
    pub limits: Limits,
}

impl Default for Settings {
    /// 5 s for what is missing, 10 s between requests; 128 messages and 1 MiB that wait; 10,000 metrics, 500 devices.
    fn default() -> Settings {
        Settings {
            reorder_timeout: Duration::from_secs(5),
            rebirth_min_interval: Duration::from_secs(10),
            pending_max: 128,
            pending_bytes_max: 1 << 20,
            metrics_max: 10_000,
            devices_max: 500,
            limits: Limits::default(),
        }
    }
}

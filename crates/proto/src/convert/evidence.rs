//! What a transition was decided from.

use davy_model::{Delay, SeenReading};

use super::time::{duration_to_wire, time_to_wire};
use crate::v1;

/// A reading as it was judged.
pub fn seen_reading_of(reading: &SeenReading) -> v1::SeenReading {
    v1::SeenReading {
        tag: reading.tag.to_string(),
        value: reading.value,
        quality: Some(reading.quality.into()),
        source_time: Some(time_to_wire(reading.source_time)),
        arrival_time: Some(time_to_wire(reading.arrival_time)),
        judged_time: Some(time_to_wire(reading.judged_time)),
    }
}

/// A delay that ran, with its arithmetic.
pub fn delay_of(delay: &Delay) -> v1::Delay {
    v1::Delay {
        kind: v1::DelayKind::from(delay.kind).into(),
        since: Some(time_to_wire(delay.since)),
        elapsed: Some(duration_to_wire(delay.elapsed)),
        required: Some(duration_to_wire(delay.required)),
    }
}

//! What a transition was decided from.

use davy_model::{Delay, SeenAlarm, SeenReading, Summary};

use super::time::{duration_to_wire, time_to_wire};
use crate::v1;

/// A reading as it was judged; whether the verdict hangs on it is for whoever derives it.
pub fn seen_reading_of(reading: &SeenReading) -> v1::SeenReading {
    v1::SeenReading {
        tag: reading.tag.to_string(),
        value: reading.value,
        quality: Some(reading.quality.into()),
        source_time: Some(time_to_wire(reading.source_time)),
        arrival_time: Some(time_to_wire(reading.arrival_time)),
        judged_time: Some(time_to_wire(reading.judged_time)),
        redundant: false,
    }
}

/// A delay that ran, with its arithmetic.
pub fn delay_of(delay: &Delay) -> v1::Delay {
    v1::Delay {
        kind: v1::DelayKind::from(delay.kind).into(),
        since: Some(time_to_wire(delay.since)),
        elapsed: Some(duration_to_wire(delay.elapsed)),
        required: Some(duration_to_wire(delay.required)),
        redundant: false,
    }
}

/// What is left of readings.
pub fn summary_of(summary: &Summary) -> v1::Summary {
    v1::Summary {
        tag: summary.tag.to_string(),
        from: Some(time_to_wire(summary.from)),
        until: Some(time_to_wire(summary.until)),
        readings: summary.readings,
        covered: Some(duration_to_wire(summary.covered)),
        mean: summary.mean(),
        min: summary.min,
        max: summary.max,
        last: summary.last,
        quality: Some(summary.quality.into()),
        redundant: false,
    }
}

/// An alarm that stood.
pub fn seen_alarm_of(seen: &SeenAlarm) -> v1::SeenAlarm {
    v1::SeenAlarm {
        alarm: seen.alarm.to_string(),
        occurrence: seen.occurrence,
        tier: v1::Tier::from(seen.tier).into(),
        first_out_time: Some(time_to_wire(seen.first_out)),
        redundant: false,
    }
}

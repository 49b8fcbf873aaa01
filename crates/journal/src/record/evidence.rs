//! What a transition was decided from, as bytes.

use davy_model::{Delay, DelayKind, Evidence, SeenReading, Value};

use super::{
    bytes::{Malformed, Result},
    columns::time,
    parts::{DurationRecord, need},
    transitions::quality,
};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct EvidenceRecord {
    #[prost(message, repeated, tag = "1")]
    readings: Vec<SeenRecord>,
    #[prost(uint32, tag = "2")]
    readings_held: u32,
    #[prost(message, optional, tag = "3")]
    delay: Option<DelayRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SeenRecord {
    #[prost(string, tag = "1")]
    tag: String,
    /// Bits; of a reading without a value, those of a number that is none.
    #[prost(fixed64, tag = "2")]
    value: u64,
    #[prost(uint32, tag = "3")]
    quality: u32,
    #[prost(sint64, tag = "4")]
    source_time: i64,
    #[prost(sint64, tag = "5")]
    arrival_time: i64,
    #[prost(sint64, tag = "6")]
    judged_time: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct DelayRecord {
    /// `DelayKind::code`.
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(sint64, tag = "2")]
    since: i64,
    #[prost(message, optional, tag = "3")]
    elapsed: Option<DurationRecord>,
    #[prost(message, optional, tag = "4")]
    required: Option<DurationRecord>,
}

impl From<&Evidence> for EvidenceRecord {
    fn from(evidence: &Evidence) -> EvidenceRecord {
        let seen = |reading: &SeenReading| SeenRecord {
            tag: reading.tag.to_string(),
            value: Value::from(reading.value).to_bits(),
            quality: u32::from(reading.quality.code()),
            source_time: reading.source_time.as_micros(),
            arrival_time: reading.arrival_time.as_micros(),
            judged_time: reading.judged_time.as_micros(),
        };
        let delay = |delay: Delay| DelayRecord {
            kind: u32::from(delay.kind.code()),
            since: delay.since.as_micros(),
            elapsed: Some(delay.elapsed.into()),
            required: Some(delay.required.into()),
        };
        EvidenceRecord {
            readings: evidence.readings.iter().map(seen).collect(),
            readings_held: evidence.readings_held,
            delay: evidence.delay.map(delay),
        }
    }
}

impl EvidenceRecord {
    pub(super) fn evidence(self) -> Result<Evidence> {
        Ok(Evidence {
            readings: self.readings.into_iter().map(seen).collect::<Result<_>>()?,
            readings_held: self.readings_held,
            delay: self.delay.map(delay).transpose()?,
        })
    }
}

fn seen(record: SeenRecord) -> Result<SeenReading> {
    Ok(SeenReading {
        tag: record.tag.into(),
        value: Value::from_bits(record.value).get(),
        quality: quality(record.quality)?,
        source_time: time(record.source_time)?,
        arrival_time: time(record.arrival_time)?,
        judged_time: time(record.judged_time)?,
    })
}

fn delay(record: DelayRecord) -> Result<Delay> {
    let kind = u8::try_from(record.kind).ok().and_then(DelayKind::from_code);
    Ok(Delay {
        kind: kind.ok_or(Malformed("an unknown delay"))?,
        since: time(record.since)?,
        elapsed: need(record.elapsed)?.duration()?,
        required: need(record.required)?.duration()?,
    })
}

//! What a transition was decided from, as bytes.

use davy_model::{Delay, DelayKind, Evidence, SeenAlarm, SeenReading, Summary, Tier, Value};

use super::{
    bytes::{Malformed, Result},
    columns::time,
    parts::{AlarmRecord, DurationRecord, need},
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
    #[prost(message, repeated, tag = "4")]
    calculated: Vec<SeenRecord>,
    #[prost(message, repeated, tag = "5")]
    summaries: Vec<SummaryRecord>,
    #[prost(message, repeated, tag = "6")]
    alarms: Vec<SeenAlarmRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SummaryRecord {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(sint64, tag = "2")]
    from: i64,
    #[prost(sint64, tag = "3")]
    until: i64,
    #[prost(uint32, tag = "4")]
    readings: u32,
    #[prost(message, optional, tag = "5")]
    covered: Option<DurationRecord>,
    /// Bits, as are those below.
    #[prost(fixed64, tag = "6")]
    area: u64,
    #[prost(fixed64, tag = "7")]
    min: u64,
    #[prost(fixed64, tag = "8")]
    max: u64,
    #[prost(fixed64, tag = "9")]
    last: u64,
    #[prost(uint32, tag = "10")]
    quality: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SeenAlarmRecord {
    #[prost(message, optional, tag = "1")]
    alarm: Option<AlarmRecord>,
    #[prost(uint64, tag = "2")]
    occurrence: u64,
    #[prost(uint32, tag = "3")]
    tier: u32,
    #[prost(sint64, tag = "4")]
    first_out: i64,
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
        EvidenceRecord {
            readings: evidence.readings.iter().map(Into::into).collect(),
            readings_held: evidence.readings_held,
            delay: evidence.delay.map(Into::into),
            calculated: evidence.calculated.iter().map(Into::into).collect(),
            summaries: evidence.summaries.iter().map(Into::into).collect(),
            alarms: evidence.alarms.iter().map(Into::into).collect(),
        }
    }
}

impl EvidenceRecord {
    pub(super) fn evidence(self) -> Result<Evidence> {
        let seen =
            |records: Vec<SeenRecord>| records.into_iter().map(SeenRecord::seen).collect::<Result<_>>();
        Ok(Evidence {
            readings: seen(self.readings)?,
            readings_held: self.readings_held,
            delay: self.delay.map(DelayRecord::delay).transpose()?,
            calculated: seen(self.calculated)?,
            summaries: self.summaries.into_iter().map(SummaryRecord::summary).collect::<Result<_>>()?,
            alarms: self.alarms.into_iter().map(SeenAlarmRecord::alarm).collect::<Result<_>>()?,
        })
    }
}

impl From<&SeenReading> for SeenRecord {
    fn from(reading: &SeenReading) -> SeenRecord {
        SeenRecord {
            tag: reading.tag.to_string(),
            value: Value::from(reading.value).to_bits(),
            quality: u32::from(reading.quality.code()),
            source_time: reading.source_time.as_micros(),
            arrival_time: reading.arrival_time.as_micros(),
            judged_time: reading.judged_time.as_micros(),
        }
    }
}

impl SeenRecord {
    fn seen(self) -> Result<SeenReading> {
        Ok(SeenReading {
            tag: self.tag.into(),
            value: Value::from_bits(self.value).get(),
            quality: quality(self.quality)?,
            source_time: time(self.source_time)?,
            arrival_time: time(self.arrival_time)?,
            judged_time: time(self.judged_time)?,
        })
    }
}

impl From<Delay> for DelayRecord {
    fn from(delay: Delay) -> DelayRecord {
        DelayRecord {
            kind: u32::from(delay.kind.code()),
            since: delay.since.as_micros(),
            elapsed: Some(delay.elapsed.into()),
            required: Some(delay.required.into()),
        }
    }
}

impl DelayRecord {
    fn delay(self) -> Result<Delay> {
        let kind = u8::try_from(self.kind).ok().and_then(DelayKind::from_code);
        Ok(Delay {
            kind: kind.ok_or(Malformed("an unknown delay"))?,
            since: time(self.since)?,
            elapsed: need(self.elapsed)?.duration()?,
            required: need(self.required)?.duration()?,
        })
    }
}

impl From<&Summary> for SummaryRecord {
    fn from(summary: &Summary) -> SummaryRecord {
        SummaryRecord {
            tag: summary.tag.to_string(),
            from: summary.from.as_micros(),
            until: summary.until.as_micros(),
            readings: summary.readings,
            covered: Some(summary.covered.into()),
            area: summary.area.to_bits(),
            min: summary.min.to_bits(),
            max: summary.max.to_bits(),
            last: summary.last.to_bits(),
            quality: u32::from(summary.quality.code()),
        }
    }
}

impl SummaryRecord {
    fn summary(self) -> Result<Summary> {
        Ok(Summary {
            tag: self.tag.into(),
            from: time(self.from)?,
            until: time(self.until)?,
            readings: self.readings,
            covered: need(self.covered)?.duration()?,
            area: f64::from_bits(self.area),
            min: f64::from_bits(self.min),
            max: f64::from_bits(self.max),
            last: f64::from_bits(self.last),
            quality: quality(self.quality)?,
        })
    }
}

impl From<&SeenAlarm> for SeenAlarmRecord {
    fn from(seen: &SeenAlarm) -> SeenAlarmRecord {
        SeenAlarmRecord {
            alarm: Some((&seen.alarm).into()),
            occurrence: seen.occurrence,
            tier: u32::from(seen.tier.code()),
            first_out: seen.first_out.as_micros(),
        }
    }
}

impl SeenAlarmRecord {
    fn alarm(self) -> Result<SeenAlarm> {
        let tier = u8::try_from(self.tier).ok().and_then(Tier::from_code);
        Ok(SeenAlarm {
            alarm: need(self.alarm)?.into(),
            occurrence: self.occurrence,
            tier: tier.ok_or(Malformed("an unknown tier"))?,
            first_out: time(self.first_out)?,
        })
    }
}

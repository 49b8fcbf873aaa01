//! Transitions as bytes. Field numbers are never reused. Floating-point values are their bits, so that they come back
//! as they went in.

use davy_model::{Comparator, LimitView, Quality, Transition, TransitionKind, Unit};
use prost::Message;

use super::{
    bytes::{Malformed, Result},
    columns::time,
    evidence::EvidenceRecord,
    facts::FactsRecord,
    parts::{ActorRecord, AlarmRecord, TextRecord, need},
};

#[derive(Clone, PartialEq, prost::Message)]
struct TransitionsRecord {
    #[prost(message, repeated, tag = "1")]
    transitions: Vec<TransitionRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TransitionRecord {
    #[prost(uint64, tag = "1")]
    sequence: u64,
    #[prost(message, optional, tag = "2")]
    alarm: Option<AlarmRecord>,
    #[prost(uint64, tag = "3")]
    occurrence: u64,
    #[prost(uint32, tag = "4")]
    step: u32,
    #[prost(uint32, tag = "5")]
    kind: u32,
    #[prost(message, optional, tag = "6")]
    facts: Option<FactsRecord>,
    #[prost(string, tag = "7")]
    rule_revision: String,
    #[prost(message, optional, tag = "8")]
    title: Option<TextRecord>,
    #[prost(string, repeated, tag = "9")]
    tags: Vec<String>,
    #[prost(message, optional, tag = "10")]
    limit: Option<LimitRecord>,
    #[prost(fixed64, optional, tag = "11")]
    value: Option<u64>,
    #[prost(string, optional, tag = "12")]
    unit: Option<String>,
    #[prost(uint32, tag = "13")]
    quality: u32,
    #[prost(sint64, tag = "14")]
    source_time: i64,
    #[prost(sint64, tag = "15")]
    arrival_time: i64,
    #[prost(sint64, tag = "16")]
    recorded_time: i64,
    #[prost(sint64, optional, tag = "17")]
    first_out_time: Option<i64>,
    #[prost(bool, tag = "18")]
    late: bool,
    #[prost(bool, tag = "19")]
    sounds: bool,
    #[prost(message, optional, tag = "20")]
    actor: Option<ActorRecord>,
    #[prost(message, optional, tag = "21")]
    evidence: Option<EvidenceRecord>,
    #[prost(message, optional, tag = "22")]
    message: Option<TextRecord>,
    #[prost(string, optional, tag = "23")]
    incident: Option<String>,
    #[prost(string, optional, tag = "24")]
    desk: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct LimitRecord {
    #[prost(string, tag = "1")]
    name: String,
    /// 0 `>`, 1 `≥`, 2 `<`, 3 `≤`.
    #[prost(uint32, tag = "2")]
    comparator: u32,
    #[prost(fixed64, tag = "3")]
    set_point: u64,
    #[prost(fixed64, tag = "4")]
    clear_point: u64,
    #[prost(bool, tag = "5")]
    clear_inclusive: bool,
    #[prost(string, tag = "6")]
    written: String,
}

/// The bytes of the transitions of a commit; none when there are none.
pub(crate) fn encode_transitions(transitions: &[Transition]) -> Vec<u8> {
    TransitionsRecord { transitions: transitions.iter().map(Into::into).collect() }.encode_to_vec()
}

/// The transitions that [`encode_transitions`] made the bytes of.
pub(crate) fn decode_transitions(bytes: &[u8]) -> Result<Vec<Transition>> {
    let record = TransitionsRecord::decode(bytes).map_err(|_| Malformed("transitions that do not decode"))?;
    record.transitions.into_iter().map(transition).collect()
}

impl From<&Transition> for TransitionRecord {
    fn from(transition: &Transition) -> TransitionRecord {
        TransitionRecord {
            sequence: transition.sequence,
            alarm: Some((&transition.alarm).into()),
            occurrence: transition.occurrence,
            step: transition.step,
            kind: u32::from(transition.kind.code()),
            facts: Some((&transition.facts).into()),
            rule_revision: transition.rule_revision.to_string(),
            title: Some((&transition.title).into()),
            tags: transition.tags.iter().map(|tag| tag.to_string()).collect(),
            limit: transition.limit.as_ref().map(Into::into),
            value: transition.value.map(f64::to_bits),
            unit: transition.unit.map(|unit| unit.to_string()),
            quality: u32::from(transition.quality.code()),
            source_time: transition.source_time.as_micros(),
            arrival_time: transition.arrival_time.as_micros(),
            recorded_time: transition.recorded_time.as_micros(),
            first_out_time: transition.first_out_time.map(|time| time.as_micros()),
            late: transition.late,
            sounds: transition.sounds,
            actor: transition.actor.as_ref().map(Into::into),
            evidence: Some((&transition.evidence).into()),
            message: Some((&transition.message).into()),
            incident: transition.incident.as_deref().map(str::to_owned),
            desk: transition.desk.as_deref().map(str::to_owned),
        }
    }
}

fn transition(record: TransitionRecord) -> Result<Transition> {
    let kind = u8::try_from(record.kind).ok().and_then(TransitionKind::from_code);
    let unit = |text: String| Unit::parse(&text).ok_or(Malformed("an unknown unit"));
    Ok(Transition {
        sequence: record.sequence,
        alarm: need(record.alarm)?.into(),
        occurrence: record.occurrence,
        step: record.step,
        kind: kind.ok_or(Malformed("an unknown transition"))?,
        facts: need(record.facts)?.facts()?,
        rule_revision: record.rule_revision.into(),
        title: need(record.title)?.into(),
        tags: record.tags.into_iter().map(Into::into).collect(),
        limit: record.limit.map(limit).transpose()?,
        value: record.value.map(f64::from_bits),
        unit: record.unit.map(unit).transpose()?,
        quality: quality(record.quality)?,
        source_time: time(record.source_time)?,
        arrival_time: time(record.arrival_time)?,
        recorded_time: time(record.recorded_time)?,
        first_out_time: record.first_out_time.map(time).transpose()?,
        late: record.late,
        sounds: record.sounds,
        incident: record.incident.map(Into::into),
        desk: record.desk.map(Into::into),
        actor: record.actor.map(Into::into),
        evidence: need(record.evidence)?.evidence()?,
        message: need(record.message)?.into(),
    })
}

pub(super) fn quality(code: u32) -> Result<Quality> {
    u8::try_from(code).ok().and_then(Quality::from_code).ok_or(Malformed("an unknown quality"))
}

impl From<&LimitView> for LimitRecord {
    fn from(limit: &LimitView) -> LimitRecord {
        let comparator = match limit.comparator {
            Comparator::Above => 0,
            Comparator::AtOrAbove => 1,
            Comparator::Below => 2,
            Comparator::AtOrBelow => 3,
        };
        LimitRecord {
            name: limit.name.to_string(),
            comparator,
            set_point: limit.set_point.to_bits(),
            clear_point: limit.clear_point.to_bits(),
            clear_inclusive: limit.clear_inclusive,
            written: limit.written.to_string(),
        }
    }
}

fn limit(record: LimitRecord) -> Result<LimitView> {
    let comparator = match record.comparator {
        0 => Comparator::Above,
        1 => Comparator::AtOrAbove,
        2 => Comparator::Below,
        3 => Comparator::AtOrBelow,
        _ => return Err(Malformed("an unknown comparator")),
    };
    Ok(LimitView {
        name: record.name.into(),
        comparator,
        set_point: f64::from_bits(record.set_point),
        clear_point: f64::from_bits(record.clear_point),
        clear_inclusive: record.clear_inclusive,
        written: record.written.into(),
    })
}

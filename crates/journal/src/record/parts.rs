//! Small records that inputs and transitions share.

use std::time::Duration;

use davy_model::{Actor, AlarmKey, Text};

use super::bytes::{Malformed, Result};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct TextRecord {
    #[prost(string, tag = "1")]
    en: String,
    #[prost(string, tag = "2")]
    zh: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AlarmRecord {
    #[prost(string, tag = "1")]
    site: String,
    #[prost(string, tag = "2")]
    rule: String,
    #[prost(string, tag = "3")]
    subject: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ActorRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, optional, tag = "2")]
    approved_by: Option<String>,
    #[prost(string, tag = "3")]
    comment: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DurationRecord {
    #[prost(uint64, tag = "1")]
    seconds: u64,
    #[prost(uint32, tag = "2")]
    nanos: u32,
}

/// The part, which every encoder of ours writes.
pub(super) fn need<T>(part: Option<T>) -> Result<T> {
    part.ok_or(Malformed("a part is missing"))
}

impl From<Duration> for DurationRecord {
    fn from(duration: Duration) -> DurationRecord {
        DurationRecord { seconds: duration.as_secs(), nanos: duration.subsec_nanos() }
    }
}

impl DurationRecord {
    pub(super) fn duration(&self) -> Result<Duration> {
        if self.nanos >= 1_000_000_000 {
            return Err(Malformed("a duration is out of range"));
        }
        Ok(Duration::new(self.seconds, self.nanos))
    }
}

impl From<&Text> for TextRecord {
    fn from(text: &Text) -> TextRecord {
        TextRecord { en: text.en.clone(), zh: text.zh.clone() }
    }
}

impl From<TextRecord> for Text {
    fn from(record: TextRecord) -> Text {
        Text { en: record.en, zh: record.zh }
    }
}

impl From<&AlarmKey> for AlarmRecord {
    fn from(alarm: &AlarmKey) -> AlarmRecord {
        AlarmRecord {
            site: alarm.site.to_string(),
            rule: alarm.rule.to_string(),
            subject: alarm.subject.to_string(),
        }
    }
}

impl From<AlarmRecord> for AlarmKey {
    fn from(record: AlarmRecord) -> AlarmKey {
        AlarmKey { site: record.site.into(), rule: record.rule.into(), subject: record.subject.into() }
    }
}

impl From<&Actor> for ActorRecord {
    fn from(actor: &Actor) -> ActorRecord {
        ActorRecord {
            name: actor.name.to_string(),
            approved_by: actor.approved_by.as_deref().map(str::to_owned),
            comment: actor.comment.to_string(),
        }
    }
}

impl From<ActorRecord> for Actor {
    fn from(record: ActorRecord) -> Actor {
        Actor {
            name: record.name.into(),
            approved_by: record.approved_by.map(Into::into),
            comment: record.comment.into(),
        }
    }
}

//! The facts of an alarm as bytes.

use davy_model::{AlarmFacts, Case, Condition, Deadline, Shelving, Verdict};

use super::{
    bytes::{Malformed, Result},
    columns::time,
    inputs::tier,
};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FactsRecord {
    /// 1 normal, 2 pending, 3 active.
    #[prost(uint32, tag = "1")]
    condition: u32,
    #[prost(bool, tag = "2")]
    acknowledged: bool,
    #[prost(bool, tag = "3")]
    latched: bool,
    #[prost(message, optional, tag = "4")]
    shelving: Option<ShelvingRecord>,
    #[prost(string, optional, tag = "5")]
    suppressed_by: Option<String>,
    #[prost(bool, tag = "6")]
    in_service: bool,
    #[prost(uint32, tag = "7")]
    tier: u32,
    #[prost(uint32, tag = "8")]
    tier_highest: u32,
    #[prost(message, optional, tag = "9")]
    case: Option<CaseRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct CaseRecord {
    #[prost(uint64, tag = "1")]
    began: u64,
    #[prost(uint32, tag = "2")]
    tier: u32,
    /// 0 none, else `Verdict::code`.
    #[prost(uint32, tag = "3")]
    verdict: u32,
    #[prost(bool, tag = "4")]
    acted: bool,
    #[prost(bool, tag = "5")]
    feedback: bool,
    #[prost(string, repeated, tag = "6")]
    told: Vec<String>,
    #[prost(message, optional, tag = "7")]
    acknowledge: Option<DeadlineRecord>,
    #[prost(message, optional, tag = "8")]
    give_feedback: Option<DeadlineRecord>,
    #[prost(bool, tag = "9")]
    unheard: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct DeadlineRecord {
    #[prost(sint64, tag = "1")]
    since: i64,
    #[prost(sint64, tag = "2")]
    by: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ShelvingRecord {
    #[prost(sint64, tag = "1")]
    until: i64,
    #[prost(bool, tag = "2")]
    one_shot: bool,
    #[prost(string, tag = "3")]
    by: String,
}

impl From<&AlarmFacts> for FactsRecord {
    fn from(facts: &AlarmFacts) -> FactsRecord {
        let condition = match facts.condition {
            Condition::Normal => 1,
            Condition::Pending => 2,
            Condition::Active => 3,
        };
        let shelving = facts.shelving.as_ref().map(|shelving| ShelvingRecord {
            until: shelving.until.as_micros(),
            one_shot: shelving.one_shot,
            by: shelving.by.to_string(),
        });
        FactsRecord {
            condition,
            acknowledged: facts.acknowledged,
            latched: facts.latched,
            shelving,
            suppressed_by: facts.suppressed_by.as_deref().map(str::to_owned),
            in_service: facts.in_service,
            tier: u32::from(facts.tier.code()),
            tier_highest: u32::from(facts.tier_highest.code()),
            case: facts.case.as_deref().map(Into::into),
        }
    }
}

impl FactsRecord {
    pub(super) fn facts(self) -> Result<AlarmFacts> {
        let condition = match self.condition {
            1 => Condition::Normal,
            2 => Condition::Pending,
            3 => Condition::Active,
            _ => return Err(Malformed("an unknown condition")),
        };
        let shelving = |record: ShelvingRecord| -> Result<Shelving> {
            Ok(Shelving { until: time(record.until)?, one_shot: record.one_shot, by: record.by.into() })
        };
        Ok(AlarmFacts {
            condition,
            acknowledged: self.acknowledged,
            latched: self.latched,
            shelving: self.shelving.map(shelving).transpose()?,
            suppressed_by: self.suppressed_by.map(Into::into),
            in_service: self.in_service,
            tier: tier(self.tier)?,
            tier_highest: tier(self.tier_highest)?,
            case: self.case.map(|case| case.case().map(Box::new)).transpose()?,
        })
    }
}

impl From<&Case> for CaseRecord {
    fn from(case: &Case) -> CaseRecord {
        CaseRecord {
            began: case.began,
            tier: u32::from(case.tier.code()),
            verdict: case.verdict.map_or(0, |verdict| u32::from(verdict.code())),
            acted: case.acted,
            feedback: case.feedback,
            told: case.told.iter().map(|desk| desk.to_string()).collect(),
            acknowledge: case.acknowledge.map(Into::into),
            give_feedback: case.give_feedback.map(Into::into),
            unheard: case.unheard,
        }
    }
}

impl CaseRecord {
    fn case(self) -> Result<Case> {
        Ok(Case {
            began: self.began,
            tier: tier(self.tier)?,
            verdict: if self.verdict == 0 { None } else { Some(verdict(self.verdict)?) },
            acted: self.acted,
            feedback: self.feedback,
            told: self.told.into_iter().map(Into::into).collect(),
            acknowledge: self.acknowledge.map(DeadlineRecord::deadline).transpose()?,
            give_feedback: self.give_feedback.map(DeadlineRecord::deadline).transpose()?,
            unheard: self.unheard,
        })
    }
}

impl From<Deadline> for DeadlineRecord {
    fn from(deadline: Deadline) -> DeadlineRecord {
        DeadlineRecord { since: deadline.since.as_micros(), by: deadline.by.as_micros() }
    }
}

impl DeadlineRecord {
    fn deadline(self) -> Result<Deadline> {
        Ok(Deadline { since: time(self.since)?, by: time(self.by)? })
    }
}

/// The verdict with that code.
pub(super) fn verdict(code: u32) -> Result<Verdict> {
    u8::try_from(code).ok().and_then(Verdict::from_code).ok_or(Malformed("an unknown verdict"))
}

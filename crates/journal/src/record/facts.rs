//! The facts of an alarm as bytes.

use davy_model::{AlarmFacts, Condition, Shelving};

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
        })
    }
}

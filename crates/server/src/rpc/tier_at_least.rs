//! From which tier on somebody asks for alarms.

use davy_model::Tier;
use davy_proto::v1 as wire;
use tonic::Status;

use super::status;

/// The tier that is asked for; `None` for any.
///
/// # Errors
/// `REQUEST_INVALID` when it is no tier.
pub(super) fn tier_at_least(number: i32) -> Result<Option<Tier>, Status> {
    match wire::Tier::try_from(number) {
        Ok(wire::Tier::Unspecified) => Ok(None),
        Ok(tier) => Tier::try_from(tier).map(Some).map_err(|error| status::wrong(&error)),
        Err(_) => Err(status::invalid_field("tier_at_least", format!("{number} is no tier"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_asked_for_or_none_and_anything_else_is_refused() {
        assert_eq!(tier_at_least(0).expect("any"), None);
        assert_eq!(tier_at_least(wire::Tier::Red.into()).expect("a tier"), Some(Tier::Red));
        for number in [-1, 5, i32::MAX] {
            assert!(tier_at_least(number).expect_err("no tier").message().contains("is no tier"), "{number}");
        }
    }
}

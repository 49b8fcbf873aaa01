//! Enums of the model and of the wire, name by name.

use davy_model::{
    AlarmState, CaseStage, Comparator, Condition, DelayKind, NodeChange, Severity, Tier, TransitionKind,
    Verdict,
};

use crate::{WireError, v1};

/// Both directions between an enum of the model and its twin on the wire, and from the wire's number. The wire has one
/// value more, "not said", which the model does not know.
macro_rules! twins {
    ($($model:ident = $wire:ident { $($variant:ident),+ })+) => {$(
        impl From<$model> for v1::$wire {
            fn from(value: $model) -> v1::$wire {
                match value { $($model::$variant => v1::$wire::$variant,)+ }
            }
        }

        impl TryFrom<v1::$wire> for $model {
            type Error = WireError;

            fn try_from(value: v1::$wire) -> Result<$model, WireError> {
                match value {
                    $(v1::$wire::$variant => Ok($model::$variant),)+
                    v1::$wire::Unspecified => Err(WireError::unknown(stringify!($wire), &value.as_str_name())),
                }
            }
        }
    )+};
}

twins! {
    Tier = Tier { Blue, Yellow, Orange, Red }
    Condition = Condition { Normal, Pending, Active }
    AlarmState = AlarmState {
        Normal, ActiveUnacknowledged, ActiveAcknowledged, ReturnedUnacknowledged, LatchedUnacknowledged,
        LatchedAcknowledged, Shelved, Suppressed, OutOfService
    }
    TransitionKind = TransitionKind {
        Raised, TierRaised, TierLowered, Cleared, Acknowledged, ReAlarmed, Sounded, Shelved, Unshelved,
        ShelveExpired, Suppressed, Unsuppressed, OutOfService, InService, Reset, Withdrawn,
        Escalated, Verified, Acted, FeedbackGiven, Closed, Commented
    }
    CaseStage = CaseStage { Acknowledge, Verify, Act, Feedback, Clear, Close }
    Verdict = Verdict { Real, False, Maintenance, Drill }
    Comparator = Comparator { Above, AtOrAbove, Below, AtOrBelow }
    DelayKind = DelayKind { OnDelay, OffDelay, Silence, LossGrace, ReAlarm, Escalation, Feedback }
    Severity = Severity { Info, Warn, Reject }
    NodeChange = EdgeNodeState { Online, Offline, Lost }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_model_crosses_the_wire_and_comes_back() {
        fn check<M, W>(all: &[M])
        where
            M: Copy + PartialEq + std::fmt::Debug + TryFrom<W, Error = WireError>,
            W: From<M> + Into<i32> + TryFrom<i32>,
        {
            for value in all {
                let number: i32 = W::from(*value).into();
                let wire = W::try_from(number).ok().expect("the number is known");
                assert_eq!(M::try_from(wire), Ok(*value));
            }
        }
        check::<Tier, v1::Tier>(&Tier::ALL);
        check::<AlarmState, v1::AlarmState>(&AlarmState::ALL);
        check::<TransitionKind, v1::TransitionKind>(&TransitionKind::ALL);
        check::<Comparator, v1::Comparator>(&Comparator::ALL);
        check::<CaseStage, v1::CaseStage>(&CaseStage::ALL);
        check::<Verdict, v1::Verdict>(&Verdict::ALL);
        check::<DelayKind, v1::DelayKind>(&DelayKind::ALL);
        check::<Condition, v1::Condition>(&[Condition::Normal, Condition::Pending, Condition::Active]);
        check::<Severity, v1::Severity>(&[Severity::Info, Severity::Warn, Severity::Reject]);
        check::<NodeChange, v1::EdgeNodeState>(&[NodeChange::Online, NodeChange::Offline, NodeChange::Lost]);
    }

    #[test]
    fn what_was_not_said_is_not_taken_for_anything() {
        let error = Tier::try_from(v1::Tier::Unspecified).expect_err("no tier was said");
        assert_eq!(error.to_string(), "Tier is not known: TIER_UNSPECIFIED");
    }
}

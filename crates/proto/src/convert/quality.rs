//! How far a value may be believed.

use davy_model::{Quality, QualityReason};

use crate::{WireError, v1};

impl From<Quality> for v1::Quality {
    fn from(quality: Quality) -> v1::Quality {
        let grade = match quality {
            Quality::Good => v1::QualityGrade::Good,
            Quality::Uncertain(_) => v1::QualityGrade::Uncertain,
            Quality::Bad(_) => v1::QualityGrade::Bad,
        };
        let reason = quality.reason().map_or(v1::QualityReason::Unspecified, v1::QualityReason::from);
        v1::Quality { grade: grade.into(), reason: reason.into() }
    }
}

impl TryFrom<&v1::Quality> for Quality {
    type Error = WireError;

    fn try_from(quality: &v1::Quality) -> Result<Quality, WireError> {
        Quality::try_from(*quality)
    }
}

/// A grade that was not said is good; a number nobody knows is refused.
impl TryFrom<v1::Quality> for Quality {
    type Error = WireError;

    fn try_from(quality: v1::Quality) -> Result<Quality, WireError> {
        let grade = v1::QualityGrade::try_from(quality.grade)
            .map_err(|_| WireError::unknown("quality grade", &quality.grade))?;
        let reason = v1::QualityReason::try_from(quality.reason)
            .map_err(|_| WireError::unknown("quality reason", &quality.reason))?;
        Ok(match grade {
            v1::QualityGrade::Unspecified | v1::QualityGrade::Good => Quality::Good,
            v1::QualityGrade::Uncertain => Quality::Uncertain(reason.into()),
            v1::QualityGrade::Bad => Quality::Bad(reason.into()),
        })
    }
}

macro_rules! reasons {
    ($($variant:ident),+ $(,)?) => {
        impl From<QualityReason> for v1::QualityReason {
            fn from(reason: QualityReason) -> v1::QualityReason {
                match reason { $(QualityReason::$variant => v1::QualityReason::$variant,)+ }
            }
        }

        impl From<v1::QualityReason> for QualityReason {
            fn from(reason: v1::QualityReason) -> QualityReason {
                match reason { $(v1::QualityReason::$variant => QualityReason::$variant,)+ }
            }
        }
    };
}

reasons! {
    Unspecified, Calibration, Maintenance, WarmUp, Stopped, Manual, OverRange, UnderRange, SensorFailure,
    Configuration, CommsLost, Stale, Substituted, Incomplete,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quality_crosses_the_wire_and_comes_back() {
        let mut all = vec![Quality::Good];
        for reason in QualityReason::ALL {
            all.extend([Quality::Uncertain(reason), Quality::Bad(reason)]);
        }
        for quality in all {
            assert_eq!(Quality::try_from(v1::Quality::from(quality)), Ok(quality));
        }
    }

    #[test]
    fn nothing_said_is_good_and_nonsense_is_refused() {
        assert_eq!(Quality::try_from(v1::Quality::default()), Ok(Quality::Good));
        assert!(Quality::try_from(v1::Quality { grade: 9, reason: 0 }).is_err());
        assert!(Quality::try_from(v1::Quality { grade: 3, reason: 99 }).is_err());
    }
}

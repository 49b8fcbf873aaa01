//! How far a value may be believed.

use std::fmt;

/// One typed quality for NE 43, HJ 212 flags, Sparkplug, OPC UA and vendor codes.
///
/// A bad value is no evidence: it neither raises nor clears an alarm and completes no delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quality {
    /// Believe it.
    Good,
    /// Judge it, and say that it is doubtful.
    Uncertain(QualityReason),
    /// Do not judge it.
    Bad(QualityReason),
}

/// Why a value is not simply good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QualityReason {
    /// The sender did not say.
    Unspecified,
    /// Test gas is being applied: pseudo-data, 伪数据 (AQ 1029-2019).
    Calibration,
    /// Somebody works on the instrument (HJ 212 `M`).
    Maintenance,
    /// Catalytic and electrochemical cells need minutes to hours.
    WarmUp,
    /// The plant part is stopped (HJ 212 `F`).
    Stopped,
    /// Entered by hand (HJ 212 `S`).
    Manual,
    /// Above the top of the measuring range; on a catalytic bead, ambiguously low.
    OverRange,
    /// Below the bottom of the measuring range.
    UnderRange,
    /// The instrument says that it is broken (NE 43 failure current, HJ 212 `D`).
    SensorFailure,
    /// The instrument is set up wrongly.
    Configuration,
    /// The link behind the edge node is down (HJ 212 `B`).
    CommsLost,
    /// No fresh value for longer than the silence limit, or the edge node is gone.
    Stale,
    /// The sender put an estimate in place of a measurement.
    Substituted,
    /// Made of several readings, of which too many are missing to prove that all is well.
    Incomplete,
}

impl QualityReason {
    /// All reasons, in the order of their codes.
    pub const ALL: [QualityReason; 14] = [
        QualityReason::Unspecified,
        QualityReason::Calibration,
        QualityReason::Maintenance,
        QualityReason::WarmUp,
        QualityReason::Stopped,
        QualityReason::Manual,
        QualityReason::OverRange,
        QualityReason::UnderRange,
        QualityReason::SensorFailure,
        QualityReason::Configuration,
        QualityReason::CommsLost,
        QualityReason::Stale,
        QualityReason::Substituted,
        QualityReason::Incomplete,
    ];

    /// The word used in payloads, files and on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            QualityReason::Unspecified => "unspecified",
            QualityReason::Calibration => "calibration",
            QualityReason::Maintenance => "maintenance",
            QualityReason::WarmUp => "warm_up",
            QualityReason::Stopped => "stopped",
            QualityReason::Manual => "manual",
            QualityReason::OverRange => "over_range",
            QualityReason::UnderRange => "under_range",
            QualityReason::SensorFailure => "sensor_failure",
            QualityReason::Configuration => "configuration",
            QualityReason::CommsLost => "comms_lost",
            QualityReason::Stale => "stale",
            QualityReason::Substituted => "substituted",
            QualityReason::Incomplete => "incomplete",
        }
    }

    /// The reason that `word` names (`-` and `_` alike).
    pub fn from_word(word: &str) -> Option<QualityReason> {
        QualityReason::ALL.into_iter().find(|reason| {
            let known = reason.word().bytes();
            known.eq(word.bytes().map(|b| if b == b'-' { b'_' } else { b }))
        })
    }

    const fn code(self) -> u8 {
        self as u8
    }
}

impl Quality {
    /// Whether the value may raise or clear anything at all.
    pub const fn is_evidence(self) -> bool {
        !matches!(self, Quality::Bad(_))
    }

    /// Whether the value may clear an alarm. A value beyond the measuring range, or one made of too little, may raise one,
    /// never clear it.
    pub const fn may_clear(self) -> bool {
        match self {
            Quality::Good => true,
            Quality::Uncertain(
                QualityReason::OverRange | QualityReason::UnderRange | QualityReason::Incomplete,
            ) => false,
            Quality::Uncertain(_) => true,
            Quality::Bad(_) => false,
        }
    }

    /// The reason, when it is not simply good.
    pub const fn reason(self) -> Option<QualityReason> {
        match self {
            Quality::Good => None,
            Quality::Uncertain(reason) | Quality::Bad(reason) => Some(reason),
        }
    }

    /// One byte for encodings: 0 good, 64 + reason uncertain, 128 + reason bad.
    pub const fn code(self) -> u8 {
        match self {
            Quality::Good => 0,
            Quality::Uncertain(reason) => 64 + reason.code(),
            Quality::Bad(reason) => 128 + reason.code(),
        }
    }

    /// The quality with that code.
    pub fn from_code(code: u8) -> Option<Quality> {
        let reason = |offset: u8| QualityReason::ALL.get(usize::from(code - offset)).copied();
        match code {
            0 => Some(Quality::Good),
            64..=127 => reason(64).map(Quality::Uncertain),
            128..=255 => reason(128).map(Quality::Bad),
            1..=63 => None,
        }
    }

    /// Reads `good`, `uncertain`, `bad`, a bare reason word (which is then bad, but `substituted` and `manual` are
    /// uncertain), or `bad:calibration` and `uncertain:manual`.
    pub fn from_word(word: &str) -> Option<Quality> {
        match word {
            "good" => return Some(Quality::Good),
            "uncertain" => return Some(Quality::Uncertain(QualityReason::Unspecified)),
            "bad" => return Some(Quality::Bad(QualityReason::Unspecified)),
            _ => {}
        }
        if let Some((grade, reason)) = word.split_once(':') {
            let reason = QualityReason::from_word(reason)?;
            return match grade {
                "uncertain" => Some(Quality::Uncertain(reason)),
                "bad" => Some(Quality::Bad(reason)),
                _ => None,
            };
        }
        let reason = QualityReason::from_word(word)?;
        Some(match reason {
            QualityReason::Substituted | QualityReason::Manual => Quality::Uncertain(reason),
            _ => Quality::Bad(reason),
        })
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quality::Good => f.write_str("good"),
            Quality::Uncertain(reason) => write!(f, "uncertain:{}", reason.word()),
            Quality::Bad(reason) => write!(f, "bad:{}", reason.word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quality_survives_its_code_and_its_word() {
        let mut all = vec![Quality::Good];
        for reason in QualityReason::ALL {
            all.push(Quality::Uncertain(reason));
            all.push(Quality::Bad(reason));
        }
        for quality in all {
            assert_eq!(Quality::from_code(quality.code()), Some(quality));
            assert_eq!(Quality::from_word(&quality.to_string()), Some(quality));
        }
        assert_eq!(Quality::from_code(7), None);
        assert_eq!(Quality::from_code(255), None);
    }

    #[test]
    fn a_bare_reason_says_how_far_it_is_to_be_believed() {
        assert_eq!(Quality::from_word("warm-up"), Some(Quality::Bad(QualityReason::WarmUp)));
        assert_eq!(Quality::from_word("manual"), Some(Quality::Uncertain(QualityReason::Manual)));
        assert_eq!(Quality::from_word("GOOD"), None);
    }

    #[test]
    fn beyond_the_range_a_value_may_raise_but_not_clear() {
        let over = Quality::Uncertain(QualityReason::OverRange);
        assert!(over.is_evidence() && !over.may_clear());
        assert!(!Quality::Bad(QualityReason::OverRange).is_evidence());
    }
}

//! How much of a member there is, and what that adds to S and R.

use davy_rules::HazardMember;

/// How much of a member there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holding {
    /// q, t; not below 0.
    pub tonnes: f64,
    /// Who says so.
    pub origin: Origin,
    /// q/Q: what it adds to S.
    pub ratio: f64,
    /// α·β·q/Q: what it adds to R.
    pub weighted: f64,
}

/// Who says how much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The design, as the law goes by it; or because nobody measured.
    Design,
    /// The member's tag.
    Measured,
}

impl Holding {
    pub(super) fn new(member: &HazardMember, alpha: f64, tonnes: f64, origin: Origin) -> Holding {
        let ratio = tonnes / member.critical_t.value;
        Holding { tonnes, origin, ratio, weighted: alpha * member.beta.value * ratio }
    }
}

impl Origin {
    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Origin::Design => "design",
            Origin::Measured => "measured",
        }
    }
}

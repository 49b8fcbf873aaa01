//! Remarks on what a sender sent, in the codec's shape: one shape for what cannot be read and what cannot be bound.

use davy_codec::Rejection;
use davy_model::{Reason, Severity};

/// A remark on a whole message, until somebody adds the pointer. It costs a reading when its severity says so.
pub(crate) fn remark(
    reason: Reason,
    got: &str,
    expected: impl AsRef<str>,
    fix: impl AsRef<str>,
) -> Rejection {
    let rejection = Rejection::new(reason, String::new(), got, expected.as_ref(), fix.as_ref());
    match reason.severity() {
        Severity::Reject => rejection,
        Severity::Warn | Severity::Info => Rejection { readings: 0, ..rejection },
    }
}

/// The field of a reading that a remark made after decoding is about.
pub(crate) const fn field(reason: Reason) -> &'static str {
    match reason {
        Reason::PointUnknown | Reason::PointNotOwned => "tag",
        Reason::UnitUnknown | Reason::UnitMismatch => "unit",
        Reason::TimestampFuture | Reason::TimestampTooOld => "ts",
        _ => "value",
    }
}

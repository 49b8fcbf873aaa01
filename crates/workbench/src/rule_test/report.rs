//! What came of a test.

use std::{fmt, time::Duration};

use davy_model::{Tier, Transition, TransitionKind};
use davy_rules::Severity;

use super::offset::Offset;

/// What came of one test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestReport {
    /// The test's name.
    pub name: String,
    /// Where it begins in its file.
    pub line: u32,
    /// Whether it stops anybody when it fails.
    pub severity: Severity,
    /// How long it runs, in its own time.
    pub span: Duration,
    /// Readings that were judged in it.
    pub readings: usize,
    /// In what it was otherwise than expected; empty when it passed.
    pub differences: Vec<Difference>,
    /// What did happen to the alarms it looks at, in order.
    pub happened: Vec<Happened>,
}

/// Something that is otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where the expectation stands in the file; for what nobody expected, where the test begins.
    pub line: u32,
    /// What kind of difference.
    pub kind: DifferenceKind,
    /// What was expected.
    pub expected: String,
    /// What there was instead.
    pub got: String,
}

/// What kind of difference. The words are for programs, and stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// A transition did not come, or came otherwise.
    Transition,
    /// An alarm stands otherwise.
    State,
    /// A transition that nobody expected.
    Unexpected,
    /// A command was refused, or was not, or for another reason.
    Command,
    /// The test was not run to its end.
    TooLong,
}

/// A transition that did happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// When it was decided.
    pub at: Offset,
    /// When it became true, on the tag's clock.
    pub measured: Offset,
    /// Of which alarm, `rule:subject`.
    pub alarm: String,
    /// What changed.
    pub kind: TransitionKind,
    /// How grave the alarm is after it.
    pub tier: Tier,
    /// The level that spoke.
    pub limit: Option<String>,
    /// The value that decided, with its unit.
    pub value: Option<String>,
    /// Calls for attention.
    pub sounds: bool,
    /// Decided from a backlog.
    pub late: bool,
    /// Whether the test expects it, or asked for it.
    pub expected: bool,
}

impl TestReport {
    /// Whether everything was as expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }

    /// Whether it stops whoever runs it.
    pub fn stops(&self) -> bool {
        !self.passed() && self.severity == Severity::Error
    }
}

impl DifferenceKind {
    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            DifferenceKind::Transition => "transition",
            DifferenceKind::State => "state",
            DifferenceKind::Unexpected => "unexpected",
            DifferenceKind::Command => "command",
            DifferenceKind::TooLong => "too_long",
        }
    }
}

impl Happened {
    pub(crate) fn of(transition: &Transition, at: Offset, measured: Offset, expected: bool) -> Happened {
        let unit = |unit| format!(" {unit}");
        Happened {
            at,
            measured,
            alarm: format!("{}:{}", transition.alarm.rule, transition.alarm.subject),
            kind: transition.kind,
            tier: transition.facts.tier,
            limit: transition.limit.as_ref().map(|limit| limit.name.to_string()),
            value: transition
                .value
                .map(|value| format!("{}{}", short(value), transition.unit.map(unit).unwrap_or_default())),
            sounds: transition.sounds,
            late: transition.late,
            expected,
        }
    }

    /// `raised orange L1`.
    pub fn what(&self) -> String {
        let limit = self.limit.as_ref().map(|limit| format!(" {limit}")).unwrap_or_default();
        format!("{} {}{limit}", self.kind, self.tier)
    }

    /// How it came: `7.2 ppm, sounding, late`.
    pub fn how(&self) -> String {
        let mut parts: Vec<String> = self.value.clone().into_iter().collect();
        parts.extend(self.sounds.then(|| "sounding".to_owned()));
        parts.extend(self.late.then(|| format!("late, measured at {}", self.measured)));
        parts.join(", ")
    }
}

/// `raised orange L1 at 2m15s, 7.2 ppm, sounding`.
impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.what(), self.at)?;
        let how = self.how();
        if how.is_empty() { Ok(()) } else { write!(f, ", {how}") }
    }
}

/// `expected raised orange at 1m50s within 12s; got raised orange L1 at 2m15s`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}; got {}", self.expected, self.got)
    }
}

/// A number to six digits, without the noise of reckoning.
pub(super) fn short(value: f64) -> String {
    let digits = if value == 0.0 { 0 } else { (5 - value.abs().log10().floor() as i32).clamp(0, 12) };
    let text = format!("{value:.*}", digits as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_are_shown_without_noise() {
        for (value, want) in [
            (7.200_000_000_1, "7.2"),
            (0.0, "0"),
            (1e6, "1000000"),
            (0.000_123_456_7, "0.000123457"),
            (-3.0, "-3"),
        ] {
            assert_eq!(short(value), want);
        }
    }
}

//! Figures, moments and the wire's words as people read them.

use davy_model::{AlarmState, Comparator, Quality, Tier, Timestamp, TransitionKind};
use davy_proto::{time_from_wire, v1};

/// What stands where nothing is known.
const NOTHING: &str = "-";
/// The unit of what is either on or off.
const ON_OFF: &str = "on/off";

/// A number with four significant digits at least, and no more decimals than it needs.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let digits_before = value.abs().max(1e-3).log10().floor() as i32;
    let decimals = usize::try_from((3 - digits_before).clamp(0, 6)).expect("clamped to 0..=6");
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A number with its unit: `12.4 ppm`.
pub(crate) fn value(value: Option<f64>, unit: &str) -> String {
    match value {
        Some(value) if unit == ON_OFF => if value >= 0.5 { "on" } else { "off" }.to_owned(),
        Some(value) if unit.is_empty() => number(value),
        Some(value) => format!("{} {unit}", number(value)),
        None => NOTHING.to_owned(),
    }
}

/// A value against the limit that spoke: `15.2 ppm (L2 ≥ 14.1)`.
pub(crate) fn against(found: Option<f64>, limit: Option<&v1::Limit>, unit: &str) -> String {
    let told = value(found, unit);
    let Some(limit) = limit else { return told };
    let comparator = Comparator::try_from(limit.comparator()).map_or("", Comparator::symbol);
    // A silence has no value and no unit; its figure reads best as the file has it.
    let figure = match unit {
        "" => limit.written.clone(),
        ON_OFF => value(Some(limit.set_point), unit),
        _ => number(limit.set_point),
    };
    format!("{told} ({} {comparator} {figure})", limit.name)
}

/// `2026-11-23 08:00:00.123Z`.
pub(crate) fn moment(time: Option<&prost_types::Timestamp>) -> String {
    parts(time).map_or_else(|| NOTHING.to_owned(), |(day, clock)| format!("{day} {clock}Z"))
}

/// `08:00:00.123`, in UTC.
pub(crate) fn clock(time: Option<&prost_types::Timestamp>) -> String {
    parts(time).map_or_else(|| NOTHING.to_owned(), |(_, clock)| clock)
}

fn parts(time: Option<&prost_types::Timestamp>) -> Option<(String, String)> {
    let text = time_from_wire(time?).ok()?.to_string();
    let (day, clock) = text.split_once('T')?;
    Some((day.to_owned(), clock.get(..12)?.to_owned()))
}

/// The moment in RFC 3339, in UTC with microseconds.
pub(crate) fn rfc3339(time: Option<&prost_types::Timestamp>) -> Option<String> {
    let time: Timestamp = time_from_wire(time?).ok()?;
    Some(time.to_string())
}

/// The tier, when one was said.
pub(crate) fn tier(tier: v1::Tier) -> Option<Tier> {
    Tier::try_from(tier).ok()
}

/// The state for people: `active, unacknowledged`.
pub(crate) fn state(state: v1::AlarmState) -> &'static str {
    let Ok(state) = AlarmState::try_from(state) else { return NOTHING };
    match state {
        AlarmState::Normal => "normal",
        AlarmState::ActiveUnacknowledged => "active, unacknowledged",
        AlarmState::ActiveAcknowledged => "active, acknowledged",
        AlarmState::ReturnedUnacknowledged => "returned, unacknowledged",
        AlarmState::LatchedUnacknowledged => "latched, unacknowledged",
        AlarmState::LatchedAcknowledged => "latched, acknowledged",
        AlarmState::Shelved => "shelved",
        AlarmState::Suppressed => "suppressed",
        AlarmState::OutOfService => "out of service",
    }
}

/// What changed, in a word or two.
pub(crate) fn change(kind: v1::TransitionKind) -> String {
    TransitionKind::try_from(kind).map_or_else(|_| NOTHING.to_owned(), |kind| kind.word().replace('_', " "))
}

/// `good`, `bad:calibration`.
pub(crate) fn quality(quality: Option<&v1::Quality>) -> String {
    quality
        .and_then(|quality| Quality::try_from(quality).ok())
        .map_or_else(|| NOTHING.to_owned(), |quality| quality.to_string())
}

/// The English of a text.
pub(crate) fn english(text: Option<&v1::LocalizedText>) -> &str {
    text.map_or("", |text| text.en.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_four_digits_and_no_needless_zeros() {
        for (value, told) in [
            (0.0, "0"),
            (-0.000_000_1, "0"),
            (12.4, "12.4"),
            (12.345_678, "12.35"),
            (0.1 + 0.2, "0.3"),
            (0.012_345, "0.01235"),
            (1234.6, "1235"),
            (101_325.0, "101325"),
            (-7.05, "-7.05"),
            (100.0, "100"),
        ] {
            assert_eq!(number(value), told);
        }
    }

    #[test]
    fn a_value_stands_against_its_limit_and_a_silence_against_its_words() {
        let limit = |name: &str, comparator: v1::Comparator, set_point, written: &str| v1::Limit {
            name: name.to_owned(),
            comparator: comparator.into(),
            set_point,
            written: written.to_owned(),
            ..v1::Limit::default()
        };
        let l2 = limit("L2", v1::Comparator::AtOrAbove, 14.1, "14.1 ppm");
        assert_eq!(against(Some(15.2), Some(&l2), "ppm"), "15.2 ppm (L2 ≥ 14.1)");
        let stale = limit("stale", v1::Comparator::AtOrAbove, 3.0, "3 intervals");
        assert_eq!(against(None, Some(&stale), ""), "- (stale ≥ 3 intervals)");
        let off = limit("OFF", v1::Comparator::Below, 1.0, "on");
        assert_eq!(against(Some(0.0), Some(&off), "on/off"), "off (OFF < on)");
        assert_eq!(against(Some(1.0), None, ""), "1");
    }

    #[test]
    fn moments_are_cut_to_the_millisecond_and_say_that_they_are_utc() {
        let time = prost_types::Timestamp { seconds: 1_795_420_800, nanos: 123_456_000 };
        assert_eq!(moment(Some(&time)), "2026-11-23 08:00:00.123Z");
        assert_eq!(clock(Some(&time)), "08:00:00.123");
        assert_eq!(rfc3339(Some(&time)).as_deref(), Some("2026-11-23T08:00:00.123456Z"));
        assert_eq!((moment(None), rfc3339(None)), ("-".to_owned(), None));
    }
}

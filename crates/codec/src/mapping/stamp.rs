//! Source times as senders write them.

use davy_model::Timestamp;
use jiff::{
    civil::DateTime,
    fmt::strtime,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};

use crate::{
    json::Cell,
    time::{from_millis, from_millis_f64, from_text},
};

/// How a field says a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stamp {
    /// Tried in their order.
    pub(super) formats: Vec<Format>,
    /// Of times that say none.
    pub(super) zone: Option<TimeZone>,
    /// What is expected, for people.
    pub(super) expected: String,
}

/// One way to write a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// As native payloads: RFC 3339, or milliseconds since 1970.
    Native,
    /// So many of a unit since 1970: how many of them a second has.
    Epoch(i64),
    /// RFC 3339 with an offset.
    Rfc3339,
    /// Date and time, `T` or a blank between; with an offset, or in the mapping's zone.
    Local,
    /// A pattern as `strptime` knows them.
    Pattern(Box<str>),
}

/// 1990 and 2100, s: where times of readings lie, whatever they are counted in.
const PLAUSIBLE_S: std::ops::Range<i64> = 631_152_000..4_102_444_800;

impl Format {
    /// The format that a word or pattern names.
    pub(super) fn parse(text: &str) -> Option<Format> {
        Some(match text {
            "auto" => Format::Native,
            "s" => Format::Epoch(1),
            "ms" => Format::Epoch(1_000),
            "us" => Format::Epoch(1_000_000),
            "ns" => Format::Epoch(1_000_000_000),
            "rfc3339" => Format::Rfc3339,
            "local" => Format::Local,
            // A pattern is tried out once, so that a mistake in it is told when the file is read.
            pattern if pattern.contains('%') && is_pattern(pattern) => Format::Pattern(pattern.into()),
            _ => return None,
        })
    }

    /// Whether its times lie in a zone that they do not say.
    pub(super) fn needs_zone(&self) -> bool {
        match self {
            Format::Native | Format::Epoch(_) | Format::Rfc3339 => false,
            Format::Local => true,
            Format::Pattern(pattern) => {
                !["%z", "%:z", "%Q", "%:Q", "%s"].iter().any(|part| pattern.contains(part))
            }
        }
    }
}

fn is_pattern(pattern: &str) -> bool {
    let moment = jiff::Zoned::new(jiff::Timestamp::UNIX_EPOCH, TimeZone::UTC);
    // Whatever the pattern can write it can read.
    strtime::format(pattern, &moment).is_ok_and(|text| strtime::parse(pattern, &text).is_ok())
}

/// The zone of a name such as `Asia/Shanghai`, or of an offset such as `+08:00`. Names are looked up in the table that is
/// built in, never in the machine's.
pub(super) fn zone(text: &str) -> Option<TimeZone> {
    if text == "Z" || text == "UTC" {
        return Some(TimeZone::UTC);
    }
    if text.starts_with(['+', '-']) {
        let offset = strtime::parse("%:z", text).ok()?.offset()?;
        return Some(TimeZone::fixed(offset));
    }
    TimeZoneDatabase::bundled().get(text).ok()
}

impl Stamp {
    /// The moment that a value names, or what to do about it. Of the two moments that a local time can be when clocks are
    /// set, the one nearer to `arrival`.
    pub(super) fn read(&self, cell: &Cell<'_>, arrival: Timestamp) -> Result<Timestamp, &'static str> {
        let mut first = None;
        for format in &self.formats {
            match self.read_as(format, cell, arrival) {
                Ok(time) => return Ok(time),
                Err(fix) => _ = first.get_or_insert(fix),
            }
        }
        Err(first.unwrap_or("leave the time out to be stamped on arrival"))
    }

    fn read_as(
        &self,
        format: &Format,
        cell: &Cell<'_>,
        arrival: Timestamp,
    ) -> Result<Timestamp, &'static str> {
        match (format, cell) {
            (Format::Native, Cell::Integer(millis)) => from_millis(*millis),
            (Format::Native, Cell::Number(millis)) => from_millis_f64(*millis),
            (Format::Native | Format::Rfc3339, Cell::Text(text)) => from_text(text),
            (Format::Epoch(1_000), Cell::Number(millis)) => from_millis_f64(*millis),
            (Format::Epoch(a_second), Cell::Integer(count)) => from_count(*count, *a_second),
            (Format::Epoch(a_second), Cell::Number(count)) => from_fraction(*count, *a_second),
            (Format::Epoch(a_second), Cell::Text(text)) => match text.trim().parse::<i64>() {
                Ok(count) => from_count(count, *a_second),
                Err(_) => text.trim().parse().map_or(Err(NO_NUMBER), |count| from_fraction(count, *a_second)),
            },
            (Format::Local, Cell::Text(text)) => self.local(text.trim(), arrival),
            (Format::Pattern(pattern), Cell::Text(text)) => self.pattern(pattern, text.trim(), arrival),
            (_, _) => Err("send the time as the mapping says it, or mend the mapping's format"),
        }
    }

    fn local(&self, text: &str, arrival: Timestamp) -> Result<Timestamp, &'static str> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(time);
        }
        let civil: DateTime = text.parse().map_err(|_| NO_LOCAL)?;
        self.in_zone(civil, arrival)
    }

    fn pattern(&self, pattern: &str, text: &str, arrival: Timestamp) -> Result<Timestamp, &'static str> {
        let parts =
            strtime::parse(pattern, text).map_err(|_| "send the time as the mapping's pattern has it")?;
        if let Ok(moment) = parts.to_timestamp() {
            return of_jiff(moment);
        }
        let civil =
            parts.to_datetime().map_err(|_| "the mapping's pattern needs year, month, day and hour")?;
        self.in_zone(civil, arrival)
    }

    fn in_zone(&self, civil: DateTime, arrival: Timestamp) -> Result<Timestamp, &'static str> {
        let zone = self.zone.as_ref().ok_or("say in the mapping in which zone its times are")?;
        let at =
            |offset: jiff::tz::Offset| offset.to_timestamp(civil).map_err(|_| NO_LOCAL).and_then(of_jiff);
        match zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(offset),
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                let (one, other) = (at(before)?, at(after)?);
                let distance = |time: Timestamp| time.as_micros().abs_diff(arrival.as_micros());
                Ok(if distance(other) < distance(one) { other } else { one })
            }
        }
    }
}

const NO_NUMBER: &str = "send the time as a number, or mend the mapping's format";
const NO_LOCAL: &str = "send it as 2024-05-01 12:30:05, or mend the mapping's format";
const OUT_OF_RANGE: &str = "send a time between the years 1 and 9999";

fn of_jiff(moment: jiff::Timestamp) -> Result<Timestamp, &'static str> {
    let micros = Timestamp::from_micros(moment.as_microsecond());
    (Timestamp::MIN..=Timestamp::MAX).contains(&micros).then_some(micros).ok_or(OUT_OF_RANGE)
}

/// A count of parts of a second since 1970. A count that only makes sense in another unit is refused, not guessed.
fn from_count(count: i64, a_second: i64) -> Result<Timestamp, &'static str> {
    let looks_like = |parts: i64| parts != a_second && PLAUSIBLE_S.contains(&(count / parts));
    let is_odd = !PLAUSIBLE_S.contains(&(count / a_second));
    match () {
        () if is_odd && looks_like(1) => return Err("this looks like seconds: mend the mapping's format"),
        () if is_odd && looks_like(1_000) => {
            return Err("this looks like milliseconds: mend the mapping's format");
        }
        () if is_odd && looks_like(1_000_000) => {
            return Err("this looks like microseconds: mend the mapping's format");
        }
        () if is_odd && looks_like(1_000_000_000) => {
            return Err("this looks like nanoseconds: mend the mapping's format");
        }
        () => {}
    }
    let micros =
        if a_second > 1_000_000 { Some(count / 1_000) } else { count.checked_mul(1_000_000 / a_second) };
    let time =
        micros.filter(|micros| (Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros()).contains(micros));
    time.map(Timestamp::from_micros).ok_or(OUT_OF_RANGE)
}

fn from_fraction(count: f64, a_second: i64) -> Result<Timestamp, &'static str> {
    if !count.is_finite() {
        return Err(NO_NUMBER);
    }
    #[allow(clippy::cast_possible_truncation)] // The casts saturate, and what saturates is out of range.
    let whole = from_count(count.trunc() as i64, a_second)?;
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // Less than a second.
    let micros = (count.fract() * 1e6 / a_second as f64) as i64;
    Ok(whole.offset_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(format: &str, in_zone: &str) -> Stamp {
        let formats = vec![Format::parse(format).expect(format)];
        Stamp { formats, zone: zone(in_zone), expected: String::new() }
    }

    #[test]
    fn every_way_to_write_a_time_is_read() {
        for (format, zone, text, want) in [
            ("%H:%M:%S %m/%d/%Y UTC", "UTC", "07:16:17 06/16/2021 UTC", "2021-06-16T07:16:17Z"),
            ("local", "+08:00", "2024-03-01 10:00:00", "2024-03-01T02:00:00Z"),
            ("local", "Asia/Shanghai", "2024-03-01T10:00:00.250", "2024-03-01T02:00:00.250Z"),
            ("local", "Europe/Berlin", "2024-07-01T10:00:00", "2024-07-01T08:00:00Z"),
            ("local", "UTC", "2024-03-01T10:00:00+08:00", "2024-03-01T02:00:00Z"),
            ("%Y%m%d%H%M%S", "+08:00", "20240301100000", "2024-03-01T02:00:00Z"),
            ("%Y-%m-%d %H:%M:%S %z", "", "2024-03-01 10:00:00 +0800", "2024-03-01T02:00:00Z"),
            ("s", "", "1709258400", "2024-03-01T02:00:00Z"),
            ("s", "", "1709258400.5", "2024-03-01T02:00:00.500Z"),
            ("us", "", "1709258400000001", "2024-03-01T02:00:00.000001Z"),
            ("ns", "", "1709258400000001000", "2024-03-01T02:00:00.000001Z"),
        ] {
            let read = stamp(format, zone).read(&Cell::Text(text.into()), Timestamp::default());
            let want: Timestamp = want.parse().expect("a time");
            assert_eq!(read, Ok(want), "{format} {text}");
        }
    }

    #[test]
    fn a_count_of_another_unit_is_named_not_guessed() {
        for (format, count, hint) in [
            ("s", 1_709_258_400_000, "milliseconds"),
            ("ms", 1_709_258_400, " seconds"),
            ("ms", 1_709_258_400_000_000, "microseconds"),
            ("us", 1_709_258_400_000, "milliseconds"),
        ] {
            let read = stamp(format, "").read(&Cell::Integer(count), Timestamp::default());
            assert!(read.is_err_and(|fix| fix.contains(hint)), "{format} {count}");
        }
        assert_eq!(
            stamp("s", "").read(&Cell::Integer(5), Timestamp::default()),
            Ok(Timestamp::from_millis(5_000))
        );
    }

    /// Berlin, 27 October 2024: 02:30 came twice, at 00:30 and at 01:30 UTC. 31 March: 02:30 never came.
    #[test]
    fn an_hour_that_comes_twice_is_the_one_nearer_to_its_arrival() {
        let stamp = stamp("local", "Europe/Berlin");
        for (local, arrival, want) in [
            ("2024-10-27 02:30:00", "2024-10-27T00:30:05Z", "2024-10-27T00:30:00Z"),
            ("2024-10-27 02:30:00", "2024-10-27T01:30:05Z", "2024-10-27T01:30:00Z"),
            ("2024-03-31 02:30:00", "2024-03-31T01:30:05Z", "2024-03-31T01:30:00Z"),
            ("2024-03-31 02:30:00", "2024-03-31T00:30:05Z", "2024-03-31T00:30:00Z"),
        ] {
            let read = stamp.read(&Cell::Text(local.into()), arrival.parse().expect("a time"));
            assert_eq!(read, Ok(want.parse().expect("a time")), "{local} {arrival}");
        }
    }

    #[test]
    fn what_is_no_format_or_zone_is_none() {
        for text in ["", "iso", "%!", "yyyy-MM-dd"] {
            assert!(Format::parse(text).is_none(), "{text}");
        }
        for text in ["", "Mars/Base", "+8", "08:00", "+99:00"] {
            assert!(zone(text).is_none(), "{text}");
        }
    }
}

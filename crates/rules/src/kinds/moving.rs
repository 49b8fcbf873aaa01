//! A limit that moves: another tag's value, or that of a table, by mode or by the time of day.

use davy_model::Comparator;

use crate::{
    Code,
    fields::{Fields, Item},
    figure::Figure,
    report::{Finding, Place, Report},
};

/// Rows of a table at most.
pub(crate) const ROWS_MAX: usize = 64;
/// The keys of a row by mode; all are required.
pub(crate) const VALUE: [&str; 2] = ["is", "limit"];
/// The keys of a row by the time of day; all are required.
pub(crate) const HOUR: [&str; 3] = ["from", "until", "limit"];
const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 24 * 60 * MINUTE_US;

/// The value of another tag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moving {
    /// While that tag is not known; without it, nothing is known.
    pub otherwise: Option<f64>,
    /// Never less than this; −∞ without a bound.
    pub not_below: f64,
    /// Never more than this; ∞ without a bound.
    pub not_above: f64,
}

/// A table by the value of another tag.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeTable {
    /// The mode's value, and the limit while it has that; the first that holds counts.
    pub rows: Vec<(f64, f64)>,
    /// While it has another.
    pub otherwise: f64,
    /// While it is not known: the strictest of all; none, where levels do not all rise into alarm, or all fall.
    pub strictest: Option<f64>,
}

/// A table by the time of day.
#[derive(Clone, Debug, PartialEq)]
pub struct HourTable {
    /// Local time less UTC, µs.
    pub offset_us: i64,
    /// The first that holds counts.
    pub rows: Vec<Hours>,
    /// At all other times.
    pub otherwise: f64,
}

/// A part of each day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hours {
    /// From this time of day on, µs since midnight.
    pub from_us: i64,
    /// Until this one; on the next day, when it is not after the first.
    pub until_us: i64,
    /// The limit.
    pub limit: f64,
}

impl Moving {
    /// The limit, by what the other tag says, if it is known.
    pub fn limit(&self, value: Option<f64>) -> Option<f64> {
        value.map(|value| value.max(self.not_below).min(self.not_above)).or(self.otherwise)
    }
}

impl ModeTable {
    /// The limit, by the mode, if it is known.
    pub fn limit(&self, mode: Option<f64>) -> f64 {
        let Some(mode) = mode else { return self.strictest.unwrap_or(self.otherwise) };
        self.rows.iter().find(|(is, _)| *is == mode).map_or(self.otherwise, |(_, limit)| *limit)
    }

    /// The strictest of its limits for values that rise into alarm, or fall into it.
    pub(super) fn strictest(rows: &[(f64, f64)], otherwise: f64, comparators: &[Comparator]) -> Option<f64> {
        let limits = rows.iter().map(|(_, limit)| *limit);
        if comparators.iter().all(|comparator| comparator.is_rising()) {
            Some(limits.fold(otherwise, f64::min))
        } else if comparators.iter().all(|comparator| !comparator.is_rising()) {
            Some(limits.fold(otherwise, f64::max))
        } else {
            None
        }
    }
}

impl HourTable {
    /// The limit at a moment, µs since 1970, UTC.
    pub fn limit(&self, at_us: i64) -> f64 {
        let of_day = (at_us + self.offset_us).rem_euclid(DAY_US);
        self.rows.iter().find(|row| row.holds(of_day)).map_or(self.otherwise, |row| row.limit)
    }

    /// When another row may hold next, after a moment; µs since 1970, UTC.
    pub fn next_edge(&self, at_us: i64) -> Option<i64> {
        let of_day = (at_us + self.offset_us).rem_euclid(DAY_US);
        let edges = self.rows.iter().flat_map(|row| [row.from_us, row.until_us]);
        let left = edges.map(|edge| (edge - of_day).rem_euclid(DAY_US));
        left.map(|left| at_us + if left == 0 { DAY_US } else { left }).min()
    }
}

impl Hours {
    fn holds(&self, of_day: i64) -> bool {
        if self.from_us < self.until_us {
            (self.from_us..self.until_us).contains(&of_day)
        } else {
            of_day >= self.from_us || of_day < self.until_us
        }
    }
}

/// The rows of a table by mode, before their tag is known.
pub(super) fn values(item: &Item<'_>, report: &mut Report) -> Option<Vec<(f64, Figure)>> {
    let nodes = item.list_of(1..=ROWS_MAX, "values", report)?;
    let mut rows = Vec::new();
    for node in nodes {
        let fields = Fields::open(node, item.about_key(), &VALUE, report)?;
        let is = fields.need("is", report).and_then(|item| item.number(-1e15..=1e15, report));
        let limit = fields.need("limit", report).and_then(|item| item.figure(report));
        rows.push((is?, limit?));
    }
    Some(rows)
}

/// The rows of a table by the time of day, before their tag is known: from, until, the limit.
pub(super) fn hours(item: &Item<'_>, report: &mut Report) -> Option<Vec<(i64, i64, Figure)>> {
    let nodes = item.list_of(1..=ROWS_MAX, "hours", report)?;
    let mut rows = Vec::new();
    for node in nodes {
        let fields = Fields::open(node, item.about_key(), &HOUR, report)?;
        let time = |key: &'static str, report: &mut Report| {
            let item = fields.need(key, report)?;
            let text = item.text(report)?;
            let found = of_day(text);
            if found.is_none() {
                tell(item.place, item.about_key(), text, "a time of day, 00:00 to 24:00", report);
            }
            found
        };
        let (from, until) = (time("from", report), time("until", report));
        let limit = fields.need("limit", report).and_then(|item| item.figure(report));
        let (from, until) = (from?, until?);
        if from == until {
            let finding =
                Finding::new(Code::NumberRange, item.about_key()).found_words("no time between them");
            report.error(fields.place, finding.expected("from and until that differ"));
            return None;
        }
        rows.push((from, until, limit?));
    }
    Some(rows)
}

/// Local time less UTC, µs: `+08:00`, `-03:30`, `Z`.
pub(super) fn utc_offset(item: &Item<'_>, report: &mut Report) -> Option<i64> {
    let text = item.text(report)?;
    let found = match text.split_at_checked(1) {
        _ if text == "Z" => Some(0),
        Some(("+", time)) => of_day(time),
        Some(("-", time)) => of_day(time).map(|us| -us),
        _ => None,
    };
    let found = found.filter(|us| us.abs() <= 14 * 60 * MINUTE_US);
    if found.is_none() {
        tell(item.place, item.about_key(), text, "local time less UTC, +08:00, at most 14 hours", report);
    }
    found
}

/// `22:30`, µs since midnight.
fn of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |text: &str| {
        text.parse::<i64>().ok().filter(|_| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()))
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let us = (hours * 60 + minutes) * MINUTE_US;
    (minutes < 60 && us <= DAY_US).then_some(us)
}

fn tell(place: Place, about: String, found: &str, expected: &str, report: &mut Report) {
    report.error(place, Finding::new(Code::WordUnknown, about).found(found).expected(expected));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        of_day(text).expect(text)
    }

    #[test]
    fn a_time_of_day_is_read_as_clocks_show_it() {
        for (text, minutes) in [("00:00", 0), ("06:30", 390), ("23:59", 1439), ("24:00", 1440)] {
            assert_eq!(of_day(text), Some(minutes * MINUTE_US), "{text}");
        }
        for text in ["6:30", "24:01", "12:60", "noon", "-1:00", "+1:00", "12", ""] {
            assert_eq!(of_day(text), None, "{text}");
        }
    }

    #[test]
    fn a_night_goes_over_midnight_and_its_edges_come_in_their_order() {
        let rows = vec![Hours { from_us: at("22:00"), until_us: at("06:00"), limit: 8.0 }];
        let table = HourTable { offset_us: at("08:00"), rows, otherwise: 10.0 };
        let utc = |text: &str| at(text);
        for (time, limit, next) in [
            ("00:00", 10.0, utc("14:00")),
            ("13:59", 10.0, utc("14:00")),
            ("14:00", 8.0, utc("22:00")),
            ("21:59", 8.0, utc("22:00")),
            ("22:00", 10.0, DAY_US + utc("14:00")),
        ] {
            assert_eq!((table.limit(at(time)), table.next_edge(at(time))), (limit, Some(next)), "{time} UTC");
        }
    }

    #[test]
    fn a_mode_that_is_not_known_is_the_strictest_there_is() {
        use Comparator::{Above, Below};
        let rows = [(1.0, 12.0), (2.0, 8.0)];
        for (comparators, strictest) in
            [(&[Above][..], Some(8.0)), (&[Below], Some(12.0)), (&[Above, Below], None)]
        {
            assert_eq!(ModeTable::strictest(&rows, 10.0, comparators), strictest, "{comparators:?}");
        }
    }
}

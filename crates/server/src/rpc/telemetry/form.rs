//! In which form readings are asked for, and whether they are kept finely enough for it.

use std::time::Duration;

use davy_history::{Level, Retention, width_for};
use davy_model::{Quality, Timestamp};
use davy_proto::{duration_from_wire, v1 as wire};
use tonic::Status;
use wire::telemetry_service_query_request::Form as Asked;

use super::super::status;

/// The narrowest buckets.
const WIDTH_MIN: Duration = Duration::from_millis(1);
/// Most buckets of one series in the whole range.
const BUCKETS_MAX: u128 = 1_000_000;
/// Most points.
const POINTS_MAX: u32 = 10_000;

/// In which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One by one: of these grades, or of all where none is named.
    Raw(Vec<wire::QualityGrade>),
    /// In buckets of that width.
    Buckets(Duration),
}

impl Form {
    /// What was asked for, of `from..until`. What is older than `retention` allows at `now` is there in wide buckets alone.
    pub(super) fn of(
        asked: Option<&Asked>,
        (from, until): (Timestamp, Timestamp),
        retention: &Retention,
        now: Timestamp,
    ) -> Result<Form, Status> {
        let finest = finest(retention, now.since(from));
        match asked {
            None => Ok(Form::Raw(Vec::new())),
            Some(Asked::Raw(raw)) => Ok(Form::Raw(grades(&raw.grades)?)),
            Some(Asked::Points(points)) if (1..=POINTS_MAX).contains(points) => {
                let least = finest.map_or(WIDTH_MIN, Level::width);
                Ok(Form::Buckets(width_for(until.since(from), *points, least)))
            }
            Some(Asked::Points(points)) => {
                Err(status::invalid(format!("points is {points}: ask for 1 to {POINTS_MAX}")))
            }
            Some(Asked::Width(width)) => {
                let width = duration_from_wire(width).map_err(|error| status::wrong(&error))?;
                checked(width, until.since(from), finest).map(Form::Buckets)
            }
        }
    }

    /// Whether a reading of that quality is asked for.
    pub(super) fn takes(&self, quality: Quality) -> bool {
        let Form::Raw(grades) = self else { return true };
        grades.is_empty() || grades.contains(&wire::Quality::from(quality).grade())
    }
}

/// The finest buckets that are kept of what is so old; none while readings themselves are.
fn finest(retention: &Retention, age: Duration) -> Option<Level> {
    if age <= retention.readings {
        return None;
    }
    let kept = Level::ALL.into_iter().find(|level| age <= retention.of(*level));
    Some(kept.unwrap_or(Level::Hour))
}

fn checked(width: Duration, span: Duration, finest: Option<Level>) -> Result<Duration, Status> {
    if width < WIDTH_MIN {
        return Err(status::invalid("width is less than 1 ms"));
    }
    if !width.subsec_nanos().is_multiple_of(1000) {
        return Err(status::invalid("width is not whole microseconds"));
    }
    if span.as_micros() / width.as_micros() > BUCKETS_MAX {
        let what = format!("more than {BUCKETS_MAX} buckets: ask for a shorter time or wider buckets");
        return Err(status::invalid(what));
    }
    match finest.filter(|level| !level.divides(width)) {
        None => Ok(width),
        Some(level) => Err(status::invalid(format!(
            "the range begins before what is kept finely enough: ask for a width that is a multiple of {}, or for points",
            level.word()
        ))),
    }
}

fn grades(asked: &[i32]) -> Result<Vec<wire::QualityGrade>, Status> {
    let grade = |number: &i32| match wire::QualityGrade::try_from(*number) {
        Ok(wire::QualityGrade::Unspecified) | Err(_) => {
            Err(status::invalid(format!("grades: {number} is no grade of quality")))
        }
        Ok(grade) => Ok(grade),
    };
    asked.iter().map(grade).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(asked: &Asked, days_ago: u64, span: Duration) -> Result<Form, Status> {
        let now: Timestamp = "2026-11-29T08:00:00Z".parse().expect("a time");
        let from = now.minus(Duration::from_secs(days_ago * 86_400));
        Form::of(Some(asked), (from, from.plus(span)), &Retention::default(), now)
    }

    #[test]
    fn points_become_a_width_that_is_kept() {
        let hour = Duration::from_secs(3600);
        for (points, days_ago, span, width_us) in [
            (1000, 1, hour, 3_600_000),
            (10_000, 1, Duration::from_micros(5), 1000),
            (50, 1, hour, 60_000_000),
            (1000, 100, hour, 60_000_000),
            (1000, 500, hour, 300_000_000),
            (1000, 2000, hour, 3_600_000_000),
            (24, 1, hour * 24 * 7, 25_200_000_000),
        ] {
            let found = form(&Asked::Points(points), days_ago, span).expect("a form");
            assert_eq!(found, Form::Buckets(Duration::from_micros(width_us)), "{points} {days_ago}");
        }
        for points in [0, 10_001] {
            let refused = form(&Asked::Points(points), 1, hour).expect_err("no such number");
            assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{points}");
        }
    }

    #[test]
    fn a_width_finer_than_what_is_kept_is_refused_and_says_which_is() {
        let width = |seconds: i64, nanos: i32| Asked::Width(prost_types::Duration { seconds, nanos });
        let day = Duration::from_secs(86_400);
        for (asked, days_ago, want) in [
            (width(7, 0), 1, None),
            (width(120, 0), 100, None),
            (width(0, 1_000_000), 1, Some("more than 1000000 buckets")),
            (width(0, 999_000), 1, Some("less than 1 ms")),
            (width(1, 500), 1, Some("whole microseconds")),
            (width(90, 0), 100, Some("a multiple of 1m")),
            (width(60, 0), 500, Some("a multiple of 5m")),
            (width(300, 0), 2000, Some("a multiple of 1h")),
        ] {
            let found = form(&asked, days_ago, day);
            match want {
                None => assert!(found.is_ok(), "{asked:?}: {found:?}"),
                Some(want) => {
                    let refused = found.expect_err("it is too fine");
                    assert!(refused.message().contains(want), "{asked:?}: {}", refused.message());
                }
            }
        }
    }
}

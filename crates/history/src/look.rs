//! Buckets of any width, from the coarsest that a store keeps ready and from readings where it keeps none.

use std::time::Duration;

use davy_model::Timestamp;

use crate::{
    Bucket, HistoryError, Level, Page, Store,
    bucket::{end_of, fold, start_of, widen},
};

/// Most buckets of one answer.
pub const BUCKETS_MAX: usize = 20_000;
/// Readings fetched at a time.
const PAGE: usize = 20_000;
/// Most readings that one answer goes through.
const READINGS_MAX: usize = 2_000_000;

/// What one series came to, in buckets of `width`: those that touch `from..until`, each whole. Those without readings are left
/// out.
///
/// # Errors
/// [`HistoryError::Asked`] when that is more than one answer may hold; else as the store.
pub async fn aggregate(
    store: &dyn Store,
    series: i32,
    from: Timestamp,
    until: Timestamp,
    width: Duration,
) -> Result<Vec<Bucket>, HistoryError> {
    if width.is_zero() || until.since(from).as_micros() / width.as_micros() > BUCKETS_MAX as u128 {
        return Err(HistoryError::Asked(format!(
            "more than {BUCKETS_MAX} buckets: ask for a shorter time or wider buckets"
        )));
    }
    let until = end_of(until, width);
    let mut at = start_of(from, width);
    let mut buckets = Vec::new();
    if let Some(rolled) = store.rolled_until().await? {
        // The coarsest first, then finer ones for what those have not taken in yet.
        for level in Level::ALL.into_iter().rev().filter(|level| level.divides(width)) {
            let end = start_of(rolled, level.width()).min(until);
            if at < end {
                ready(store, level, series, at, end, width, &mut buckets).await?;
                at = end;
            }
        }
    }
    readings(store, series, at, until, width, &mut buckets).await?;
    Ok(buckets)
}

/// How wide buckets have to be so that `span` has at least `points` of them, and fewer than twice as many: a width that a level
/// divides where that is wide enough for one. No narrower than `least`.
pub fn width_for(span: Duration, points: u32, least: Duration) -> Duration {
    let exact_us = (span.as_micros() / u128::from(points.max(1))).max(least.as_micros()).max(1);
    let step_us = Level::ALL.iter().map(|level| level.width().as_micros());
    let step_us = step_us.filter(|step_us| *step_us <= exact_us).max().unwrap_or(1);
    Duration::from_micros(u64::try_from(exact_us - exact_us % step_us).unwrap_or(u64::MAX))
}

/// Takes buckets that are kept ready.
async fn ready(
    store: &dyn Store,
    level: Level,
    series: i32,
    from: Timestamp,
    until: Timestamp,
    width: Duration,
    into: &mut Vec<Bucket>,
) -> Result<(), HistoryError> {
    let mut at = from;
    loop {
        let page = store.buckets(level, series, at, until, PAGE).await?;
        let Some(last) = page.last().filter(|_| page.len() == PAGE) else {
            widen(page, width, into);
            return Ok(());
        };
        at = last.start.plus(level.width());
        widen(page, width, into);
    }
}

/// Takes readings one by one.
async fn readings(
    store: &dyn Store,
    series: i32,
    from: Timestamp,
    until: Timestamp,
    width: Duration,
    into: &mut Vec<Bucket>,
) -> Result<(), HistoryError> {
    if from >= until {
        return Ok(());
    }
    let mut page = Page { series, from, until, after: None, limit: PAGE };
    for _ in 0..READINGS_MAX / PAGE {
        let samples = store.readings(&page).await?;
        let last = samples.last().map(|last| (last.time, last.value));
        let ends = samples.len() < PAGE;
        fold(samples, width, into);
        if ends {
            return Ok(());
        }
        page.after = last;
    }
    Err(HistoryError::Asked(format!("more than {READINGS_MAX} readings: ask for a shorter time")))
}

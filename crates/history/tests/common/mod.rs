//! What every store has to do, told over whichever one is given. Each story wants a store without rows.
#![allow(dead_code, reason = "each test file takes what it needs")]

pub(crate) mod buckets;
pub(crate) mod story;
pub(crate) mod transitions;

use davy_history::{HistoryError, Page, Sample, Store, Written};
use davy_model::{Quality, QualityReason, Timestamp, Value};

use self::story::{Log, SITE, at, nothing, row};

/// The readings of a tag, in pages of `limit`.
pub(crate) async fn readings(store: &dyn Store, tag: &str, limit: usize) -> Vec<Sample> {
    let found = store.series(SITE, &[tag.to_owned()]).await.expect("it answers");
    let mut page =
        Page { series: found[0].id, from: Timestamp::MIN, until: Timestamp::MAX, after: None, limit };
    let mut all = Vec::new();
    loop {
        let samples = store.readings(&page).await.expect("it answers");
        page.after = samples.last().map(|last| (last.time, last.value));
        all.extend_from_slice(&samples);
        if samples.len() < limit {
            return all;
        }
    }
}

/// A batch that is brought again is refused, and nothing of it lands twice; one of another journal is known by its hash.
pub(crate) async fn a_batch_lands_once(store: &dyn Store) {
    let (mut log, now) = (Log::new(&["a", "b"]), at("2026-11-29T08:00:00Z"));
    assert_eq!(store.standing(SITE).await.expect("it answers"), None);
    let first = log.batch(now, vec![row(0, now, 1.0), row(1, now, 2.0)]);
    assert_eq!(store.write(&first).await.expect("it lands"), Written { new: 2, known: 0, too_old: 0 });
    let refused = store.write(&first).await.expect_err("it stands there already");
    assert!(matches!(refused, HistoryError::Moved { expected: 0, found: Some(1) }), "{refused:?}");
    let standing = store.standing(SITE).await.expect("it answers").expect("it stands somewhere");
    assert_eq!(standing.position, first.until);
    assert_eq!(standing.bundle.expect("its files").files[0].text, "site: park\n");

    let second = log.batch(now, vec![row(0, now.offset_micros(1), 3.0)]);
    let mut other = second.clone();
    other.after.as_mut().expect("it follows the first").hash = [0xff; 32];
    let refused = store.write(&other).await.expect_err("it follows something else");
    assert!(matches!(refused, HistoryError::Moved { expected: 1, found: Some(1) }), "{refused:?}");
    store.write(&second).await.expect("it lands");
    let values: Vec<f64> = readings(store, "a", 10).await.iter().filter_map(|one| one.value.get()).collect();
    assert_eq!(values, [1.0, 3.0]);
}

/// Of readings of one series, time and value the first is kept; none is a value of its own, and the last; pages of any size
/// give all of them once.
pub(crate) async fn a_reading_is_kept_once(store: &dyn Store) {
    let (mut log, now) = (Log::new(&["a"]), at("2026-11-29T08:00:00Z"));
    let mut doubtful = row(0, now, 1.0);
    doubtful.quality = Quality::Uncertain(QualityReason::Manual);
    let rows = vec![
        row(0, now, 1.0),
        doubtful,
        row(0, now, 2.5),
        nothing(0, now),
        nothing(0, now),
        row(0, now, -0.0),
        row(0, now, 0.0),
        row(0, now.offset_micros(-1), f64::MAX),
    ];
    let written = store.write(&log.batch(now, rows.clone())).await.expect("it lands");
    assert_eq!(written, Written { new: 5, known: 3, too_old: 0 });
    let written = store.write(&log.batch(now, rows)).await.expect("it lands");
    assert_eq!(written, Written { new: 0, known: 8, too_old: 0 });
    for limit in [1, 2, 4, 5, 100] {
        let all = readings(store, "a", limit).await;
        let values: Vec<Option<f64>> = all.iter().map(|one| one.value.get()).collect();
        assert_eq!(values, [Some(f64::MAX), Some(0.0), Some(1.0), Some(2.5), None], "pages of {limit}");
        assert_eq!(all[2].quality, Quality::Good, "the first is kept");
        assert_eq!(all[2].arrival, now.offset_micros(1_000_000));
    }
}

/// What is brought beside the log lands like the rest, and what cannot be true yet is refused.
pub(crate) async fn what_is_imported_lands_once(store: &dyn Store) {
    let (log, now) = (Log::new(&["a"]), at("2026-11-29T08:00:00Z"));
    let day = |days: i64| now.offset_micros(days * 86_400_000_000);
    let rows = [row(0, day(-1), 1.0), row(0, day(-20_000), 2.0)];
    for (new, known) in [(1, 0), (0, 1)] {
        let written = store.import(SITE, &log.tags, &rows, now).await.expect("it lands");
        assert_eq!(written, Written { new, known, too_old: 1 });
    }
    let refused = store.import(SITE, &log.tags, &[row(0, day(3), 1.0)], now).await;
    assert!(matches!(refused, Err(HistoryError::Asked(_))), "{refused:?}");
    assert_eq!(readings(store, "a", 10).await.len(), 1);
}

/// Readings of a site come by arrival, then series, time and value, and too many of them are refused.
pub(crate) async fn readings_of_a_site_come_as_they_arrived(store: &dyn Store) {
    let (mut log, now) = (Log::new(&["b", "a"]), at("2026-11-29T08:00:00Z"));
    let mut early = row(0, now.offset_micros(5), 9.0);
    early.arrival = now;
    let rows = vec![row(0, now, 3.0), row(0, now, 1.0), row(1, now, 2.0), nothing(1, now), early];
    store.write(&log.batch(now, rows)).await.expect("it lands");
    let until = now.offset_micros(10);
    let found = store.readings_of_site(SITE, now, until, 5).await.expect("it answers");
    let values: Vec<Value> = found.iter().map(|one| one.sample.value).collect();
    // Series are numbered by tag.
    let expected = [Some(9.0), Some(2.0), None, Some(1.0), Some(3.0)].map(Value::from);
    assert_eq!(values, expected);
    let refused = store.readings_of_site(SITE, now, until, 4).await;
    assert!(matches!(refused, Err(HistoryError::Asked(_))), "{refused:?}");
    assert!(store.readings_of_site("yard", now, until, 4).await.expect("it answers").is_empty());
}

/// From when to when there are readings, whoever brought them; and which files were active, once a journal did.
pub(crate) async fn a_site_says_from_when_to_when_it_is_known(store: &dyn Store) {
    let (mut log, now) = (Log::new(&["a", "b", "c"]), at("2026-11-29T08:00:00Z"));
    let ends = async || {
        let found = store.extent(SITE).await.expect("it answers");
        found.map(|found| (found.first, found.last, found.active.map(|bundle| bundle.revision.to_string())))
    };
    assert_eq!(ends().await, None);
    let before = now.offset_micros(-7 * 86_400_000_000);
    store.import(SITE, &log.tags, &[row(1, before, 1.0)], now).await.expect("it lands");
    assert_eq!(ends().await, Some((before, before, None)));
    let after = now.offset_micros(5);
    store.write(&log.batch(now, vec![row(0, after, 3.0), row(1, now, 2.0)])).await.expect("it lands");
    assert_eq!(ends().await, Some((before, after, Some("r1".to_owned()))));
    // Hours that have come to rest are kept otherwise, and are there all the same.
    let later = now.plus(std::time::Duration::from_secs(86_400));
    store.tend(later, later).await.expect("it tends");
    assert_eq!(ends().await, Some((before, after, Some("r1".to_owned()))));
    assert_eq!(store.extent("yard").await.expect("it answers"), None);
}

/// What is over is dropped, and said to be; its buckets stay, also when something comes that is too old.
pub(crate) async fn days_that_are_over_are_dropped(store: &dyn Store) {
    let mut log = Log::new(&["a"]);
    let day = |day: u32| at(&format!("2026-08-{day:02}T08:00:00Z"));
    for date in 1..=3 {
        let batch = log.batch(day(date), vec![row(0, day(date), f64::from(date))]);
        store.write(&batch).await.expect("it lands");
    }
    store.tend(day(4), day(4)).await.expect("it tends");
    // Readings are kept for 90 days.
    let now = at("2026-10-31T09:00:00Z");
    assert!(store.tend(now, now).await.expect("it tends").dropped > 0);
    let late = log.batch(now, vec![row(0, day(1), 77.0), row(0, day(3), 78.0)]);
    assert_eq!(store.write(&late).await.expect("it lands"), Written { new: 1, known: 0, too_old: 1 });
    store.tend(now, now).await.expect("it tends");
    let values: Vec<f64> = readings(store, "a", 10).await.iter().filter_map(|one| one.value.get()).collect();
    assert_eq!(values, [2.0, 3.0, 78.0]);
    let found = store.series(SITE, &[]).await.expect("it answers");
    let hours = store.buckets(davy_history::Level::Hour, found[0].id, day(1), day(5), 100).await;
    let sums: Vec<f64> =
        hours.expect("it answers").iter().filter_map(|hour| hour.values).map(|values| values.sum).collect();
    assert_eq!(sums, [1.0, 2.0, 81.0]);
}

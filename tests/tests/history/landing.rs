//! What is brought lands once.

use std::time::Duration;

use davy_history::{HistoryError, Page, Retention, Store, Written};
use davy_model::{Timestamp, Value};

use crate::{
    place::{Place, places},
    story::{Log, SITE, at, nothing, row},
};

const NOW: &str = "2026-11-29T08:00:00Z";

async fn all_of(store: &dyn Store, tag: &str) -> Vec<(Timestamp, Value)> {
    let found = store.series(SITE, &[tag.to_owned()]).await.expect("it answers");
    let page =
        Page { series: found[0].id, from: Timestamp::MIN, until: Timestamp::MAX, after: None, limit: 1000 };
    store.readings(&page).await.expect("it answers").iter().map(|one| (one.time, one.value)).collect()
}

#[tokio::test]
async fn a_batch_that_is_brought_again_lands_once() {
    for place in places("again").await {
        let store = place.migrated(Retention::default()).await;
        let (mut log, now) = (Log::new(&["a", "b"]), at(NOW));
        let first = log.batch(now, vec![row(0, now, 1.0), row(1, now, 2.0)]);
        assert_eq!(store.write(&first).await.expect("it lands").new, 2);
        let refused = store.write(&first).await.expect_err("it stands there already");
        assert!(matches!(refused, HistoryError::Moved { expected: 0, found: Some(1) }), "{refused:?}");
        let standing = store.standing(SITE).await.expect("it answers").expect("it stands somewhere");
        assert_eq!(standing.position, first.until);
        assert_eq!(standing.bundle.files[0].text, "site: park\n");
        // The next one lands all the same, and so does one from a connection of its own.
        let second = log.batch(now, vec![row(0, now.offset_micros(1), 3.0)]);
        assert_eq!(place.store(Retention::default()).write(&second).await.expect("it lands").new, 1);
        let third = log.batch(now, Vec::new());
        store.write(&third).await.expect("an empty one moves the site on");
        assert_eq!(
            all_of(&store, "a").await,
            [(now, Value::of(1.0)), (now.offset_micros(1), Value::of(3.0))]
        );
    }
}

#[tokio::test]
async fn a_reading_that_was_sent_twice_is_kept_once_and_two_of_one_time_are_both_kept() {
    for place in places("twins").await {
        let store = place.migrated(Retention::default()).await;
        let (mut log, now) = (Log::new(&["a"]), at(NOW));
        let rows = vec![
            row(0, now, 1.0),
            row(0, now, 1.0),
            row(0, now, 2.0),
            nothing(0, now),
            nothing(0, now),
            row(0, now, -0.0),
            row(0, now, 0.0),
        ];
        let written = store.write(&log.batch(now, rows.clone())).await.expect("it lands");
        assert_eq!(written, Written { new: 4, known: 3, too_old: 0 }, "{}", place.name);
        let written = store.write(&log.batch(now, rows)).await.expect("it lands");
        assert_eq!(written, Written { new: 0, known: 7, too_old: 0 });
        let values: Vec<Option<f64>> =
            all_of(&store, "a").await.iter().map(|(_, value)| value.get()).collect();
        assert_eq!(values, [Some(0.0), Some(1.0), Some(2.0), None]);
    }
}

#[tokio::test]
async fn readings_of_any_kept_day_find_their_place_and_older_ones_are_counted() {
    for place in places("days").await {
        let retention = Retention { readings: Duration::from_secs(40 * 86_400), ..Retention::default() };
        let store = place.migrated(retention).await;
        let (mut log, now) = (Log::new(&["a"]), at(NOW));
        let day = |days: u64| now.minus(Duration::from_secs(days * 86_400));
        let rows = [0, 1, 7, 39, 40, 41, 400, 20_000].map(|days| row(0, day(days), days as f64)).to_vec();
        let written = store.write(&log.batch(now, rows)).await.expect("it lands");
        // The fortieth day is kept whole.
        assert_eq!(written, Written { new: 5, known: 0, too_old: 3 }, "{}", place.name);
        assert_eq!(all_of(&store, "a").await.len(), 5);
    }
}

#[tokio::test]
async fn days_that_are_over_are_dropped() {
    for place in places("over").await {
        let retention = Retention { readings: Duration::from_secs(3 * 86_400), ..Retention::default() };
        let store = place.migrated(retention).await;
        let mut log = Log::new(&["a"]);
        let day = |day: u32| at(&format!("2026-11-{day:02}T08:00:00Z"));
        for date in 10..=14 {
            store
                .write(&log.batch(day(date), vec![row(0, day(date), f64::from(date))]))
                .await
                .expect("it lands");
        }
        let tended = store.tend(day(14), day(14)).await.expect("it tends");
        if place.name == "postgresql" {
            assert_eq!(tended.dropped, 1, "the tenth alone is over: {}", days(&place).await);
            let kept: Vec<f64> =
                all_of(&store, "a").await.iter().filter_map(|(_, value)| value.get()).collect();
            assert_eq!(kept, [11.0, 12.0, 13.0, 14.0]);
        }
        // Buckets outlive what they are of.
        let found = store.series(SITE, &[]).await.expect("it answers");
        let hours = store
            .buckets(davy_history::Level::Hour, found[0].id, day(9), day(15), 100)
            .await
            .expect("it answers");
        assert_eq!(hours.len(), 4, "the fourteenth at eight is not over: {hours:?}");
    }
}

async fn days(place: &Place) -> String {
    place.sql("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'davy.readings'::regclass").await
}

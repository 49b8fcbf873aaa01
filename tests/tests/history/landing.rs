//! Readings in partitions.

use std::time::Duration;

use davy_history::{Retention, Store, Written};
use davy_tests::places;

use crate::common::{
    readings,
    story::{Log, at, row},
};

#[tokio::test]
async fn readings_of_any_kept_day_find_their_place_and_older_ones_are_counted() {
    for place in places("days").await {
        let retention = Retention { readings: Duration::from_secs(40 * 86_400), ..Retention::default() };
        let store = place.migrated(retention).await;
        let (mut log, now) = (Log::new(&["a"]), at("2026-11-29T08:00:00Z"));
        let day = |days: u64| now.minus(Duration::from_secs(days * 86_400));
        // The first moment of the fortieth day.
        let first = row(0, at("2026-10-20T00:00:00Z"), 0.5);
        let rows = [0, 1, 7, 39, 40, 41, 400, 20_000].map(|days| row(0, day(days), days as f64));
        let rows = rows.into_iter().chain([first]).collect();
        let written = store.write(&log.batch(now, rows)).await.expect("it lands");
        // The fortieth day is kept whole.
        assert_eq!(written, Written { new: 6, known: 0, too_old: 3 }, "{}", place.name);
        assert_eq!(readings(&store, "a", 100).await.len(), 6);
    }
}

#[tokio::test]
async fn a_batch_from_another_connection_follows_as_well() {
    for place in places("other").await {
        let store = place.migrated(Retention::default()).await;
        let (mut log, now) = (Log::new(&["a"]), at("2026-11-29T08:00:00Z"));
        store.write(&log.batch(now, vec![row(0, now, 1.0)])).await.expect("it lands");
        let next = log.batch(now, vec![row(0, now, 2.0)]);
        assert_eq!(place.store(Retention::default()).write(&next).await.expect("it lands").new, 1);
        store.write(&log.batch(now, Vec::new())).await.expect("an empty one moves the site on");
        assert_eq!(readings(&store, "a", 100).await.len(), 2);
    }
}

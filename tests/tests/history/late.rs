//! Buckets are what the readings come to, however late these come.

use std::time::Duration;

use davy_history::{Bucket, Level, Page, PostgresStore, Retention, Sample, Store, aggregate, start_of};
use davy_model::{Quality, QualityReason, Timestamp};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{
    place::places,
    story::{Log, SITE, at, nothing, row},
};

const TAGS: [&str; 3] = ["a", "b", "c"];

/// What readings come to, by the plainest arithmetic.
fn recomputed(samples: &[Sample], width: Duration) -> Vec<Bucket> {
    let mut starts: Vec<Timestamp> = samples.iter().map(|one| start_of(one.time, width)).collect();
    starts.dedup();
    starts
        .into_iter()
        .map(|start| {
            let of = samples.iter().filter(|one| start_of(one.time, width) == start);
            let mut bucket = Bucket::empty(start);
            of.for_each(|one| bucket.add(one));
            bucket
        })
        .collect()
}

async fn samples(store: &PostgresStore, series: i32) -> Vec<Sample> {
    let page = Page { series, from: Timestamp::MIN, until: Timestamp::MAX, after: None, limit: 1_000_000 };
    store.readings(&page).await.expect("it answers")
}

fn assert_alike(told: &[Bucket], expected: &[Bucket], what: &str) {
    assert_eq!(told.len(), expected.len(), "{what}: {told:?}\n{expected:?}");
    for (told, expected) in told.iter().zip(expected) {
        let counts = |one: &Bucket| (one.start, one.readings, one.valued, one.good);
        assert_eq!(counts(told), counts(expected), "{what}");
        match (told.values, expected.values) {
            (None, None) => {}
            (Some(a), Some(b)) => {
                // Added up in another order, a sum may end otherwise.
                assert!((a.sum - b.sum).abs() <= 1e-9 * b.sum.abs().max(1.0), "{what}: {a:?} {b:?}");
                assert_eq!(
                    (a.min, a.max, a.first, a.last),
                    (b.min, b.max, b.first, b.last),
                    "{what} at {}",
                    told.start
                );
            }
            other => panic!("{what} at {}: {other:?}", told.start),
        }
    }
}

#[tokio::test]
async fn buckets_are_what_the_readings_come_to_however_late_they_come() {
    let seed =
        std::env::var("DAVY_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    for place in places("late").await {
        let store = place.migrated(Retention::default()).await;
        let mut random = StdRng::seed_from_u64(seed);
        let mut log = Log::new(&TAGS);
        let start = at("2026-11-29T05:30:00Z");
        // Four hours at some ten seconds; a tenth comes up to three hours late.
        let mut coming: Vec<(Timestamp, davy_history::Row)> = Vec::new();
        for series in 0..TAGS.len() as u32 {
            let mut time = start;
            while time < start.plus(Duration::from_secs(4 * 3600)) {
                time = time.plus(Duration::from_millis(random.random_range(1..20_000)));
                let value = f64::from(random.random_range(-500..500)) / 8.0;
                let mut row =
                    if random.random_bool(0.05) { nothing(series, time) } else { row(series, time, value) };
                if random.random_bool(0.1) {
                    row.quality = Quality::Uncertain(QualityReason::Manual);
                }
                if random.random_bool(0.05) {
                    row.quality = Quality::Bad(QualityReason::Calibration);
                }
                let late = if random.random_bool(0.1) { random.random_range(0..3 * 3600) } else { 1 };
                coming.push((time.plus(Duration::from_secs(late)), row));
            }
        }
        coming.sort_by_key(|(comes, _)| *comes);
        for group in coming.chunks(200) {
            let now = group[group.len() - 1].0;
            let mut rows: Vec<_> = group.iter().map(|(_, row)| *row).collect();
            rows.shuffle(&mut random);
            store.write(&log.batch(now, rows)).await.expect("it lands");
            if random.random_bool(0.3) {
                store.tend(now, now.minus(Duration::from_secs(60))).await.expect("it tends");
            }
        }
        let now = start.plus(Duration::from_secs(8 * 3600));
        store.write(&log.batch(now, Vec::new())).await.expect("it lands");
        for complete in [start.plus(Duration::from_secs(13_000)), now] {
            let tended = store.tend(now, complete).await.expect("it tends");
            assert_eq!(tended.due, 0, "everything late is rolled up again");
            for found in store.series(SITE, &[]).await.expect("it answers") {
                let all = samples(&store, found.id).await;
                let what =
                    |told: &str| format!("seed {seed}, {}, tag {}, {told}", place.name, found.series.tag);
                for level in Level::ALL {
                    let rolled = start_of(tended.rolled_until.expect("rolled up"), level.width());
                    let complete: Vec<Sample> = all.iter().copied().filter(|one| one.time < rolled).collect();
                    let kept = store
                        .buckets(level, found.id, start, rolled.max(start), 100_000)
                        .await
                        .expect("it answers");
                    let kept_before = store
                        .buckets(level, found.id, Timestamp::MIN, start, 100_000)
                        .await
                        .expect("it answers");
                    let kept: Vec<Bucket> = kept_before.into_iter().chain(kept).collect();
                    assert_alike(&kept, &recomputed(&complete, level.width()), &what(level.word()));
                }
                for width in [7, 60, 90, 120, 300, 400, 1800, 3600, 7200] {
                    let width = Duration::from_secs(width);
                    let until = all[all.len() - 1].time.offset_micros(1);
                    let told = aggregate(&store, found.id, start, until, width).await.expect("it answers");
                    assert_alike(&told, &recomputed(&all, width), &what(&format!("{width:?}")));
                }
            }
        }
    }
}

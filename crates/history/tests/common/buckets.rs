//! Buckets are what the readings come to, however late these come.

use std::time::Duration;

use davy_history::{Bucket, Level, Row, Sample, Store, aggregate, start_of};
use davy_model::{Quality, QualityReason, Timestamp};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::{
    readings,
    story::{Log, SITE, at, nothing, row},
};

const TAGS: [&str; 3] = ["a", "b", "c"];

/// Four hours of readings that come in any order, some of them up to three hours late: buckets of every level, and what is
/// asked for in any width, equal what the readings come to by the plainest arithmetic.
pub(crate) async fn late_readings_correct_the_buckets(store: &dyn Store, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut log = Log::new(&TAGS);
    let start = at("2026-11-29T05:30:00Z");
    for group in coming(&mut random, start).chunks(200) {
        let now = group[group.len() - 1].0;
        let mut rows: Vec<Row> = group.iter().map(|(_, row)| *row).collect();
        rows.shuffle(&mut random);
        store.write(&log.batch(now, rows)).await.expect("it lands");
        if random.random_bool(0.3) {
            store.tend(now, now.minus(Duration::from_secs(60))).await.expect("it tends");
        }
    }
    let now = start.plus(Duration::from_secs(8 * 3600));
    for complete in [start.plus(Duration::from_secs(13_000)), now] {
        let tended = tend_through(store, now, complete).await;
        for found in store.series(SITE, &[]).await.expect("it answers") {
            let all = readings(store, &found.series.tag, 1_000).await;
            let what = |told: &str| format!("seed {seed}, tag {}, {told}", found.series.tag);
            for level in Level::ALL {
                let rolled = start_of(tended, level.width());
                let complete: Vec<Sample> = all.iter().copied().filter(|one| one.time < rolled).collect();
                let kept = store.buckets(level, found.id, Timestamp::MIN, rolled, 100_000).await;
                assert_alike(
                    &kept.expect("it answers"),
                    &recomputed(&complete, level.width()),
                    &what(level.word()),
                );
            }
            for width in [7, 60, 90, 120, 300, 400, 1800, 3600, 7200].map(Duration::from_secs) {
                let until = all[all.len() - 1].time.offset_micros(1);
                let told = aggregate(store, found.id, start, until, width).await.expect("it answers");
                assert_alike(&told, &recomputed(&all, width), &what(&format!("{width:?}")));
            }
        }
    }
}

/// Tends until nothing is due. Gives up to where readings are rolled up.
pub(crate) async fn tend_through(store: &dyn Store, now: Timestamp, complete: Timestamp) -> Timestamp {
    for _ in 0..100 {
        let tended = store.tend(now, complete).await.expect("it tends");
        let rolled = tended.rolled_until.expect("rolled up");
        assert_eq!(
            store.rolled_until().await.expect("it answers"),
            Some(rolled),
            "it is told to others, too"
        );
        if tended.due == 0 && rolled >= start_of(complete.min(now), Level::Minute.width()) {
            return rolled;
        }
    }
    panic!("a hundred rounds did not do");
}

/// Readings at some ten seconds, with the moments when they come. Values are eighths, so that sums are exact in any order.
fn coming(random: &mut StdRng, start: Timestamp) -> Vec<(Timestamp, Row)> {
    let mut coming = Vec::new();
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
    coming
}

fn recomputed(samples: &[Sample], width: Duration) -> Vec<Bucket> {
    let mut starts: Vec<Timestamp> = samples.iter().map(|one| start_of(one.time, width)).collect();
    starts.dedup();
    let bucket = |start| {
        let mut bucket = Bucket::empty(start);
        samples.iter().filter(|one| start_of(one.time, width) == start).for_each(|one| bucket.add(one));
        bucket
    };
    starts.into_iter().map(bucket).collect()
}

fn assert_alike(told: &[Bucket], expected: &[Bucket], what: &str) {
    assert_eq!(told.len(), expected.len(), "{what}");
    for (told, expected) in told.iter().zip(expected) {
        assert_eq!(told, expected, "{what}");
    }
}

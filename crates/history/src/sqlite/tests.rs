//! What is SQLite's alone: the file, its steps, its size, and what goes wrong with it.

use std::{path::Path, time::Duration};

use davy_model::{Quality, Timestamp, Value};
use rusqlite::Connection;

use super::{SqliteConfig, SqliteStore, schema};
use crate::{Bucket, HistoryError, Level, Page, Retention, Row, Sample, Series, Store};

const HOUR: Duration = Duration::from_secs(3600);

fn open(path: &Path, bytes_max: u64) -> Result<SqliteStore, HistoryError> {
    SqliteStore::open(&SqliteConfig { path: path.to_owned(), bytes_max }, Retention::default())
}

fn series() -> Vec<Series> {
    let one = |tag: &str| Series {
        tag: tag.into(),
        unit: "ppm".into(),
        quantity: "gas.h2s".into(),
        title_en: tag.into(),
        title_zh: "".into(),
        area: None,
    };
    ["a", "b"].map(one).to_vec()
}

/// Readings of every second of an hour.
fn hour(from: Timestamp) -> Vec<Row> {
    let row = |second: u64| {
        let time = from.plus(Duration::from_secs(second));
        // As good as chance: nothing that packs well.
        let mut chance = (from.as_micros() as u64 ^ second).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        chance = (chance ^ (chance >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        chance = (chance ^ (chance >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let value = Value::of((chance >> 12) as f64);
        Row { series: (second % 2) as u32, time, arrival: time, value, quality: Quality::Good }
    };
    (0..3600).map(row).collect()
}

fn start() -> Timestamp {
    Timestamp::from_micros(1_795_420_800_000_000)
}

#[tokio::test]
async fn a_file_stays_below_its_size_and_says_what_it_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    let bytes_max = 1_500_000;
    let store = open(&path, bytes_max).expect("a new file");
    let (mut now, mut new, mut dropped, mut largest) = (start(), 0, 0, 0);
    for _ in 0..60 {
        new += store.import("park", &series(), &hour(now), now.plus(HOUR)).await.expect("it lands").new;
        now = now.plus(HOUR);
        dropped += store.tend(now, now).await.expect("it tends").dropped;
        largest = largest.max(store.state().await.expect("it answers").bytes);
    }
    assert!(largest * 10 <= bytes_max * 12, "{largest} bytes");
    assert_eq!(new, 60 * 3600);
    let mut kept = Vec::new();
    for found in store.series("park", &[]).await.expect("it answers") {
        let page =
            Page { series: found.id, from: Timestamp::MIN, until: now, after: None, limit: usize::MAX };
        kept.extend(store.readings(&page).await.expect("it answers"));
        let page = store.buckets(Level::Minute, found.id, start(), now, 100_000).await.expect("it answers");
        assert_eq!(page.len(), 60 * 60, "buckets stay while there are readings to drop");
    }
    assert!(dropped > 0 && dropped + kept.len() as u64 == new, "{dropped} dropped, {} kept", kept.len());
    // Whole hours are gone, the oldest, and what is of them is not taken in again.
    assert_eq!(kept.len() % 3600, 0);
    assert!(kept.iter().all(|one| one.time >= now.minus(HOUR * (kept.len() / 3600) as u32)));
    let written = store.import("park", &series(), &hour(start()), now).await.expect("it answers");
    assert_eq!(written.too_old, 3600);
    let on_disk = std::fs::metadata(&path).expect("the file").len();
    assert!(on_disk * 10 <= bytes_max * 12, "{on_disk} bytes on disk");
}

#[tokio::test]
async fn hours_that_are_packed_are_read_as_before_and_take_in_what_is_late() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder.path().join("history.db"), 1 << 30).expect("a new file");
    let now = start().plus(HOUR * 6);
    let rows: Vec<Row> = (0..6).flat_map(|passed| hour(start().plus(HOUR * passed))).collect();
    store.import("park", &series(), &rows, now).await.expect("it lands");
    let before = pages(&store, 700, now).await;
    let count = |sql: &'static str| {
        store.with_reader(move |conn| Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?))
    };
    let packed = "SELECT count(*) FROM packs";
    for _ in 0..50 {
        store.tend(now, now).await.expect("it tends");
    }
    assert_eq!(count(packed).await.expect("told"), 8, "four hours of two series have come to rest");
    assert_eq!(count("SELECT count(*) FROM readings").await.expect("told"), 7200);
    for limit in [700, 1801, 50_000] {
        assert!(pages(&store, limit, now).await == before, "pages of {limit}");
    }
    let of_site = store.readings_of_site("park", start(), now, 50_000).await.expect("it answers");
    assert_eq!(of_site.len(), rows.len());
    // What was there is known, packed or not; and what was not lands in its place.
    let written = store.import("park", &series(), &rows, now).await.expect("it lands");
    assert_eq!((written.new, written.known), (0, rows.len() as u64));
    let mut late = rows[4000];
    late.value = Value::of(-1.0);
    let written = store.import("park", &series(), &[late], now).await.expect("it lands");
    assert_eq!(written.new, 1);
    for _ in 0..50 {
        store.tend(now, now).await.expect("it tends");
    }
    assert_eq!(count(packed).await.expect("told"), 8, "packed again");
    let after = pages(&store, 700, now).await;
    assert_eq!(after.len(), before.len() + 1);
    let hours = store.buckets(Level::Hour, 1, start(), now, 10).await.expect("it answers");
    let least: Vec<bool> =
        hours.iter().map(|hour| hour.values.is_some_and(|values| values.min < 0.0)).collect();
    assert_eq!(least, [false, true, false, false, false, false]);
}

/// Buckets of both series and all levels, in pages.
async fn all_buckets(store: &SqliteStore, limit: usize, until: Timestamp) -> Vec<Bucket> {
    let mut all = Vec::new();
    for (level, series) in Level::ALL.into_iter().flat_map(|level| [(level, 1), (level, 2)]) {
        let mut from = Timestamp::MIN;
        loop {
            let some = store.buckets(level, series, from, until, limit).await.expect("it answers");
            from = some.last().map_or(until, |last| last.start.offset_micros(1));
            all.extend_from_slice(&some);
            if some.len() < limit {
                break;
            }
        }
    }
    all
}

#[tokio::test]
async fn days_of_buckets_are_packed_take_in_what_is_late_and_go_when_they_are_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let keep = Retention { readings: HOUR * 96, minutes: HOUR * 48, ..Retention::default() };
    let config = SqliteConfig { path: folder.path().join("history.db"), bytes_max: 1 << 30 };
    let store = SqliteStore::open(&config, keep).expect("a new file");
    let count = |sql: &'static str| {
        store.with_reader(move |conn| Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?))
    };
    // Every ninth second of some hours, which begin at eight in the morning.
    let rows: Vec<Row> = (0..20).flat_map(|passed| hour(start().plus(HOUR * passed))).step_by(9).collect();
    let dawn = start().plus(HOUR * 20);
    store.import("park", &series(), &rows, dawn).await.expect("it lands");
    for _ in 0..20 {
        store.tend(dawn, dawn).await.expect("it tends");
    }
    assert_eq!(
        count("SELECT count(*) FROM bucket_packs").await.expect("told"),
        6,
        "the first day, till midnight"
    );
    let packed = all_buckets(&store, 100_000, dawn).await;
    store
        .with_writer(|writer| Ok(writer.conn.execute_batch("UPDATE bucket_packs SET day = day")?))
        .await
        .expect("it is there");
    for limit in [7, 500, 1441] {
        assert!(all_buckets(&store, limit, dawn).await == packed, "pages of {limit}");
    }
    // What was late is in its bucket, and all others are as they were.
    let mut late = rows[10];
    late.value = Value::of(-1.0);
    store.import("park", &series(), &[late], dawn).await.expect("it lands");
    for _ in 0..20 {
        store.tend(dawn, dawn).await.expect("it tends");
    }
    assert_eq!(count("SELECT count(*) FROM bucket_packs").await.expect("told"), 6, "packed again");
    let after = all_buckets(&store, 500, dawn).await;
    let changed: Vec<&Bucket> = after.iter().zip(&packed).filter(|(a, b)| a != b).map(|(a, _)| a).collect();
    assert_eq!((after.len(), changed.len()), (packed.len(), 3), "one of each level");
    assert!(changed.iter().all(|bucket| bucket.values.is_some_and(|values| values.min == -1.0)));
    // What cannot be packed stays in rows, before what can.
    let huge = |second: u64| Row {
        value: Value::of(1.7e308 - second as f64 * 1e300),
        time: start().plus(Duration::from_secs(second)),
        ..rows[0]
    };
    store.import("park", &series(), &[huge(1), huge(3)], dawn).await.expect("it lands");
    let minutes = "SELECT count(*) FROM bucket_packs WHERE level_s = 60";
    let mut counts = Vec::new();
    // A day goes when all of it is over, packed or not.
    for hours in [44, 60, 90] {
        let later = start().plus(HOUR * hours);
        for _ in 0..50 {
            store.tend(later, later).await.expect("it tends");
        }
        counts.push(count(minutes).await.expect("told"));
        for series in [1, 2] {
            let kept = store.buckets(Level::Hour, series, start(), later, 1000).await.expect("it answers");
            assert!(kept.len() == 20 && kept.is_sorted_by_key(|bucket| bucket.start), "{kept:?}");
        }
    }
    assert_eq!(counts, [3, 4, 0], "what could not be packed is over first");
    assert!(count("SELECT count(*) FROM bucket_packs").await.expect("told") > 0, "others for longer");
}

/// The readings of both series, in pages.
async fn pages(store: &SqliteStore, limit: usize, until: Timestamp) -> Vec<Sample> {
    let mut all = Vec::new();
    for series in [1, 2] {
        let mut page = Page { series, from: start(), until, after: None, limit };
        loop {
            let samples = store.readings(&page).await.expect("it answers");
            page.after = samples.last().map(|last| (last.time, last.value));
            all.extend_from_slice(&samples);
            if samples.len() < limit {
                break;
            }
        }
    }
    all
}

#[tokio::test]
async fn tables_of_every_earlier_step_become_todays() {
    for steps in 1..=schema::STEPS.len() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.db");
        let mut conn = Connection::open(&path).expect("a file");
        schema::prepare(&mut conn, &path, steps).expect("made");
        conn.execute_batch("INSERT INTO series VALUES (7, 'park', 'a', 'ppm', 'gas.h2s', '', '', NULL)")
            .expect("a row");
        drop(conn);
        for _ in 0..2 {
            let store = open(&path, 1 << 30).expect("today's");
            assert_eq!(store.series("park", &[]).await.expect("it answers")[0].id, 7, "from step {steps}");
            store.import("park", &series(), &hour(start()), start().plus(HOUR)).await.expect("it lands");
        }
    }
}

#[test]
fn a_file_of_something_else_or_of_a_newer_davy_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    Connection::open(place("foreign"))
        .and_then(|conn| conn.execute_batch("CREATE TABLE notes(text)"))
        .expect("a file");
    std::fs::write(
        place("text"),
        "no database at all, and long enough to have a header of its own".repeat(99),
    )
    .expect("a file");
    drop(open(&place("newer"), 1 << 30).expect("a new file"));
    let newer = schema::STEPS.len() as i64 + 1;
    Connection::open(place("newer"))
        .and_then(|conn| conn.pragma_update(None, "user_version", newer))
        .expect("a version");
    for (name, told) in [
        ("foreign", "is a database of something else"),
        ("text", "is no SQLite database"),
        ("newer", "a newer Davy wrote it"),
        ("nowhere/history.db", "is its folder there"),
    ] {
        let error = open(&place(name), 1 << 30).expect_err(told);
        assert!(error.to_string().contains(told) && error.to_string().contains(name), "{name}: {error}");
        assert!(error.is_of_the_store(), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn a_file_that_somebody_else_holds_is_refused_for_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    let store = open(&path, 1 << 30).expect("a new file");
    let other = Connection::open(&path).expect("the file");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    let refused = store.import("park", &series(), &hour(start()), start().plus(HOUR)).await;
    assert!(matches!(&refused, Err(HistoryError::Refused(told)) if told.contains("locked")), "{refused:?}");
    other.execute_batch("ROLLBACK").expect("let go");
    let written = store.import("park", &series(), &hour(start()), start().plus(HOUR)).await;
    assert_eq!(written.expect("it lands").new, 3600);
}

#[tokio::test]
async fn a_full_disk_is_refused_for_now() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    let store = open(&path, 1 << 30).expect("a new file");
    let pages = |most: i64| {
        let store = &store;
        async move {
            let set = move |writer: &mut super::Writer| {
                Ok(writer.conn.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?)
            };
            store.with_writer(set).await.expect("set");
        }
    };
    pages(40).await;
    let import = || async { store.import("park", &series(), &hour(start()), start().plus(HOUR)).await };
    let refused = import().await;
    assert!(matches!(&refused, Err(HistoryError::Refused(told)) if told.contains("full")), "{refused:?}");
    pages(1 << 20).await;
    assert_eq!(import().await.expect("it lands").new, 3600);
}

#[tokio::test]
async fn a_damaged_file_is_said_to_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.db");
    let store = open(&path, 1 << 30).expect("a new file");
    store.import("park", &series(), &hour(start()), start().plus(HOUR)).await.expect("it lands");
    drop(store);
    let mut bytes = std::fs::read(&path).expect("the file");
    assert!(bytes.len() > 65_536);
    bytes[32_768..].fill(0xa5);
    std::fs::write(&path, bytes).expect("written");
    let told = match open(&path, 1 << 30) {
        Ok(store) => {
            let page = Page {
                series: 1,
                from: Timestamp::MIN,
                until: Timestamp::MAX,
                after: None,
                limit: usize::MAX,
            };
            store.readings(&page).await.map(drop)
        }
        Err(error) => Err(error),
    };
    assert!(matches!(&told, Err(HistoryError::Damaged(why)) if why.contains("put it aside")), "{told:?}");
}

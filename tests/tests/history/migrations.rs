//! A database comes to have its tables, from nothing and from every earlier release.

use davy_history::{HistoryError, Retention, Store};
use davy_tests::places;

use crate::common::story::{Log, at, row};

#[tokio::test]
async fn without_tables_it_says_what_to_do() {
    for place in places("bare").await {
        let store = place.store(Retention::default());
        let refused = store.standing("park").await.expect_err(place.name);
        assert!(
            matches!(&refused, HistoryError::Schema(told) if told.contains("davy migrate up")),
            "{refused}"
        );
        let state = store.schema_state().await.expect(place.name);
        assert!(state.mode.is_none() && state.applied.is_empty() && !state.missing.is_empty(), "{state:?}");
    }
}

#[tokio::test]
async fn every_earlier_schema_becomes_the_present_one() {
    let count = {
        let Some(place) = places("count").await.pop() else { return };
        place.store(Retention::default()).schema_state().await.expect("a state").missing.len()
    };
    for earlier in 0..count {
        for place in places(&format!("from_{earlier}")).await {
            let store = place.store(Retention::default());
            store.migrate_part(earlier).await.unwrap_or_else(|error| panic!("{earlier}: {error}"));
            let applied = store.schema_state().await.expect("a state").applied.len();
            if earlier > 0 {
                assert_eq!(applied, earlier, "{}", place.name);
                place.sql("INSERT INTO davy.tags (site, tag, unit, quantity, title_en, title_zh) VALUES ('park', 'old', 'ppm', 'gas.h2s', '', '')").await;
            }
            let refused = store.standing("park").await.expect_err("it is not whole yet");
            assert!(matches!(refused, HistoryError::Schema(_)), "{refused}");
            store.migrate().await.unwrap_or_else(|error| panic!("from {earlier}: {error}"));
            let state = store.schema_state().await.expect("a state");
            assert!(state.missing.is_empty(), "{state:?}");
            let mut log = Log::new(&["old", "new"]);
            let now = at("2026-11-29T08:00:00Z");
            store.write(&log.batch(now, vec![row(0, now, 1.0), row(1, now, 2.0)])).await.expect("it takes");
            let found = store.series("park", &["old".to_owned()]).await.expect("it answers");
            assert_eq!(found.len(), 1, "what was there is still there");
            assert_eq!(store.migrate().await.expect("again"), 0);
        }
    }
}

#[tokio::test]
async fn two_that_migrate_at_once_do_it_one_after_the_other() {
    for place in places("twice").await {
        let stores: Vec<_> = (0..4).map(|_| place.store(Retention::default())).collect();
        let (a, b, c, d) =
            tokio::join!(stores[0].migrate(), stores[1].migrate(), stores[2].migrate(), stores[3].migrate());
        let mut applied: Vec<usize> = [a, b, c, d].into_iter().map(|one| one.expect("it migrates")).collect();
        applied.sort_unstable();
        assert_eq!(applied[..3], [0, 0, 0], "{}", place.name);
        assert!(applied[3] > 0);
    }
}

#[tokio::test]
async fn what_a_newer_davy_made_is_refused_and_left_alone() {
    for place in places("newer").await {
        let store = place.migrated(Retention::default()).await;
        place.sql("INSERT INTO davy.schema_core VALUES (9, 'better', now(), '1')").await;
        for refused in [
            store.migrate().await.map(drop).expect_err("newer"),
            store.standing("park").await.map(drop).expect_err("newer"),
            store.schema_state().await.map(drop).expect_err("newer"),
        ] {
            let HistoryError::Schema(told) = &refused else { panic!("{refused}") };
            assert!(told.contains("V9__better") && told.contains("newer"), "{told}");
        }
    }
}

//! The stories of a store, over SQLite.

mod common;

use std::hash::{BuildHasher, Hasher, RandomState};

use common::{buckets, transitions};
use davy_history::{Retention, SqliteConfig, SqliteStore};

fn store() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = SqliteConfig { path: folder.path().join("history.db"), bytes_max: 1 << 30 };
    let store = SqliteStore::open(&config, Retention::default()).expect("a new file");
    (folder, store)
}

fn any_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

macro_rules! stories {
    ($($story:ident: $told:path;)*) => {
        $(#[tokio::test]
        async fn $story() {
            let (_folder, store) = store();
            $told(&store).await;
        })*
    };
}

stories! {
    a_batch_lands_once: common::a_batch_lands_once;
    a_reading_is_kept_once: common::a_reading_is_kept_once;
    what_is_imported_lands_once: common::what_is_imported_lands_once;
    readings_of_a_site_come_as_they_arrived: common::readings_of_a_site_come_as_they_arrived;
    a_site_says_from_when_to_when_it_is_known: common::a_site_says_from_when_to_when_it_is_known;
    days_that_are_over_are_dropped: common::days_that_are_over_are_dropped;
    transitions_are_found_by_what_they_are: transitions::transitions_are_found_by_what_they_are;
    transitions_are_counted_by_what_they_have_in_common: transitions::transitions_are_counted_by_what_they_have_in_common;
    alarms_stand_as_the_last_transition_left_them: transitions::alarms_stand_as_the_last_transition_left_them;
    any_text_lands: transitions::any_text_lands;
    what_else_a_batch_has_lands: transitions::what_else_a_batch_has_lands;
}

#[tokio::test]
async fn late_readings_correct_the_buckets() {
    let told = std::env::var("DAVY_SEED").ok().and_then(|seed| seed.parse().ok());
    let (_folder, store) = store();
    buckets::late_readings_correct_the_buckets(&store, told.unwrap_or_else(any_seed)).await;
}

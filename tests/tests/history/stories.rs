//! The stories of a store, over PostgreSQL and, where one is named, over TimescaleDB.

use davy_history::{Mode, Retention};
use davy_tests::places;

use crate::common::{self, buckets, transitions};

macro_rules! stories {
    ($($story:ident: $told:path;)*) => {
        $(#[tokio::test]
        async fn $story() {
            for place in places(stringify!($story)).await {
                let store = place.migrated(Retention::default()).await;
                $told(&store).await;
            }
        })*
    };
}

stories! {
    a_batch_lands_once: common::a_batch_lands_once;
    a_reading_is_kept_once: common::a_reading_is_kept_once;
    what_is_imported_lands_once: common::what_is_imported_lands_once;
    readings_of_a_site_come_as_they_arrived: common::readings_of_a_site_come_as_they_arrived;
    a_site_says_from_when_to_when_it_is_known: common::a_site_says_from_when_to_when_it_is_known;
    transitions_are_found_by_what_they_are: transitions::transitions_are_found_by_what_they_are;
    transitions_are_counted_by_what_they_have_in_common: transitions::transitions_are_counted_by_what_they_have_in_common;
    alarms_stand_as_the_last_transition_left_them: transitions::alarms_stand_as_the_last_transition_left_them;
    any_text_lands: transitions::any_text_lands;
    what_else_a_batch_has_lands: transitions::what_else_a_batch_has_lands;
}

/// TimescaleDB drops by policies, when these run.
#[tokio::test]
async fn days_that_are_over_are_dropped() {
    for place in places("over").await {
        let store = place.migrated(Retention::default()).await;
        let mode = store.schema_state().await.expect(place.name).mode;
        if mode == Some(Mode::Timescale) {
            eprintln!("{}: its own jobs drop what is over, when they run: not told here", place.name);
            continue;
        }
        common::days_that_are_over_are_dropped(&store).await;
    }
}

#[tokio::test]
async fn late_readings_correct_the_buckets() {
    let told = std::env::var("DAVY_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = told.unwrap_or_else(rand::random);
    for place in places("late").await {
        println!("DAVY_SEED={seed} {}", place.name);
        buckets::late_readings_correct_the_buckets(&place.migrated(Retention::default()).await, seed).await;
    }
}

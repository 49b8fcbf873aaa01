//! Davy is killed, its database is killed, and every reading and every transition is in the database once.

use std::collections::{BTreeMap, HashSet};

use davy_history::{PostgresConfig, PostgresStore, Retention, Tls};
use davy_tests::{Davy, Grpc, LONG, Postgres, Record, Told, wait_until};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use tokio::sync::watch;

use crate::{Moment, TAGS, publisher::Publisher, seed, setup_with, started, tag_name};

/// How often each is killed.
const DAVY_KILLS: usize = 50;
const DATABASE_KILLS: usize = 20;

#[derive(Clone, Copy, Debug)]
enum Victim {
    Davy,
    Database,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_history_has_everything_once() {
    println!("DAVY_SEED={}", seed());
    let Some(mut postgres) = Postgres::start().await else { return };
    let url = postgres.database("davy");
    migrate(&url).await;
    let setup = setup_with(&configured(&url));
    let (ports, seen) = watch::channel(None);
    let mut server = started(&setup, &ports).await;
    let publisher = Publisher::start(seen);
    let mut random = StdRng::seed_from_u64(seed());
    let mut victims = [vec![Victim::Davy; DAVY_KILLS], vec![Victim::Database; DATABASE_KILLS]].concat();
    victims.shuffle(&mut random);
    for victim in victims {
        match victim {
            Victim::Database => {
                Moment::Acknowledged.come(&server, &setup, &publisher, &mut random).await;
                postgres.kill().await;
                postgres.start_again().await;
            }
            Victim::Davy => {
                Moment::draw(&mut random).come(&server, &setup, &publisher, &mut random).await;
                server.kill();
                ports.send_replace(None);
                server = started(&setup, &ports).await;
            }
        }
    }
    let sent = publisher.finish().await;
    until_all_is_there(&server).await;
    assert_eq!(server.stop().await, 0, "a stop that was asked for is no failure");
    let record = Record::read(&setup.journal("kill"));
    check_readings(&postgres, &sent.acknowledged);
    check_transitions(&postgres, &record);
}

/// Makes the tables.
pub(crate) async fn migrate(url: &str) {
    let config = PostgresConfig { url: url.to_owned(), password: None, tls: Tls::None };
    let store = PostgresStore::new(&config, Retention::default()).expect("a sound configuration");
    store.migrate().await.expect("tables");
}

/// What a configuration says of a database.
pub(crate) fn configured(url: &str) -> String {
    format!("[history]\nstore = \"postgres\"\nurl = \"{url}\"\n")
}

pub(crate) async fn until_all_is_there(server: &Davy) {
    let grpc = Grpc::connect(server.http()).await;
    let head = grpc.site("kill").await.last_commit;
    wait_until("history has the whole journal", LONG, async || {
        let history = grpc.site("kill").await.history.expect("history is kept");
        (history.last_commit >= head).then_some(())
    })
    .await;
}

pub(crate) fn check_readings(postgres: &Postgres, acknowledged: &HashSet<Told>) {
    let tags: BTreeMap<String, usize> = (0..TAGS).map(|tag| (tag_name(tag), tag)).collect();
    let rows = postgres.sql(
        "davy",
        "SELECT t.tag, (extract(epoch FROM r.time) * 1000000)::bigint, r.value::text
         FROM davy.readings r JOIN davy.tags t USING (tag_id)",
    );
    let mut found: HashSet<Told> = HashSet::new();
    for row in rows.lines() {
        let mut fields = row.split('|');
        let mut field = || fields.next().expect("three fields");
        let (tag, at_us, value) = (field(), field(), field());
        let value: f64 = value.parse().expect("a number");
        let told = (tags[tag], at_us.parse().expect("a time"), value.to_bits());
        assert!(found.insert(told), "twice in the table: {row}");
    }
    let missing: Vec<_> = acknowledged.difference(&found).take(5).collect();
    assert!(missing.is_empty(), "acknowledged and not in the table: {missing:?} and more");
    let unknown: Vec<_> = found.difference(acknowledged).take(5).collect();
    assert!(unknown.is_empty(), "in the table and never acknowledged: {unknown:?} and more");
    println!("{} readings, each once in the table", found.len());
}

pub(crate) fn check_transitions(postgres: &Postgres, record: &Record) {
    let ids = postgres.sql("davy", "SELECT id FROM davy.transitions ORDER BY sequence");
    let found: Vec<&str> = ids.lines().collect();
    let expected: Vec<&str> = record.transitions.iter().map(|transition| &*transition.id).collect();
    assert_eq!(found, expected, "transitions in the table, and in the journal");
    println!("{} transitions, each once in the table", found.len());
}

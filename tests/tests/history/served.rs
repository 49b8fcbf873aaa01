//! Davy beside its database, as an operator meets it.

use std::{fs, time::Duration};

use davy_history::{Page, Retention, SqliteConfig, SqliteStore, Store};
use davy_tests::{
    Davy, Grpc, LONG, Postgres, Setup, davy,
    mqtt::{Login, Mqtt, Packet, Version},
    wait_until,
};
use jiff::{SignedDuration, Timestamp};

const SITE: &str = "site: park\nedge_nodes: [{id: gw-1}]\nareas: [{id: tanks}]\n";
const TAGS: &str = "tag,quantity,unit,interval,area\nA,gas.h2s,ppm,1s,tanks\n";
const RULE: &str = "rules:
  - id: high
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: H, tier: orange, at_or_above: 10 ppm}
    response: {action: Look, time_to_respond: 3m}
";

/// A site, its Davy's configuration, and an empty database.
struct Plant {
    postgres: Postgres,
    setup: Setup,
}

async fn plant() -> Option<Plant> {
    let postgres = Postgres::start().await?;
    let url = postgres.database("davy");
    let mut setup = Setup::new();
    setup.site("park", &[("site.yaml", SITE), ("tags.csv", TAGS), ("rules/high.yaml", RULE)]);
    setup.configure(&format!("[history]\nstore = \"postgres\"\nurl = \"{url}\"\n"));
    Some(Plant { postgres, setup })
}

impl Plant {
    async fn migrate(&self) {
        let config = self.setup.config().display().to_string();
        let said = davy(["migrate", "up", "--config", &config]).await;
        assert_eq!(said.code, 0, "{said:?}");
    }

    fn sql(&self, statement: &str) -> String {
        self.postgres.sql("davy", statement)
    }

    fn count(&self, table: &str) -> String {
        self.sql(&format!("SELECT count(*) FROM davy.{table}"))
    }
}

/// Sends values of the tag, a second apart and up to now; each is acknowledged.
async fn send(server: &Davy, values: &[f64]) {
    let mut mqtt = Mqtt::connect(server.door().await, Version::V311, Login { id: "gw-1", user: None })
        .await
        .expect("let in");
    let began = Timestamp::now() - SignedDuration::from_secs(values.len() as i64);
    let mut bytes = Vec::new();
    for (place, value) in values.iter().enumerate() {
        let ts = began + SignedDuration::from_secs(place as i64);
        let payload = format!(r#"{{"readings":[{{"tag":"A","value":{value},"unit":"ppm","ts":"{ts}"}}]}}"#);
        mqtt.write_publish(&mut bytes, "davy/v1/park/gw-1/readings", payload.as_bytes(), false);
    }
    mqtt.send(&bytes).await.expect("it goes out");
    for _ in values {
        let packet = mqtt.next().await.expect("a PUBACK");
        assert!(matches!(packet, Packet::PubAck { code: 0, .. }), "{packet:?}");
    }
}

async fn until_all_is_there(server: &Davy) {
    let grpc = Grpc::connect(server.http()).await;
    let head = grpc.site("park").await.last_commit;
    wait_until("history has the whole journal", LONG, async || {
        let history = grpc.site("park").await.history.expect("history is kept");
        (history.last_commit >= head).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_davy_that_finds_no_tables_serves_and_brings_everything_once_they_are_there() {
    let Some(plant) = plant().await else { return };
    let mut server = Davy::serve(&plant.setup.config()).await;
    send(&server, &[1.0, 12.0]).await;
    send(&server, &[2.0]).await;
    let grpc = Grpc::connect(server.http()).await;
    let why = wait_until("it says what is missing", LONG, async || {
        Some(grpc.history().await.failing_why).filter(|why| !why.is_empty())
    })
    .await;
    assert!(why.contains("davy migrate up"), "{why}");
    plant.migrate().await;
    until_all_is_there(&server).await;
    assert_eq!((plant.count("readings"), plant.count("transitions")), ("3".to_owned(), "2".to_owned()));
    assert_eq!(plant.sql("SELECT tag, unit, area FROM davy.tags"), "A|ppm|tanks");
    assert_eq!(
        plant.sql("SELECT kind, scopes FROM davy.transitions ORDER BY sequence"),
        "raised|{area/tanks}\ncleared|{area/tanks}"
    );
    assert_eq!(
        plant.sql("SELECT scope, coalesce(tier, 'none') FROM davy.risk_levels ORDER BY at"),
        "area/tanks|orange\narea/tanks|none"
    );
    assert_eq!(plant.sql("SELECT state FROM davy.alarms"), "returned_unacknowledged");
    assert_eq!(plant.sql("SELECT count(*) FROM davy.revisions r JOIN davy.activations USING (site, revision) WHERE r.files::text LIKE '%at_or_above: 10 ppm%'"), "1");
    assert_eq!(server.stop().await, 0);
}

#[tokio::test]
async fn what_came_last_is_brought_before_davy_ends() {
    let Some(plant) = plant().await else { return };
    plant.migrate().await;
    let mut server = Davy::serve(&plant.setup.config()).await;
    send(&server, &[1.0, 2.0, 3.0]).await;
    assert_eq!(server.stop().await, 0);
    assert_eq!(plant.count("readings"), "3");
}

#[tokio::test]
async fn a_database_that_stands_still_does_not_hold_up_the_end() {
    let Some(plant) = plant().await else { return };
    plant.migrate().await;
    let mut server = Davy::serve(&plant.setup.config()).await;
    send(&server, &[1.0]).await;
    until_all_is_there(&server).await;
    plant.postgres.freeze(true);
    send(&server, &[2.0]).await;
    server.ask_to_stop();
    assert_eq!(server.ended(Duration::from_secs(40)).await, 0, "{}", server.log());
    plant.postgres.freeze(false);
    let mut server = Davy::serve(&plant.setup.config()).await;
    until_all_is_there(&server).await;
    assert_eq!(server.stop().await, 0);
    assert_eq!(plant.count("readings"), "2");
}

/// Two sites, and what one of them stands on is damaged in the database.
#[tokio::test]
async fn a_site_in_trouble_holds_no_other_up() {
    let Some(mut plant) = plant().await else { return };
    plant.setup.site("mine", &[("site.yaml", &SITE.replace("park", "mine")), ("tags.csv", TAGS)]);
    plant
        .setup
        .configure(&format!("[history]\nstore = \"postgres\"\nurl = \"{}\"\n", plant.postgres.url("davy")));
    plant.migrate().await;
    let mut server = Davy::serve(&plant.setup.config()).await;
    until_all_is_there(&server).await;
    assert_eq!(server.stop().await, 0);
    // The first in order.
    plant.sql("DELETE FROM davy.revisions WHERE site = 'mine'");
    let mut server = Davy::serve(&plant.setup.config()).await;
    send(&server, &[1.0, 2.0]).await;
    until_all_is_there(&server).await;
    let grpc = Grpc::connect(server.http()).await;
    let mine = grpc.site("mine").await.history.expect("history is kept");
    assert!(mine.trouble.contains("mine"), "{mine:?}");
    assert_eq!(grpc.history().await.failing_why, "", "the store is well");
    assert_eq!(server.stop().await, 0);
    assert_eq!(plant.count("readings"), "2");
}

#[tokio::test]
async fn a_database_that_was_lost_is_filled_again_from_the_journal() {
    let Some(plant) = plant().await else { return };
    plant.migrate().await;
    let mut server = Davy::serve(&plant.setup.config()).await;
    send(&server, &[1.0, 12.0, 2.0]).await;
    until_all_is_there(&server).await;
    plant.sql("DROP SCHEMA davy CASCADE");
    plant.migrate().await;
    send(&server, &[3.0]).await;
    until_all_is_there(&server).await;
    assert_eq!((plant.count("readings"), plant.count("transitions")), ("4".to_owned(), "2".to_owned()));
    assert_eq!(server.stop().await, 0);
}

#[tokio::test]
async fn a_data_folder_that_was_lost_begins_a_new_era_and_mixes_nothing_up() {
    let Some(mut plant) = plant().await else { return };
    plant.migrate().await;
    let mut server = Davy::serve(&plant.setup.config()).await;
    send(&server, &[1.0, 12.0]).await;
    let before = Grpc::connect(server.http()).await.site("park").await.last_commit;
    assert_eq!(server.stop().await, 0);
    assert_eq!(plant.sql("SELECT state, condition FROM davy.alarms"), "active_unacknowledged|active");
    // When history looks again, the new journal is longer than the old one was: numbers alone do not tell them apart.
    plant.postgres.stop().await;
    fs::remove_dir_all(plant.setup.path("data")).expect("one's own folder");
    let mut server = Davy::serve(&plant.setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let mut readings = 2;
    while grpc.site("park").await.last_commit < before + 5 {
        send(&server, &[1.0]).await;
        readings += 1;
    }
    plant.postgres.start_again().await;
    until_all_is_there(&server).await;
    assert_eq!(plant.count("alarms"), "0", "what stood in the old journal stands no more");
    assert_eq!(plant.sql("SELECT coalesce(tier, 'none') FROM davy.risk_levels ORDER BY at"), "orange\nnone");
    for value in [12.0, 1.0] {
        send(&server, &[value]).await;
        readings += 1;
    }
    assert_eq!(server.stop().await, 0);
    assert_eq!(plant.count("readings"), readings.to_string());
    assert_eq!(
        plant.sql("SELECT era, sequence, kind FROM davy.transitions ORDER BY 1, 2"),
        "0|1|raised\n1|1|raised\n1|2|cleared"
    );
    assert_eq!(plant.count("holes"), "0");
}

#[tokio::test]
async fn what_is_refused_is_counted_by_the_hour() {
    let Some(plant) = plant().await else { return };
    plant.migrate().await;
    let mut server = Davy::serve(&plant.setup.config()).await;
    send(&server, &[1.0]).await;
    // From here on, nothing is told for a minute, but at the end.
    until_all_is_there(&server).await;
    let mut mqtt = Mqtt::connect(server.door().await, Version::V311, Login { id: "gw-1", user: None })
        .await
        .expect("let in");
    for tag in ["X", "Y"] {
        let payload = format!(r#"{{"readings":[{{"tag":"{tag}","value":1}}]}}"#);
        mqtt.publish("davy/v1/park/gw-1/readings", payload.as_bytes()).await.expect("it goes out");
    }
    assert_eq!(server.stop().await, 0);
    assert_eq!(plant.sql("SELECT site, code, count FROM davy.dead_letters"), "park|POINT_UNKNOWN|2");
}

#[tokio::test]
async fn without_a_database_history_is_in_a_file_and_a_damaged_file_stops_no_alarm() {
    let mut setup = Setup::new();
    setup.site("park", &[("site.yaml", SITE), ("tags.csv", TAGS), ("rules/high.yaml", RULE)]);
    setup.configure("");
    let mut server = Davy::serve(&setup.config()).await;
    send(&server, &[1.0, 12.0, 2.0]).await;
    until_all_is_there(&server).await;
    assert_eq!(server.stop().await, 0);
    let config = SqliteConfig { path: setup.path("data/history.db"), bytes_max: 1 << 30 };
    let store = SqliteStore::open(&config, Retention::default()).expect("a sound file");
    assert_eq!(readings_of(&store).await, [1.0, 12.0, 2.0]);
    drop(store);

    let len = fs::metadata(&config.path).expect("it is there").len();
    fs::write(&config.path, vec![7; usize::try_from(len).expect("small")]).expect("writable");
    for beside in ["data/history.db-wal", "data/history.db-shm"] {
        // Gone after a clean end.
        let _ = fs::remove_file(setup.path(beside));
    }
    let mut server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let mut alarms = grpc.subscribe_from_now().await;
    send(&server, &[12.0]).await;
    alarms.alert("a limit is passed", LONG, |alert| alert.rule == "high").await;
    let alarm = alarms.alert("history is not kept", LONG, |alert| alert.subject == "history").await;
    let words = alarm.message.expect("words").en;
    assert!(words.contains("history.db"), "{words}");
    // Put aside, it is begun anew from the journal.
    fs::remove_file(&config.path).expect("one's own file");
    alarms.alert("history is kept again", LONG, |alert| alert.subject == "history").await;
    until_all_is_there(&server).await;
    assert_eq!(server.stop().await, 0);
    let store = SqliteStore::open(&config, Retention::default()).expect("a sound file");
    assert_eq!(readings_of(&store).await, [1.0, 12.0, 2.0, 12.0]);
}

async fn readings_of(store: &SqliteStore) -> Vec<f64> {
    let found = store.series("park", &[]).await.expect("it answers");
    let (from, until) = (davy_model::Timestamp::MIN, davy_model::Timestamp::MAX);
    let page = Page { series: found[0].id, from, until, after: None, limit: 100 };
    let samples = store.readings(&page).await.expect("it answers");
    samples.iter().filter_map(|sample| sample.value.get()).collect()
}

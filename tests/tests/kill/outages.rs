//! The database goes away in every way it can, and no alarm knows of it.

use std::time::Duration;

use davy_proto::v1::{Alert, SiteHistoryStatus, Tier, TransitionKind};
use davy_tests::{Grpc, Postgres, Record, Subscriber as Alerts};
use tokio::sync::watch;
use tokio_postgres::{Client, NoTls};

use crate::{active, history, judge, publisher::Publisher, setup_with, started, subscriber::Subscriber};

/// A statement that hangs is given up after a minute.
const PATIENCE: Duration = Duration::from_secs(150);
/// The alarm of history.
const ALARM: &str = "kill:davy-fault:history";

/// How the database is when it takes nothing.
#[derive(Clone, Copy, Debug)]
enum Outage {
    /// It is gone.
    Stopped,
    /// It is there, and does nothing.
    Frozen,
    /// Somebody holds the table.
    Locked,
    /// By an administrator's hand; as a standby would be.
    ReadOnly,
    /// Its disk has no room.
    DiskFull,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_database_does_alarms_go_on_and_history_is_whole_in_the_end() {
    let Some(mut postgres) = Postgres::start_on_a_small_disk().await else { return };
    let url = postgres.database("davy");
    history::migrate(&url).await;
    let setup = setup_with(&history::configured(&url));
    let (ports, seen) = watch::channel(None);
    let mut server = started(&setup, &ports).await;
    let grpc = Grpc::connect(server.http()).await;
    let mut alarms = grpc.subscribe_from_now().await;
    let subscriber = Subscriber::start(seen.clone()).await;
    let publisher = Publisher::start(seen);
    history::until_all_is_there(&server).await;
    for outage in [Outage::Stopped, Outage::Frozen, Outage::Locked, Outage::ReadOnly, Outage::DiskFull] {
        println!("{outage:?}");
        let before = stands(&grpc).await.last_commit;
        let holder = outage.begin(&mut postgres, &url).await;
        let raised = told(&mut alarms, &format!("{outage:?}: told"), TransitionKind::Raised).await;
        assert_eq!(raised.tier(), Tier::Yellow, "{outage:?}: the journal has room for days");
        let words = raised.message.expect("words").en;
        assert!(words.contains("alarms go on") && words.contains("room for about"), "{outage:?}: {words}");
        // Readings are acknowledged as ever, and owed.
        publisher.next_acknowledgement().await;
        let during = stands(&grpc).await;
        assert!(during.owed_bytes > 0 && during.last_commit >= before, "{outage:?}: {during:?}");
        outage.end(&mut postgres, holder).await;
        told(&mut alarms, &format!("{outage:?}: over"), TransitionKind::Cleared).await;
        history::until_all_is_there(&server).await;
    }
    let sent = publisher.finish().await;
    history::until_all_is_there(&server).await;
    let last = grpc.site("kill").await.last_sequence;
    let heard = subscriber.finish(last).await;
    let active = active(&grpc).await;
    assert_eq!(server.stop().await, 0, "a stop that was asked for is no failure");
    let record = Record::read(&setup.journal("kill"));
    judge(&sent, &record, &heard, &active, Some(ALARM));
    history::check_readings(&postgres, &sent.acknowledged);
    history::check_transitions(&postgres, &record);
}

async fn stands(grpc: &Grpc) -> SiteHistoryStatus {
    grpc.site("kill").await.history.expect("history is kept")
}

async fn told(alarms: &mut Alerts, what: &str, kind: TransitionKind) -> Alert {
    alarms.alert(what, PATIENCE, |alert| alert.alarm == ALARM && alert.transition() == kind).await
}

impl Outage {
    /// Begins, and gives whoever keeps it going.
    async fn begin(self, postgres: &mut Postgres, url: &str) -> Option<Client> {
        match self {
            Outage::Stopped => postgres.stop().await,
            Outage::Frozen => postgres.freeze(true),
            Outage::Locked => {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
                tokio::spawn(connection);
                let lock = "BEGIN; LOCK TABLE davy.readings IN ACCESS EXCLUSIVE MODE";
                client.batch_execute(lock).await.expect("the lock");
                return Some(client);
            }
            Outage::ReadOnly => Outage::read_only(postgres, "on"),
            Outage::DiskFull => postgres.fill_disk(true),
        }
        None
    }

    async fn end(self, postgres: &mut Postgres, holder: Option<Client>) {
        match self {
            Outage::Stopped => postgres.start_again().await,
            Outage::Frozen => postgres.freeze(false),
            Outage::Locked => drop(holder),
            Outage::ReadOnly => Outage::read_only(postgres, "off"),
            Outage::DiskFull => {
                postgres.fill_disk(false);
                if postgres.has_ended() {
                    postgres.start_again().await;
                }
            }
        }
    }

    fn read_only(postgres: &Postgres, on: &str) {
        postgres.sql("davy", &format!("ALTER SYSTEM SET default_transaction_read_only = {on}"));
        postgres.sql("davy", "SELECT pg_reload_conf()");
    }
}

//! A plant whose alarms are made by rule, and the exits of its Davy.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use davy_delivery::{
    Delivered, Feed, SiteFeed,
    exits::{
        Bounds, Door, Exit, Exits, HttpTarget, LentClock, Opening, Outbox, Wanted, Webhook, WebhookConfig,
    },
};
use davy_journal::{Commit, Journal};
use davy_model::*;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

#[path = "../../../model/tests/raised/mod.rs"]
mod raised;

pub(crate) const SITE: &str = "park";
/// The exit of most stories.
pub(crate) const DESK: &str = "desk";

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_795_420_800_000_000 + second * 1_000_000)
}

pub(crate) fn transition(sequence: u64, tier: Tier) -> Transition {
    raised::raised(sequence, tier, at(sequence as i64))
}

/// A plant, its journal, and how far it is.
pub(crate) struct Plant {
    dir: TempDir,
    journal: Mutex<Journal>,
    feed: Arc<SiteFeed>,
    pub(crate) clock_s: Arc<AtomicI64>,
}

/// A Davy that runs its exits.
pub(crate) struct Running {
    pub(crate) exits: Exits,
    pub(crate) stop: CancellationToken,
}

impl Plant {
    pub(crate) fn new() -> Plant {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("park.sqlite");
        let (journal, _) = Journal::open(&path, SITE).unwrap();
        let feed = Arc::new(SiteFeed::new(SITE.into(), path, 0));
        Plant { dir, journal: Mutex::new(journal), feed, clock_s: Arc::new(AtomicI64::new(10_000)) }
    }

    pub(crate) fn outbox(&self) -> PathBuf {
        self.dir.path().join("exits.db")
    }

    pub(crate) fn id(&self, sequence: u64) -> String {
        transition(sequence, Tier::Red).id().to_string()
    }

    /// The last transition.
    pub(crate) fn sequence(&self) -> u64 {
        self.feed.sequence()
    }

    pub(crate) fn ids(&self, sequences: impl IntoIterator<Item = u64>) -> Vec<String> {
        sequences.into_iter().map(|sequence| self.id(sequence)).collect()
    }

    /// The next red alarms, one a commit.
    pub(crate) fn alarms(&self, count: u64) {
        for _ in 0..count {
            self.alarm(transition(self.feed.sequence() + 1, Tier::Red));
        }
    }

    pub(crate) fn alarm(&self, transition: Transition) {
        let mut journal = self.journal.lock();
        let number = journal.head().number + 1;
        let commit = Commit {
            number,
            at: transition.recorded_time,
            inputs: vec![Input::Tick],
            transitions: vec![transition.clone()],
        };
        journal.append(&[commit]).unwrap();
        self.feed.publish(Delivered { transition: Arc::new(transition), durable: true });
    }

    /// The disk fails: an alarm goes out, and is in no journal.
    pub(crate) fn alarm_without_disk(&self) {
        let transition = Arc::new(transition(self.feed.sequence() + 1, Tier::Red));
        self.feed.publish(Delivered { transition, durable: false });
    }

    /// The process ends and another begins, which knows the journal alone.
    pub(crate) fn restarted(self) -> Plant {
        let path = self.dir.path().join("park.sqlite");
        drop(self.journal);
        let (journal, head) = Journal::open(&path, SITE).unwrap();
        let feed = Arc::new(SiteFeed::new(SITE.into(), path, head.sequence));
        Plant { journal: Mutex::new(journal), feed, dir: self.dir, clock_s: self.clock_s }
    }

    pub(crate) fn clock(&self) -> LentClock {
        let seconds = Arc::clone(&self.clock_s);
        Arc::new(move || at(seconds.load(Ordering::Relaxed)))
    }

    /// A Davy whose exit `desk` is the webhook at `url`.
    pub(crate) async fn run(&self, url: &str) -> Running {
        self.run_with(self.webhook(url, |_| {}), Wanted::default()).await
    }

    pub(crate) fn webhook(&self, url: &str, change: impl FnOnce(&mut WebhookConfig)) -> Box<dyn Exit> {
        let mut config = webhook(url);
        change(&mut config);
        Box::new(Webhook::new(config, self.clock()))
    }

    pub(crate) async fn run_with(&self, exit: Box<dyn Exit>, wanted: Wanted) -> Running {
        self.run_bounded(exit, wanted, Bounds::default()).await
    }

    pub(crate) async fn run_bounded(&self, exit: Box<dyn Exit>, wanted: Wanted, bounds: Bounds) -> Running {
        self.run_all(vec![opening(DESK, exit, wanted)], bounds).await
    }

    /// The exit `desk`, and beside it another that is told the same.
    pub(crate) async fn run_beside(&self, desk: Box<dyn Exit>, other: Box<dyn Exit>) -> Running {
        let openings =
            vec![opening(DESK, desk, Wanted::default()), opening("other", other, Wanted::default())];
        self.run_all(openings, Bounds::default()).await
    }

    async fn run_all(&self, openings: Vec<Opening>, bounds: Bounds) -> Running {
        let stop = CancellationToken::new();
        let outbox = Outbox::open(&self.outbox(), bounds).unwrap();
        let feed = Feed::new([Arc::clone(&self.feed)]);
        let plants = BTreeMap::from([(SITE.into(), self.feed.sequence())]);
        let exits = Exits::open(outbox, openings, &feed, &plants, self.clock(), &stop).await.unwrap();
        Running { exits, stop }
    }
}

pub(crate) fn webhook(url: &str) -> WebhookConfig {
    WebhookConfig {
        target: HttpTarget::new(url, None, false).unwrap(),
        timeout: Duration::from_millis(400),
        type_prefix: "davy".to_owned(),
        secrets: Vec::new(),
        authorization: None,
        handshake: None,
    }
}

pub(crate) fn opening(name: &str, exit: Box<dyn Exit>, wanted: Wanted) -> Opening {
    Opening { name: name.into(), kind: "webhook", target: String::new(), wanted, exit }
}

impl Running {
    pub(crate) fn door(&self) -> &Arc<Door> {
        self.exits.door(DESK).unwrap()
    }

    /// Ends in order.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.exits.join().await;
    }

    /// Waits until all of the site up to there is dealt with.
    pub(crate) async fn dealt_with(&self, sequence: u64) {
        self.until(|running| running.door().health.figures().dealt_with[SITE] >= sequence).await;
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, is_so: impl Fn(&Running) -> bool) {
        for _ in 0..2000 {
            if is_so(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it did not become so within 10 s: {:?}", self.door().health.figures());
    }
}

//! What is told of an exit whose receiver is away, refuses, wants nothing more, and returns.

use std::sync::atomic::{AtomicI64, Ordering};

use davy_delivery::{
    Delivered, SiteFeed,
    exits::{Exit, Notice, Opening, Outcome, Wanted},
};
use davy_journal::{Commit, Journal};
use davy_model::{Input, Transition};
use parking_lot::Mutex;
use tempfile::TempDir;

use super::*;
use crate::raised::raised;

/// Does what is said.
struct Said(Arc<Mutex<Outcome>>);

#[tonic::async_trait]
impl Exit for Said {
    async fn deliver(&mut self, _notice: &Notice) -> Outcome {
        self.0.lock().clone()
    }
}

struct Plant {
    folder: TempDir,
    journal: Journal,
    feed: Arc<SiteFeed>,
    receiver: Arc<Mutex<Outcome>>,
    now_s: Arc<AtomicI64>,
}

impl Plant {
    fn new() -> Plant {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("park.sqlite");
        let (journal, _) = Journal::open(&path, "park").expect("a journal");
        let feed = Arc::new(SiteFeed::new("park".into(), path, 0));
        let receiver = Arc::new(Mutex::new(Outcome::Delivered(String::new())));
        Plant { folder, journal, feed, receiver, now_s: Arc::new(AtomicI64::new(1_000_000)) }
    }

    async fn run(&self, stop: &CancellationToken) -> Exits {
        let seconds = Arc::clone(&self.now_s);
        let clock: LentClock =
            Arc::new(move || Timestamp::from_micros(seconds.load(Ordering::Relaxed) * 1_000_000));
        let outbox = Outbox::open(&self.folder.path().join("exits.db"), Bounds::default()).expect("a file");
        let opening = Opening {
            name: "desk".into(),
            kind: "webhook",
            target: String::new(),
            wanted: Wanted::default(),
            exit: Box::new(Said(Arc::clone(&self.receiver))),
        };
        let plants = BTreeMap::from([("park".into(), self.feed.sequence())]);
        let feed = Feed::new([Arc::clone(&self.feed)]);
        Exits::open(outbox, vec![opening], &feed, &plants, clock, stop).await.expect("it opens")
    }

    fn is_so(&self, outcome: Outcome) {
        *self.receiver.lock() = outcome;
    }

    fn passes(&self, seconds: i64) {
        self.now_s.fetch_add(seconds, Ordering::Relaxed);
    }

    fn alarm(&mut self) {
        let transition = transition(self.feed.sequence() + 1);
        let number = self.journal.head().number + 1;
        let (at, transitions) = (transition.recorded_time, vec![transition.clone()]);
        let commit = Commit { number, at, inputs: vec![Input::Tick], transitions };
        self.journal.append(&[commit]).expect("a disk");
        self.feed.publish(Delivered { transition: Arc::new(transition), durable: true });
    }
}

fn transition(sequence: u64) -> Transition {
    raised(sequence, Tier::Red, Timestamp::from_micros(sequence.cast_signed()))
}

/// How grave it is, and what is told, as far as the words go.
fn told(exits: &Exits) -> Option<(Tier, String)> {
    let door = exits.door("desk").expect("it is there");
    fault(exits, door, exits.now()).map(|(tier, text)| (tier, format!("{} {}", text.en, text.zh)))
}

async fn until(exits: &Exits, is_so: impl Fn(&davy_delivery::exits::Figures) -> bool) {
    let door = exits.door("desk").expect("it is there");
    for _ in 0..2000 {
        if is_so(&door.health.figures()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not in time: {:?}", door.health.figures());
}

#[tokio::test]
async fn a_receiver_that_is_away_is_told_after_its_grace_and_over_restarts_until_it_is_back() {
    let (mut plant, stop) = (Plant::new(), CancellationToken::new());
    let exits = plant.run(&stop).await;
    plant.alarm();
    until(&exits, |figures| figures.delivered == 1).await;
    assert_eq!(told(&exits), None);

    plant.is_so(Outcome::again("no connection"));
    plant.alarm();
    until(&exits, |figures| figures.trouble.is_some()).await;
    plant.passes(59);
    assert_eq!(told(&exits), None, "one that starts again is nobody's business");
    plant.passes(1);
    let (tier, words) = told(&exits).expect("it is told");
    assert_eq!(tier, Tier::Orange);
    assert!(words.contains("(no connection)") && words.contains("报警无法送达 desk"), "{words}");
    stop.cancel();
    exits.join().await;

    // Since when it is away is known over a restart: nobody waits another minute.
    let stop = CancellationToken::new();
    let exits = plant.run(&stop).await;
    assert_eq!(told(&exits).map(|(tier, _)| tier), Some(Tier::Orange));
    plant.is_so(Outcome::Delivered(String::new()));
    exits.resume(exits.door("desk").expect("it is there")).await.expect("a file");
    until(&exits, |figures| figures.delivered == 1).await;
    assert_eq!(told(&exits), None);
    stop.cancel();
    exits.join().await;
}

#[tokio::test]
async fn a_refusal_stands_for_ten_minutes_and_what_is_graver_is_told_before_it() {
    let (mut plant, stop) = (Plant::new(), CancellationToken::new());
    let exits = plant.run(&stop).await;
    plant.is_so(Outcome::Refused("422 no such desk".to_owned()));
    plant.alarm();
    until(&exits, |figures| figures.refused == 1).await;
    let (tier, words) = told(&exits).expect("it is told at once");
    assert_eq!(tier, Tier::Yellow);
    assert!(words.contains("422 no such desk") && words.contains("davy exits dead-letters"), "{words}");

    plant.is_so(Outcome::Gone("410".to_owned()));
    plant.alarm();
    until(&exits, |figures| figures.gone.is_some()).await;
    let (tier, words) = told(&exits).expect("it is told at once");
    assert_eq!(tier, Tier::Orange);
    assert!(words.contains("410") && words.contains("davy exits resume"), "{words}");

    plant.is_so(Outcome::Delivered(String::new()));
    let door = exits.door("desk").expect("it is there");
    assert!(exits.resume(door).await.expect("a file"));
    until(&exits, |figures| figures.delivered == 1).await;
    plant.passes(599);
    assert_eq!(told(&exits).map(|(tier, _)| tier), Some(Tier::Yellow));
    plant.passes(1);
    assert_eq!(told(&exits), None);
    stop.cancel();
    exits.join().await;
}

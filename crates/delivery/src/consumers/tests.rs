//! What the ledger says of a consumer's day.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use davy_journal::Cursor;
use davy_model::{Tier, Timestamp};
use tempfile::TempDir;

use super::*;

struct House {
    folder: TempDir,
    clock_s: Arc<AtomicI64>,
}

impl House {
    fn new() -> House {
        House { folder: tempfile::tempdir().expect("a folder"), clock_s: Arc::default() }
    }

    fn open(&self, bounds: LedgerBounds, cursors: &[(&str, u64, i64)], must: &[Who]) -> Arc<Consumers> {
        let clock = Arc::clone(&self.clock_s);
        let clock: LentClock = Arc::new(move || at(clock.load(Ordering::Relaxed)));
        let cursors = cursors.iter().map(|(name, sequence, s)| Cursor {
            name: (*name).into(),
            sequence: *sequence,
            at: at(*s),
        });
        let cursors = vec![("park".into(), cursors.collect())];
        let path = self.folder.path().join("consumers.db");
        Arc::new(Consumers::open(&path, bounds, cursors, must.to_vec(), clock).expect("a thread"))
    }

    fn at(&self, s: i64) {
        self.clock_s.store(s, Ordering::Relaxed);
    }
}

fn at(s: i64) -> Timestamp {
    Timestamp::from_micros(s * 1_000_000)
}

fn desk() -> Who {
    Who { caller: Some("ann".into()), name: "desk".into() }
}

fn park() -> [Arc<str>; 1] {
    ["park".into()]
}

/// From, to, first and last sent, confirmed.
async fn told(consumers: &Consumers, query: DeliveryQuery) -> Vec<(u64, u64, i64, i64, Option<i64>)> {
    let s = |time: Timestamp| time.as_micros() / 1_000_000;
    let found = consumers.deliveries(&desk(), query, 100).await.expect("the ledger");
    found
        .iter()
        .map(|run| {
            (run.from_sequence, run.to_sequence, s(run.first_sent), s(run.last_sent), run.confirmed.map(s))
        })
        .collect()
}

fn of(sequence: u64) -> DeliveryQuery {
    DeliveryQuery { site: "park".to_owned(), sequence: Some(sequence), before: None }
}

#[tokio::test]
async fn the_ledger_says_when_a_transition_was_sent_and_when_it_was_confirmed() {
    let house = House::new();
    let consumers = house.open(LedgerBounds::default(), &[], &[]);
    let filters = Filters { tier: Some(Tier::Red), ..Filters::default() };
    let stream = consumers.listen(&desk(), filters.clone(), &park()).expect("let in");
    for (sequence, s) in [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (6, 2), (7, 2), (8, 2), (9, 2), (10, 2)] {
        house.at(s);
        stream.sent("park", sequence);
        // A look writes what there is: the run goes on all the same.
        assert_eq!(told(&consumers, of(sequence)).await, [(1, sequence, 1, s, None)]);
    }
    house.at(3);
    stream.sent("park", 11);
    assert_eq!(told(&consumers, of(11)).await, [(11, 11, 3, 3, None)], "more than a second after the first");
    // It came before the last was sent: nothing is confirmed that was not.
    consumers.get(&desk()).expect("known").confirmed(&"park".into(), 4, at(1));
    assert_eq!(told(&consumers, of(4)).await, [(1, 4, 1, 1, Some(1))]);
    assert_eq!(told(&consumers, of(5)).await, [(5, 10, 1, 2, None)]);
    assert_eq!(told(&consumers, of(12)).await, [], "what was not sent is not said to be");
    house.at(11);
    drop(stream);
    consumers.stop();
    drop(consumers);
    // A confirmation that the journal has, and the ledger had not heard of.
    house.at(60);
    let consumers = house.open(LedgerBounds::default(), &[("ann/desk", 7, 12)], &[]);
    assert_eq!(told(&consumers, of(7)).await, [(5, 7, 1, 2, Some(12))]);
    let standing = consumers.get(&desk()).expect("known").standing();
    assert_eq!((standing.streams, standing.since, standing.heard), (0, at(11), Some(at(1))));
    assert_eq!(standing.filters, filters);
    assert_eq!(standing.positions["park"], Position { sequence: 7, at: at(12) });
}

#[tokio::test]
async fn what_is_sent_again_after_it_was_confirmed_is_confirmed_by_what_comes_after() {
    let house = House::new();
    let consumers = house.open(LedgerBounds::default(), &[], &[]);
    let stream = consumers.listen(&desk(), Filters::default(), &park()).expect("let in");
    house.at(1);
    (1..=5).for_each(|sequence| stream.sent("park", sequence));
    consumers.get(&desk()).expect("known").confirmed(&"park".into(), 5, at(10));
    assert_eq!(told(&consumers, of(5)).await, [(1, 5, 1, 1, Some(10))]);
    // It comes again with a token of before.
    house.at(20);
    (3..=5).for_each(|sequence| stream.sent("park", sequence));
    drop(stream);
    consumers.stop();
    drop(consumers);
    let consumers = house.open(LedgerBounds::default(), &[("ann/desk", 5, 10)], &[]);
    let first = (1, 5, 1, 1, Some(10));
    assert_eq!(told(&consumers, of(5)).await, [(3, 5, 20, 20, None), first], "nobody confirmed that yet");
    consumers.get(&desk()).expect("known").confirmed(&"park".into(), 6, at(30));
    assert_eq!(told(&consumers, of(5)).await, [(3, 5, 20, 20, Some(30)), first]);
}

#[tokio::test]
async fn the_ledger_keeps_the_newest_and_counts_what_it_lets_go() {
    let house = House::new();
    let bounds = LedgerBounds { of_one_max: 3, of_all_max: 100, keep: Duration::from_secs(1000) };
    let consumers = house.open(bounds, &[], &[]);
    let stream = consumers.listen(&desk(), Filters::default(), &park()).expect("let in");
    for sequence in [1, 3, 5, 7, 9] {
        stream.sent("park", sequence);
    }
    let kept = told(&consumers, DeliveryQuery::default()).await;
    assert_eq!(kept.iter().map(|run| run.0).collect::<Vec<_>>(), [9, 7, 5]);
    assert_eq!(consumers.drops().evicted, 2);
    house.at(2000);
    stream.sent("park", 11);
    assert_eq!(told(&consumers, DeliveryQuery::default()).await, [(11, 11, 2000, 2000, None)]);
}

#[tokio::test]
async fn whoever_is_forgotten_may_come_again_and_there_is_no_room_for_a_thousand_and_one() {
    let house = House::new();
    let consumers = house.open(LedgerBounds::default(), &[], &[]);
    let who = |number: usize| Who { caller: None, name: format!("c{number}").into() };
    for number in 0..CONSUMERS_MAX {
        consumers.admit(&who(number)).expect("room");
    }
    assert_eq!(consumers.admit(&desk()).map(|_| ()), Err(TooMany::OfAll));
    consumers.admit(&who(7)).expect("it is known");
    consumers.forget(&who(7)).await.expect("forgotten");
    assert!(consumers.get(&who(7)).is_none());
    consumers.admit(&desk()).expect("room");
}

#[tokio::test]
async fn a_caller_whose_consumers_are_many_leaves_room_for_those_of_others() {
    let house = House::new();
    let consumers = house.open(LedgerBounds::default(), &[], &[]);
    let of =
        |caller: &str, number: usize| Who { caller: Some(caller.into()), name: format!("c{number}").into() };
    for number in 0..CALLER_CONSUMERS_MAX {
        consumers.admit(&of("bob", number)).expect("room");
    }
    let one_more = of("bob", CALLER_CONSUMERS_MAX);
    assert_eq!(consumers.admit(&one_more).map(|_| ()), Err(TooMany::OfCaller));
    consumers.admit(&of("bob", 7)).expect("it is known");
    consumers.admit(&desk()).expect("another's are not used up");
    consumers.forget(&of("bob", 7)).await.expect("forgotten");
    consumers.admit(&one_more).expect("room");
}

#[test]
fn a_consumer_is_silent_when_it_is_gone_and_when_it_confirms_nothing() {
    let house = House::new();
    let consumers = house.open(LedgerBounds::default(), &[], &[desk()]);
    let minute = Duration::from_secs(60);
    let silence = |s| {
        house.at(s);
        consumers.get(&desk()).expect("it must listen").standing().silence(minute, at(0), at(s))
    };
    assert_eq!((silence(59), silence(60)), (Silence::Unsaid, Silence::Gone));
    let stream = consumers.listen(&desk(), Filters::default(), &park()).expect("let in");
    assert_eq!(silence(500), Silence::None, "nothing waits");
    stream.sent("park", 1);
    stream.sent("park", 2);
    assert_eq!((silence(559), silence(560)), (Silence::None, Silence::Unconfirmed));
    consumers.get(&desk()).expect("known").confirmed(&"park".into(), 1, at(560));
    assert_eq!((silence(619), silence(620)), (Silence::None, Silence::Unconfirmed), "one more waits");
    consumers.get(&desk()).expect("known").confirmed(&"park".into(), 2, at(620));
    assert_eq!(silence(9999), Silence::None);
    drop(stream);
    assert_eq!((silence(10_058), silence(10_059)), (Silence::Unsaid, Silence::Gone));
    // Davy was away itself: what it missed then is nobody's silence.
    let standing = consumers.get(&desk()).expect("known").standing();
    let since_the_start = |s| standing.silence(minute, at(20_000), at(s));
    assert_eq!((since_the_start(20_059), since_the_start(20_060)), (Silence::Unsaid, Silence::Gone));
}

#[test]
fn what_waits_is_waited_for_over_a_new_stream_while_that_asks_for_it() {
    let house = House::new();
    let consumers = house.open(LedgerBounds::default(), &[], &[desk()]);
    let minute = Duration::from_secs(60);
    let silence =
        || consumers.get(&desk()).expect("it must listen").standing().silence(minute, at(0), at(60));
    consumers.listen(&desk(), Filters::default(), &park()).expect("let in").sent("park", 1);
    house.at(60);
    let again = consumers.listen(&desk(), Filters::default(), &park()).expect("let in");
    assert_eq!(silence(), Silence::Unconfirmed, "to come again is not to confirm");
    drop(again);
    let _elsewhere = consumers.listen(&desk(), Filters::default(), &["mine".into()]).expect("let in");
    assert_eq!(silence(), Silence::None, "it hears no more of what it was sent");
}

#[test]
fn a_consumer_is_its_callers() {
    for key in ["desk", "ann/desk", "a/b/desk"] {
        assert_eq!(Who::of_key(key).to_string(), key);
    }
    assert_eq!(Who::of_key("a/b/desk").caller.as_deref(), Some("a/b"));
}

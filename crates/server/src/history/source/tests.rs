//! A journal of two hundred commits on its way into a SQLite file.

use davy_history::{Page, Retention, SqliteConfig, SqliteStore};
use davy_journal::{Commit, Journal, Snapshot};
use davy_model::{
    BundleFile, Freshness, Input, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, TagIndex,
};
use tempfile::TempDir;

use super::*;
use crate::Loaded;

const TAGS: u32 = 10;

struct House {
    folder: TempDir,
    journal: Journal,
    store: SqliteStore,
    loaded: Loaded,
}

fn at(number: u64) -> Timestamp {
    Timestamp::from_micros(1_795_420_800_000_000).plus(Duration::from_secs(number))
}

/// Each tag's reading of that second.
fn message(number: u64) -> Input {
    let head = MessageHead {
        node: NodeIndex(0),
        arrival: at(number),
        seq: None,
        redelivered: false,
        freshness: Freshness::Live,
        len: TAGS,
    };
    let reading = |tag| Reading {
        tag: TagIndex(tag),
        quality: Quality::Good,
        source_time: at(number),
        value: (number as f64).into(),
    };
    Input::Readings(ReadingBlock { messages: vec![head], readings: (0..TAGS).map(reading).collect() })
}

impl House {
    fn new() -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let (journal, _) = Journal::open(&folder.path().join("park.sqlite"), "park").expect("a new journal");
        let config = SqliteConfig { path: folder.path().join("history.db"), bytes_max: 1 << 30 };
        let mut tags = "tag,quantity,unit,interval\n".to_owned();
        (0..TAGS).for_each(|tag| tags += &format!("t{tag},number,1,1s\n"));
        let site = "site: park\nedge_nodes: [{id: gw-1}]\n".to_owned();
        let files = [("site.yaml", site), ("tags.csv", tags)]
            .map(|(path, text)| BundleFile { path: path.to_owned(), text });
        let loaded = Loaded::of_files(files.into()).unwrap_or_else(|found| panic!("{found:?}"));
        House { folder, journal, store: SqliteStore::new(&config, Retention::default()), loaded }
    }

    /// Goes on up to commit `last`.
    fn write(&mut self, last: u64) {
        for number in self.journal.head().number + 1..=last {
            let mut inputs = vec![message(number)];
            if number == 1 {
                inputs.insert(0, Input::Activate(Arc::clone(&self.loaded.bundle)));
            }
            let commit = Commit { number, at: at(number), inputs, transitions: Vec::new() };
            self.journal.append(&[commit]).expect("there is room");
        }
    }

    fn source(&self) -> Source {
        Source::new("park".into(), self.folder.path().join("park.sqlite"))
    }

    /// Brings about a hundred readings: ten commits.
    async fn step(&self, source: &mut Source, ahead: &Arc<Semaphore>) -> Result<Step, SourceError> {
        source.readings = 100;
        let stepped = source.step(&self.store, &self.loaded.plan, ahead).await;
        stepped.map(|(step, _)| step)
    }

    /// The seconds that history has of each tag, all alike.
    async fn seconds(&self) -> Vec<u64> {
        let mut all = Vec::new();
        for found in self.store.series("park", &[]).await.expect("it answers") {
            let page = Page { series: found.id, from: at(0), until: at(10_000), after: None, limit: 100_000 };
            let samples = self.store.readings(&page).await.expect("it answers");
            all.push(samples.iter().map(|one| one.value.get().expect("a value") as u64).collect::<Vec<_>>());
        }
        assert_eq!(all.len(), TAGS as usize);
        assert!(all.iter().all(|seconds| *seconds == all[0]), "{all:?}");
        all.swap_remove(0)
    }
}

#[tokio::test]
async fn a_journal_is_brought_batch_by_batch_with_or_without_reading_ahead() {
    for permits in [0, 1] {
        let mut house = House::new();
        house.write(200);
        let (mut source, ahead) = (house.source(), Arc::new(Semaphore::new(permits)));
        let mut steps = 1;
        while house.step(&mut source, &ahead).await.expect("it lands") == Step::More {
            assert_eq!(source.ahead.is_some(), permits == 1, "after step {steps}");
            steps += 1;
        }
        assert!((20..=21).contains(&steps), "{steps} of ten commits each");
        assert_eq!(house.step(&mut source, &ahead).await.expect("it reads"), Step::Nothing);
        assert_eq!(ahead.available_permits(), permits, "it is given back");
        house.write(203);
        assert_eq!(house.step(&mut source, &ahead).await.expect("it lands"), Step::Landed);
        assert_eq!(house.seconds().await, (1..=203).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn two_that_bring_the_same_journal_leave_each_reading_once() {
    let mut house = House::new();
    house.write(200);
    let ahead = Arc::new(Semaphore::new(4));
    let mut sources = [house.source(), house.source()];
    let (mut moved, mut ended) = (0, 0);
    for turn in 0..400 {
        // Two turns of one, then one of the other: what that has read ahead is not what follows any more.
        match house.step(&mut sources[usize::from(turn % 3 == 2)], &ahead).await {
            Ok(Step::Nothing) => ended += 1,
            Ok(_) => {}
            Err(SourceError::Store(HistoryError::Moved { .. })) => moved += 1,
            Err(error) => panic!("{error}"),
        }
    }
    // Once for each time that the other had gone on: what was read ahead then is not brought to be refused again.
    assert_eq!((moved, ended > 100), (10, true), "{ended} at the end");
    assert_eq!(house.seconds().await, (1..=200).collect::<Vec<_>>());
    assert_eq!(ahead.available_permits(), 4);
}

#[tokio::test]
async fn what_was_let_go_before_history_had_it_is_a_hole_and_the_rest_is_brought() {
    let mut house = House::new();
    house.write(50);
    let (mut source, ahead) = (house.source(), Arc::new(Semaphore::new(1)));
    while house.step(&mut source, &ahead).await.expect("it lands") == Step::More {}
    house.write(200);
    for number in [199, 200] {
        let snapshot = Snapshot { number, at: at(number), schema: 1, bytes: vec![1; 10] };
        house.journal.save_snapshot(&snapshot).expect("there is room");
    }
    assert_eq!(house.journal.forget_before(121).expect("it lets go").number, 121);
    // A Davy that begins anew, as after a long time without its database.
    let mut source = house.source();
    let first = source.step(&house.store, &house.loaded.plan, &ahead).await.expect("it lands");
    assert_eq!(first.1.map(|landed| landed.lost_commits), Some(70));
    while house.step(&mut source, &ahead).await.expect("it lands") == Step::More {}
    assert_eq!(house.seconds().await, (1..=50).chain(121..=200).collect::<Vec<_>>());
    let holes = house.store.state().await.expect("it answers").holes;
    assert_eq!(holes.len(), 1);
    assert_eq!((holes[0].first_commit, holes[0].last_commit), (51, 120));
}

#[tokio::test]
async fn one_that_stands_in_the_middle_of_what_goes_tells_of_it() {
    let mut house = House::new();
    house.write(100);
    let (mut source, ahead) = (house.source(), Arc::new(Semaphore::new(0)));
    assert_eq!(house.step(&mut source, &ahead).await.expect("it lands"), Step::More);
    for number in [99, 100] {
        let snapshot = Snapshot { number, at: at(number), schema: 1, bytes: vec![1; 10] };
        house.journal.save_snapshot(&snapshot).expect("there is room");
    }
    let first = house.journal.forget_before(61).expect("it lets go").number;
    let mut told = Vec::new();
    for _ in 0..20 {
        match house.step(&mut source, &ahead).await {
            Ok(Step::More | Step::Landed) => {}
            Ok(Step::Nothing) => break,
            Err(error) => told.push(error.to_string()),
        }
    }
    assert!(told.len() <= 1, "{told:?}");
    let expected: Vec<u64> = (1..=10).chain(first..=100).collect();
    assert_eq!(house.seconds().await, expected);
    assert_eq!(house.store.state().await.expect("it answers").holes.len(), 1);
}

/// As that of a site which a lower Davy judges.
#[tokio::test]
async fn a_journal_without_files_is_brought_on_after_a_restart() {
    let (mut house, ahead) = (House::new(), Arc::new(Semaphore::new(0)));
    for (last, due) in [(3, Step::Landed), (5, Step::Landed), (5, Step::Nothing)] {
        for number in house.journal.head().number + 1..=last {
            let commit = Commit { number, at: at(number), inputs: Vec::new(), transitions: Vec::new() };
            house.journal.append(&[commit]).expect("there is room");
        }
        let step = house.step(&mut house.source(), &ahead).await.expect("it is brought");
        assert_eq!(step, due, "up to {last}");
        let standing = house.store.standing("park").await.expect("it answers").expect("it stands somewhere");
        assert_eq!((standing.position.number, standing.bundle), (last, None));
    }
}

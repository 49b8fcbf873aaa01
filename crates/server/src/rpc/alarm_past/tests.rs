//! An alarm that is raised every hour and cleared half an hour later, for two days, of which the journal keeps one.

use std::path::Path;

use davy_history::{Batch, Position, Retention, SqliteConfig, SqliteStore, StoredTransition};
use davy_journal::{Commit, Journal, Snapshot, encode_transition};
use davy_model::{AlarmFacts, Bundle, Input, Tier, TransitionKind};
use tempfile::TempDir;

use super::*;
use crate::raised;

const HALVES: u64 = 96;
const KEPT_FROM: u64 = 48;

/// The beginning of a half hour.
fn at(half: u64) -> Timestamp {
    Timestamp::from_micros(1_795_420_800_000_000).plus(Duration::from_secs(half * 1800))
}

fn transition(half: u64) -> Transition {
    let raised = raised::raised(half + 1, Tier::Red, at(half));
    let occurrence = half / 2 + 1;
    if half.is_multiple_of(2) {
        return Transition { occurrence, ..raised };
    }
    let facts = AlarmFacts::normal(Tier::Red);
    Transition { occurrence, step: 2, kind: TransitionKind::Cleared, facts, sounds: false, ..raised }
}

/// A journal that keeps the second day, beside what history has.
async fn past(folder: &TempDir, taken: u64) -> AlarmPast {
    let journal_path = folder.path().join("park.sqlite");
    let (mut journal, _) = Journal::open(&journal_path, "park").expect("a new journal");
    let bundle = Bundle { site: "park".into(), files: Vec::new(), revision: "r1".into() };
    for half in 0..HALVES {
        let inputs = if half == 0 { vec![Input::Activate(bundle.clone().into())] } else { Vec::new() };
        let commit = Commit { number: half + 1, at: at(half), inputs, transitions: vec![transition(half)] };
        journal.append(&[commit]).expect("there is room");
    }
    for number in [HALVES - 1, HALVES] {
        let snapshot = Snapshot { number, at: at(number - 1), schema: 1, bytes: vec![1; 10] };
        journal.save_snapshot(&snapshot).expect("there is room");
    }
    let first = journal.forget_before(KEPT_FROM + 1).expect("it lets go");
    assert_eq!(first.sequence, KEPT_FROM + 1);
    journal.close().expect("it closes");
    let store = store(&folder.path().join("history.db"));
    store.write(&batch(taken)).await.expect("it lands");
    AlarmPast { site: "park".to_owned(), journal: journal_path, history: Some(Arc::new(store)) }
}

fn store(path: &Path) -> SqliteStore {
    SqliteStore::new(&SqliteConfig { path: path.to_owned(), bytes_max: 1 << 30 }, Retention::default())
}

fn batch(taken: u64) -> Batch {
    let stored = |half| {
        let transition = transition(half);
        let record = encode_transition(&transition);
        StoredTransition { transition: Arc::new(transition), record, scopes: Vec::new() }
    };
    Batch {
        site: "park".into(),
        after: None,
        begins_era: false,
        hole: None,
        until: Position {
            number: taken,
            hash: [1; 32],
            sequence: taken,
            at: at(taken),
            revision: "r1".into(),
        },
        series: Vec::new(),
        readings: Vec::new(),
        transitions: (0..taken).map(stored).collect(),
        nodes: Vec::new(),
        activations: Vec::new(),
        risks: Vec::new(),
    }
}

/// Asked as it is served: on a thread that may wait.
async fn raised(past: &Arc<AlarmPast>, from: u64, until: u64) -> Result<u64, String> {
    let (past, period) = (Arc::clone(past), Period { from: at(from), until: at(until) });
    tokio::task::spawn_blocking(move || past.raised_in(period)).await.expect("it answers")
}

#[tokio::test]
async fn what_the_journal_let_go_is_read_from_history_and_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    // History overlaps with the journal, as it does while both are kept.
    let past = Arc::new(past(&folder, KEPT_FROM + 20).await);
    for (from, until, expected) in [(0, HALVES, 48), (0, 10, 5), (40, 60, 10), (KEPT_FROM, HALVES, 24)] {
        assert_eq!(raised(&past, from, until).await, Ok(expected), "{from}..{until}");
    }
}

#[tokio::test]
async fn without_history_only_what_the_journal_has_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut past = past(&folder, 0).await;
    past.history = None;
    let past = Arc::new(past);
    assert_eq!(raised(&past, KEPT_FROM, HALVES).await, Ok(24));
    let refused = raised(&past, KEPT_FROM - 1, HALVES).await.expect_err("nobody knows");
    assert!(refused.contains("[history]"), "{refused}");
}

#[tokio::test]
async fn a_history_that_is_down_is_missed_only_where_it_is_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut past = past(&folder, KEPT_FROM).await;
    let down = store(&folder.path().join("nowhere").join("history.db"));
    assert!(down.state().await.is_err());
    past.history = Some(Arc::new(down));
    let past = Arc::new(past);
    assert_eq!(raised(&past, KEPT_FROM, HALVES).await, Ok(24));
    assert!(raised(&past, 0, HALVES).await.is_err());
}

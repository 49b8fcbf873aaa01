//! What is in the inbox before an end is in it afterwards.

use std::fs;
use std::path::Path;
use std::time::Instant;

use davy_model::{Reason, Timestamp};
use rusqlite::Connection;

use super::*;
use crate::remark::remark;
use crate::{DeadLetter, Group, LetterFilter, Origin, Rejection};

/// Longer than anything here takes, on a machine that is busy.
const LONG: Duration = Duration::from_secs(60);

/// Two inboxes and their file.
struct Bench {
    inboxes: Inboxes,
    store: LetterStore,
}

impl Bench {
    fn start(path: &Path) -> Bench {
        Bench::with_bounds(path, 1000, 16 << 20)
    }

    fn with_bounds(path: &Path, count_max: usize, bytes_max: usize) -> Bench {
        let inboxes: Inboxes = ["park", ""]
            .map(|name| (name.into(), Arc::new(DeadLetters::new(count_max, bytes_max))))
            .into_iter()
            .collect();
        let store = LetterStore::start(path.to_owned(), inboxes.clone()).expect("a thread");
        Bench { inboxes, store }
    }

    fn park(&self) -> &DeadLetters {
        &self.inboxes[0].1
    }

    fn until(&self, what: &str, is_so: impl Fn(&Bench) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < LONG, "{what}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn until_written(&self) {
        self.until("everything is in the file", |bench| {
            bench.inboxes.iter().all(|(_, inbox)| inbox.unsaved_len() == 0)
        });
    }

    /// Everything that can be asked of both.
    fn told(&self) -> Vec<(Vec<DeadLetter>, Vec<Group>)> {
        self.inboxes.iter().map(|(_, inbox)| (all(inbox), inbox.groups())).collect()
    }

    /// What a process killed now would find at its next start.
    fn killed(&self, copy: &Path) -> Bench {
        for suffix in ["", "-wal"] {
            let of = |path: &Path| format!("{}{suffix}", path.display());
            fs::copy(of(&self.store.shared.path), of(copy)).expect("copied");
        }
        Bench::start(copy)
    }
}

fn all(inbox: &DeadLetters) -> Vec<DeadLetter> {
    inbox.list(&LetterFilter::default(), usize::MAX)
}

fn numbers(inbox: &DeadLetters) -> Vec<u64> {
    all(inbox).iter().map(|letter| letter.number).collect()
}

fn refuse(inbox: &DeadLetters, edge_node: &str, payload: &[u8]) {
    let origin = Origin {
        arrival: Timestamp::from_micros(1_764_000_000_000_000),
        site: "park".into(),
        edge_node: edge_node.into(),
        topic: format!("davy/v1/park/{edge_node}/readings").into(),
        sender: (edge_node == "gw-2").then(|| "east".into()),
    };
    let position = Some(davy_codec::Position { line: 1, column: 7, offset: 6 });
    let at = |pointer: &str, found| Rejection { pointer: pointer.to_owned(), ..found };
    let findings = [
        at("/readings/0/unit", remark(Reason::UnitMismatch, "kPa", "a concentration, 浓度", "send ppm")),
        at("", Rejection { position, ..remark(Reason::JsonSyntax, "\0\"", "", "") }),
    ];
    inbox.keep(&origin, &findings, payload);
}

#[test]
fn a_new_process_finds_the_inbox_as_it_was_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("letters.db");
    let before = Bench::start(&path);
    refuse(before.park(), "gw-1", b"{}");
    refuse(before.park(), "gw-2", &[0, 255, 128]);
    refuse(&before.inboxes[1].1, "gw-9", b"");
    before.until_written();
    // A mark on a letter that the file has already.
    before.park().note_replayed(1, Timestamp::from_micros(7));
    let left = before.told();
    before.store.stop();
    let after = Bench::start(&path);
    assert_eq!(after.told(), left);
    assert_eq!(after.park().get(1).expect("kept").replayed, Some(Timestamp::from_micros(7)));
    refuse(after.park(), "gw-1", b"{}");
    assert_eq!(numbers(after.park()), [3, 2, 1]);
    let group = &after.park().groups()[0];
    assert_eq!((group.messages, group.example, &*group.edge_node), (2, 3, "gw-1"), "counts go on");
}

#[test]
fn a_killed_process_leaves_what_was_written_and_its_numbers_are_never_given_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let before = Bench::start(&folder.path().join("letters.db"));
    refuse(before.park(), "gw-1", b"{}");
    before.until_written();
    let after = before.killed(&folder.path().join("copy.db"));
    assert_eq!(after.told(), before.told());
    // It was killed before this one was written, and somebody had seen it.
    refuse(before.park(), "gw-1", b"{}");
    refuse(after.park(), "gw-1", b"{}");
    assert!(numbers(after.park())[0] > numbers(before.park())[0], "{:?}", numbers(after.park()));
    after.until_written();
    let again = after.killed(&folder.path().join("again.db"));
    assert_eq!(again.told(), after.told());
    refuse(again.park(), "gw-1", b"{}");
    assert!(numbers(again.park())[0] > numbers(after.park())[0], "{:?}", numbers(again.park()));
}

#[test]
fn the_file_holds_no_more_than_the_inbox() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("letters.db");
    let before = Bench::with_bounds(&path, 5, 60_000);
    for round in 0..200 {
        refuse(before.park(), &format!("gw-{}", round % 3), &[b'x'; 10_000]);
        if round % 20 == 0 {
            before.until_written();
        }
    }
    before.until_written();
    let left = before.told();
    assert_eq!((numbers(before.park()).len(), before.park().evicted()), (5, 195));
    before.store.stop();
    let len = fs::metadata(&path).expect("the file").len();
    assert!(len < 300_000, "{len} bytes for five letters of 10 000");
    let rows: u32 = Connection::open(&path)
        .and_then(|conn| conn.query_row("SELECT count(*) FROM letters", [], |row| row.get(0)))
        .expect("read");
    assert_eq!(rows, 5);
    let after = Bench::with_bounds(&path, 5, 60_000);
    assert_eq!(after.told(), left);
    assert_eq!(after.park().groups().iter().map(|group| group.messages).sum::<u64>(), 400);
    drop(after);
    let smaller = Bench::with_bounds(&path, 2, 60_000);
    assert_eq!(numbers(smaller.park()), [200, 199]);
}

#[test]
fn a_flood_waits_for_no_disk_and_its_last_letters_are_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("letters.db");
    let before = Bench::start(&path);
    for _ in 0..5000 {
        refuse(before.park(), "gw-1", &[b'x'; 1000]);
    }
    before.until_written();
    let left = before.told();
    before.store.stop();
    let after = Bench::start(&path);
    assert_eq!(after.told(), left);
    assert_eq!((all(after.park()).len(), after.park().groups()[0].messages), (1000, 5000));
}

#[test]
fn what_is_not_written_when_the_process_ends_well_is_written_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("letters.db");
    let before = Bench::start(&path);
    for _ in 0..300 {
        refuse(before.park(), "gw-1", &[b'x'; 50_000]);
    }
    let left = before.told();
    before.store.stop();
    assert_eq!(Bench::start(&path).told(), left);
}

#[test]
fn a_damaged_file_is_put_aside_and_a_new_one_begun() {
    let sound = tempfile::tempdir().expect("a folder");
    let sound = sound.path().join("letters.db");
    let before = Bench::start(&sound);
    for _ in 0..50 {
        refuse(before.park(), "gw-1", &[b'x'; 1000]);
    }
    before.store.stop();
    let whole = fs::read(&sound).expect("read");
    let sql = |statement: &'static str| {
        let whole = whole.clone();
        move |path: &Path| {
            fs::write(path, &whole).expect("written");
            let conn = Connection::open(path).expect("opened");
            conn.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).expect("no log");
            conn.execute_batch(statement).expect("done");
        }
    };
    let bytes = |bytes: Vec<u8>| move |path: &Path| fs::write(path, &bytes).expect("written");
    let zeros = |from: usize| {
        let mut bytes = whole.clone();
        bytes[from..].fill(0);
        bytes
    };
    type Harm<'a> = Box<dyn Fn(&Path) + 'a>;
    let harms: Vec<(&str, Harm<'_>)> = vec![
        ("no database", Box::new(bytes(b"not a database, and longer than the header of one".repeat(9)))),
        ("cut off", Box::new(bytes(whole[..whole.len() / 2].to_vec()))),
        ("zeros inside", Box::new(bytes(zeros(8192)))),
        ("somebody else's", Box::new(sql("PRAGMA application_id = 7"))),
        ("of a later release", Box::new(sql("PRAGMA user_version = 99"))),
        ("a table is gone", Box::new(sql("DROP TABLE kinds"))),
        ("a column is gone", Box::new(sql("ALTER TABLE letters DROP COLUMN topic"))),
        ("a cell that is no JSON", Box::new(sql("UPDATE letters SET findings = '[[' WHERE number = 9"))),
        ("a negative number", Box::new(sql("UPDATE letters SET number = -1 WHERE number = 9"))),
    ];
    for (what, harm) in &harms {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("letters.db");
        harm(&path);
        let after = Bench::start(&path);
        assert!(!after.store.is_failing() && all(after.park()).is_empty(), "{what}");
        assert!(folder.path().join("letters.db.damaged").exists(), "{what}");
        refuse(after.park(), "gw-1", b"{}");
        after.until_written();
        let left = after.told();
        after.store.stop();
        assert_eq!(Bench::start(&path).told(), left, "{what}");
    }
}

#[test]
fn a_file_of_the_layout_before_is_taken_up_and_what_was_refused_for_its_topic_is_nobodys() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("letters.db");
    let before = Bench::start(&path);
    refuse(before.park(), "gw-1", b"{}");
    let topic = [remark(Reason::TopicNotAllowed, "t", "", "")];
    let origin = Origin {
        arrival: Timestamp::from_micros(7),
        site: "park".into(),
        edge_node: "gw-1".into(),
        topic: "t".into(),
        sender: None,
    };
    before.park().keep(&origin, &topic, b"{}");
    before.store.stop();
    let conn = Connection::open(&path).expect("opened");
    conn.execute_batch("ALTER TABLE letters DROP COLUMN sender; PRAGMA user_version = 1").expect("done");
    drop(conn);
    let after = Bench::start(&path);
    let senders: Vec<_> = all(after.park()).into_iter().map(|letter| letter.sender).collect();
    assert_eq!(senders, [Some("".into()), None]);
}

#[test]
fn a_folder_that_comes_late_costs_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (here, away) = (folder.path().join("data"), folder.path().join("away"));
    fs::create_dir(&here).expect("made");
    let path = here.join("letters.db");
    let before = Bench::start(&path);
    refuse(before.park(), "gw-1", b"first");
    refuse(before.park(), "gw-1", b"second");
    before.store.stop();
    fs::rename(&here, &away).expect("moved");
    let bench = Bench::start(&path);
    assert!(bench.store.is_failing());
    refuse(bench.park(), "gw-1", b"third");
    bench.park().note_replayed(1, Timestamp::from_micros(5));
    assert_eq!((numbers(bench.park()), bench.park().unsaved_len()), (vec![1], 1));
    fs::rename(&away, &here).expect("moved back");
    bench.until("the file is written", |bench| !bench.store.is_failing());
    bench.until_written();
    assert!(bench.store.failures() > 0);
    let payloads: Vec<_> = all(bench.park()).into_iter().map(|letter| letter.payload).collect();
    assert_eq!(payloads, ["third", "second", "first"]);
    let newest = &all(bench.park())[0];
    assert_eq!(newest.replayed, Some(Timestamp::from_micros(5)));
    let group = &bench.park().groups()[0];
    assert_eq!((group.messages, group.example), (3, newest.number));
    let left = bench.told();
    bench.store.stop();
    assert_eq!(Bench::start(&path).told(), left);
}

#[test]
fn a_full_disk_keeps_nobody_from_keeping_letters_and_has_them_all_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = Bench::start(&folder.path().join("other.db"));
    bench.store.stop();
    let shared = Arc::new(Shared {
        path: folder.path().join("letters.db"),
        inboxes: bench.inboxes.clone(),
        stops: AtomicBool::new(false),
        is_failing: AtomicBool::new(false),
        failures: AtomicU64::new(0),
    });
    let mut keeper = Keeper { shared, file: None, is_restored: false, is_begun: false };
    keeper.write().expect("a new file");
    keeper.file.as_ref().expect("open").limit_pages(8);
    for _ in 0..10 {
        refuse(bench.park(), "gw-1", &[b'x'; 10_000]);
    }
    let error = keeper.write().expect_err("there is no room");
    assert!(!error.is_damage(), "{error}");
    assert!(keeper.file.is_some(), "a full disk is no damage");
    assert_eq!(bench.park().unsaved_len(), 10);
    keeper.file.as_ref().expect("open").limit_pages(1000);
    assert!(!keeper.write().expect("there is room"));
    assert_eq!(bench.park().unsaved_len(), 0);
}

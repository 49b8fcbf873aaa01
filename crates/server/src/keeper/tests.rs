//! A journal that is written for long, by a keeper with little room.

use std::{fs, path::PathBuf};

use davy_journal::{Commit, JournalReader, Options, Snapshot, verify};
use davy_model::{
    Bundle, Freshness, Input, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, TagIndex, Value,
};
use tempfile::TempDir;

use super::*;

const BYTES_MAX: u64 = 2 << 20;
const OPTIONS: Options = Options { page_size: 4096, checkpoint_bytes: 128 << 10 };
/// What the log, and what was written since the last look, may be more.
const SLACK: u64 = 400 << 10;

fn at(second: u64) -> Timestamp {
    Timestamp::from_micros(1_795_420_800_000_000 + second.cast_signed() * 1_000_000)
}

/// A commit a second, of some 8 KiB that do not compress.
fn commit(number: u64) -> Commit {
    let reading = |index: u64| {
        let noise = (number * 1000 + index).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let value = Value::of(f64::from_bits(noise >> 12 | 0x3ff0_0000_0000_0000));
        let tag = TagIndex(u32::try_from(index).expect("there are few"));
        Reading { tag, quality: Quality::Good, source_time: at(number), value }
    };
    let head = MessageHead {
        node: NodeIndex(0),
        arrival: at(number),
        seq: None,
        redelivered: false,
        freshness: Freshness::Live,
        len: 1000,
    };
    let block = ReadingBlock { messages: vec![head], readings: (0..1000).map(reading).collect() };
    let mut inputs = vec![Input::Readings(block)];
    if number == 1 {
        let bundle = Bundle { site: "park".into(), files: Vec::new(), revision: "0123456789ab".into() };
        inputs.insert(0, Input::Activate(bundle.into()));
    }
    Commit { number, at: at(number), inputs, transitions: Vec::new() }
}

struct Site {
    _folder: TempDir,
    path: PathBuf,
    journal: Journal,
    keeper: Keeper,
    kept: Kept,
}

fn begun(keep_s: u64, taken: Option<u64>) -> Site {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("park.sqlite");
    let (journal, _) = Journal::open_with(&path, "park", OPTIONS).expect("a new journal");
    let keeper = Keeper::new(Retention { keep: Duration::from_secs(keep_s), bytes_max: BYTES_MAX });
    let kept = Kept::default();
    kept.set_taken(taken);
    Site { _folder: folder, path, journal, keeper, kept }
}

impl Site {
    /// Writes so many commits, a snapshot every twentieth, and lets go what is to go after each.
    fn write(&mut self, commits: u64) {
        for _ in 0..commits {
            let number = self.journal.head().number + 1;
            self.journal.append(&[commit(number)]).expect("there is room");
            if number.is_multiple_of(20) {
                let snapshot = Snapshot { number, at: at(number), schema: 1, bytes: vec![1; 100] };
                self.journal.save_snapshot(&snapshot).expect("there is room");
            }
            while self.keeper.step(&mut self.journal, &self.kept) {}
        }
    }

    fn counts(&self) -> [u64; 3] {
        [&self.kept.let_go_age, &self.kept.let_go_size, &self.kept.lost_owed]
            .map(|count| count.load(Ordering::Relaxed))
    }

    fn first(&self) -> u64 {
        let first = self.journal.first_kept().number;
        assert_eq!(self.kept.first.load(Ordering::Relaxed), first);
        first
    }

    fn bytes(&self) -> u64 {
        self.journal.size().expect("it can be asked").bytes()
    }

    fn check_whole(self) {
        self.journal.close().expect("it closes");
        let report = verify(&self.path).expect("it can be checked");
        assert!(report.is_whole(), "{report:?}");
        let files = JournalReader::open(&self.path).expect("it opens").base_files().expect("it reads");
        assert_eq!(files.map(|files| files.activated_in), (report.first > 1).then_some(1));
    }
}

#[test]
fn a_journal_stays_within_its_room() {
    let mut kept = begun(1_000_000, None);
    kept.write(100);
    let first_growth = kept.kept.growth_per_h.load(Ordering::Relaxed) / 3600;
    assert!((5_000..15_000).contains(&first_growth), "{first_growth} bytes a second");
    for round in 1..=20 {
        kept.write(60);
        assert!(kept.bytes() < BYTES_MAX + SLACK, "round {round}: {}", kept.bytes());
    }
    let file = fs::metadata(&kept.path).expect("it is there").len();
    assert!(file < BYTES_MAX + SLACK, "the room is used again: {file}");
    assert!(kept.bytes() > BYTES_MAX * 3 / 4, "and used: {}", kept.bytes());
    let [age, size, owed] = kept.counts();
    assert_eq!((age, size, owed), (0, kept.first() - 1, 0));
    assert!(size > 800, "{size}");
    assert_eq!(kept.kept.since(), at(kept.first()));
    let growth = kept.kept.growth_per_h.load(Ordering::Relaxed) / 3600;
    assert!(growth.abs_diff(first_growth) < first_growth / 20, "{growth}, as {first_growth} at first");
    let left_s = kept.kept.full_in().expect("it grows").as_secs();
    assert!(left_s < 60, "{left_s} s");
    kept.check_whole();
}

#[test]
fn what_is_too_old_goes_though_there_is_room() {
    let mut kept = begun(100, None);
    kept.write(90);
    assert_eq!((kept.counts(), kept.first()), ([0, 0, 0], 1));
    kept.write(110);
    // Those of the last hundred seconds, the one that is just as old among them.
    assert_eq!((kept.counts(), kept.first()), ([99, 0, 0], 100));
    kept.check_whole();
}

#[test]
fn what_history_has_not_taken_stays_until_the_room_is_full() {
    let mut kept = begun(50, Some(0));
    kept.write(150);
    assert!(kept.bytes() < BYTES_MAX, "{}", kept.bytes());
    assert_eq!((kept.counts(), kept.first()), ([0, 0, 0], 1), "it is old, and owed");
    kept.write(400);
    assert!(kept.bytes() < BYTES_MAX + SLACK, "{}", kept.bytes());
    let [age, size, owed] = kept.counts();
    assert_eq!((age, size, owed), (0, 0, kept.first() - 1));
    assert!(owed > 250, "{owed}");
    // History is back, and has taken what was there.
    kept.kept.set_taken(Some(540));
    kept.write(10);
    let [age, size, still] = kept.counts();
    assert_eq!((size, still), (0, owed), "nothing more is lost");
    assert_eq!(age + owed, kept.first() - 1);
    assert!(kept.first() > 490, "{}", kept.first());
    kept.check_whole();
}

#[test]
fn what_a_restart_may_need_stays_however_little_room_there_is() {
    let mut kept = begun(10, None);
    kept.keeper = Keeper::new(Retention { keep: Duration::from_secs(10), bytes_max: 1 });
    kept.write(19);
    assert_eq!(kept.first(), 1, "no snapshot yet");
    kept.write(181);
    // The third newest snapshot is of commit 160.
    assert_eq!(kept.first(), 161);
    kept.check_whole();
}

#[test]
fn a_journal_whose_oldest_commits_are_damaged_goes_on_and_lets_nothing_go() {
    let mut kept = begun(100, None);
    kept.write(90);
    let conn = rusqlite::Connection::open(&kept.path).expect("it opens");
    conn.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .expect("it is set");
    conn.execute("UPDATE commits SET inputs = x'00' WHERE number = 7", []).expect("it is changed");
    drop(conn);
    kept.write(200);
    assert_eq!((kept.first(), kept.journal.head().number), (7, 290));
    assert_eq!(kept.keeper.trouble, Some(Trouble::Damaged));
}

#[test]
fn growth_is_told_by_the_hour_and_what_goes_does_not_count() {
    let mut growth = Growth::default();
    assert_eq!(growth.grown(at(0), 5000), 0, "nothing is known yet");
    assert_eq!(growth.grown(at(10), 6000), 360_000);
    growth.shrunk(4000);
    assert_eq!(growth.grown(at(20), 3000), 360_000, "a hundred bytes a second as before");
    for minute in 1..=600 {
        growth.grown(at(20 + minute * 60), 3000);
    }
    assert!(growth.per_h() < 100, "it has not grown for hours: {}", growth.per_h());
}

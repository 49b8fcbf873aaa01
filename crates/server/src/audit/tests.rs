//! The thread, on a folder that can be taken away.

use std::{fs, os::unix::fs::PermissionsExt};

use davy_journal::audit::{Trusted, What, verify};
use serde_json::json;

use super::*;

struct House {
    dir: tempfile::TempDir,
    elsewhere: tempfile::TempDir,
    clock: Clock,
}

impl House {
    fn new() -> House {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        House { dir, elsewhere, clock: Clock::start(Timestamp::MIN) }
    }

    fn start(&self) -> Audit {
        let config =
            AuditConfig { checkpoints: Some(self.elsewhere.path().to_owned()), ..AuditConfig::default() };
        Found::open(self.dir.path(), "park-1", &config).start(&self.clock).unwrap()
    }

    fn words(&self, audit: &Audit) -> Vec<String> {
        let found = audit.page(&Filter::default(), None, 1000).unwrap();
        found.entries.into_iter().rev().map(|noted| noted.what).collect()
    }

    fn is_whole(&self) -> bool {
        let trusted = Trusted::default().with_checkpoints_of(self.elsewhere.path()).unwrap();
        let disk: Arc<dyn Disk> = Arc::new(OwnDisk);
        let report = verify(&disk, &self.dir.path().join(FOLDER), &trusted).unwrap();
        assert!(report.is_whole(), "{report:?}");
        report.off_box > 0
    }
}

fn deed(what: What) -> Deed {
    Deed::new(what, "li", "park:h2s:gt-1").asking(json!({ "command": "acknowledge" }))
}

#[tokio::test]
async fn what_was_told_is_on_disk_and_signed_elsewhere() {
    let house = House::new();
    let audit = house.start();
    audit.tell(deed(What::Command), &Ok(())).await;
    let refused = status(Code::Unavailable, "SECOND_PERSON_NEEDED", "no");
    audit.tell(deed(What::RuleChange), &Err::<(), _>(refused)).await;
    let found = audit.page(&Filter { result: "refused".to_owned(), ..Filter::default() }, None, 9).unwrap();
    assert_eq!(found.entries.len(), 1);
    let noted = &found.entries[0];
    assert_eq!((noted.code.as_str(), noted.who.name.as_str()), ("SECOND_PERSON_NEEDED", "li"));
    audit.stop();
    let words = house.words(&audit);
    assert!(words.starts_with(&["key".to_owned(), "command".to_owned()]), "{words:?}");
    assert_eq!(words.last().unwrap(), "checkpoint");
    assert!(house.is_whole());
}

#[tokio::test]
async fn a_log_that_cannot_be_written_stops_what_can_wait_and_keeps_what_was_done() {
    let house = House::new();
    // A folder where the key must be: nothing can be opened.
    fs::create_dir(house.dir.path().join(KEY)).unwrap();
    let audit = house.start();
    let began = std::time::Instant::now();
    audit.tell(deed(What::Command), &Ok(())).await;
    assert!(began.elapsed() < WAIT, "nobody waits for a disk that has refused");
    let refused = audit.ready().unwrap_err();
    assert!(refused.message().starts_with("the audit log cannot be written"), "{refused:?}");
    assert!(audit.health().trouble().is_some() && audit.health().failures() > 0);
    fs::remove_dir(house.dir.path().join(KEY)).unwrap();
    audit.state.clone().wait_for(|state| !state.fails && state.done > 0).await.unwrap();
    assert!(audit.ready().is_ok());
    audit.stop();
    let words = house.words(&audit);
    assert_eq!(words[..3], ["key", "command", "failed"], "{words:?}");
    assert!(house.is_whole());
}

#[tokio::test]
async fn checkpoints_that_cannot_be_kept_elsewhere_are_told_and_sent_later() {
    let house = House::new();
    let closed = house.elsewhere.path().join("not-yet");
    let config = AuditConfig { checkpoints: Some(closed.clone()), ..AuditConfig::default() };
    let audit = Found::open(house.dir.path(), "park-1", &config).start(&house.clock).unwrap();
    audit.tell(deed(What::Command), &Ok(())).await;
    while audit.health().unsent().is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(audit.ready().is_ok(), "the log itself is written");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    audit.stop();
    assert_eq!(audit.health().unsent(), None);
    assert!(fs::read_dir(&closed).unwrap().count() > 0);
}

#[test]
fn what_nobody_waits_for_is_one_flush_with_what_somebody_does_or_with_others_of_its_kind() {
    let waiting = Waiting::default();
    let on = |on: &str| deed(What::Refused).on(on).entry(&Ok(()));
    let taken = |patience| {
        let group = waiting.take(patience);
        let on = group.entries.into_iter().map(|(_, entry)| entry.on).collect::<Vec<_>>();
        (on.join(" "), group.done)
    };
    waiting.put_beside(|| Timestamp::MIN, &on("a"));
    waiting.put_beside(|| Timestamp::MIN, &on("b"));
    assert_eq!(taken(Duration::ZERO), (String::new(), 0), "they may wait");
    waiting.put(|| Timestamp::MIN, &on("c"));
    assert_eq!(taken(Duration::ZERO), ("a b c".to_owned(), 3));
    waiting.put_beside(|| Timestamp::MIN, &on("d"));
    assert_eq!(taken(Duration::ZERO), (String::new(), 3), "nobody hurries any more");
    assert_eq!(taken(Duration::from_secs(60)), ("d".to_owned(), 4), "it is not left for good");
    assert_eq!(waiting.hurry(), 4);
    waiting.put_beside(|| Timestamp::MIN, &on("e"));
    assert_eq!(waiting.hurry(), 5, "somebody asks for it");
    assert_eq!(taken(Duration::ZERO), ("e".to_owned(), 5));
}

#[tokio::test]
async fn what_was_refused_is_on_disk_once_somebody_looks() {
    let house = House::new();
    let audit = house.start();
    let refused = status(Code::NotFound, "ALARM_UNKNOWN", "no alarm x stands");
    audit.tell(deed(What::Command), &Err::<(), _>(refused)).await;
    audit.settled().await;
    let words = house.words(&audit);
    assert!(words.contains(&"command".to_owned()), "{words:?}");
    audit.stop();
}

#[test]
fn an_answer_that_leaves_open_what_was_done_is_no_refusal() {
    let refusals = [Code::InvalidArgument, Code::NotFound, Code::FailedPrecondition, Code::PermissionDenied];
    let open = [Code::Unavailable, Code::Internal, Code::DeadlineExceeded, Code::Cancelled, Code::Unknown];
    assert!(refusals.iter().all(|code| is_refusal(&Status::new(*code, ""))));
    assert!(!open.iter().any(|code| is_refusal(&Status::new(*code, ""))));
}

#[test]
fn a_flood_that_nobody_waits_for_is_written_before_it_fills_the_room() {
    let waiting = Waiting::default();
    let entry = deed(What::Command).asking(json!("x".repeat(9000))).entry(&Ok(()));
    let fit = (1 << 20) / entry.clipped().len();
    for _ in 0..fit {
        waiting.put_beside(|| Timestamp::MIN, &entry);
    }
    assert_eq!(waiting.take(Duration::ZERO).entries.len(), 0, "they may wait");
    waiting.put_beside(|| Timestamp::MIN, &entry);
    assert_eq!(waiting.take(Duration::ZERO).entries.len(), fit + 1);
}

#[test]
fn what_finds_no_room_is_counted() {
    let waiting = Waiting::default();
    let entry = deed(What::Command).asking(json!("x".repeat(9000))).entry(&Ok(()));
    for _ in 0..4000 {
        waiting.put(|| Timestamp::MIN, &entry);
    }
    let (mut taken, mut lost, mut done) = (0, 0, 0);
    while done < 4000 {
        let group = waiting.take(Duration::ZERO);
        taken += group.entries.len() as u64;
        lost += group.lost;
        done = group.done;
    }
    assert!(lost > 1000 && taken + lost == 4000, "{taken} {lost}");
}

#[tokio::test]
async fn nothing_is_begun_for_callers_once_the_log_has_ended() {
    let house = House::new();
    let audit = Arc::new(house.start());
    audit.all_seen_through(Duration::from_secs(1)).await;
    let (begins, mut begun) = tokio::sync::oneshot::channel();
    let work = async move {
        begins.send(()).unwrap();
        (deed(What::Command), Ok(()))
    };
    let answer: Result<(), Status> = audit.see_through(work).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
    assert!(begun.try_recv().is_err(), "it is not done");
    audit.stop();
}

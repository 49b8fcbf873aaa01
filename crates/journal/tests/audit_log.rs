//! The writer of an audit log: restarts, months, entries let go, a disk that fails, a kill at any moment.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "common/audit.rs"]
mod common;

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use common::{NODE, at, entry};
use davy_journal::{
    Disk, DiskFile, Held, JournalError, Mode, OwnDisk,
    audit::{
        AuditLog, AuditOptions, AuditReport, Entry, Filter, Key, Noted, Opened, Trusted, What, page, verify,
    },
};

const DAY: u64 = 86_400;
const FOLDER: &str = "DAVY_AUDIT_KILL_TEST";

struct Place {
    _dir: tempfile::TempDir,
    data: PathBuf,
    elsewhere: PathBuf,
    disk: Arc<dyn Disk>,
}

impl Place {
    fn new(disk: Arc<dyn Disk>) -> Place {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        Place { data: dir.path().join("data"), _dir: dir, elsewhere, disk }
    }

    fn folder(&self) -> PathBuf {
        self.data.join("audit")
    }

    fn open(&self) -> (AuditLog, Opened) {
        fs::create_dir_all(&self.data).unwrap();
        open(&self.data, &self.disk, Some(self.elsewhere.clone())).unwrap()
    }

    fn verify(&self) -> AuditReport {
        let key = Key::load(&self.data.join("audit.key")).unwrap().public();
        let trusted = Trusted { keys: vec![key], off_box: Vec::new() };
        let trusted = trusted.with_checkpoints_of(&self.elsewhere).unwrap();
        verify(&self.disk, &self.folder(), &trusted).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let names =
            fs::read_dir(self.folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(".jsonl")).collect();
        names.sort();
        names
    }

    fn all(&self) -> Vec<Noted> {
        let page = page(&self.disk, &self.folder(), &Filter::default(), None, 1 << 20).unwrap();
        page.entries.into_iter().rev().collect()
    }
}

fn open(
    data: &Path,
    disk: &Arc<dyn Disk>,
    checkpoints: Option<PathBuf>,
) -> Result<(AuditLog, Opened), JournalError> {
    let options = AuditOptions {
        node: NODE.to_owned(),
        keep: Duration::from_secs(180 * DAY),
        checkpoints,
        segment_bytes: 64 << 10,
    };
    AuditLog::open(Arc::clone(disk), &data.join("audit"), &data.join("audit.key"), options)
}

fn own() -> Place {
    Place::new(Arc::new(OwnDisk))
}

#[test]
fn a_log_goes_on_where_it_was_left_and_its_key_is_its_owners_alone() {
    let place = own();
    let mut made = None;
    for round in 0..4 {
        let (mut log, opened) = place.open();
        assert_eq!(opened.made_key.is_some(), round == 0);
        assert_eq!(*made.get_or_insert(log.key()), log.key());
        assert_eq!((opened.torn, &opened.damaged), (0, &None));
        assert_eq!(opened.last_time.is_some(), round > 0);
        log.append(at(round), &[(at(round), entry(round)), (at(round), entry(9))]).unwrap();
        log.checkpoint(at(round)).unwrap();
        log.checkpoint(at(round)).unwrap();
        log.send().unwrap();
        assert_eq!(log.tip().number, (round + 1) * 3, "nothing new, nothing signed");
    }
    let report = place.verify();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.entries, report.checkpoints, report.off_box), (12, 4, 4));
    let mode = fs::metadata(place.data.join("audit.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn there_is_one_writer() {
    let place = own();
    let _first = place.open();
    let second = open(&place.data, &place.disk, None);
    assert!(matches!(second, Err(JournalError::Busy(_))), "{second:?}");
}

#[test]
fn a_month_has_a_file_and_so_has_what_is_too_long_for_one() {
    let place = own();
    let (mut log, _) = place.open();
    let write = |log: &mut AuditLog, time| log.append(time, &[(time, entry(1))]).unwrap();
    write(&mut log, at(0));
    write(&mut log, at(8 * DAY));
    for _ in 0..400 {
        write(&mut log, at(9 * DAY));
    }
    // What waited for the disk since November is of November.
    log.append(at(9 * DAY), &[(at(3), entry(1))]).unwrap();
    let files = place.files();
    assert_eq!(files[0], "000000000001-2026-11.jsonl");
    assert_eq!(files[1], "000000000002-2026-12.jsonl");
    assert!(files.len() > 2 && files[2].ends_with("-2026-12.jsonl"), "{files:?}");
    let report = place.verify();
    assert!(report.is_whole() && report.entries == 403, "{report:?}");
}

#[test]
fn every_thousand_entries_and_every_hour_a_checkpoint_is_signed() {
    let place = own();
    let (mut log, _) = place.open();
    let many: Vec<_> = (0..2500).map(|number| (at(0), entry(number))).collect();
    log.append(at(0), &many).unwrap();
    assert_eq!(place.verify().checkpoints, 2);
    for (time, due) in [(10, 2), (3599, 2), (3601, 3), (7300, 3)] {
        log.tend(at(time)).unwrap();
        assert_eq!(place.verify().checkpoints, due, "{time}");
    }
    assert!(place.verify().is_whole());
}

#[test]
fn what_is_old_enough_goes_by_the_file_and_what_remains_still_verifies() {
    let place = own();
    let (mut log, _) = place.open();
    for month in 0..8 {
        let time = at(month * 31 * DAY);
        log.append(time, &[(time, entry(month)), (time, entry(month))]).unwrap();
        log.tend(time).unwrap();
        log.send().unwrap();
    }
    let report = place.verify();
    assert!(report.is_whole(), "{report:?}");
    assert!(report.first > 1 && place.files().len() == 6, "{report:?} {:?}", place.files());
    let went = place.all().into_iter().filter(|noted| noted.what == "let_go").map(|noted| noted.on);
    assert_eq!(went.collect::<Vec<_>>(), ["000000000001-2026-11.jsonl", "000000000004-2026-12.jsonl"]);
    // A restart knows where it begins.
    drop(log);
    let (mut log, opened) = place.open();
    assert_eq!(opened.damaged, None);
    log.append(at(250 * DAY), &[(at(250 * DAY), entry(1))]).unwrap();
    assert!(place.verify().is_whole());
    // What is removed by anybody else is missed.
    let oldest = place.files()[0].clone();
    fs::remove_file(place.folder().join(&oldest)).unwrap();
    let missed = place.verify();
    assert_eq!(missed.first_bad(), Some(report.first), "{missed:?}");
}

#[test]
fn a_torn_end_is_cut_off_and_told() {
    let place = own();
    let (mut log, _) = place.open();
    log.append(at(0), &[(at(0), entry(1)), (at(0), entry(2))]).unwrap();
    drop(log);
    let file = place.folder().join(&place.files()[0]);
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend(br#"{"number":3,"time":"2026-"#);
    fs::write(&file, bytes).unwrap();
    let (mut log, opened) = place.open();
    assert_eq!((opened.torn, &opened.damaged), (25, &None));
    let entries: Vec<_> = opened.entries().into_iter().map(|entry| (at(1), entry)).collect();
    log.append(at(1), &entries).unwrap();
    let report = place.verify();
    assert!(report.is_whole() && report.entries == 3, "{report:?}");
    assert_eq!(place.all()[2].what, "torn");
}

#[test]
fn a_log_that_was_tampered_with_goes_on_in_another_file_and_keeps_the_evidence() {
    let place = own();
    let (mut log, _) = place.open();
    let many: Vec<_> = (0..9).map(|number| (at(0), entry(number))).collect();
    log.append(at(0), &many).unwrap();
    log.checkpoint(at(0)).unwrap();
    drop(log);
    let file = place.folder().join(&place.files()[0]);
    let text = fs::read_to_string(&file).unwrap().replacen("gt-4", "gt-5", 1);
    fs::write(&file, &text).unwrap();
    let (mut log, opened) = place.open();
    let told = opened.damaged.clone().unwrap();
    assert!(told.starts_with("entry 5, 000000000001-2026-11.jsonl:5: changed"), "{told}");
    let entries: Vec<_> = opened.entries().into_iter().map(|entry| (at(1), entry)).collect();
    log.append(at(1), &entries).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "the evidence is as it was");
    let report = place.verify();
    assert_eq!(report.findings.len(), 1, "what came after it is good: {report:?}");
    assert_eq!((report.first_bad(), report.last), (Some(5), 11));
}

/// A disk that is full while it is told so, after half of what it is given.
#[derive(Debug, Default, Clone)]
struct Failing(Arc<AtomicBool>);

#[derive(Debug)]
struct FailingFile(Box<dyn DiskFile>, Arc<AtomicBool>);

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

impl io::Read for FailingFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for FailingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.1.load(Ordering::Relaxed) {
            self.0.write_all(&bytes[..bytes.len() / 2])?;
            return Err(full());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl DiskFile for FailingFile {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(bytes, offset)
    }
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(bytes, offset)
    }
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn sync(&self) -> io::Result<()> {
        if self.1.load(Ordering::Relaxed) { Err(full()) } else { self.0.sync() }
    }
}

impl Disk for Failing {
    fn vfs(&self) -> Option<&str> {
        None
    }
    fn vfs_without_locks(&self) -> &str {
        OwnDisk.vfs_without_locks()
    }
    fn exists(&self, path: &Path) -> bool {
        OwnDisk.exists(path)
    }
    fn len(&self, path: &Path) -> io::Result<u64> {
        OwnDisk.len(path)
    }
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(FailingFile(OwnDisk.open(path, mode)?, Arc::clone(&self.0))))
    }
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Held>>> {
        OwnDisk.lock(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        OwnDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        OwnDisk.remove(path)
    }
    fn sync_folder_of(&self, path: &Path) -> io::Result<()> {
        OwnDisk.sync_folder_of(path)
    }
}

#[test]
fn what_a_full_disk_refused_may_be_tried_again_and_stands_there_once() {
    let failing = Failing::default();
    let place = Place::new(Arc::new(failing.clone()));
    let (mut log, _) = place.open();
    for round in 0..6 {
        // The last rounds begin another month while the disk is full.
        let time = at(round * 3 * DAY);
        failing.0.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            let refused = log.append(time, &[(time, entry(round)), (time, entry(round))]);
            assert!(matches!(refused, Err(JournalError::Full(_))), "{refused:?}");
        }
        failing.0.store(false, Ordering::Relaxed);
        log.append(time, &[(time, entry(round)), (time, entry(round))]).unwrap();
    }
    log.checkpoint(at(20 * DAY)).unwrap();
    let report = place.verify();
    assert!(report.is_whole() && report.entries == 13, "{report:?}");
}

#[test]
fn entries_are_found_by_who_what_when_and_page_by_page() {
    let place = own();
    let (mut log, _) = place.open();
    for number in 0..500 {
        log.append(at(number), &[(at(number), entry(number))]).unwrap();
    }
    let look = |filter: &Filter, before| page(&place.disk, &place.folder(), filter, before, 40).unwrap();
    let all = |filter: &Filter| {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = look(filter, before);
            found.extend(page.entries.iter().map(|noted| noted.number - 1));
            before = page.next;
            if before.is_none() {
                return found;
            }
        }
    };
    assert!(place.files().len() > 1);
    let due = |wanted: fn(&u64) -> bool| (0..500).rev().filter(wanted).collect::<Vec<u64>>();
    let who = Filter { who: "李-3".to_owned(), ..Filter::default() };
    let refused = Filter { result: "refused".to_owned(), ..Filter::default() };
    let when = Filter { from: Some(at(100)), until: Some(at(400)), ..Filter::default() };
    let on = Filter { on: "park:h2s:gt-4".to_owned(), ..Filter::default() };
    let of_site = |site: &str| Filter { sites: Some(vec![site.to_owned()]), ..Filter::default() };
    assert_eq!(all(&of_site("park")).len(), 500);
    assert_eq!(all(&of_site("par")).len() + all(&of_site("mine")).len(), 0);
    let logins = Filter { what: vec!["login".to_owned()], ..Filter::default() };
    assert_eq!(all(&Filter::default()), due(|_| true));
    assert_eq!(all(&who), due(|number| number % 5 == 3));
    assert_eq!(all(&refused), due(|number| number % 7 == 0));
    assert_eq!(all(&when), due(|number| (100..400).contains(number)));
    assert_eq!(all(&on), due(|number| number.to_string().starts_with('4')));
    assert_eq!(all(&logins), Vec::<u64>::new());
    // An account that is called as a site is: whoever sees that site alone hears nothing of it.
    let account = Entry::of_davy(What::AccountChange, "park");
    log.append(at(500), &[(at(500), account)]).unwrap();
    assert_eq!(all(&of_site("park")).len(), 500);
    assert_eq!(all(&Filter::default()).len(), 501);
}

#[test]
fn one_page_looks_at_so_much_and_what_is_rare_is_found_by_going_on() {
    let place = own();
    let (mut log, _) = place.open();
    log.append(at(0), &[(at(0), Entry::of_davy(What::AccountChange, "wang"))]).unwrap();
    for group in 0..11 {
        let entries: Vec<_> = (0..1000).map(|number| (at(group), entry(number))).collect();
        log.append(at(group), &entries).unwrap();
    }
    let rare = Filter { what: vec!["account_change".to_owned()], ..Filter::default() };
    let first = page(&place.disk, &place.folder(), &rare, None, 40).unwrap();
    assert!(first.entries.is_empty() && first.next.is_some(), "{first:?}");
    let second = page(&place.disk, &place.folder(), &rare, first.next, 40).unwrap();
    assert_eq!(second.entries.iter().map(|noted| &*noted.on).collect::<Vec<_>>(), ["wang"]);
    assert_eq!(second.next, None);
}

/// The other process: writes groups for ever, and says what is on disk.
#[test]
#[ignore = "is killed: the test below runs it"]
fn writer() {
    let Ok(data) = env::var(FOLDER) else { return };
    let disk: Arc<dyn Disk> = Arc::new(OwnDisk);
    let (mut log, opened) = open(Path::new(&data), &disk, None).unwrap();
    let mut out = io::stdout().lock();
    writeln!(out, "torn {}", opened.torn).unwrap();
    assert_eq!(opened.damaged, None);
    for round in 0.. {
        let group: Vec<_> = (0..=round % 40).map(|number| (at(0), entry(number))).collect();
        let tip = log.append(at(0), &group).unwrap();
        writeln!(out, "on disk {}", tip.number).unwrap();
    }
}

#[test]
fn what_append_confirmed_is_there_after_kill_9() {
    let place = own();
    fs::create_dir_all(&place.data).unwrap();
    let mut before = 0;
    for confirmations in [1, 7, 53, 211, 97, 3, 149, 307] {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "writer", "--ignored", "--nocapture", "--test-threads", "1"])
            .env(FOLDER, &place.data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut numbers =
            lines.filter_map(|line| line.unwrap().split_once("on disk ")?.1.parse::<u64>().ok());
        let heard = numbers.by_ref().nth(confirmations - 1).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let confirmed = numbers.last().unwrap_or(heard);
        let report = place.verify();
        assert!(report.is_whole(), "after {confirmations}: {report:?}");
        assert!(report.last >= confirmed && confirmed > before, "{} of {confirmed} entries", report.last);
        before = confirmed;
    }
}

#[test]
fn a_signature_is_one_that_openssl_knows() {
    let place = own();
    let (mut log, _) = place.open();
    log.append(at(0), &[(at(0), entry(1))]).unwrap();
    log.checkpoint(at(0)).unwrap();
    log.send().unwrap();
    let trusted = Trusted::default().with_checkpoints_of(&place.elsewhere).unwrap();
    let (_, signed) = &trusted.off_box[0];
    let file = |name: &str, bytes: &[u8]| {
        let path = place.elsewhere.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let digits = signed.signature.as_bytes().chunks(2);
    let bytes: Vec<u8> =
        digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect();
    let (text, signature) = (file("text", signed.text().as_bytes()), file("signature", &bytes));
    let key = file("key.pem", log.key().pem().as_bytes());
    let openssl = Command::new("openssl")
        .args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"])
        .arg(key)
        .arg("-in")
        .arg(text)
        .arg("-sigfile")
        .arg(signature)
        .output();
    // Where there is no openssl, nothing is to be seen.
    let Ok(output) = openssl else { return };
    assert!(output.status.success(), "{output:?}");
}

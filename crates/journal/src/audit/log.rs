//! The writer of a log. There is one, and it holds the folder.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use davy_model::Timestamp;
use serde_json::json;

use super::{
    checkpoint::{Signed, Statement},
    entry::Entry,
    key::{Key, PublicKey},
    line::{Noted, Tip, seal},
    off_box,
    open::{self, Opened},
    segment::{self, Name, month},
    what::What,
};
use crate::{
    disk::{Disk, DiskFile, Held, Mode},
    error::{JournalError, Result},
    hex,
};

/// A checkpoint is signed after so many entries, and after an hour with any.
pub const CHECKPOINT_EVERY: u64 = 1000;
const CHECKPOINT_AFTER: Duration = Duration::from_secs(3600);

/// How a log is kept.
#[derive(Clone, Debug)]
pub struct AuditOptions {
    /// Whose log it is.
    pub node: String,
    /// How long entries are kept; they go by the file.
    pub keep: Duration,
    /// Where checkpoints are written besides, best on another machine.
    pub checkpoints: Option<PathBuf>,
    /// A file this long is followed by another one, bytes.
    pub segment_bytes: u64,
}

/// The writer.
#[derive(Debug)]
pub struct AuditLog {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    options: AuditOptions,
    key: Key,
    tip: Tip,
    /// When the last entry was noted: no later one has an earlier time.
    last_at: Timestamp,
    base: Tip,
    since: u64,
    /// When the last checkpoint was signed, as far as is known.
    signed_at: Option<Timestamp>,
    current: Option<Current>,
    /// Whether more may stand in the file than was confirmed.
    is_dirty: bool,
    /// A checkpoint that is not yet where it is kept besides.
    unsent: Option<Signed>,
    _held: Box<dyn Held>,
}

/// The file that is written on.
#[derive(Debug)]
struct Current {
    name: Name,
    file: Box<dyn DiskFile>,
    /// What of it is on disk, bytes.
    len: u64,
}

/// Lines on their way to the disk, and how things stand once they are there.
struct Batch {
    bytes: Vec<u8>,
    /// When the first of them was noted.
    first_at: Option<Timestamp>,
    last_at: Timestamp,
    tip: Tip,
    base: Tip,
    since: u64,
    signed: Option<(Timestamp, Signed)>,
}

impl AuditLog {
    /// Opens the log in a folder, made if it is not there; so is the key.
    ///
    /// # Errors
    /// [`JournalError::Busy`] when somebody else writes it; [`JournalError::Damaged`] when the key is none;
    /// [`JournalError::Full`] when the disk says no. A log that does not verify is opened: see [`Opened::damaged`].
    pub fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        key: &Path,
        options: AuditOptions,
    ) -> Result<(AuditLog, Opened)> {
        fs::create_dir_all(folder)?;
        let held = disk.lock(&folder.join(".lock"))?;
        let held =
            held.ok_or_else(|| JournalError::Busy(format!("{} has a writer already", folder.display())))?;
        let (key, is_made) = Key::load_or_make(key)?;
        let left = open::left(disk.as_ref(), folder, key.public())?;
        let opened = Opened { made_key: is_made.then(|| key.public()), ..left.opened };
        let last_at = opened.last_time.as_ref().and_then(|time| time.parse().ok());
        let last_at = last_at.unwrap_or(Timestamp::MIN);
        let mut log = AuditLog {
            disk,
            folder: folder.to_owned(),
            options,
            key,
            tip: left.tip,
            last_at,
            base: left.base,
            since: left.since,
            signed_at: None,
            current: None,
            is_dirty: false,
            unsent: None,
            _held: held,
        };
        if let Some((name, len)) = left.current {
            let file = log.disk.open(&name.path(folder), Mode::Append)?;
            log.current = Some(Current { name, file, len });
        }
        log.remove_what_was_let_go()?;
        Ok((log, opened))
    }

    /// Where the chain stands: all to here is on disk.
    pub fn tip(&self) -> Tip {
        self.tip
    }

    /// The public half of the key.
    pub fn key(&self) -> PublicKey {
        self.key.public()
    }

    /// Writes entries with their times, and returns once they are on disk. What fails may be tried again: nothing of it was
    /// written then.
    ///
    /// # Errors
    /// [`JournalError::Full`] when the disk is full or failing.
    pub fn append(&mut self, now: Timestamp, entries: &[(Timestamp, Entry)]) -> Result<Tip> {
        let mut batch = self.batch();
        for (time, entry) in entries {
            batch.push(*time, entry);
            if batch.since >= CHECKPOINT_EVERY {
                self.sign(&mut batch, now);
            }
        }
        self.write(batch)
    }

    /// Signs a checkpoint, where there is anything new.
    ///
    /// # Errors
    /// As [`AuditLog::append`].
    pub fn checkpoint(&mut self, now: Timestamp) -> Result<()> {
        if self.since > 0 {
            let mut batch = self.batch();
            self.sign(&mut batch, now);
            self.write(batch)?;
        }
        Ok(())
    }

    /// What is due by time: a checkpoint, and entries to let go.
    ///
    /// # Errors
    /// As [`AuditLog::append`].
    pub fn tend(&mut self, now: Timestamp) -> Result<()> {
        if self.signed_at.is_none_or(|at| now.since(at) >= CHECKPOINT_AFTER) {
            self.checkpoint(now)?;
        }
        while self.let_go(now)? {}
        Ok(())
    }

    /// Brings the last checkpoint to where it is kept besides, unless it is there.
    ///
    /// # Errors
    /// Why it cannot be written; it is tried again the next time.
    pub fn send(&mut self) -> std::result::Result<(), String> {
        let (Some(folder), Some(signed)) = (&self.options.checkpoints, &self.unsent) else { return Ok(()) };
        off_box::write(folder, signed).map_err(|error| format!("{}: {error}", folder.display()))?;
        self.unsent = None;
        Ok(())
    }

    fn batch(&self) -> Batch {
        Batch {
            bytes: Vec::new(),
            first_at: None,
            last_at: self.last_at,
            tip: self.tip,
            base: self.base,
            since: self.since,
            signed: None,
        }
    }

    fn sign(&self, batch: &mut Batch, now: Timestamp) {
        let Batch { tip, base, .. } = *batch;
        let signed = Statement { node: self.options.node.clone(), time: now, tip, base }.sign(&self.key);
        let after = serde_json::to_value(&signed).expect("it has only texts and numbers");
        batch.push(now, &Entry::of_davy(What::Checkpoint, "audit").with_after(after));
        batch.since = 0;
        batch.signed = Some((now, signed));
    }

    fn write(&mut self, batch: Batch) -> Result<Tip> {
        let Some(first_at) = batch.first_at else { return Ok(self.tip) };
        self.clean()?;
        self.turn(first_at)?;
        let Some(current) = &mut self.current else {
            return Err(JournalError::misuse("the audit log has no file to write on"));
        };
        self.is_dirty = true;
        current.file.write_all(&batch.bytes)?;
        current.file.sync()?;
        self.is_dirty = false;
        current.len += batch.bytes.len() as u64;
        (self.tip, self.base, self.since) = (batch.tip, batch.base, batch.since);
        self.last_at = batch.last_at;
        if let Some((at, signed)) = batch.signed {
            self.signed_at = Some(at);
            self.unsent = Some(signed);
        }
        Ok(self.tip)
    }

    /// Cuts off what a write left that failed.
    fn clean(&mut self) -> Result<()> {
        if !self.is_dirty {
            return Ok(());
        }
        if let Some(current) = &mut self.current {
            let path = current.name.path(&self.folder);
            let file = self.disk.open(&path, Mode::Change)?;
            file.set_len(current.len)?;
            file.sync()?;
            current.file = self.disk.open(&path, Mode::Append)?;
        }
        self.is_dirty = false;
        Ok(())
    }

    /// Begins another file when it is another month, or when this one is long enough.
    fn turn(&mut self, first_at: Timestamp) -> Result<()> {
        let time = first_at.to_string();
        let goes_on = self.current.as_ref().is_some_and(|current| {
            current.name.month == month(&time) && current.len < self.options.segment_bytes
        });
        if goes_on {
            return Ok(());
        }
        let name = Name::of(self.tip.number + 1, first_at);
        let path = name.path(&self.folder);
        if self.disk.exists(&path) && self.disk.len(&path)? > 0 {
            return Err(JournalError::damaged(
                path.display().to_string(),
                "a file is where a new one begins",
            ));
        }
        self.disk.open(&path, Mode::Fresh)?.sync()?;
        self.disk.sync_folder_of(&path)?;
        let file = self.disk.open(&path, Mode::Append)?;
        self.current = Some(Current { name, file, len: 0 });
        Ok(())
    }

    /// Lets the oldest file go, once the last of its entries is older than it must be kept: first it is signed where the log
    /// begins then. Says whether one went.
    fn let_go(&mut self, now: Timestamp) -> Result<bool> {
        let names = segment::list(&self.folder)?;
        let [oldest, _, ..] = names.as_slice() else { return Ok(false) };
        let bytes = segment::read(self.disk.as_ref(), &oldest.path(&self.folder))?;
        let Some(line) = segment::lines(&bytes).0.next_back() else { return Ok(false) };
        let last = Noted::read(line)
            .and_then(|noted| Some((noted.time.parse::<Timestamp>().ok()?, Tip::said(line)?)));
        let Some((time, base)) = last else { return Ok(false) };
        if now.since(time) < self.options.keep {
            return Ok(false);
        }
        let mut batch = self.batch();
        let after = json!({ "number": base.number, "hash": hex(&base.hash) });
        batch.push(now, &Entry::of_davy(What::LetGo, oldest.file()).with_after(after));
        batch.base = base;
        self.sign(&mut batch, now);
        self.write(batch)?;
        self.remove_what_was_let_go()?;
        Ok(true)
    }

    fn remove_what_was_let_go(&mut self) -> Result<()> {
        let names = segment::list(&self.folder)?;
        for (name, next) in names.iter().zip(names.iter().skip(1)) {
            if next.first <= self.base.number + 1 {
                let path = name.path(&self.folder);
                self.disk.remove(&path)?;
                self.disk.sync_folder_of(&path)?;
            }
        }
        Ok(())
    }
}

impl Batch {
    fn push(&mut self, time: Timestamp, entry: &Entry) {
        self.last_at = self.last_at.max(time);
        self.first_at.get_or_insert(self.last_at);
        let (line, tip) = seal(&self.tip, self.last_at, entry);
        self.bytes.extend_from_slice(&line);
        self.bytes.push(b'\n');
        self.tip = tip;
        self.since += 1;
    }
}

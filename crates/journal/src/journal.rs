//! The one writer of a site's journal.

use davy_model::Timestamp;
use rusqlite::{Connection, TransactionBehavior};

use crate::{
    Commit, Cursor, FirstKept, Head, Newest, Snapshot, base,
    checkpoint::{Checkpoint, Checkpointer},
    cursor,
    disk::{Held, Place},
    error::{JournalError, Result},
    files::Files,
    numbers::natural,
    pack::Packer,
    row, schema, snapshot,
};

/// As many as SQLite can count.
const PAGES_MAX: u32 = 4_294_967_294;

/// Commits let go in one transaction.
const FORGET_MAX: u64 = 1000;
/// Packed bytes of them after which no further one goes in the same transaction.
const FORGET_BYTES_MAX: u64 = 4 << 20;

/// How a journal is laid out and kept.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes a page of a new database: a power of two from 512 to 65536.
    pub page_size: u32,
    /// The write-ahead log is emptied into the database when it is longer than this.
    pub checkpoint_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { page_size: 4096, checkpoint_bytes: 4 << 20 }
    }
}

/// What a journal takes up on disk, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The pages of the database that hold something, those among them that are still in the write-ahead log.
    pub pages: u64,
    /// The write-ahead log.
    pub log: u64,
}

impl Size {
    /// All of it.
    pub fn bytes(self) -> u64 {
        self.pages.saturating_add(self.log)
    }
}

/// The one writer of a site's journal. Every method that writes returns when the disk has it.
#[derive(Debug)]
pub struct Journal {
    conn: Connection,
    site: String,
    head: Head,
    base: Head,
    /// The newest snapshot, once it was seen to hold.
    holding: Option<u64>,
    packer: Packer,
    checkpointer: Checkpointer,
    // Last, so that the files are closed before the next writer may come.
    _lock: Box<dyn Held>,
}

impl Journal {
    /// Opens the journal of `site` at a path, or a [`Place`], making it when there is none.
    ///
    /// # Errors
    /// [`JournalError::Busy`] when it has a writer; [`JournalError::Damaged`] when the last commit, the write-ahead
    /// log or the file's identity does not hold, and [`JournalError::Newer`] when a later release wrote it;
    /// [`JournalError::Misuse`] when it is the journal of another site.
    pub fn open(place: impl Into<Place>, site: &str) -> Result<(Journal, Head)> {
        Journal::open_with(place, site, Options::default())
    }

    /// As [`Journal::open`], laid out otherwise.
    pub fn open_with(place: impl Into<Place>, site: &str, options: Options) -> Result<(Journal, Head)> {
        let files = Files::of(&place.into());
        let lock = files.lock()?;
        if !files.disk.exists(&files.database) {
            schema::create(&files, site, options.page_size)?;
        }
        // Whoever made the file may have died before its name was on disk.
        files.disk.sync_folder_of(&files.database)?;
        let checkpointer = Checkpointer::open(files.clone(), options.checkpoint_bytes)?;
        let conn = schema::open_writing(&files)?;
        schema::check_mode(&conn)?;
        let (found, base) = schema::identify(&conn)?;
        if found != site {
            return Err(JournalError::misuse(format!(
                "{} is of site {found}, not {site}",
                files.database.display()
            )));
        }
        let head = row::checked_head(&conn, &base)?;
        let packer = Packer::new()?;
        let mut journal =
            Journal { conn, site: found, head, base, holding: None, packer, checkpointer, _lock: lock };
        if schema::is_earlier(&journal.conn)? {
            journal.write(|conn, _| schema::migrate(conn))?;
        }
        journal.checkpoint()?;
        Ok((journal, head))
    }

    /// The site it is of.
    pub fn site(&self) -> &str {
        &self.site
    }

    /// Everything up to here is on disk.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Writes a group of commits, all or none, and returns once the disk has them.
    ///
    /// # Errors
    /// [`JournalError::Misuse`] when a commit does not follow the one before it in number, time and sequence;
    /// [`JournalError::Full`] and [`JournalError::Busy`] when nothing was written and the same call may be tried
    /// again. When the disk fails in the very flush of a group and the process then dies, the group may be found
    /// written after all.
    pub fn append(&mut self, commits: &[Commit]) -> Result<Head> {
        let mut head = self.head;
        self.checkpointer.before_write(&self.conn);
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for commit in commits {
            if let Some(refusal) = head.refusal(commit) {
                return Err(JournalError::Misuse(refusal));
            }
            head = row::insert(&transaction, &mut self.packer, &head, commit)
                .inspect_err(|_| self.checkpointer.write_failed())?;
        }
        transaction.commit().inspect_err(|_| self.checkpointer.write_failed())?;
        self.head = head;
        self.checkpointer.after_write(&self.conn);
        Ok(head)
    }

    /// Keeps a state of the engine: the newest three, and eight older ones spread over the journal.
    ///
    /// # Errors
    /// [`JournalError::Misuse`] when it is of a commit that is not on disk yet; else as [`Journal::append`].
    pub fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<()> {
        if snapshot.number > self.head.number {
            return Err(JournalError::misuse(format!("no commit {} to keep a snapshot of", snapshot.number)));
        }
        self.holding = None;
        self.write(|conn, packer| snapshot::save(conn, packer, snapshot))
    }

    /// The newest snapshot that holds, and what is wrong with newer ones.
    pub fn newest_snapshot(&self) -> Result<Newest> {
        snapshot::newest(&self.conn, self.head.number)
    }

    /// Notes how far a consumer has come. A sequence before the one noted changes nothing.
    ///
    /// # Errors
    /// [`JournalError::Misuse`] when no transition has that sequence yet; else as [`Journal::append`].
    pub fn set_cursor(&mut self, cursor: &Cursor) -> Result<()> {
        let noted = self.cursor(&cursor.name)?;
        if noted.is_some_and(|noted| noted.sequence > cursor.sequence) { Ok(()) } else { self.rewind(cursor) }
    }

    /// Sets a consumer's cursor, back too.
    ///
    /// # Errors
    /// As [`Journal::set_cursor`].
    pub fn rewind(&mut self, cursor: &Cursor) -> Result<()> {
        if cursor.sequence > self.head.sequence {
            return Err(JournalError::misuse(format!("no transition {} to point at", cursor.sequence)));
        }
        self.write(|conn, _| cursor::set(conn, cursor))
    }

    /// Forgets how far a consumer has come.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn forget_cursor(&mut self, name: &str) -> Result<()> {
        if self.cursor(name)?.is_none() {
            return Ok(());
        }
        self.write(|conn, _| cursor::forget(conn, name))
    }

    /// How far a consumer has come.
    pub fn cursor(&self, name: &str) -> Result<Option<Cursor>> {
        cursor::get(&self.conn, name)
    }

    /// Where it begins.
    pub fn first_kept(&self) -> FirstKept {
        FirstKept::after(&self.base)
    }

    /// The last commit from before `at`; when there is none, the last one that was let go.
    pub fn last_before(&self, at: Timestamp) -> Result<u64> {
        row::last_before(&self.conn, &self.base, &self.head, at)
    }

    /// The commits that snapshots are of, the oldest first.
    pub fn snapshots(&self) -> Result<Vec<u64>> {
        snapshot::oldest_first(&self.conn)
    }

    /// What it takes up on disk.
    pub fn size(&self) -> Result<Size> {
        let number = |pragma| self.conn.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let pages = natural(number("page_count")? - number("freelist_count")?)?;
        Ok(Size { pages: pages * natural(number("page_size")?)?, log: self.checkpointer.log_len()? })
    }

    /// When its first commit was; when it has none, when the last one that was let go was.
    pub fn since(&self) -> Result<Timestamp> {
        let first = row::head_at(&self.conn, &self.base, self.base.number + 1)?;
        Ok(first.unwrap_or(self.base).at)
    }

    /// Lets commits before `number` go, at most 1,000 or 4 MiB a call, so that nobody waits long for the writer. The chain
    /// goes on from the last one let go; the room is used again. What it takes to read on is remembered: the files that were
    /// active, and how each alarm stood. Gives where the journal begins now.
    ///
    /// # Errors
    /// [`JournalError::Misuse`] when no snapshot that holds has seen all that would go: a restart could not do without;
    /// else as [`Journal::append`].
    pub fn forget_before(&mut self, number: u64) -> Result<FirstKept> {
        let wanted = number.saturating_sub(1);
        if wanted > self.base.number {
            if wanted > self.seen()? {
                return Err(JournalError::misuse(format!("commit {wanted} is in no snapshot yet")));
            }
            self.forget_step(wanted.min(self.base.number.saturating_add(FORGET_MAX)))?;
        }
        Ok(self.first_kept())
    }

    fn forget_step(&mut self, last: u64) -> Result<()> {
        let last = row::step_end(&self.conn, self.base.number, last, FORGET_BYTES_MAX)?;
        let base = row::head_at(&self.conn, &self.base, last)?.ok_or_else(|| row::hole(last))?;
        let (site, before) = (self.site.clone(), self.base.number);
        self.write(|conn, packer| {
            base::remember(conn, packer, before, last)?;
            schema::write_base(conn, &site, &base)?;
            snapshot::delete_before(conn, last)?;
            row::delete_through(conn, last)
        })?;
        self.base = base;
        Ok(())
    }

    /// The last commit that a snapshot which holds has seen.
    fn seen(&mut self) -> Result<u64> {
        if let Some(number) = self.holding {
            return Ok(number);
        }
        let number = self.newest_snapshot()?.snapshot.map_or(0, |snapshot| snapshot.number);
        self.holding = Some(number);
        Ok(number)
    }

    /// Empties the write-ahead log into the database, the page sums first.
    ///
    /// # Errors
    /// [`JournalError::Full`] when the disk has no room, [`JournalError::Damaged`] when the log is not what was
    /// written. The commits in it stay where they are.
    pub fn checkpoint(&mut self) -> Result<Checkpoint> {
        self.checkpointer.run(&self.conn)
    }

    /// Bounds the database to so many pages, or no longer. Past them appending fails as on a full disk.
    ///
    /// # Errors
    /// [`JournalError::Sqlite`] when the database does not take it.
    pub fn set_pages_max(&mut self, pages_max: Option<u32>) -> Result<()> {
        let pages_max = pages_max.unwrap_or(PAGES_MAX);
        Ok(self.conn.pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))?)
    }

    /// What the last checkpoint that ran by itself failed of, until one succeeds. Appending goes on without them,
    /// and the write-ahead log grows.
    pub fn checkpoint_trouble(&self) -> Option<&JournalError> {
        self.checkpointer.trouble()
    }

    /// Ends cleanly: the write-ahead log is emptied, unless a reader still needs it.
    ///
    /// # Errors
    /// As [`Journal::checkpoint`]. What was appended is on disk in any case.
    pub fn close(mut self) -> Result<Checkpoint> {
        let done = self.checkpoint()?;
        self.conn.close().map_err(|(_, error)| error)?;
        Ok(done)
    }

    fn write(&mut self, act: impl FnOnce(&Connection, &mut Packer) -> Result<()>) -> Result<()> {
        self.checkpointer.before_write(&self.conn);
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        act(&transaction, &mut self.packer).inspect_err(|_| self.checkpointer.write_failed())?;
        transaction.commit().inspect_err(|_| self.checkpointer.write_failed())?;
        self.checkpointer.after_write(&self.conn);
        Ok(())
    }
}

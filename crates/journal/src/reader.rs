//! Reads a site's journal beside its writer.

use std::collections::VecDeque;

use davy_model::{AlarmKey, Transition};
use rusqlite::Connection;

use crate::{
    BaseFiles, Commit, Cursor, Hash, Head, Newest, Snapshot, base, cursor,
    disk::Place,
    error::{JournalError, Result},
    files::Files,
    lookup,
    numbers::int,
    row::{self, COLUMNS, CommitRow, Linked},
    schema, snapshot,
};

/// Commits fetched at a time: a read transaction is short, so that it never holds a checkpoint up for long.
const PAGE_COMMITS: usize = 16;

/// A connection of its own, for any one thread. Sees what is on disk when it asks.
#[derive(Debug)]
pub struct JournalReader {
    conn: Connection,
    site: String,
}

/// Where a journal begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstKept {
    /// The first commit it has, or will have.
    pub number: u64,
    /// The first transition it has, or will have.
    pub sequence: u64,
}

/// What a look for the transitions of one alarm found.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmHistory {
    /// The newest first.
    pub transitions: Vec<Transition>,
    /// The sequence to ask with again when the look ended early; `None` when nothing older is kept.
    pub go_on_before: Option<u64>,
}

impl JournalReader {
    /// Opens a journal for reading. Neither creates nor changes it.
    ///
    /// # Errors
    /// [`JournalError::Misuse`] when there is none; [`JournalError::Damaged`] and [`JournalError::Newer`] as for the
    /// writer.
    pub fn open(place: impl Into<Place>) -> Result<JournalReader> {
        JournalReader::of(schema::open_reading(&Files::of(&place.into()))?)
    }

    pub(crate) fn of(conn: Connection) -> Result<JournalReader> {
        let (site, _) = schema::identify(&conn)?;
        Ok(JournalReader { conn, site })
    }

    pub(crate) fn conn(&self) -> &Connection {
        &self.conn
    }

    /// The site it is of.
    pub fn site(&self) -> &str {
        &self.site
    }

    /// What the journal begins after, by now.
    pub(crate) fn base(&self) -> Result<Head> {
        Ok(schema::read_base(&self.conn)?.1)
    }

    /// The last commit, checked against the one before.
    pub fn head(&self) -> Result<Head> {
        row::checked_head(&self.conn, &self.base()?)
    }

    /// How the journal stood after commit `number`; nothing where that is not kept, or not written yet.
    pub fn head_at(&self, number: u64) -> Result<Option<Head>> {
        row::head_at(&self.conn, &self.base()?, number)
    }

    /// Where the journal begins.
    pub fn first_kept(&self) -> Result<FirstKept> {
        Ok(FirstKept::after(&self.base()?))
    }

    /// The commits from `number` on, each checked against the one before. Ends at the last one on disk when it gets
    /// there; ends after the first error.
    pub fn commits_from(&self, number: u64) -> Commits<'_> {
        Commits { reader: self, at: Reached::Before(number), page: VecDeque::new() }
    }

    /// The files that were active where the journal begins; `None` when it begins with the first commit.
    pub fn base_files(&self) -> Result<Option<BaseFiles>> {
        base::files(&self.conn)
    }

    /// What is remembered of the transitions let go: by which alarms are known that have stood since. The oldest first.
    pub fn remembered(&self) -> Result<Vec<Transition>> {
        base::all(&self.conn)
    }

    /// The transition with that sequence, if it is kept; of those let go, what says how an alarm stood then.
    pub fn transition(&self, sequence: u64) -> Result<Option<Transition>> {
        let before = sequence.checked_sub(1);
        let found = before.map(|before| lookup::after(&self.conn, before, 1)).transpose()?;
        match found.into_iter().flatten().find(|transition| transition.sequence == sequence) {
            Some(transition) => Ok(Some(transition)),
            None => base::transition(&self.conn, sequence),
        }
    }

    /// At most `limit` transitions that follow `sequence`, in order.
    ///
    /// # Errors
    /// [`JournalError::NoLongerKept`] when some that follow it were let go.
    pub fn transitions_after(&self, sequence: u64, limit: usize) -> Result<Vec<Transition>> {
        let first = self.first_kept()?;
        if sequence.saturating_add(1) < first.sequence {
            return Err(JournalError::NoLongerKept { what: format!("transition {}", sequence + 1), first });
        }
        lookup::after(&self.conn, sequence, limit)
    }

    /// At most `limit` transitions of one alarm before `before_sequence`, the newest first. Looks at about 10,000
    /// transitions of the site at most, then says where to go on. After those kept come those remembered of the ones let go:
    /// what raised the alarm, what was decided last, and its last.
    pub fn transitions_of(
        &self,
        alarm: &AlarmKey,
        before_sequence: u64,
        limit: usize,
    ) -> Result<AlarmHistory> {
        lookup::of_alarm(&self.conn, alarm, before_sequence, limit)
    }

    /// The newest snapshot that holds, and what is wrong with newer ones.
    pub fn newest_snapshot(&self) -> Result<Newest> {
        snapshot::newest(&self.conn, row::last_number(&self.conn, &self.base()?)?)
    }

    /// The commits that snapshots are of, the oldest first.
    pub fn snapshots(&self) -> Result<Vec<u64>> {
        snapshot::oldest_first(&self.conn)
    }

    /// The snapshot of that commit.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] when its checksum does not hold.
    pub fn snapshot(&self, number: u64) -> Result<Snapshot> {
        snapshot::read(&self.conn, int(number)?)
    }

    /// How far a consumer has come.
    pub fn cursor(&self, name: &str) -> Result<Option<Cursor>> {
        cursor::get(&self.conn, name)
    }

    /// How far every consumer has come, by name.
    pub fn cursors(&self) -> Result<Vec<Cursor>> {
        cursor::all(&self.conn)
    }

    fn page(&self, from: u64) -> Result<VecDeque<CommitRow>> {
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM commits WHERE number >= ?1 ORDER BY number LIMIT {PAGE_COMMITS}"
        ))?;
        let mut rows = statement.query([int(from)?])?;
        let mut page = VecDeque::with_capacity(PAGE_COMMITS);
        while let Some(row) = rows.next()? {
            page.push_back(CommitRow::read(row)?);
        }
        Ok(page)
    }
}

/// Commits in order. See [`JournalReader::commits_from`].
#[derive(Debug)]
pub struct Commits<'a> {
    reader: &'a JournalReader,
    at: Reached,
    page: VecDeque<CommitRow>,
}

#[derive(Debug)]
enum Reached {
    /// Nothing was read; the first is that number.
    Before(u64),
    /// The last commit given ended so.
    After(Head),
    /// An error was given.
    Ended,
}

impl Commits<'_> {
    /// The hash of the commit given last.
    pub fn hash(&self) -> Option<Hash> {
        match &self.at {
            Reached::After(head) => Some(head.hash),
            Reached::Before(_) | Reached::Ended => None,
        }
    }

    /// The next commit with its bytes and the head after it.
    pub(crate) fn next_linked(&mut self) -> Option<Result<Linked>> {
        let linked = self.step();
        match &linked {
            Ok(Some(linked)) => self.at = Reached::After(linked.head),
            Ok(None) => {}
            Err(_) => self.at = Reached::Ended,
        }
        linked.transpose()
    }

    fn step(&mut self) -> Result<Option<Linked>> {
        let before = match self.at {
            Reached::Before(number) => self.head_before(number)?,
            Reached::After(head) => head,
            Reached::Ended => return Ok(None),
        };
        self.at = Reached::After(before);
        if self.page.is_empty() {
            self.page = self.reader.page(before.number + 1)?;
            self.check_kept(before.number + 1)?;
        }
        let Some(row) = self.page.pop_front() else { return Ok(None) };
        if row.number != before.number + 1 {
            return Err(row::hole(before.number + 1));
        }
        row.link(&before).map(Some)
    }

    fn head_before(&self, number: u64) -> Result<Head> {
        self.check_kept(number)?;
        let head = row::head_at(&self.reader.conn, &self.reader.base()?, number - 1)?;
        head.ok_or_else(|| JournalError::misuse(format!("no commit {} to read on from", number - 1)))
    }

    /// The writer may have let commits go since.
    fn check_kept(&self, number: u64) -> Result<()> {
        if number == 0 {
            return Err(JournalError::misuse("commits are counted from 1"));
        }
        let first = self.reader.first_kept()?;
        if number >= first.number {
            return Ok(());
        }
        Err(JournalError::NoLongerKept { what: format!("commit {number}"), first })
    }
}

impl FirstKept {
    pub(crate) fn after(base: &Head) -> FirstKept {
        FirstKept { number: base.number + 1, sequence: base.sequence + 1 }
    }
}

impl Iterator for Commits<'_> {
    type Item = Result<Commit>;

    fn next(&mut self) -> Option<Result<Commit>> {
        self.next_linked().map(|linked| linked.map(|linked| linked.commit))
    }
}

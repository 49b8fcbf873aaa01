//! Empties the write-ahead log into the database, and notes the sums of the pages first, so that at every moment each
//! page is covered: by its sum, or by the log's own checksums.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::{
    error::{JournalError, Result},
    files::Files,
    schema,
    sums::{Noting, Sum, SumsLog, page_sum},
    wal::{self, WalScan, WalTail},
};

/// How a checkpoint ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoint {
    /// The write-ahead log is empty.
    Whole,
    /// A reader still needs the log. Nothing is lost; it is tried again later.
    Held,
}

/// Decides when to checkpoint, and does it.
#[derive(Debug)]
pub(crate) struct Checkpointer {
    files: Files,
    sums: SumsLog,
    limit: u64,
    /// The length of the log at which the next checkpoint is tried.
    due: u64,
    /// The use of the log and the frames of it whose sums are noted already.
    noted: Option<(u64, u64)>,
    /// Frames of a failed write may lie behind the committed ones.
    untidy: bool,
    trouble: Option<JournalError>,
}

impl Checkpointer {
    /// Before the database is opened: SQLite drops in silence what follows a wrong frame of the log. What a former
    /// process left in the log is written again, since nobody can tell whether its last flush succeeded.
    pub(crate) fn open(files: Files, limit: u64) -> Result<Checkpointer> {
        files.write_again(&files.wal, 0)?;
        let scan = wal::scan(&files)?;
        if let WalTail::Broken { at, certain: true } = scan.tail {
            return Err(JournalError::damaged(
                files.wal.display().to_string(),
                format!("a frame at byte {at} does not hold, and whole transactions follow it"),
            ));
        }
        let sums = SumsLog::open(&files).map_err(|error| match error {
            JournalError::Misuse(what) => JournalError::damaged(files.sums.display().to_string(), what),
            error => error,
        })?;
        Ok(Checkpointer { files, sums, limit, due: limit, noted: None, untidy: false, trouble: None })
    }

    pub(crate) fn trouble(&self) -> Option<&JournalError> {
        self.trouble.as_ref()
    }

    /// Bytes in the write-ahead log.
    pub(crate) fn log_len(&self) -> Result<u64> {
        self.files.len(&self.files.wal)
    }

    /// A write failed, and may have left frames in the log.
    pub(crate) fn write_failed(&mut self) {
        self.untidy = true;
    }

    /// Tidies up after a failed write, so that what it left never lies behind a later transaction.
    pub(crate) fn before_write(&mut self, conn: &Connection) {
        if self.untidy {
            self.run_aside(conn);
        }
    }

    /// Checkpoints when the log has grown past its limit. The write is on disk already, so trouble is kept for the
    /// caller to ask for.
    pub(crate) fn after_write(&mut self, conn: &Connection) {
        match self.files.len(&self.files.wal) {
            Ok(len) if len > self.due => {
                self.run_aside(conn);
                // Held, or failed: not again at once.
                let left = self.files.len(&self.files.wal).unwrap_or(len);
                self.due = self.limit.max(left + self.limit / 4);
            }
            Ok(_) => {}
            Err(error) => self.trouble = Some(error),
        }
    }

    fn run_aside(&mut self, conn: &Connection) {
        if let Err(error) = self.run(conn) {
            self.trouble = Some(error);
        }
    }

    /// Notes the sums, then empties the log.
    pub(crate) fn run(&mut self, conn: &Connection) -> Result<Checkpoint> {
        let scan = wal::scan(&self.files)?;
        self.compare(conn, &scan)?;
        if let Some(page_count) = scan.page_count
            && self.noted != Some((scan.salt, scan.frames))
        {
            let pages = self.final_sums(&scan, page_count)?;
            self.sums.append(&Noting { page_count, salt: scan.salt, pages })?;
            self.noted = Some((scan.salt, scan.frames));
        }
        let held = schema::without_waiting(conn, || {
            Ok(conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))?)
        })?;
        self.trouble = None;
        if held != 0 {
            return Ok(Checkpoint::Held);
        }
        self.untidy = false;
        self.due = self.limit;
        Ok(Checkpoint::Whole)
    }

    /// SQLite copies frames without looking at their checksums: it must see as many as hold.
    fn compare(&self, conn: &Connection, scan: &WalScan) -> Result<()> {
        let frames: i64 = conn.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))?;
        // A log that was emptied in full counts its old frames until it is used again.
        if frames > 0 && frames as u64 != scan.frames && self.files.len(&self.files.wal)? > 0 {
            let what = format!("{} of {frames} committed frames hold", scan.frames);
            return Err(JournalError::damaged(self.files.wal.display().to_string(), what));
        }
        Ok(())
    }

    fn final_sums(&self, scan: &WalScan, page_count: u32) -> Result<BTreeMap<u32, Sum>> {
        let log = self.files.open(&self.files.wal)?;
        let mut page = vec![0; self.sums.page_size() as usize];
        // SQLite need not write a page that it made and gave up again: such a one reads as zeros.
        let blank = page.clone();
        let mut sums: BTreeMap<u32, Sum> = (self.sums.page_count() + 1..=page_count)
            .filter(|number| !scan.pages.contains_key(number))
            .map(|number| (number, page_sum(number, &blank)))
            .collect();
        for (&number, &offset) in &scan.pages {
            log.read_exact_at(&mut page, offset)?;
            sums.insert(number, page_sum(number, &page));
        }
        Ok(sums)
    }
}

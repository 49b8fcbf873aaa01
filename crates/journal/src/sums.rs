//! One sum a page of the database, in a file beside it. See `docs/decisions/0003-journal-page-sums.md`.
//!
//! A log of records: the first holds all pages, each later one the pages that a checkpoint is about to write. A page
//! that the write-ahead log does not hold matches the last sum noted of it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::{
    disk::{DiskFile, Mode},
    error::{JournalError, Result},
    files::Files,
};

/// The first 16 bytes of a SHA-256.
pub(crate) type Sum = [u8; 16];

const MAGIC: &[u8; 8] = b"DAVYSUMS";
const VERSION: u32 = 1;
const FILE_HEADER_LEN: usize = 32;
const RECORD_HEADER_LEN: usize = 48;
const ENTRY_LEN: usize = 20;
const SUM_LEN: usize = 16;
/// Below this the file is never rewritten.
const REWRITE_LEN_MIN: u64 = 1 << 16;

/// The sum of a page: of its number too, so that two pages cannot change places.
pub(crate) fn page_sum(number: u32, page: &[u8]) -> Sum {
    sum(&[&number.to_le_bytes(), page])
}

fn sum(parts: &[&[u8]]) -> Sum {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    *hash.finalize().first_chunk().expect("a SHA-256 has 32 bytes")
}

/// What the sums file says.
#[derive(Debug)]
pub(crate) struct Sums {
    /// Bytes a page.
    pub(crate) page_size: u32,
    /// How many checkpoints were noted.
    pub(crate) generation: u64,
    /// How many pages the database has once the last of them is done.
    pub(crate) page_count: u32,
    /// By page number.
    pub(crate) pages: BTreeMap<u32, Sum>,
    /// The use of the write-ahead log that the last checkpoint emptied, or was to.
    pub(crate) salt: u64,
    /// The pages that checkpoints of that use were to write. While the log is still in that use, they may have been
    /// written, or half written, or not.
    pub(crate) due: BTreeSet<u32>,
    /// Where the last whole record begins.
    pub(crate) last_at: u64,
    /// How long the part of the file is that holds.
    pub(crate) len: u64,
    /// What follows it.
    pub(crate) tail: SumsTail,
}

/// What follows the whole records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SumsTail {
    /// Nothing.
    None,
    /// A record that is cut off, as a crash does while it is written.
    Cut,
    /// Anything else.
    Broken,
}

impl Sums {
    /// Reads the file; a header that does not hold is damage.
    pub(crate) fn read(files: &Files) -> Result<Sums> {
        let bytes = files.read(&files.sums)?;
        let place = || files.sums.display().to_string();
        let (head, mut rest) = bytes
            .split_at_checked(FILE_HEADER_LEN)
            .ok_or_else(|| JournalError::damaged(place(), "the header of the page sums is cut off"))?;
        if head[..8] != *MAGIC || head[16..] != sum(&[&head[..16]]) {
            return Err(JournalError::damaged(place(), "the header of the page sums does not hold"));
        }
        if u32_at(head, 8) != VERSION {
            return Err(JournalError::Newer { found: u32_at(head, 8), known: VERSION });
        }
        let mut sums = Sums {
            page_size: u32_at(head, 12),
            generation: 0,
            page_count: 0,
            pages: BTreeMap::new(),
            salt: 0,
            due: BTreeSet::new(),
            last_at: FILE_HEADER_LEN as u64,
            len: FILE_HEADER_LEN as u64,
            tail: SumsTail::None,
        };
        while !rest.is_empty() {
            match sums.record(rest) {
                Ok(after) => rest = after,
                Err(tail) => {
                    sums.tail = tail;
                    break;
                }
            }
        }
        if sums.page_count == 0 {
            return Err(JournalError::damaged(place(), "the page sums have no whole record"));
        }
        Ok(sums)
    }

    /// Takes one record from the front.
    fn record<'a>(&mut self, bytes: &'a [u8]) -> std::result::Result<&'a [u8], SumsTail> {
        let Some((head, rest)) = bytes.split_at_checked(RECORD_HEADER_LEN) else {
            let due = (self.generation + 1).to_le_bytes();
            let begun = bytes.iter().zip(due).all(|(byte, due)| *byte == due);
            return Err(if begun { SumsTail::Cut } else { SumsTail::Broken });
        };
        if head[32..] != sum(&[&head[..32]]) {
            return Err(SumsTail::Broken);
        }
        let (generation, page_count, entries) = (u64_at(head, 0), u64_at(head, 8), u64_at(head, 16));
        let salt = u64_at(head, 24);
        let body_len =
            usize::try_from(entries).ok().and_then(|n| n.checked_mul(ENTRY_LEN)).ok_or(SumsTail::Broken)?;
        let (body, rest) = rest.split_at_checked(body_len).ok_or(SumsTail::Cut)?;
        let (check, rest) = rest.split_at_checked(SUM_LEN).ok_or(SumsTail::Cut)?;
        let follows = self.page_count == 0 || generation == self.generation + 1;
        if check != sum(&[head, body]) || !follows {
            return Err(SumsTail::Broken);
        }
        self.generation = generation;
        self.page_count = u32::try_from(page_count).map_err(|_| SumsTail::Broken)?;
        if salt != self.salt {
            self.salt = salt;
            self.due.clear();
        }
        for entry in body.chunks_exact(ENTRY_LEN) {
            let number = u32_at(entry, 0);
            self.pages.insert(number, entry[4..].try_into().expect("an entry is a page number and a sum"));
            self.due.insert(number);
        }
        self.last_at = self.len;
        self.len += (RECORD_HEADER_LEN + body_len + SUM_LEN) as u64;
        Ok(rest)
    }
}

/// The writer's end of the file.
#[derive(Debug)]
pub(crate) struct SumsLog {
    files: Files,
    file: Box<dyn DiskFile>,
    page_size: u32,
    generation: u64,
    page_count: u32,
    salt: u64,
    len: u64,
}

/// What one checkpoint is about to write.
#[derive(Debug)]
pub(crate) struct Noting {
    /// Pages of the database once it is done.
    pub(crate) page_count: u32,
    /// The use of the write-ahead log that it empties.
    pub(crate) salt: u64,
    /// The pages it writes.
    pub(crate) pages: BTreeMap<u32, Sum>,
}

impl SumsLog {
    /// Writes the file of a new database.
    pub(crate) fn create(files: &Files, page_size: u32, pages: BTreeMap<u32, Sum>) -> Result<()> {
        let page_count = u32::try_from(pages.len()).expect("a new database is small");
        write_whole(files, page_size, 0, &Noting { page_count, salt: 0, pages })?;
        Ok(())
    }

    /// Opens the file, dropping a record that a crash cut off: its checkpoint never began. The last whole one is written
    /// again, since its flush may have failed.
    pub(crate) fn open(files: &Files) -> Result<SumsLog> {
        let sums = Sums::read(files)?;
        let file = files.disk.open(&files.sums, Mode::Append)?;
        if sums.tail != SumsTail::None {
            file.set_len(sums.len)?;
            file.sync()?;
        }
        files.write_again(&files.sums, sums.last_at)?;
        Ok(SumsLog {
            files: files.clone(),
            file,
            page_size: sums.page_size,
            generation: sums.generation,
            page_count: sums.page_count,
            salt: sums.salt,
            len: sums.len,
        })
    }

    /// Pages of the database after the last checkpoint noted.
    pub(crate) fn page_count(&self) -> u32 {
        self.page_count
    }

    /// Bytes a page.
    pub(crate) fn page_size(&self) -> u32 {
        self.page_size
    }

    /// Notes what a checkpoint is about to write, on disk when this returns.
    pub(crate) fn append(&mut self, noting: &Noting) -> Result<()> {
        let all_len = u64::from(self.page_count) * ENTRY_LEN as u64;
        // The log is in another use, so the checkpoints noted before are done: what they were of need not be kept.
        if self.len > REWRITE_LEN_MIN + 3 * all_len && noting.salt != self.salt {
            self.rewrite()?;
        }
        // What a failed attempt wrote must not stand before the next record.
        if self.files.len(&self.files.sums)? != self.len {
            self.file.set_len(self.len)?;
        }
        let record = record(self.generation + 1, noting);
        self.file.write_all(&record)?;
        self.file.sync()?;
        self.generation += 1;
        self.page_count = noting.page_count;
        self.salt = noting.salt;
        self.len += record.len() as u64;
        Ok(())
    }

    /// Puts one record of all pages in the place of many.
    fn rewrite(&mut self) -> Result<()> {
        let Sums { page_count, salt, mut pages, .. } = Sums::read(&self.files)?;
        pages.split_off(&(page_count + 1));
        let whole = Noting { page_count, salt, pages };
        (self.file, self.len) = write_whole(&self.files, self.page_size, self.generation, &whole)?;
        Ok(())
    }
}

/// Puts a new file in the place of the old one, whole or not at all.
fn write_whole(
    files: &Files,
    page_size: u32,
    generation: u64,
    whole: &Noting,
) -> Result<(Box<dyn DiskFile>, u64)> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(page_size.to_le_bytes());
    bytes.extend(sum(&[&bytes]));
    bytes.extend(record(generation, whole));
    let fresh = files.sums.with_extension("sums-new");
    let mut file = files.disk.open(&fresh, Mode::Fresh)?;
    file.write_all(&bytes)?;
    file.sync()?;
    files.disk.rename(&fresh, &files.sums)?;
    files.disk.sync_folder_of(&files.sums)?;
    Ok((files.disk.open(&files.sums, Mode::Append)?, bytes.len() as u64))
}

fn record(generation: u64, noting: &Noting) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(RECORD_HEADER_LEN + noting.pages.len() * ENTRY_LEN + SUM_LEN);
    bytes.extend(generation.to_le_bytes());
    bytes.extend(u64::from(noting.page_count).to_le_bytes());
    bytes.extend((noting.pages.len() as u64).to_le_bytes());
    bytes.extend(noting.salt.to_le_bytes());
    bytes.extend(sum(&[&bytes]));
    for (number, sum) in &noting.pages {
        bytes.extend(number.to_le_bytes());
        bytes.extend(sum);
    }
    bytes.extend(sum(&[&bytes]));
    bytes
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes are taken"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes are taken"))
}

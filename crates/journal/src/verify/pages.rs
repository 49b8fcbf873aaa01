//! The bytes of the files, compared with the sums that cover them.

use std::{
    io::{BufReader, Read},
    thread,
    time::Duration,
};

use super::Report;
use crate::{
    error::{JournalError, Result},
    files::Files,
    sums::{Sums, SumsTail, page_sum},
    wal::{self, WalScan, WalTail},
};

/// How often a log that a writer may be in the middle of is read again before it counts as broken.
const RESCANS: usize = 10;
const RESCAN_AFTER: Duration = Duration::from_millis(5);

/// Whether the database file's header is one that SQLite may be let near: it throws the write-ahead log of an empty file
/// away, and takes a file of another mode for one without a log.
pub(super) fn header(files: &Files, report: &mut Report) -> Result<bool> {
    let mut head = Vec::new();
    files.open(&files.database)?.take(100).read_to_end(&mut head)?;
    // Bytes 18 and 19: written and read by releases that know write-ahead logs.
    let whole = head.len() == 100 && head.starts_with(b"SQLite format 3\0") && head[18..20] == [2, 2];
    if !whole {
        report.find(place(files), "its header is not that of a journal");
    }
    Ok(whole)
}

/// Compares every byte of the database, of its sums and of the write-ahead log.
///
/// The sums are read before the log: a checkpoint notes them first, and what it notes is in the log by then and stays
/// there while a reader holds it.
pub(super) fn compare(files: &Files, report: &mut Report) -> Result<()> {
    let sums = read_sums(files, report)?;
    let scan = read_log(files)?;
    note_tail(files, &scan, report);
    let Some(sums) = sums else { return Ok(()) };
    let place = files.sums.display().to_string();
    match sums.tail {
        SumsTail::None => {}
        SumsTail::Cut if scan.frames > 0 => {
            report.note(place, "a checkpoint was cut off before it began");
        }
        SumsTail::Cut | SumsTail::Broken => {
            report.find(place, format!("the bytes from {} on are not a whole record", sums.len));
        }
    }
    compare_pages(files, &sums, &scan, report)
}

fn read_sums(files: &Files, report: &mut Report) -> Result<Option<Sums>> {
    match Sums::read(files) {
        Ok(sums) => Ok(Some(sums)),
        Err(error @ JournalError::Full(_)) => Err(error),
        Err(error) => {
            report.find_error(&files.sums.display().to_string(), &error);
            Ok(None)
        }
    }
}

fn read_log(files: &Files) -> Result<WalScan> {
    let mut scan = wal::scan(files)?;
    for _ in 0..RESCANS {
        let at_work = files.disk.exists(&files.shm) && matches!(scan.tail, WalTail::Broken { .. });
        if !at_work {
            break;
        }
        thread::sleep(RESCAN_AFTER);
        scan = wal::scan(files)?;
    }
    Ok(scan)
}

fn note_tail(files: &Files, scan: &WalScan, report: &mut Report) {
    let place = files.wal.display().to_string();
    match scan.tail {
        WalTail::None => {}
        WalTail::Uncommitted { frames } => {
            report.note(place, format!("{frames} frames of a transaction that was never committed"));
        }
        WalTail::Broken { at, certain: true } => {
            report.find(
                place,
                format!("damaged: the frame at byte {at} does not hold, and transactions follow it"),
            );
        }
        WalTail::Broken { at, certain: false } => {
            let what = "do not hold: damage, or a write that a power cut tore before it was acknowledged";
            report.find(place, format!("the bytes from {at} on {what}"));
        }
    }
}

fn compare_pages(files: &Files, sums: &Sums, scan: &WalScan, report: &mut Report) -> Result<()> {
    let page_size = u64::from(sums.page_size.max(1));
    let len = files.len(&files.database)?;
    if len % page_size != 0 {
        report.find(place(files), format!("{} bytes lie behind its last whole page", len % page_size));
    }
    let in_file = u32::try_from(len / page_size).unwrap_or(u32::MAX);
    let mut input = BufReader::with_capacity(1 << 17, files.open(&files.database)?);
    let mut page = vec![0; sums.page_size as usize];
    let mut older = Vec::new();
    for number in 1..=sums.page_count.max(in_file) {
        if number <= in_file {
            input.read_exact(&mut page)?;
        }
        let in_log = scan.pages.contains_key(&number);
        // A checkpoint of this log was begun, so this page may be as before it, as after it, or half of each.
        if in_log && sums.salt == scan.salt && sums.due.contains(&number) {
            continue;
        }
        let what = if number > sums.page_count {
            "it lies behind the last page of the database"
        } else if number > in_file {
            "it is cut off"
        } else if sums.pages.get(&number) != Some(&page_sum(number, &page)) {
            "it is not as it was written: its sum does not hold"
        } else {
            continue;
        };
        if in_log { older.push((number, what)) } else { report.find(page_place(files, number), what) }
    }
    // A writer at work may have begun a checkpoint since the sums were read: the log then vouches for these pages.
    if !older.is_empty() && Sums::read(files).is_ok_and(|now| now.generation == sums.generation) {
        older.into_iter().for_each(|(number, what)| report.find(page_place(files, number), what));
    }
    Ok(())
}

fn page_place(files: &Files, number: u32) -> String {
    format!("{}, page {number}", place(files))
}

fn place(files: &Files) -> String {
    files.database.display().to_string()
}

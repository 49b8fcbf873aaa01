//! What the bytes mean: through SQLite, and decoded.

use rusqlite::Connection;

use super::Report;
use crate::{
    Head, JournalReader, base, cursor,
    error::{JournalError, Result},
    hex, snapshot,
};

/// Problems that SQLite's own check lists at most.
const INTEGRITY_MAX: u32 = 100;

/// Checks all that is in the database.
pub(super) fn check(conn: Connection, report: &mut Report) {
    let reader = match JournalReader::of(conn) {
        Ok(reader) => reader,
        Err(error) => return report.find_error("the database file", &error),
    };
    report.site = Some(reader.site().to_owned());
    let base = match reader.base() {
        Ok(base) => base,
        Err(error) => return report.find_error("the site's row", &error),
    };
    report.head_hash = hex(&base.hash);
    report.first = base.number + 1;
    for (place, checked) in [
        ("the tables", tables(reader.conn(), report)),
        ("what is remembered", remembered(&reader, &base)),
        ("the commits", commits(&reader, &base, report)),
        ("the snapshots", snapshots(&reader, &base, report)),
        ("the cursors", cursors(&reader, &base, report)),
    ] {
        if let Err(error) = checked {
            report.find_error(place, &error);
        }
    }
}

fn tables(conn: &Connection, report: &mut Report) -> Result<()> {
    let mut statement = conn.prepare(&format!("PRAGMA integrity_check({INTEGRITY_MAX})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            report.find("the tables", said);
        }
    }
    Ok(())
}

fn commits(reader: &JournalReader, base: &Head, report: &mut Report) -> Result<()> {
    let mut commits = reader.commits_from(base.number + 1);
    while let Some(linked) = commits.next_linked() {
        let head = linked?.head;
        report.commits += 1;
        report.transitions = head.sequence - base.sequence;
        report.last_at = Some(head.at);
        report.head_hash = hex(&head.hash);
    }
    Ok(())
}

fn remembered(reader: &JournalReader, base: &Head) -> Result<()> {
    if let Some(files) = base::files(reader.conn())?
        && files.activated_in > base.number
    {
        return Err(JournalError::damaged("the files at the base", "they are of a commit that is kept"));
    }
    for transition in base::all(reader.conn())? {
        if transition.sequence > base.sequence {
            let place = format!("transition {}, which is remembered", transition.sequence);
            return Err(JournalError::damaged(place, "it is kept"));
        }
    }
    Ok(())
}

fn snapshots(reader: &JournalReader, base: &Head, report: &mut Report) -> Result<()> {
    let last = base.number + report.commits;
    for number in snapshot::numbers(reader.conn())? {
        match snapshot::read(reader.conn(), number) {
            Ok(found) if found.number > last => {
                report.find(format!("snapshot {number}"), format!("it is ahead of commit {last}"));
            }
            Ok(_) => report.snapshots += 1,
            Err(error) => report.find_error("the snapshots", &error),
        }
    }
    Ok(())
}

fn cursors(reader: &JournalReader, base: &Head, report: &mut Report) -> Result<()> {
    let last = base.sequence + report.transitions;
    for cursor in cursor::all(reader.conn())? {
        if cursor.sequence > last {
            report.find(format!("cursor {}", cursor.name), format!("it is ahead of transition {last}"));
        } else {
            report.cursors += 1;
        }
    }
    Ok(())
}

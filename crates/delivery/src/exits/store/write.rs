//! What a note changes in the file, and what is let go of it.

use davy_model::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{Bounds, Fate, Note, StoreError, Told};
use crate::exits::Gap;

/// What was let go for the bounds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trimmed {
    pub(super) entries: u64,
    pub(super) letters: u64,
}

pub(super) fn note(transaction: &Transaction<'_>, note: &Note) -> Result<(), StoreError> {
    match note {
        Note::Told(told) => write_told(transaction, told),
        Note::Passed { exit, site, sequence, at } => move_cursor(transaction, exit, site, *sequence, *at),
        Note::Trouble { exit, trouble } => {
            let since = trouble.as_ref().map(|trouble| trouble.since.as_micros());
            let why = trouble.as_ref().map(|trouble| trouble.why.as_str());
            let attempts = trouble.as_ref().map(|trouble| trouble.attempts);
            transaction
                .prepare_cached(
                    "INSERT INTO exits(exit, trouble_us, trouble_why, attempts) VALUES(?1, ?2, ?3, ?4)
                     ON CONFLICT(exit) DO UPDATE SET trouble_us = ?2, trouble_why = ?3, attempts = ?4",
                )?
                .execute(params![exit, since, why, attempts])?;
            Ok(())
        }
        Note::LetterTold { exit, number, at, refused: None } => {
            transaction
                .prepare_cached(
                    "UPDATE dead_letters SET asked = 0, delivered_us = ?3 WHERE exit = ?1 AND number = ?2",
                )?
                .execute(params![exit, int(*number), at.as_micros()])?;
            Ok(())
        }
        Note::LetterTold { exit, number, at, refused: Some(why) } => {
            transaction
                .prepare_cached(
                    "UPDATE dead_letters SET asked = 0, refused_us = ?3, why = ?4, attempts = attempts + 1
                     WHERE exit = ?1 AND number = ?2",
                )?
                .execute(params![exit, int(*number), at.as_micros(), why])?;
            Ok(())
        }
    }
}

fn write_told(transaction: &Transaction<'_>, told: &Told) -> Result<(), StoreError> {
    let Told { exit, site, sequence, id, at, fate, attempts, answer, cursor, letter } = told;
    transaction
        .prepare_cached(
            "INSERT INTO ledger(exit, site, sequence, id, at_us, refused, attempts, answer)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            exit,
            site,
            int(*sequence),
            id,
            at.as_micros(),
            *fate == Fate::Refused,
            attempts,
            answer
        ])?;
    if let Some(alert) = letter {
        transaction
            .prepare_cached(
                "INSERT INTO dead_letters(exit, site, sequence, id, alert, refused_us, why, attempts, asked)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, 0)
                 ON CONFLICT(exit, id) DO UPDATE SET refused_us = ?6, why = ?7, attempts = attempts + 1",
            )?
            .execute(params![exit, site, int(*sequence), id, alert, at.as_micros(), answer])?;
    }
    // A gap is told, and an alert has no row there.
    transaction.prepare_cached("DELETE FROM gaps WHERE exit = ?1 AND id = ?2")?.execute([&**exit, id])?;
    cursor.map_or(Ok(()), |cursor| move_cursor(transaction, exit, site, cursor, *at))
}

pub(super) fn move_cursor(
    transaction: &Transaction<'_>,
    exit: &str,
    site: &str,
    sequence: u64,
    at: Timestamp,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO cursors(exit, site, sequence, at_us) VALUES(?1, ?2, ?3, ?4)
             ON CONFLICT(exit, site) DO UPDATE SET sequence = ?3, at_us = ?4",
        )?
        .execute(params![exit, site, int(sequence), at.as_micros()])?;
    Ok(())
}

pub(super) fn gap(transaction: &Transaction<'_>, exit: &str, gap: &Gap) -> Result<(), StoreError> {
    let Gap { site, from_sequence, to_sequence, reason: _, found } = gap;
    transaction.execute(
        "INSERT OR IGNORE INTO gaps(exit, id, site, from_sequence, to_sequence, found_us) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        params![exit, gap.id(), site, int(*from_sequence), int(*to_sequence), found.as_micros()],
    )?;
    Ok(())
}

pub(super) fn trim(
    transaction: &Transaction<'_>,
    bounds: &Bounds,
    now: Timestamp,
) -> Result<Trimmed, StoreError> {
    let oldest = now.minus(bounds.keep).as_micros();
    let mut trimmed = Trimmed::default();
    trimmed.entries += transaction.execute("DELETE FROM ledger WHERE at_us < ?1", [oldest])? as u64;
    trimmed.letters +=
        transaction.execute("DELETE FROM dead_letters WHERE refused_us < ?1", [oldest])? as u64;
    let mut select = transaction.prepare("SELECT DISTINCT exit FROM cursors")?;
    let exits = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    for exit in exits {
        trimmed.entries += past(transaction, "ledger", &exit, bounds.ledger_len_max)?;
        trimmed.letters += past(transaction, "dead_letters", &exit, bounds.letters_len_max)?;
    }
    Ok(trimmed)
}

/// Lets go what an exit has in a table beyond its newest `len_max` rows.
fn past(transaction: &Transaction<'_>, table: &str, exit: &str, len_max: u64) -> Result<u64, StoreError> {
    let newest = transaction
        .query_row(
            &format!("SELECT number FROM {table} WHERE exit = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2"),
            params![exit, int(len_max)],
            |row| row.get::<_, i64>(0),
        )
        .optional()?;
    let Some(newest) = newest else { return Ok(0) };
    let delete = format!("DELETE FROM {table} WHERE exit = ?1 AND number <= ?2");
    Ok(transaction.execute(&delete, params![exit, newest])? as u64)
}

impl Note {
    /// When what it tells of was.
    pub(super) fn at(&self) -> Option<Timestamp> {
        match self {
            Note::Told(told) => Some(told.at),
            Note::Passed { at, .. } | Note::LetterTold { at, .. } => Some(*at),
            Note::Trouble { .. } => None,
        }
    }
}

pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

//! A commit as a row of the database, and the checks that tie it to the one before.

use davy_model::{Timestamp, Transition};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Commit, Encoded, Hash, Head,
    commit::{chain_encoded, decode_commit},
    error::{JournalError, Result},
    numbers::{int, natural},
    pack::{Packer, unpack},
    record,
};

/// One row of `commits`.
#[derive(Debug)]
pub(crate) struct CommitRow {
    pub(crate) number: u64,
    at: Timestamp,
    first_sequence: u64,
    transition_count: u64,
    hash: Hash,
    transitions: Vec<u8>,
    inputs: Vec<u8>,
}

/// A commit whose row held together.
pub(crate) struct Linked {
    pub(crate) commit: Commit,
    pub(crate) encoded: Encoded,
    pub(crate) head: Head,
}

pub(crate) const COLUMNS: &str = "number, at, first_sequence, transition_count, hash, transitions, inputs";

impl CommitRow {
    /// Reads a row selected as [`COLUMNS`].
    pub(crate) fn read(row: &Row<'_>) -> Result<CommitRow> {
        Ok(CommitRow {
            number: natural(row.get(0)?)?,
            at: Timestamp::from_micros(row.get(1)?),
            first_sequence: natural(row.get(2)?)?,
            transition_count: natural(row.get(3)?)?,
            hash: row.get(4)?,
            transitions: row.get(5)?,
            inputs: row.get(6)?,
        })
    }

    /// Decodes the row, and checks it against the head it must follow.
    pub(crate) fn link(&self, before: &Head) -> Result<Linked> {
        let bytes = |packed: &[u8]| unpack(packed).map_err(|what| self.damage(what));
        let encoded = Encoded { inputs: bytes(&self.inputs)?, transitions: bytes(&self.transitions)? };
        if chain_encoded(&before.hash, self.number, self.at, &encoded) != self.hash {
            return Err(self.damage("it does not hang on the commit before"));
        }
        let commit = decode_commit(self.number, self.at, &encoded)?;
        if let Some(refusal) = before.refusal(&commit) {
            return Err(self.damage(refusal));
        }
        let counted = commit.transitions.len() as u64;
        if self.first_sequence != before.first_of(&commit) || self.transition_count != counted {
            return Err(self.damage("its row counts other transitions than it holds"));
        }
        let head = before.after(&commit, self.hash);
        Ok(Linked { commit, encoded, head })
    }

    fn damage(&self, what: impl Into<String>) -> JournalError {
        JournalError::damaged(format!("commit {}", self.number), what)
    }
}

/// Writes `commit` after `before`.
pub(crate) fn insert(conn: &Connection, packer: &mut Packer, before: &Head, commit: &Commit) -> Result<Head> {
    let encoded = crate::encode_commit(commit);
    let hash = chain_encoded(&before.hash, commit.number, commit.at, &encoded);
    let mut statement =
        conn.prepare_cached(&format!("INSERT INTO commits({COLUMNS}) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"))?;
    statement.execute(params![
        int(commit.number)?,
        commit.at.as_micros(),
        int(before.first_of(commit))?,
        int(commit.transitions.len() as u64)?,
        hash,
        packer.pack(&encoded.transitions)?,
        packer.pack(&encoded.inputs)?,
    ])?;
    Ok(before.after(commit, hash))
}

/// The row of that number, if it is kept.
pub(crate) fn commit_row(conn: &Connection, number: u64) -> Result<Option<CommitRow>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM commits WHERE number = ?1"))?;
    let mut rows = statement.query([int(number)?])?;
    rows.next()?.map(CommitRow::read).transpose()
}

/// How the journal stood after commit `number`, as that row says; `base` is what the journal begins after.
pub(crate) fn head_at(conn: &Connection, base: &Head, number: u64) -> Result<Option<Head>> {
    if number == base.number {
        return Ok(Some(*base));
    }
    let mut statement = conn
        .prepare_cached("SELECT at, first_sequence, transition_count, hash FROM commits WHERE number = ?1")?;
    let found: Option<(i64, i64, i64, Hash)> = statement
        .query_row([int(number)?], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((at, first_sequence, transition_count, hash)) = found else { return Ok(None) };
    let next = natural(first_sequence)?.saturating_add(natural(transition_count)?);
    let at = Timestamp::from_micros(at);
    Ok(Some(Head { number, at, sequence: next.saturating_sub(1), hash }))
}

/// The number of the last commit; the base's when there is none.
pub(crate) fn last_number(conn: &Connection, base: &Head) -> Result<u64> {
    let mut statement = conn.prepare_cached("SELECT max(number) FROM commits")?;
    let last: Option<i64> = statement.query_row([], |row| row.get(0))?;
    last.map_or(Ok(base.number), natural)
}

/// The head of the journal, the last commit checked against the one before.
pub(crate) fn checked_head(conn: &Connection, base: &Head) -> Result<Head> {
    let last = last_number(conn, base)?;
    if last == base.number {
        return Ok(*base);
    }
    let row = commit_row(conn, last)?.ok_or_else(|| hole(last))?;
    let before = last.checked_sub(1).map(|number| head_at(conn, base, number)).transpose()?.flatten();
    Ok(row.link(&before.ok_or_else(|| hole(last.saturating_sub(1)))?)?.head)
}

/// The last commit that one step lets go: at most so many after `base`, none after `last`, and no further than the one
/// with which they hold so many packed bytes.
pub(crate) fn step_end(conn: &Connection, base: u64, last: u64, bytes_max: u64) -> Result<u64> {
    let mut statement = conn.prepare_cached(
        "SELECT number, length(transitions) + length(inputs) FROM commits WHERE number > ?1 AND number <= ?2
         ORDER BY number",
    )?;
    let mut rows = statement.query([int(base)?, int(last)?])?;
    let (mut end, mut bytes) = (base, 0);
    while bytes < bytes_max
        && let Some(row) = rows.next()?
    {
        end = natural(row.get(0)?)?;
        bytes += natural(row.get(1)?)?;
    }
    Ok(end)
}

/// The last commit from before `at`, by halving: times never go back.
pub(crate) fn last_before(conn: &Connection, base: &Head, head: &Head, at: Timestamp) -> Result<u64> {
    let (mut before, mut after) = (base.number, head.number + 1);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        let found = head_at(conn, base, middle)?.ok_or_else(|| hole(middle))?;
        if found.at < at { before = middle } else { after = middle }
    }
    Ok(before)
}

/// Deletes the commits up to `number`.
pub(crate) fn delete_through(conn: &Connection, number: u64) -> Result<()> {
    conn.execute("DELETE FROM commits WHERE number <= ?1", [int(number)?])?;
    Ok(())
}

/// A commit that is missing among others.
pub(crate) fn hole(number: u64) -> JournalError {
    JournalError::damaged(format!("commit {number}"), "it is not there, and later ones are")
}

/// Unpacks and decodes the transitions of a row, without the chain.
pub(crate) fn transitions(number: u64, packed: &[u8]) -> Result<Vec<Transition>> {
    let place = || format!("commit {number}");
    let bytes = unpack(packed).map_err(|what| JournalError::damaged(place(), what))?;
    record::decode_transitions(&bytes).map_err(|what| JournalError::damaged(place(), what.to_string()))
}

//! States of the engine, kept so that a restart need not begin at the first input. Their bytes are the engine's own.

use davy_model::Timestamp;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use crate::{
    error::{JournalError, Result},
    numbers::{int, natural},
    pack::{Packer, unpack},
};

/// The newest, for a restart.
const NEWEST_KEPT: usize = 3;
/// Older ones, spread over the journal: one that no longer begins with its first commit is judged again from them.
const OLDER_KEPT: usize = 8;

/// A state of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last commit it has seen; 0 when none.
    pub number: u64,
    /// When it was taken.
    pub at: Timestamp,
    /// How its bytes are to be read.
    pub schema: u32,
    /// The engine's.
    pub bytes: Vec<u8>,
}

/// The newest snapshot that holds, if one does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// To start from. Without one, replay starts at the first input.
    pub snapshot: Option<Snapshot>,
    /// What is wrong with each newer one.
    pub damaged: Vec<String>,
}

/// Writes a snapshot, and lets one go when there are too many.
pub(crate) fn save(conn: &Connection, packer: &mut Packer, snapshot: &Snapshot) -> Result<()> {
    let bytes = packer.pack(&snapshot.bytes)?;
    let number = int(snapshot.number)?;
    let checksum = checksum(number, snapshot.at.as_micros(), snapshot.schema, &bytes);
    conn.execute(
        "INSERT OR REPLACE INTO snapshots(number, at, schema, checksum, bytes) VALUES(?1, ?2, ?3, ?4, ?5)",
        params![number, snapshot.at.as_micros(), snapshot.schema, checksum, bytes],
    )?;
    let mut kept = numbers(conn)?;
    while let Some(place) = crowded(&kept) {
        delete(conn, kept.remove(place))?;
    }
    Ok(())
}

/// Which to let go, of the newest first: of the older ones the one that stands closest between its neighbours.
fn crowded(newest_first: &[i64]) -> Option<usize> {
    let last = newest_first.len().checked_sub(1)?;
    if last < NEWEST_KEPT + OLDER_KEPT {
        return None;
    }
    (NEWEST_KEPT..last).min_by_key(|place| newest_first[place - 1] - newest_first[place + 1])
}

/// Deletes those that were taken before commit `number`.
pub(crate) fn delete_before(conn: &Connection, number: u64) -> Result<()> {
    let number = int(number)?;
    numbers(conn)?.into_iter().filter(|kept| *kept < number).try_for_each(|kept| delete(conn, kept))
}

fn delete(conn: &Connection, number: i64) -> Result<()> {
    conn.execute("DELETE FROM snapshots WHERE number = ?1", [number])?;
    Ok(())
}

/// The newest that holds and is not ahead of the last commit.
pub(crate) fn newest(conn: &Connection, last_commit: u64) -> Result<Newest> {
    let mut found = Newest::default();
    for number in numbers(conn)? {
        let snapshot = match read(conn, number) {
            Ok(snapshot) => snapshot,
            Err(JournalError::Damaged { place, what }) => {
                found.damaged.push(format!("{place}: {what}"));
                continue;
            }
            Err(error) => return Err(error),
        };
        if snapshot.number <= last_commit {
            found.snapshot = Some(snapshot);
            return Ok(found);
        }
        found.damaged.push(format!("snapshot {number}: it is ahead of commit {last_commit}"));
    }
    Ok(found)
}

/// The commits snapshots are of, the newest first.
pub(crate) fn numbers(conn: &Connection) -> Result<Vec<i64>> {
    let mut statement = conn.prepare("SELECT number FROM snapshots ORDER BY number DESC")?;
    let numbers = statement.query_map([], |row| row.get(0))?;
    Ok(numbers.collect::<rusqlite::Result<_>>()?)
}

/// The commits snapshots are of, the oldest first.
pub(crate) fn oldest_first(conn: &Connection) -> Result<Vec<u64>> {
    numbers(conn)?.into_iter().rev().map(natural).collect()
}

/// The snapshot of that commit, its checksum checked.
pub(crate) fn read(conn: &Connection, number: i64) -> Result<Snapshot> {
    let mut statement =
        conn.prepare("SELECT at, schema, checksum, bytes FROM snapshots WHERE number = ?1")?;
    let (at, schema, noted, packed): (i64, u32, [u8; 32], Vec<u8>) =
        statement.query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let damaged = |what: String| JournalError::damaged(format!("snapshot {number}"), what);
    if noted != checksum(number, at, schema, &packed) {
        return Err(damaged("its checksum does not hold".to_owned()));
    }
    let bytes = unpack(&packed).map_err(damaged)?;
    Ok(Snapshot { number: natural(number)?, at: Timestamp::from_micros(at), schema, bytes })
}

fn checksum(number: i64, at: i64, schema: u32, packed: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(number.to_le_bytes())
        .chain_update(at.to_le_bytes())
        .chain_update(schema.to_le_bytes())
        .chain_update(packed)
        .finalize()
        .into()
}

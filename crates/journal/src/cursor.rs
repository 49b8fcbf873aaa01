//! How far each consumer has come.

use davy_model::Timestamp;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

use crate::{
    error::{JournalError, Result},
    numbers::{int, natural},
};

/// How far a consumer has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Its own name, never empty.
    pub name: String,
    /// The last transition it confirmed; 0 when none.
    pub sequence: u64,
    /// When it did.
    pub at: Timestamp,
}

impl Cursor {
    fn checksum(&self) -> [u8; 32] {
        let numbers = Sha256::new().chain_update(self.sequence.to_le_bytes());
        numbers.chain_update(self.at.as_micros().to_le_bytes()).chain_update(&self.name).finalize().into()
    }
}

/// Writes a cursor.
pub(crate) fn set(conn: &Connection, cursor: &Cursor) -> Result<()> {
    let mut statement = conn.prepare_cached("INSERT OR REPLACE INTO cursors VALUES(?1, ?2, ?3, ?4)")?;
    let (sequence, at) = (int(cursor.sequence)?, cursor.at.as_micros());
    statement.execute(params![cursor.name, sequence, at, cursor.checksum()])?;
    Ok(())
}

/// Lets a cursor go.
pub(crate) fn forget(conn: &Connection, name: &str) -> Result<()> {
    conn.prepare_cached("DELETE FROM cursors WHERE name = ?1")?.execute([name])?;
    Ok(())
}

/// The cursor of that name.
pub(crate) fn get(conn: &Connection, name: &str) -> Result<Option<Cursor>> {
    let mut statement = conn.prepare_cached("SELECT * FROM cursors WHERE name = ?1")?;
    let mut rows = statement.query([name])?;
    rows.next()?.map(read).transpose()
}

/// All cursors, by name.
pub(crate) fn all(conn: &Connection) -> Result<Vec<Cursor>> {
    let mut statement = conn.prepare_cached("SELECT * FROM cursors ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut cursors = Vec::new();
    while let Some(row) = rows.next()? {
        cursors.push(read(row)?);
    }
    Ok(cursors)
}

fn read(row: &rusqlite::Row<'_>) -> Result<Cursor> {
    let at = Timestamp::from_micros(row.get(2)?);
    let cursor = Cursor { name: row.get(0)?, sequence: natural(row.get(1)?)?, at };
    if row.get::<_, [u8; 32]>(3)? != cursor.checksum() {
        let place = format!("cursor {}", cursor.name);
        return Err(JournalError::damaged(place, "its checksum does not hold"));
    }
    Ok(cursor)
}

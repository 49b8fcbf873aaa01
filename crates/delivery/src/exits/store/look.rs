//! What can be looked up in the file: dead letters and the ledger.

use std::sync::Arc;

use davy_model::Timestamp;
use rusqlite::{Row, params};

use super::{Fate, StoreError, file::StoreFile, write::int};

const LETTER_COLUMNS: &str =
    "number, exit, site, sequence, id, alert, refused_us, why, attempts, asked, delivered_us";

/// Something a receiver will never take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number among those of all exits; never used again.
    pub number: u64,
    /// By which exit.
    pub exit: Arc<str>,
    /// Of which site.
    pub site: Arc<str>,
    /// The transition's number in its site.
    pub sequence: u64,
    /// The event's id: the transition's, and when it was recorded.
    pub id: String,
    /// The alert, as protobuf.
    pub alert: Vec<u8>,
    /// When it was refused last.
    pub refused: Timestamp,
    /// Why.
    pub why: String,
    /// How often it was refused.
    pub attempts: u32,
    /// It is to be sent again.
    pub is_asked: bool,
    /// When the receiver took it after all.
    pub delivered: Option<Timestamp>,
}

/// Which dead letters.
#[derive(Clone, Debug, Default)]
pub struct LetterQuery {
    /// By this exit; by all when empty.
    pub exit: String,
    /// Those before that number.
    pub before: Option<u64>,
    /// Only those that wait to be sent again.
    pub asked_only: bool,
}

/// Something that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its place in the ledger.
    pub number: u64,
    /// Of which site.
    pub site: Arc<str>,
    /// The transition's number in its site.
    pub sequence: u64,
    /// The event's id, as of a dead letter; of a gap, `site:gap#from.to`.
    pub id: String,
    /// When the receiver answered.
    pub at: Timestamp,
    /// What became of it.
    pub fate: Fate,
    /// With how many attempts.
    pub attempts: u32,
    /// What the receiver said.
    pub answer: String,
}

impl StoreFile {
    /// Dead letters with numbers above `after`, the latest first; those that wait to be sent again, the oldest first.
    pub(in crate::exits) fn letters(
        &mut self,
        query: &LetterQuery,
        after: u64,
        len: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let order = if query.asked_only { "ASC" } else { "DESC" };
        let mut select = self.conn().prepare_cached(&format!(
            "SELECT {LETTER_COLUMNS} FROM dead_letters
             WHERE (?1 = '' OR exit = ?1) AND number < ?2 AND number > ?3 AND (NOT ?4 OR asked)
             ORDER BY number {order} LIMIT ?5"
        ))?;
        let before = query.before.map_or(i64::MAX, int);
        let rows = select
            .query_map(
                params![query.exit, before, int(after), query.asked_only, int(len as u64)],
                read_letter,
            )?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(rows)
    }

    /// How many dead letters of an exit are kept that its receiver has not taken.
    pub(in crate::exits) fn letters_owed(&mut self, exit: &str) -> Result<u64, StoreError> {
        let owed = "SELECT count(*) FROM dead_letters WHERE exit = ?1 AND delivered_us IS NULL";
        Ok(self.conn().query_row(owed, [exit], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// Has dead letters of these sites sent again: these, or all of the exit that its receiver has not taken. Gives how many.
    pub(in crate::exits) fn ask_letters(
        &mut self,
        exit: &str,
        numbers: &[u64],
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<u64, StoreError> {
        let transaction = self.conn().transaction()?;
        let mut sites: Vec<String> = transaction
            .prepare("SELECT DISTINCT site FROM dead_letters WHERE exit = ?1")?
            .query_map([exit], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        sites.retain(|site| is_meant(site));
        let mut asked = 0;
        for site in sites {
            if numbers.is_empty() {
                let all = "UPDATE dead_letters SET asked = 1 WHERE exit = ?1 AND site = ?2 AND delivered_us IS NULL";
                asked += transaction.execute(all, [exit, &site])?;
            }
            for number in numbers {
                let one = "UPDATE dead_letters SET asked = 1 WHERE exit = ?1 AND site = ?2 AND number = ?3";
                asked += transaction.execute(one, params![exit, site, int(*number)])?;
            }
        }
        transaction.commit()?;
        Ok(asked as u64)
    }

    /// What an exit told, the latest first; only what was told before the entry `before`.
    pub(in crate::exits) fn ledger(
        &mut self,
        exit: &str,
        before: Option<u64>,
        len: usize,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut select = self.conn().prepare_cached(
            "SELECT number, site, sequence, id, at_us, refused, attempts, answer FROM ledger
             WHERE exit = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
        )?;
        let rows = select
            .query_map(params![exit, int(before.unwrap_or(u64::MAX)), int(len as u64)], |row| {
                Ok(LedgerEntry {
                    number: row.get::<_, i64>(0)?.unsigned_abs(),
                    site: row.get::<_, String>(1)?.into(),
                    sequence: row.get::<_, i64>(2)?.unsigned_abs(),
                    id: row.get(3)?,
                    at: Timestamp::from_micros(row.get(4)?),
                    fate: if row.get(5)? { Fate::Refused } else { Fate::Delivered },
                    attempts: row.get(6)?,
                    answer: row.get(7)?,
                })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(rows)
    }
}

fn read_letter(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    Ok(DeadLetter {
        number: row.get::<_, i64>(0)?.unsigned_abs(),
        exit: row.get::<_, String>(1)?.into(),
        site: row.get::<_, String>(2)?.into(),
        sequence: row.get::<_, i64>(3)?.unsigned_abs(),
        id: row.get(4)?,
        alert: row.get(5)?,
        refused: Timestamp::from_micros(row.get(6)?),
        why: row.get(7)?,
        attempts: row.get(8)?,
        is_asked: row.get(9)?,
        delivered: row.get::<_, Option<i64>>(10)?.map(Timestamp::from_micros),
    })
}

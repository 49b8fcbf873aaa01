//! What can be looked up in the ledger.

use std::sync::Arc;

use davy_model::Timestamp;
use rusqlite::params;

use super::{
    LedgerError,
    file::{LedgerFile, int},
};

/// Consecutive transitions of a site that were sent to a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number in the ledger; never used again.
    pub number: u64,
    /// Of which site.
    pub site: Arc<str>,
    /// The first of them.
    pub from_sequence: u64,
    /// The last of them.
    pub to_sequence: u64,
    /// None of them was sent before.
    pub first_sent: Timestamp,
    /// None of them was sent after; within a second of `first_sent`.
    pub last_sent: Timestamp,
    /// When all of them were confirmed.
    pub confirmed: Option<Timestamp>,
}

/// Which deliveries.
#[derive(Clone, Debug, Default)]
pub struct DeliveryQuery {
    /// Of this site; of all, when empty.
    pub site: String,
    /// Those that this transition is in.
    pub sequence: Option<u64>,
    /// Those before that number.
    pub before: Option<u64>,
}

impl LedgerFile {
    /// What was sent to a consumer, the latest first.
    pub(in crate::consumers) fn deliveries(
        &mut self,
        consumer: &str,
        query: &DeliveryQuery,
        len: usize,
    ) -> Result<Vec<Delivery>, LedgerError> {
        let mut select = self.conn.prepare_cached(
            "SELECT number, site, from_sequence, to_sequence, first_sent_us, last_sent_us, confirmed_us
             FROM deliveries
             WHERE consumer = ?1 AND (?2 = '' OR site = ?2) AND number < ?3
               AND (?4 IS NULL OR (from_sequence <= ?4 AND to_sequence >= ?4))
             ORDER BY number DESC LIMIT ?5",
        )?;
        let before = query.before.map_or(i64::MAX, int);
        let mut rows =
            select.query(params![consumer, query.site, before, query.sequence.map(int), int(len as u64)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let number = |place| Ok::<u64, rusqlite::Error>(row.get::<_, i64>(place)?.unsigned_abs());
            found.push(Delivery {
                number: number(0)?,
                site: row.get::<_, String>(1)?.into(),
                from_sequence: number(2)?,
                to_sequence: number(3)?,
                first_sent: Timestamp::from_micros(row.get(4)?),
                last_sent: Timestamp::from_micros(row.get(5)?),
                confirmed: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_micros),
            });
        }
        Ok(found)
    }
}

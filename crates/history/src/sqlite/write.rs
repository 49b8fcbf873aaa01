//! A batch on its way into the tables: one transaction, with the site's position in it.

use std::collections::BTreeSet;

use davy_model::{Tier, Timestamp};
use rusqlite::{Transaction, TransactionBehavior, params};

use super::{
    alarms, packs,
    read::{PACKED_UNTIL, ROLLED_UNTIL, mark},
    value::{int, natural, of_value},
    writer::{Writer, intern},
};
use crate::{Batch, HistoryError, LetterCount, Level, Row, Series, Written, files, start_of};

/// How far ahead of the newest commit a reading may be measured. Whoever fills a batch stamps anew what is further.
const AHEAD_US: i64 = 2 * 86_400_000_000;

impl Writer {
    pub(super) fn write(&mut self, batch: &Batch) -> Result<Written, HistoryError> {
        let oldest = self.oldest(batch.until.at)?;
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let era = claim(&transaction, batch)?;
        let numbers = intern(&transaction, &mut self.ids, &batch.site, &batch.series)?;
        let written = take_in(&transaction, &numbers, &batch.readings, oldest)?;
        take_in_events(&transaction, batch)?;
        alarms::take_in(&transaction, batch, era)?;
        advance(&transaction, batch, era)?;
        transaction.commit()?;
        self.shrink_after_writing();
        Ok(written)
    }

    pub(super) fn import(
        &mut self,
        site: &str,
        series: &[Series],
        rows: &[Row],
        now: Timestamp,
    ) -> Result<Written, HistoryError> {
        let oldest = self.oldest(now)?;
        if let Some(ahead) = rows.iter().find(|row| row.time > now.offset_micros(AHEAD_US)) {
            return Err(HistoryError::Asked(format!("{} is in the future", ahead.time)));
        }
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let numbers = intern(&transaction, &mut self.ids, site, series)?;
        let written = take_in(&transaction, &numbers, rows, oldest)?;
        transaction.commit()?;
        self.shrink_after_writing();
        Ok(written)
    }

    pub(super) fn count_letters(
        &mut self,
        site: &str,
        run: Timestamp,
        counts: &[LetterCount],
    ) -> Result<(), HistoryError> {
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for told in counts {
            let sql = "INSERT INTO dead_letters(site, hour, run, code, count) VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT (site, hour, run, code) DO UPDATE SET count = excluded.count";
            let hour = told.hour.as_micros();
            let values = params![site, hour, run.as_micros(), &*told.code, int(told.count)];
            transaction.prepare_cached(sql)?.execute(values)?;
        }
        Ok(transaction.commit()?)
    }
}

/// Checks that the batch belongs where the site stands. Gives the era its rows are of.
fn claim(transaction: &Transaction<'_>, batch: &Batch) -> Result<i64, HistoryError> {
    let mut query = transaction.prepare_cached("SELECT era, number, hash FROM positions WHERE site = ?1")?;
    let mut rows = query.query([&*batch.site])?;
    let (era, found) = match rows.next()? {
        None => (0, None),
        Some(row) => (row.get::<_, i64>(0)?, Some((natural(row.get(1)?)?, row.get::<_, [u8; 32]>(2)?))),
    };
    let expected = batch.after.as_ref().map(|after| (after.number, after.hash));
    if found != expected {
        let number = |place: Option<(u64, [u8; 32])>| place.map(|(number, _)| number);
        return Err(HistoryError::Moved { expected: number(expected).unwrap_or(0), found: number(found) });
    }
    if !batch.begins_era {
        return Ok(era);
    }
    // How alarms stood in another journal says nothing of this one.
    transaction.execute("DELETE FROM alarms WHERE site = ?1", [&*batch.site])?;
    Ok(era + 1)
}

fn advance(transaction: &Transaction<'_>, batch: &Batch, era: i64) -> Result<(), HistoryError> {
    let until = &batch.until;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO positions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            &*batch.site,
            era,
            int(until.number),
            until.hash,
            int(until.sequence),
            until.at.as_micros(),
            &*until.revision,
        ])?;
    Ok(())
}

/// Takes those readings in that are not there yet. Of those that are the same in the table, the first is kept.
fn take_in(
    transaction: &Transaction<'_>,
    numbers: &[i32],
    rows: &[Row],
    oldest: Timestamp,
) -> Result<Written, HistoryError> {
    let young = rows.iter().filter(|row| row.time >= oldest);
    let mut sorted: Vec<(i32, &Row)> = young.map(|row| (numbers[row.series as usize], row)).collect();
    // By series and time, so that each part of the table is gone to once; stable, so that the first stays first.
    sorted.sort_by_key(|(number, row)| (*number, row.time));
    unpack_for(transaction, &sorted)?;
    let mut insert = transaction
        .prepare_cached("INSERT INTO readings VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING")?;
    let mut new = 0;
    for (number, row) in &sorted {
        let (time, arrival) = (row.time.as_micros(), row.arrival.as_micros());
        let done = insert.execute(params![number, time, of_value(row.value), arrival, row.quality.code()])?;
        new += done as u64;
    }
    mark_late(transaction, &sorted)?;
    Ok(Written { new, known: sorted.len() as u64 - new, too_old: (rows.len() - sorted.len()) as u64 })
}

/// Unpacks the hours that these readings are of, so that each is known that is there.
fn unpack_for(transaction: &Transaction<'_>, rows: &[(i32, &Row)]) -> Result<(), HistoryError> {
    let Some(until) = mark(transaction, PACKED_UNTIL)? else { return Ok(()) };
    let old = rows.iter().filter(|(_, row)| row.time < until);
    let hours: BTreeSet<(i32, Timestamp)> =
        old.map(|(number, row)| (*number, start_of(row.time, Level::Hour.width()))).collect();
    hours.into_iter().try_for_each(|(number, hour)| packs::unpack_hour(transaction, number, hour))
}

/// Notes the hours that are rolled up already and have to be again.
fn mark_late(transaction: &Transaction<'_>, rows: &[(i32, &Row)]) -> Result<(), HistoryError> {
    let Some(until) = mark(transaction, ROLLED_UNTIL)? else { return Ok(()) };
    let late = rows.iter().filter(|(_, row)| row.time < until);
    let due: BTreeSet<(Timestamp, i32)> =
        late.map(|(number, row)| (start_of(row.time, Level::Hour.width()), *number)).collect();
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO roll_up_due VALUES (?1, ?2)")?;
    for (hour, number) in due {
        insert.execute(params![hour.as_micros(), number])?;
    }
    Ok(())
}

/// Files that became active, who came and went, holes and risk levels: few rows.
fn take_in_events(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), HistoryError> {
    let site = &*batch.site;
    for activation in &batch.activations {
        let (revision, files) = (&*activation.bundle.revision, files::to_json(&activation.bundle));
        transaction
            .prepare_cached("INSERT OR IGNORE INTO revisions VALUES (?1, ?2, ?3)")?
            .execute(params![site, revision, files.to_string()])?;
        transaction
            .prepare_cached("INSERT OR IGNORE INTO activations VALUES (?1, ?2, ?3)")?
            .execute(params![site, activation.at.as_micros(), revision])?;
    }
    for event in &batch.nodes {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO edge_nodes VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![site, &*event.edge_node, event.at.as_micros(), event.change.word()])?;
    }
    if let Some((first, last)) = batch.hole {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO holes VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![site, batch.until.at.as_micros(), int(first), int(last)])?;
    }
    for risk in &batch.risks {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO risk_levels VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![site, &*risk.scope, risk.at.as_micros(), risk.tier.map(Tier::word)])?;
    }
    Ok(())
}

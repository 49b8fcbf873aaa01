//! A batch on its way into the tables: one transaction, with the site's position in it.

use std::collections::BTreeSet;

use davy_model::Timestamp;
use futures_util::pin_mut;
use tokio_postgres::{Transaction, binary_copy::BinaryCopyInWriter, types::Type};

use super::{
    alarms,
    mode::Mode,
    partitions::{READINGS, day_of, start_of_day},
    value::{Time, int, natural, of_quality, of_value},
    writer::{Writer, hash, intern},
};
use crate::{Batch, HistoryError, Level, Row, Series, Written, bucket::start_of, files};

/// How far ahead of the newest commit a reading may be measured. Whoever fills a batch stamps anew what is further.
const AHEAD_DAYS: i64 = 2;

/// Readings on their way in, and what is too old.
struct Sorted {
    /// Number of the series, and the row: by series and time, so that each part of an index is looked up once.
    rows: Vec<(i32, Row)>,
    too_old: u64,
}

impl Writer {
    pub(super) async fn write(&mut self, batch: &Batch) -> Result<Written, HistoryError> {
        let oldest = self.oldest(batch.until.at);
        self.make_room(&batch.readings, oldest).await?;
        let transaction = self.connected.client.transaction().await?;
        let era = claim(&transaction, batch).await?;
        let numbers = intern(&transaction, &mut self.ids, &batch.site, &batch.series).await?;
        let written = take_in(&transaction, &numbers, &batch.readings, oldest).await?;
        take_in_events(&transaction, batch).await?;
        alarms::take_in(&transaction, batch, era).await?;
        advance(&transaction, batch, era).await?;
        transaction.commit().await?;
        Ok(written)
    }

    pub(super) async fn import(
        &mut self,
        site: &str,
        series: &[Series],
        rows: &[Row],
        now: Timestamp,
    ) -> Result<Written, HistoryError> {
        let oldest = self.oldest(now);
        if let Some(late) = rows.iter().find(|row| row.time > now.offset_micros(AHEAD_DAYS * 86_400_000_000))
        {
            return Err(HistoryError::Asked(format!("{} is in the future", late.time)));
        }
        self.make_room(rows, oldest).await?;
        let transaction = self.connected.client.transaction().await?;
        let numbers = intern(&transaction, &mut self.ids, site, series).await?;
        let written = take_in(&transaction, &numbers, rows, oldest).await?;
        transaction.commit().await?;
        Ok(written)
    }

    /// The first moment of which readings are kept.
    pub(super) fn oldest(&self, now: Timestamp) -> Timestamp {
        let oldest = now.minus(self.retention.readings);
        // Whole days, as they are dropped.
        start_of_day(day_of(oldest))
    }

    /// Makes the partitions that these rows need.
    async fn make_room(&mut self, rows: &[Row], oldest: Timestamp) -> Result<(), HistoryError> {
        if self.mode != Mode::Plain {
            return Ok(());
        }
        let days: BTreeSet<i64> =
            rows.iter().filter(|row| row.time >= oldest).map(|row| day_of(row.time)).collect();
        for day in days {
            self.make_part(READINGS, start_of_day(day)).await?;
        }
        Ok(())
    }
}

/// Locks the site's place, and checks that the batch belongs there. Gives the era its rows are of.
async fn claim(transaction: &Transaction<'_>, batch: &Batch) -> Result<i32, HistoryError> {
    let row = transaction
        .query_opt(
            "SELECT era, number, hash FROM davy.positions WHERE site = $1 FOR UPDATE",
            &[&&*batch.site],
        )
        .await?;
    let (era, found) = match row {
        None => (0, None),
        Some(row) => (row.get::<_, i32>(0), Some((natural(row.get(1))?, hash(row.get(2))?))),
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
    transaction.execute("DELETE FROM davy.alarms WHERE site = $1", &[&&*batch.site]).await?;
    Ok(era + 1)
}

async fn advance(transaction: &Transaction<'_>, batch: &Batch, era: i32) -> Result<(), HistoryError> {
    let until = &batch.until;
    transaction
        .execute(
            "INSERT INTO davy.positions (site, era, number, hash, sequence, at, revision)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (site) DO UPDATE SET era = EXCLUDED.era, number = EXCLUDED.number, hash = EXCLUDED.hash,
               sequence = EXCLUDED.sequence, at = EXCLUDED.at, revision = EXCLUDED.revision",
            &[
                &&*batch.site,
                &era,
                &int(until.number),
                &until.hash.as_slice(),
                &int(until.sequence),
                &Time(until.at),
                &&*until.revision,
            ],
        )
        .await?;
    Ok(())
}

/// Copies readings beside the table, then moves those that are not there yet. Once a transaction: its end empties what lies
/// beside.
async fn take_in(
    transaction: &Transaction<'_>,
    numbers: &[i32],
    rows: &[Row],
    oldest: Timestamp,
) -> Result<Written, HistoryError> {
    let Sorted { rows, too_old } = sort(numbers, rows, oldest);
    if rows.is_empty() {
        return Ok(Written { too_old, ..Written::default() });
    }
    let sink = transaction
        .copy_in("COPY staging (tag_id, time, arrival, value, quality) FROM STDIN (FORMAT binary)")
        .await?;
    let types = [Type::INT4, Type::TIMESTAMPTZ, Type::TIMESTAMPTZ, Type::FLOAT8, Type::INT2];
    let copy = BinaryCopyInWriter::new(sink, &types);
    pin_mut!(copy);
    for (number, row) in &rows {
        let (value, quality) = (of_value(row.value), of_quality(row.quality));
        copy.as_mut().write(&[number, &Time(row.time), &Time(row.arrival), &value, &quality]).await?;
    }
    let brought = copy.finish().await?;
    let new = transaction
        .execute("INSERT INTO davy.readings SELECT * FROM staging ON CONFLICT DO NOTHING", &[])
        .await?;
    mark_late(transaction, &rows).await?;
    Ok(Written { new, known: brought - new, too_old })
}

fn sort(numbers: &[i32], rows: &[Row], oldest: Timestamp) -> Sorted {
    let young = rows.iter().filter(|row| row.time >= oldest);
    let mut rows_in: Vec<(i32, Row)> = young.map(|row| (numbers[row.series as usize], *row)).collect();
    let too_old = (rows.len() - rows_in.len()) as u64;
    // Stable: of rows that are the same in the table, the one that came first is kept.
    rows_in.sort_by_key(|(number, row)| (*number, row.time));
    Sorted { rows: rows_in, too_old }
}

/// Notes the hours that are rolled up already and have to be again. Whoever rolls on waits for this transaction.
async fn mark_late(transaction: &Transaction<'_>, rows: &[(i32, Row)]) -> Result<(), HistoryError> {
    let until = transaction.query_opt("SELECT until FROM davy.rolled_up FOR SHARE", &[]).await?;
    let Some(until) = until.map(|row| row.get::<_, Time>(0).0) else { return Ok(()) };
    let late = rows.iter().filter(|(_, row)| row.time < until);
    let due: BTreeSet<(Timestamp, i32)> =
        late.map(|(number, row)| (start_of(row.time, Level::Hour.width()), *number)).collect();
    if due.is_empty() {
        return Ok(());
    }
    let hours: Vec<Time> = due.iter().map(|(hour, _)| Time(*hour)).collect();
    let numbers: Vec<i32> = due.iter().map(|(_, number)| *number).collect();
    transaction
        .execute(
            "INSERT INTO davy.roll_up_due (hour, tag_id) SELECT * FROM unnest($1::timestamptz[], $2::int[])
             ON CONFLICT (hour, tag_id) DO UPDATE SET stamp = nextval('davy.due_stamps')",
            &[&hours, &numbers],
        )
        .await?;
    Ok(())
}

/// Files that became active, who came and went, holes and risk levels: few rows.
async fn take_in_events(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), HistoryError> {
    let site = &*batch.site;
    for activation in &batch.activations {
        let revision = &*activation.bundle.revision;
        transaction
            .execute(
                "INSERT INTO davy.revisions (site, revision, files) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                &[&site, &revision, &files::to_json(&activation.bundle)],
            )
            .await?;
        transaction
            .execute(
                "INSERT INTO davy.activations (site, at, revision) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                &[&site, &Time(activation.at), &revision],
            )
            .await?;
    }
    for event in &batch.nodes {
        transaction
            .execute(
                "INSERT INTO davy.edge_nodes (site, edge_node, at, change) VALUES ($1, $2, $3, $4)
                 ON CONFLICT DO NOTHING",
                &[&site, &&*event.edge_node, &Time(event.at), &event.change.word()],
            )
            .await?;
    }
    if let Some((first, last)) = batch.hole {
        transaction
            .execute(
                "INSERT INTO davy.holes (site, noticed, first_commit, last_commit) VALUES ($1, $2, $3, $4)
                 ON CONFLICT DO NOTHING",
                &[&site, &Time(batch.until.at), &int(first), &int(last)],
            )
            .await?;
    }
    for risk in &batch.risks {
        transaction
            .execute(
                "INSERT INTO davy.risk_levels (site, scope, at, tier) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (site, scope, at) DO UPDATE SET tier = EXCLUDED.tier",
                &[&site, &&*risk.scope, &Time(risk.at), &risk.tier.map(davy_model::Tier::word)],
            )
            .await?;
    }
    Ok(())
}

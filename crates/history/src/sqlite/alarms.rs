//! Transitions, and how alarms stand by them.

use std::sync::Arc;

use davy_model::{AlarmKey, Condition, Tier};
use rusqlite::{Connection, Transaction, params};

use super::value::{int, limit, list};
use crate::{AlarmQuery, Batch, HistoryError, Scope, StoredTransition};

const TRANSITION: &str = "
INSERT INTO transitions(site, era, sequence, source_time, recorded_time, rule, subject, kind, tier_rank, scopes, record)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING";

const ALARM: &str = "
INSERT INTO alarms(site, rule, subject, era, sequence, state, condition, tier_rank, scopes)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (site, rule, subject) DO UPDATE SET era = excluded.era, sequence = excluded.sequence,
  state = excluded.state, condition = excluded.condition, tier_rank = excluded.tier_rank, scopes = excluded.scopes
WHERE (alarms.era, alarms.sequence) < (excluded.era, excluded.sequence)";

/// Takes the transitions of a batch in, and notes how their alarms stand after them.
pub(super) fn take_in(transaction: &Transaction<'_>, batch: &Batch, era: i64) -> Result<(), HistoryError> {
    let mut transition = transaction.prepare_cached(TRANSITION)?;
    let mut alarm = transaction.prepare_cached(ALARM)?;
    for StoredTransition { transition: it, record, scopes } in &batch.transitions {
        let (site, rule, subject) = (&*it.alarm.site, &*it.alarm.rule, &*it.alarm.subject);
        let (sequence, rank, scopes) = (int(it.sequence), it.facts.tier.code(), list(scopes));
        transition.execute(params![
            site,
            era,
            sequence,
            it.source_time.as_micros(),
            it.recorded_time.as_micros(),
            rule,
            subject,
            it.kind.word(),
            rank,
            scopes,
            record,
        ])?;
        let (state, condition) = (it.facts.state().word(), it.facts.condition.word());
        alarm.execute(params![site, rule, subject, era, sequence, state, condition, rank, scopes])?;
    }
    Ok(())
}

/// The alarms of a site that are active and count for its risk levels.
pub(super) fn active(
    conn: &Connection,
    site: &str,
) -> Result<Vec<(AlarmKey, Tier, Vec<Scope>)>, HistoryError> {
    let mut query = conn.prepare_cached(
        "SELECT rule, subject, tier_rank, scopes FROM alarms
         WHERE site = ?1 AND condition = ?2 AND state NOT IN ('out_of_service', 'suppressed')",
    )?;
    let mut rows = query.query(params![site, Condition::Active.word()])?;
    let mut active = Vec::new();
    while let Some(row) = rows.next()? {
        let alarm = AlarmKey { site: site.into(), rule: row.get(0)?, subject: row.get(1)? };
        let rank: i64 = row.get(2)?;
        let tier = u8::try_from(rank).ok().and_then(Tier::from_code);
        let tier = tier.ok_or_else(|| HistoryError::Damaged(format!("tier {rank} of {alarm}")))?;
        let scopes: String = row.get(3)?;
        let scopes: Vec<String> = serde_json::from_str(&scopes)
            .map_err(|error| HistoryError::Damaged(format!("the areas of {alarm}: {error}")))?;
        active.push((alarm, tier, scopes.into_iter().map(Scope::from).collect()));
    }
    Ok(active)
}

/// The records of transitions.
pub(super) fn transitions(conn: &Connection, query: &AlarmQuery) -> Result<Vec<Vec<u8>>, HistoryError> {
    let after = query.after.as_ref();
    let kinds: Vec<&str> = query.kinds.iter().map(|kind| kind.word()).collect();
    let scopes: Vec<Arc<str>> = query.scopes.clone();
    let mut statement = conn.prepare_cached(
        "SELECT record FROM transitions
         WHERE (?1 = '[]' OR site IN (SELECT value FROM json_each(?1)))
           AND recorded_time >= ?2 AND (?3 IS NULL OR recorded_time < ?3)
           AND tier_rank >= ?4
           AND (?5 = '[]' OR rule IN (SELECT value FROM json_each(?5)))
           AND (?6 = '[]' OR subject IN (SELECT value FROM json_each(?6)))
           AND (?7 = '[]' OR EXISTS (SELECT 1 FROM json_each(scopes) own
                                     WHERE own.value IN (SELECT value FROM json_each(?7))))
           AND (?8 = '[]' OR kind IN (SELECT value FROM json_each(?8)))
           AND (?9 IS NULL OR (recorded_time, site, sequence) > (?9, ?10, ?11))
         ORDER BY recorded_time, site, sequence LIMIT ?12",
    )?;
    // The later of the two, where the index is gone into.
    let from = [query.from, after.map(|after| after.0)].into_iter().flatten().max();
    let rows = statement.query_map(
        params![
            list(&query.sites),
            from.map_or(i64::MIN, |from| from.as_micros()),
            query.until.map(|until| until.as_micros()),
            query.tier_at_least.map_or(0, Tier::code),
            list(&query.rules),
            list(&query.subjects),
            list(&scopes),
            list(&kinds),
            after.map(|after| after.0.as_micros()),
            after.map_or("", |after| &after.1),
            after.map_or(0, |after| int(after.2)),
            limit(query.limit),
        ],
        |row| row.get(0),
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

//! Transitions, and how alarms stand by them.

use davy_model::{AlarmKey, Condition, Tier};
use rusqlite::{Connection, Transaction, params};

use super::value::{int, list};
use crate::{Batch, HistoryError, Scope, StoredTransition};

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

//! Transitions, and how alarms stand by them.

use davy_model::{AlarmKey, Condition, Tier};
use futures_util::future::try_join_all;
use tokio_postgres::{Client, Transaction, types::ToSql};

use super::value::{Time, int, of_quality, text};
use crate::{Batch, HistoryError, Scope, StoredTransition};

/// Statements on their way at once.
const TOGETHER: usize = 64;

const TRANSITION: &str = "
INSERT INTO davy.transitions (site, era, sequence, source_time, arrival_time, recorded_time, id, rule, subject,
  occurrence, step, kind, state, condition, tier, tier_rank, limit_name, set_point, value, unit, quality, rule_revision,
  tags, scopes, late, sounds, desk, incident, actor, message_en, message_zh, record)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
  $25, $26, $27, $28, $29, $30, $31, $32)
ON CONFLICT DO NOTHING";

const ALARM: &str = "
INSERT INTO davy.alarms (site, rule, subject, era, sequence, occurrence, kind, state, condition, tier, tier_rank,
  acknowledged, since, value, unit, scopes, desk, message_en, message_zh)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
ON CONFLICT (site, rule, subject) DO UPDATE SET era = EXCLUDED.era, sequence = EXCLUDED.sequence,
  occurrence = EXCLUDED.occurrence, kind = EXCLUDED.kind, state = EXCLUDED.state, condition = EXCLUDED.condition,
  tier = EXCLUDED.tier, tier_rank = EXCLUDED.tier_rank, acknowledged = EXCLUDED.acknowledged, since = EXCLUDED.since,
  value = EXCLUDED.value, unit = EXCLUDED.unit, scopes = EXCLUDED.scopes, desk = EXCLUDED.desk,
  message_en = EXCLUDED.message_en, message_zh = EXCLUDED.message_zh
WHERE (davy.alarms.era, davy.alarms.sequence) < (EXCLUDED.era, EXCLUDED.sequence)";

/// Takes the transitions of a batch in, and notes how their alarms stand after them.
pub(super) async fn take_in(
    transaction: &Transaction<'_>,
    batch: &Batch,
    era: i32,
) -> Result<(), HistoryError> {
    if batch.transitions.is_empty() {
        return Ok(());
    }
    let transition = transaction.prepare(TRANSITION).await?;
    for group in batch.transitions.chunks(TOGETHER) {
        try_join_all(group.iter().map(|one| insert(transaction, &transition, one, era))).await?;
    }
    // Only as each stands at the end of the batch.
    let mut last: Vec<&StoredTransition> = Vec::new();
    for one in batch.transitions.iter().rev() {
        if !last.iter().any(|known| known.transition.alarm == one.transition.alarm) {
            last.push(one);
        }
    }
    let alarm = transaction.prepare(ALARM).await?;
    for group in last.chunks(TOGETHER) {
        try_join_all(group.iter().map(|one| stand(transaction, &alarm, one, era))).await?;
    }
    Ok(())
}

async fn insert(
    transaction: &Transaction<'_>,
    statement: &tokio_postgres::Statement,
    stored: &StoredTransition,
    era: i32,
) -> Result<(), HistoryError> {
    let it = &*stored.transition;
    let strs = |of: &[std::sync::Arc<str>]| of.iter().map(ToString::to_string).collect::<Vec<String>>();
    let (tags, scopes) = (strs(&it.tags), strs(&stored.scopes));
    let unit = it.unit.map(|unit| unit.to_string());
    let limit = it.limit.as_ref();
    let parameters: [&(dyn ToSql + Sync); 32] = [
        &&*it.alarm.site,
        &era,
        &int(it.sequence),
        &Time(it.source_time),
        &Time(it.arrival_time),
        &Time(it.recorded_time),
        &it.id().to_string(),
        &&*it.alarm.rule,
        &&*it.alarm.subject,
        &int(it.occurrence),
        &i32::try_from(it.step).unwrap_or(i32::MAX),
        &it.kind.word(),
        &it.facts.state().word(),
        &it.facts.condition.word(),
        &it.facts.tier.word(),
        &i16::from(it.facts.tier.code()),
        &limit.map(|limit| &*limit.name),
        &limit.map(|limit| limit.set_point),
        &it.value,
        &unit,
        &of_quality(it.quality),
        &&*it.rule_revision,
        &tags,
        &scopes,
        &it.late,
        &it.sounds,
        &it.desk.as_deref(),
        &it.incident.as_deref(),
        &it.actor.as_ref().map(|actor| text(&actor.name)),
        &text(&it.message.en),
        &text(&it.message.zh),
        &stored.record,
    ];
    transaction.execute(statement, &parameters).await?;
    Ok(())
}

async fn stand(
    transaction: &Transaction<'_>,
    statement: &tokio_postgres::Statement,
    stored: &StoredTransition,
    era: i32,
) -> Result<(), HistoryError> {
    let it = &*stored.transition;
    let unit = it.unit.map(|unit| unit.to_string());
    let scopes: Vec<&str> = stored.scopes.iter().map(|scope| &**scope).collect();
    let parameters: [&(dyn ToSql + Sync); 19] = [
        &&*it.alarm.site,
        &&*it.alarm.rule,
        &&*it.alarm.subject,
        &era,
        &int(it.sequence),
        &int(it.occurrence),
        &it.kind.word(),
        &it.facts.state().word(),
        &it.facts.condition.word(),
        &it.facts.tier.word(),
        &i16::from(it.facts.tier.code()),
        &it.facts.acknowledged,
        &Time(it.recorded_time),
        &it.value,
        &unit,
        &scopes,
        &it.desk.as_deref(),
        &text(&it.message.en),
        &text(&it.message.zh),
    ];
    transaction.execute(statement, &parameters).await?;
    Ok(())
}

/// The alarms of a site that are active and count for its risk levels.
pub(super) async fn active(
    client: &Client,
    site: &str,
) -> Result<Vec<(AlarmKey, Tier, Vec<Scope>)>, HistoryError> {
    let rows = client
        .query(
            "SELECT rule, subject, tier_rank, scopes FROM davy.alarms
             WHERE site = $1 AND condition = $2 AND state NOT IN ('out_of_service', 'suppressed')",
            &[&site, &Condition::Active.word()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let alarm = AlarmKey {
                site: site.into(),
                rule: row.get::<_, &str>(0).into(),
                subject: row.get::<_, &str>(1).into(),
            };
            let rank: i16 = row.get(2);
            let tier = u8::try_from(rank).ok().and_then(Tier::from_code);
            let tier = tier.ok_or_else(|| HistoryError::Damaged(format!("tier {rank} of {alarm}")))?;
            let scopes: Vec<&str> = row.get(3);
            Ok((alarm, tier, scopes.into_iter().map(Scope::from).collect()))
        })
        .collect()
}

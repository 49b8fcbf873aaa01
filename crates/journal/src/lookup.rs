//! Finds transitions by their sequence and by their alarm. Reads the commits that decided something, and no others.

use davy_model::{AlarmKey, Transition};
use rusqlite::{Connection, OptionalExtension};

use crate::{
    AlarmHistory, base,
    error::Result,
    numbers::{int, natural},
    row,
};

/// How many transitions one look for those of an alarm reads, about: it ends with the commit that passes it.
const LOOK_TRANSITIONS: usize = 10_000;

/// At most `limit` transitions after `sequence`, in order.
pub(crate) fn after(conn: &Connection, sequence: u64, limit: usize) -> Result<Vec<Transition>> {
    // The commit that holds the first one wanted begins at it or before it.
    let mut statement = conn.prepare_cached(
        "SELECT first_sequence FROM commits WHERE transition_count > 0 AND first_sequence <= ?1
         ORDER BY first_sequence DESC LIMIT 1",
    )?;
    let wanted = int(sequence.saturating_add(1))?;
    let from: Option<i64> = statement.query_row([wanted], |row| row.get(0)).optional()?;
    let mut statement = conn.prepare_cached(
        "SELECT number, transitions FROM commits WHERE transition_count > 0 AND first_sequence >= ?1
         ORDER BY first_sequence",
    )?;
    let mut rows = statement.query([from.unwrap_or(wanted)])?;
    let mut found = Vec::new();
    while found.len() < limit {
        let Some(row) = rows.next()? else { break };
        let transitions =
            row::transitions(natural(row.get(0)?)?, row.get_ref(1)?.as_blob().unwrap_or_default())?;
        found.extend(transitions.into_iter().filter(|transition| transition.sequence > sequence));
    }
    found.truncate(limit);
    Ok(found)
}

/// At most `limit` transitions of one alarm before a sequence, the newest first.
pub(crate) fn of_alarm(
    conn: &Connection,
    alarm: &AlarmKey,
    before: u64,
    limit: usize,
) -> Result<AlarmHistory> {
    let mut statement = conn.prepare_cached(
        "SELECT number, transitions FROM commits WHERE transition_count > 0 AND first_sequence < ?1
         ORDER BY first_sequence DESC",
    )?;
    let mut rows = statement.query([int(before.min(i64::MAX as u64))?])?;
    let mut history = AlarmHistory { transitions: Vec::new(), go_on_before: None };
    let mut looked_at = 0;
    while let Some(row) = rows.next()? {
        let transitions =
            row::transitions(natural(row.get(0)?)?, row.get_ref(1)?.as_blob().unwrap_or_default())?;
        for transition in transitions.into_iter().rev().filter(|transition| transition.sequence < before) {
            if history.transitions.len() == limit || looked_at >= LOOK_TRANSITIONS {
                history.go_on_before = Some(transition.sequence + 1);
                return Ok(history);
            }
            looked_at += 1;
            if transition.alarm == *alarm {
                history.transitions.push(transition);
            }
        }
    }
    for transition in base::of_alarm(conn, alarm, before)?.into_iter().rev() {
        if history.transitions.len() == limit {
            history.go_on_before = Some(transition.sequence + 1);
            break;
        }
        history.transitions.push(transition);
    }
    Ok(history)
}

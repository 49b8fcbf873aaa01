//! Transitions, found again or counted by what they are about.

use davy_model::Tier;
use rusqlite::{Connection, ToSql, params_from_iter};

use super::value::{int, limit, list, natural};
use crate::{AlarmFilter, AlarmQuery, Count, CountQuery, Grouping, HistoryError};

/// What a filter asks of a row; its parameters are `?1` to `?8`.
const MEETS: &str = "(?1 = '[]' OR site IN (SELECT value FROM json_each(?1)))
  AND recorded_time >= ?2 AND (?3 IS NULL OR recorded_time < ?3)
  AND tier_rank >= ?4
  AND (?5 = '[]' OR rule IN (SELECT value FROM json_each(?5)))
  AND (?6 = '[]' OR subject IN (SELECT value FROM json_each(?6)))
  AND (?7 = '[]' OR EXISTS (SELECT 1 FROM json_each(scopes) own
                            WHERE own.value IN (SELECT value FROM json_each(?7))))
  AND (?8 = '[]' OR kind IN (SELECT value FROM json_each(?8)))";

/// A filter as the database takes it. `from` is the least recorded time, µs after 1970.
fn parameters(filter: &AlarmFilter, from: Option<i64>) -> Vec<Box<dyn ToSql>> {
    let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.word()).collect();
    vec![
        Box::new(list(&filter.sites)),
        Box::new(from.unwrap_or(i64::MIN)),
        Box::new(filter.until.map(|until| until.as_micros())),
        Box::new(filter.tier_at_least.map_or(0, Tier::code)),
        Box::new(list(&filter.rules)),
        Box::new(list(&filter.subjects)),
        Box::new(list(&filter.scopes)),
        Box::new(list(&kinds)),
    ]
}

/// The records of transitions.
pub(super) fn transitions(conn: &Connection, query: &AlarmQuery) -> Result<Vec<Vec<u8>>, HistoryError> {
    let after = query.after.as_ref();
    // The later of the two, where the index is gone into.
    let from = [query.filter.from, after.map(|after| after.0)].into_iter().flatten().max();
    let mut parameters = parameters(&query.filter, from.map(|from| from.as_micros()));
    parameters.push(Box::new(after.map(|after| after.0.as_micros())));
    parameters.push(Box::new(after.map_or(String::new(), |after| after.1.clone())));
    parameters.push(Box::new(after.map_or(0, |after| int(after.2))));
    parameters.push(Box::new(limit(query.limit)));
    let mut statement = conn.prepare_cached(&format!(
        "SELECT record FROM transitions WHERE {MEETS}
           AND (?9 IS NULL OR (recorded_time, site, sequence) > (?9, ?10, ?11))
         ORDER BY recorded_time, site, sequence LIMIT ?12"
    ))?;
    let rows = statement.query_map(params_from_iter(parameters), |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many transitions there are of each group.
pub(super) fn count(conn: &Connection, query: &CountQuery) -> Result<Vec<Count>, HistoryError> {
    let mut parameters = parameters(&query.filter, query.filter.from.map(|from| from.as_micros()));
    parameters.push(Box::new(query.utc_offset_s));
    parameters.push(Box::new(limit(query.limit)));
    let keys: String = query.by.iter().map(|by| format!(", {}", key(*by))).collect();
    // The second column and what follows it. With none, all rows are one group, or none when there are no rows.
    let places: Vec<String> = (2..2 + query.by.len()).map(|place| place.to_string()).collect();
    let (group, order) = match places.join(", ") {
        places if places.is_empty() => ("HAVING count(*) > 0".to_owned(), String::new()),
        places => (format!("GROUP BY {places}"), format!(", {places}")),
    };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT count(*){keys} FROM transitions WHERE {MEETS} AND ?9 IS NOT NULL {group} ORDER BY 1 DESC{order} LIMIT ?10"
    ))?;
    let mut rows = statement.query(params_from_iter(parameters))?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let keys = (1..=query.by.len()).map(|place| row.get(place)).collect::<rusqlite::Result<_>>()?;
        counts.push(Count { keys, count: natural(row.get(0)?)? });
    }
    Ok(counts)
}

/// The text that a row is counted under.
fn key(by: Grouping) -> String {
    match by {
        Grouping::Site => "site".to_owned(),
        Grouping::Rule => "rule".to_owned(),
        Grouping::Subject => "subject".to_owned(),
        Grouping::Tier => {
            let words: String = Tier::ALL
                .iter()
                .map(|tier| format!(" WHEN {} THEN '{}'", tier.code(), tier.word()))
                .collect();
            format!("CASE tier_rank{words} END")
        }
        Grouping::Kind => "kind".to_owned(),
        Grouping::Day => "strftime('%Y-%m-%d', recorded_time / 1000000 + ?9, 'unixepoch')".to_owned(),
        Grouping::Hour => "strftime('%Y-%m-%dT%H', recorded_time / 1000000 + ?9, 'unixepoch')".to_owned(),
    }
}

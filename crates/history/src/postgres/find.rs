//! Transitions, found again or counted by what they are about.

use tokio_postgres::{Client, types::ToSql};

use super::value::{Time, int, natural};
use crate::{AlarmFilter, AlarmQuery, Count, CountQuery, Grouping, HistoryError};

/// What a filter asks of a row; its parameters are `$1` to `$8`.
const MEETS: &str = "(cardinality($1::text[]) = 0 OR site = ANY($1))
  AND ($2::timestamptz IS NULL OR recorded_time >= $2)
  AND ($3::timestamptz IS NULL OR recorded_time < $3)
  AND tier_rank >= $4
  AND (cardinality($5::text[]) = 0 OR rule = ANY($5))
  AND (cardinality($6::text[]) = 0 OR subject = ANY($6))
  AND (cardinality($7::text[]) = 0 OR scopes && $7)
  AND (cardinality($8::text[]) = 0 OR kind = ANY($8))";

/// A filter as the database takes it.
struct Asked<'a> {
    filter: &'a AlarmFilter,
    from: Option<Time>,
    until: Option<Time>,
    rank: i16,
    scopes: Vec<&'a str>,
    kinds: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    fn of(filter: &'a AlarmFilter) -> Asked<'a> {
        Asked {
            filter,
            from: filter.from.map(Time),
            until: filter.until.map(Time),
            rank: filter.tier_at_least.map_or(0, |tier| i16::from(tier.code())),
            scopes: filter.scopes.iter().map(|scope| &**scope).collect(),
            kinds: filter.kinds.iter().map(|kind| kind.word()).collect(),
        }
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let filter = self.filter;
        vec![
            &filter.sites,
            &self.from,
            &self.until,
            &self.rank,
            &filter.rules,
            &filter.subjects,
            &self.scopes,
            &self.kinds,
        ]
    }
}

/// The records of transitions.
pub(super) async fn transitions(client: &Client, query: &AlarmQuery) -> Result<Vec<Vec<u8>>, HistoryError> {
    let (after_time, after_site, after_sequence) = match &query.after {
        Some((time, site, sequence)) => (Some(Time(*time)), Some(site.as_str()), int(*sequence)),
        None => (None, None, 0),
    };
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let asked = Asked::of(&query.filter);
    let mut parameters = asked.parameters();
    parameters.extend([&after_time as &(dyn ToSql + Sync), &after_site, &after_sequence, &limit]);
    let sql = format!(
        r#"SELECT record FROM davy.transitions WHERE {MEETS}
             AND ($9::timestamptz IS NULL OR (recorded_time, site COLLATE "C", sequence) > ($9, $10, $11))
           ORDER BY recorded_time, site COLLATE "C", sequence LIMIT $12"#
    );
    let rows = client.query(&sql, &parameters).await?;
    Ok(rows.into_iter().map(|row| row.get(0)).collect())
}

/// How many transitions there are of each group.
pub(super) async fn count(client: &Client, query: &CountQuery) -> Result<Vec<Count>, HistoryError> {
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let asked = Asked::of(&query.filter);
    let mut parameters = asked.parameters();
    parameters.extend([&query.utc_offset_s as &(dyn ToSql + Sync), &limit]);
    let keys: Vec<&str> = query.by.iter().map(|by| key(*by)).collect();
    let keys = keys.join(", ");
    let sql = format!(
        r#"SELECT count(*), keys FROM
             (SELECT ARRAY[{keys}]::text[] COLLATE "C" AS keys, $9::bigint AS utc_offset FROM davy.transitions WHERE {MEETS}) met
           GROUP BY keys ORDER BY count(*) DESC, keys LIMIT $10"#
    );
    let rows = client.query(&sql, &parameters).await?;
    rows.iter().map(|row| Ok(Count { keys: row.get(1), count: natural(row.get(0))? })).collect()
}

/// The text that a row is counted under.
fn key(by: Grouping) -> &'static str {
    match by {
        Grouping::Site => "site",
        Grouping::Rule => "rule",
        Grouping::Subject => "subject",
        Grouping::Tier => "tier",
        Grouping::Kind => "kind",
        Grouping::Day => {
            "to_char((recorded_time + make_interval(secs => $9::bigint)) AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
        }
        Grouping::Hour => {
            r#"to_char((recorded_time + make_interval(secs => $9::bigint)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24')"#
        }
    }
}

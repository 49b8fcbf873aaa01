//! What is asked of the tables.

use davy_model::Timestamp;
use tokio_postgres::{Client, Row};

use super::{
    schema,
    value::{Time, natural, of_value, to_quality, to_value},
};
use crate::{Bucket, Found, HistoryError, Hole, Level, OfSite, Page, Sample, Series, State, Values};

pub(super) async fn series(client: &Client, site: &str, tags: &[String]) -> Result<Vec<Found>, HistoryError> {
    let rows = client
        .query(
            "SELECT tag_id, tag, unit, quantity, title_en, title_zh, area FROM davy.tags
             WHERE site = $1 AND (cardinality($2::text[]) = 0 OR tag = ANY($2)) ORDER BY tag COLLATE \"C\", tag_id",
            &[&site, &tags],
        )
        .await?;
    let found = |row: &Row| {
        let text = |column: usize| row.get::<_, &str>(column).into();
        let area = row.get::<_, Option<&str>>(6).map(Into::into);
        let series = Series {
            tag: text(1),
            unit: text(2),
            quantity: text(3),
            title_en: text(4),
            title_zh: text(5),
            area,
        };
        Found { id: row.get(0), series }
    };
    Ok(rows.iter().map(found).collect())
}

/// A reading from `time, arrival, value, quality`, the first at `column`.
fn sample(row: &Row, column: usize) -> Result<Sample, HistoryError> {
    Ok(Sample {
        time: row.get::<_, Time>(column).0,
        arrival: row.get::<_, Time>(column + 1).0,
        value: to_value(row.get(column + 2)),
        quality: to_quality(row.get(column + 3))?,
    })
}

pub(super) async fn readings(client: &Client, page: &Page) -> Result<Vec<Sample>, HistoryError> {
    let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
    let rows = match page.after {
        None => {
            let text = "SELECT time, arrival, value, quality FROM davy.readings
                        WHERE tag_id = $1 AND time >= $2 AND time < $3 ORDER BY time, value LIMIT $4";
            client.query(text, &[&page.series, &Time(page.from), &Time(page.until), &limit]).await
        }
        Some((time, value)) => {
            let text = "SELECT time, arrival, value, quality FROM davy.readings
                        WHERE tag_id = $1 AND time >= $2 AND time < $3 AND (time, value) > ($2, $5)
                        ORDER BY time, value LIMIT $4";
            let from = Time(time.max(page.from));
            client.query(text, &[&page.series, &from, &Time(page.until), &limit, &of_value(value)]).await
        }
    };
    rows?.iter().map(|row| sample(row, 0)).collect()
}

pub(super) async fn readings_of_site(
    client: &Client,
    site: &str,
    from: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<OfSite>, HistoryError> {
    let rows = client
        .query(
            "SELECT r.tag_id, r.time, r.arrival, r.value, r.quality
             FROM davy.readings r JOIN davy.tags t USING (tag_id)
             WHERE t.site = $1 AND r.time >= $2 AND r.time < $3 ORDER BY r.arrival, r.tag_id, r.time, r.value LIMIT $4",
            &[&site, &Time(from), &Time(until), &i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)],
        )
        .await?;
    if rows.len() > limit {
        return Err(HistoryError::Asked(format!("more than {limit} readings: ask for a shorter time")));
    }
    rows.iter().map(|row| Ok(OfSite { series: row.get(0), sample: sample(row, 1)? })).collect()
}

pub(super) async fn buckets(
    client: &Client,
    level: Level,
    series: i32,
    from: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Bucket>, HistoryError> {
    let rows = client
        .query(
            &format!(
                "SELECT bucket, value_min, value_max, value_sum, value_first, value_last, readings, valued, good
                 FROM davy.readings_{} WHERE tag_id = $1 AND bucket >= $2 AND bucket < $3 ORDER BY bucket LIMIT $4",
                level.word()
            ),
            &[&series, &Time(from), &Time(until), &i64::try_from(limit).unwrap_or(i64::MAX)],
        )
        .await?;
    rows.iter().map(bucket).collect()
}

fn bucket(row: &Row) -> Result<Bucket, HistoryError> {
    let number = |column: usize| row.get::<_, Option<f64>>(column);
    let values = match (number(1), number(2), number(3), number(4), number(5)) {
        (Some(min), Some(max), Some(sum), Some(first), Some(last)) => {
            Some(Values { min, max, sum, first, last })
        }
        _ => None,
    };
    Ok(Bucket {
        start: row.get::<_, Time>(0).0,
        values,
        readings: natural(row.get(6))?,
        valued: natural(row.get(7))?,
        good: natural(row.get(8))?,
    })
}

pub(super) async fn rolled_until(client: &Client) -> Result<Option<Timestamp>, HistoryError> {
    let row = client.query_opt("SELECT until FROM davy.rolled_up", &[]).await?;
    Ok(row.map(|row| row.get::<_, Time>(0).0))
}

pub(super) async fn state(client: &Client) -> Result<State, HistoryError> {
    let mode = schema::mode_of(client).await?;
    let mode = mode.ok_or_else(schema::no_history)?;
    let row = client
        .query_one("SELECT pg_database_size(current_database()), (SELECT count(*) FROM davy.tags)", &[])
        .await?;
    let holes = client
        .query("SELECT site, noticed, first_commit, last_commit FROM davy.holes ORDER BY noticed, site", &[])
        .await?;
    let hole = |row: &Row| {
        Ok(Hole {
            site: row.get::<_, &str>(0).into(),
            noticed: row.get::<_, Time>(1).0,
            first_commit: natural(row.get(2))?,
            last_commit: natural(row.get(3))?,
        })
    };
    Ok(State {
        kind: mode.word(),
        bytes: natural(row.get(0))?,
        series: natural(row.get(1))?,
        rolled_until: rolled_until(client).await?,
        holes: holes.iter().map(hole).collect::<Result<_, HistoryError>>()?,
    })
}

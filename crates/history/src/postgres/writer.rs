//! The one connection that writes, and what it remembers.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    time::Duration,
};

use davy_model::Timestamp;
use tokio_postgres::{Client, Transaction};

use super::{
    connect::{Connected, Connector},
    mode::Mode,
    roll_up::STEP_MIN,
    schema,
    value::{Time, int, natural, text},
};
use crate::{HistoryError, LetterCount, Position, Retention, Series, Standing, files};

/// The one connection that writes.
pub(super) struct Writer {
    pub(super) connected: Connected,
    pub(super) mode: Mode,
    pub(super) retention: Retention,
    /// Of series seen on this connection.
    pub(super) ids: Ids,
    /// The partitions that are known to be there.
    pub(super) parts: HashSet<String>,
    /// What a transaction rolls up.
    pub(super) step: Duration,
    /// The hour in which nothing was left to drop.
    pub(super) dropped_in: Option<Timestamp>,
}

/// The numbers of series, by site.
pub(super) type Ids = HashMap<Box<str>, HashMap<Series, i32>>;

/// Where rows lie until they are moved. Of this connection alone, and not logged.
const STAGING: &str = "CREATE TEMP TABLE staging (tag_id integer, time timestamptz, arrival timestamptz, \
                       value double precision, quality smallint) ON COMMIT DELETE ROWS";

/// A batch of late readings may touch any number of segments that are kept by column; usually no more than 100,000 rows of them
/// may be taken apart in a transaction.
const LATE_INTO_COLUMNS: &str = "SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0";

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) async fn open(connector: &Connector, retention: Retention) -> Result<Writer, HistoryError> {
        let mut connected = connector.connect().await?;
        let mode = schema::check(&mut connected.client).await?;
        connected.client.batch_execute(STAGING).await?;
        if mode == Mode::Timescale {
            connected.client.batch_execute(LATE_INTO_COLUMNS).await?;
        }
        let mut writer = Writer {
            connected,
            mode,
            retention,
            ids: HashMap::new(),
            parts: HashSet::new(),
            step: STEP_MIN,
            dropped_in: None,
        };
        writer.settle_policies().await?;
        Ok(writer)
    }

    pub(super) fn client(&self) -> &Client {
        &self.connected.client
    }

    pub(super) fn is_closed(&self) -> bool {
        self.connected.client.is_closed()
    }

    pub(super) async fn standing(&mut self, site: &str) -> Result<Option<Standing>, HistoryError> {
        let client = self.client();
        let row = client
            .query_opt(
                "SELECT p.number, p.hash, p.sequence, p.at, p.revision, r.files
                 FROM davy.positions p LEFT JOIN davy.revisions r USING (site, revision) WHERE p.site = $1",
                &[&site],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let revision: String = row.get(4);
        let files: Option<serde_json::Value> = row.get(5);
        let position = Position {
            number: natural(row.get(0))?,
            hash: hash(row.get(1))?,
            sequence: natural(row.get(2))?,
            at: row.get::<_, Time>(3).0,
            revision: revision.as_str().into(),
        };
        let bundle = files::from_json(site, &revision, files)?;
        let active = super::alarms::active(client, site).await?;
        Ok(Some(Standing { position, bundle, active }))
    }

    pub(super) async fn count_letters(
        &mut self,
        site: &str,
        run: Timestamp,
        counts: &[LetterCount],
    ) -> Result<(), HistoryError> {
        let hours: Vec<Time> = counts.iter().map(|count| Time(count.hour)).collect();
        let codes: Vec<&str> = counts.iter().map(|count| &*count.code).collect();
        let numbers: Vec<i64> = counts.iter().map(|count| int(count.count)).collect();
        self.client()
            .execute(
                "INSERT INTO davy.dead_letters (site, hour, run, code, count)
                 SELECT $1, hour, $2, code, count FROM unnest($3::timestamptz[], $4::text[], $5::bigint[]) AS told(hour, code, count)
                 ON CONFLICT (site, hour, run, code) DO UPDATE SET count = EXCLUDED.count",
                &[&site, &Time(run), &hours, &codes, &numbers],
            )
            .await?;
        Ok(())
    }
}

/// The numbers of series, made where there are none.
pub(super) async fn intern(
    transaction: &Transaction<'_>,
    ids: &mut Ids,
    site: &str,
    series: &[Series],
) -> Result<Vec<i32>, HistoryError> {
    let known = ids.entry(site.into()).or_default();
    let mut unknown: BTreeMap<(&str, &str), &Series> = BTreeMap::new();
    for one in series.iter().filter(|one| !known.contains_key(*one)) {
        unknown.insert((&one.tag, &one.unit), one);
    }
    if !unknown.is_empty() {
        let made = make(transaction, site, &unknown).await?;
        for one in series.iter().filter(|one| !known.contains_key(*one)).cloned().collect::<Vec<_>>() {
            let id = made.get(&(one.tag.to_string(), one.unit.to_string()));
            let id = *id.ok_or_else(|| HistoryError::Damaged(format!("no number for tag {}", one.tag)))?;
            // Should the transaction fail, the connection goes, and this with it.
            known.insert(one, id);
        }
    }
    Ok(series.iter().map(|one| known[one]).collect())
}

async fn make(
    transaction: &Transaction<'_>,
    site: &str,
    unknown: &BTreeMap<(&str, &str), &Series>,
) -> Result<HashMap<(String, String), i32>, HistoryError> {
    let column = |of: fn(&Series) -> &str| unknown.values().map(|one| text(of(one))).collect::<Vec<_>>();
    let areas: Vec<Option<&str>> = unknown.values().map(|one| one.area.as_deref()).collect();
    // What people call a tag may change; what it is stays.
    let rows = transaction
        .query(
            "INSERT INTO davy.tags (site, tag, unit, quantity, title_en, title_zh, area)
             SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
             ON CONFLICT (site, tag, unit) DO UPDATE SET quantity = EXCLUDED.quantity,
               title_en = EXCLUDED.title_en, title_zh = EXCLUDED.title_zh, area = EXCLUDED.area
             RETURNING tag, unit, tag_id",
            &[
                &site,
                &column(|one| &one.tag),
                &column(|one| &one.unit),
                &column(|one| &one.quantity),
                &column(|one| &one.title_en),
                &column(|one| &one.title_zh),
                &areas,
            ],
        )
        .await?;
    Ok(rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect())
}

pub(super) fn hash(stored: &[u8]) -> Result<[u8; 32], HistoryError> {
    stored.try_into().map_err(|_| HistoryError::Damaged("a hash that is none".to_owned()))
}

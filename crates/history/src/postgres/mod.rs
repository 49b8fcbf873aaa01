//! History in PostgreSQL: with TimescaleDB, with its Apache-licensed build, or plain.
//!
//! One connection writes, a small pool reads. Whatever fails costs the connection it failed on; the next call makes a new one.

mod alarms;
mod config;
mod connect;
mod extent;
mod find;
mod mode;
mod partitions;
mod read;
mod roll_up;
mod schema;
mod tend;
mod value;
mod write;
mod writer;

use async_trait::async_trait;
use davy_model::Timestamp;
use deadpool_postgres::{Object, Pool};
use tokio::sync::{Mutex, MutexGuard};

pub use self::{
    config::{PostgresConfig, Tls},
    mode::Mode,
    schema::SchemaState,
};
use self::{connect::Connector, writer::Writer};
use crate::{
    AlarmQuery, Batch, Bucket, Count, CountQuery, Extent, Found, HistoryError, LetterCount, Level, OfSite,
    Page, Retention, Row, Sample, Series, Standing, State, Store, Tended, Written,
};

/// History in PostgreSQL.
#[derive(Debug)]
pub struct PostgresStore {
    connector: Connector,
    retention: Retention,
    /// The one connection that writes; none before the first call, and after an error.
    writer: Mutex<Option<Writer>>,
    readers: Pool,
}

impl PostgresStore {
    /// A store that connects when it is first asked for something.
    ///
    /// # Errors
    /// [`HistoryError::Configuration`].
    pub fn new(config: &PostgresConfig, retention: Retention) -> Result<PostgresStore, HistoryError> {
        let connector = Connector::new(config)?;
        let readers = connector.pool()?;
        Ok(PostgresStore { connector, retention, writer: Mutex::new(None), readers })
    }

    /// Which migrations are applied and which are not, without changing anything.
    ///
    /// # Errors
    /// As every call.
    pub async fn schema_state(&self) -> Result<SchemaState, HistoryError> {
        schema::state(&mut self.connector.connect().await?.client).await
    }

    /// Applies the migrations that are missing, and gives how many. Two that try at once do it one after the other.
    ///
    /// # Errors
    /// [`HistoryError::Schema`] when the schema is newer than this release, or another; else as every call.
    pub async fn migrate(&self) -> Result<usize, HistoryError> {
        schema::migrate(&mut self.connector.connect().await?.client, None).await
    }

    /// Applies the first `count` migrations of all that there are, as an earlier release would have left it.
    ///
    /// # Errors
    /// As [`PostgresStore::migrate`].
    pub async fn migrate_part(&self, count: usize) -> Result<usize, HistoryError> {
        schema::migrate(&mut self.connector.connect().await?.client, Some(count)).await
    }

    async fn writer(&self) -> Result<Held<'_>, HistoryError> {
        let mut held = self.writer.lock().await;
        if held.as_ref().is_none_or(Writer::is_closed) {
            *held = None;
            *held = Some(connect::in_time(Writer::open(&self.connector, self.retention)).await?);
        }
        Ok(Held(held))
    }

    async fn reader(&self) -> Result<Object, HistoryError> {
        self.readers.get().await.map_err(connect::of_pool)
    }
}

/// The writing connection, for one call.
struct Held<'a>(MutexGuard<'a, Option<Writer>>);

impl Held<'_> {
    fn writer(&mut self) -> &mut Writer {
        self.0.as_mut().expect("it was put there before it was held")
    }

    /// What a call came to. After an error nothing is known of the connection: it goes.
    fn done<T>(mut self, result: Result<T, HistoryError>) -> Result<T, HistoryError> {
        if result.as_ref().is_err_and(|error| !matches!(error, HistoryError::Moved { .. })) {
            *self.0 = None;
        }
        result
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn standing(&self, site: &str) -> Result<Option<Standing>, HistoryError> {
        let mut held = self.writer().await?;
        let result = connect::in_time(held.writer().standing(site)).await;
        held.done(result)
    }

    async fn write(&self, batch: &Batch) -> Result<Written, HistoryError> {
        let mut held = self.writer().await?;
        let result = connect::in_time(held.writer().write(batch)).await;
        held.done(result)
    }

    async fn import(
        &self,
        site: &str,
        series: &[Series],
        rows: &[Row],
        now: Timestamp,
    ) -> Result<Written, HistoryError> {
        let mut held = self.writer().await?;
        let result = connect::in_time(held.writer().import(site, series, rows, now)).await;
        held.done(result)
    }

    async fn count_letters(
        &self,
        site: &str,
        run: Timestamp,
        counts: &[LetterCount],
    ) -> Result<(), HistoryError> {
        let mut held = self.writer().await?;
        let result = connect::in_time(held.writer().count_letters(site, run, counts)).await;
        held.done(result)
    }

    async fn tend(&self, now: Timestamp, complete_until: Timestamp) -> Result<Tended, HistoryError> {
        let mut held = self.writer().await?;
        let result = connect::in_its_time(held.writer().tend(now, complete_until)).await;
        held.done(result)
    }

    async fn series(&self, site: &str, tags: &[String]) -> Result<Vec<Found>, HistoryError> {
        let reader = self.reader().await?;
        let found = connect::in_time(read::series(&reader, site, tags)).await;
        connect::give_back(reader, found)
    }

    async fn extent(&self, site: &str) -> Result<Option<Extent>, HistoryError> {
        let reader = self.reader().await?;
        let found = connect::in_time(extent::extent(&reader, site)).await;
        connect::give_back(reader, found)
    }

    async fn readings(&self, page: &Page) -> Result<Vec<Sample>, HistoryError> {
        let reader = self.reader().await?;
        let found = connect::in_time(read::readings(&reader, page)).await;
        connect::give_back(reader, found)
    }

    async fn readings_of_site(
        &self,
        site: &str,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<OfSite>, HistoryError> {
        let reader = self.reader().await?;
        let found = connect::in_time(read::readings_of_site(&reader, site, from, until, limit)).await;
        connect::give_back(reader, found)
    }

    async fn buckets(
        &self,
        level: Level,
        series: i32,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Bucket>, HistoryError> {
        let reader = self.reader().await?;
        let found = connect::in_time(read::buckets(&reader, level, series, from, until, limit)).await;
        connect::give_back(reader, found)
    }

    async fn rolled_until(&self) -> Result<Option<Timestamp>, HistoryError> {
        let reader = self.reader().await?;
        let found = connect::in_time(read::rolled_until(&reader)).await;
        connect::give_back(reader, found)
    }

    async fn transitions(&self, query: &AlarmQuery) -> Result<Vec<Vec<u8>>, HistoryError> {
        let reader = self.reader().await?;
        let found = connect::in_time(find::transitions(&reader, query)).await;
        connect::give_back(reader, found)
    }

    async fn count(&self, query: &CountQuery) -> Result<Vec<Count>, HistoryError> {
        let reader = self.reader().await?;
        let found = connect::in_time(find::count(&reader, query)).await;
        connect::give_back(reader, found)
    }

    async fn state(&self) -> Result<State, HistoryError> {
        let reader = self.reader().await?;
        let found = connect::in_time(read::state(&reader)).await;
        connect::give_back(reader, found)
    }
}

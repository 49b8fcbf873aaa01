//! History in a SQLite file of Davy's own.
//!
//! One connection writes, a few read; calls run on threads that may wait. The file is kept below a size: what is over goes,
//! the oldest readings first.

mod alarms;
mod bucket_pack;
mod bucket_packs;
mod columns;
mod error;
mod extent;
mod find;
mod pack;
mod packs;
mod read;
mod roll_up;
mod room;
mod schema;
#[cfg(test)]
mod tests;
mod value;
mod write;
mod writer;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use davy_model::Timestamp;
use rusqlite::Connection;
use tokio::{
    sync::{Mutex, Semaphore},
    task::spawn_blocking,
};

use self::writer::Writer;
use crate::{
    AlarmQuery, Batch, Bucket, Count, CountQuery, Extent, Found, HistoryError, LetterCount, Level, OfSite,
    Page, Retention, Row, Sample, Series, Standing, State, Store, Tended, Written,
};

/// Connections that read at once.
const READERS: usize = 4;

/// Where history is kept, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteConfig {
    /// The file. Its folder has to be there.
    pub path: PathBuf,
    /// What the file may take on disk, bytes, the log beside it (at most about 4 MiB, unless somebody reads for long) left out.
    pub bytes_max: u64,
}

/// History in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    config: SqliteConfig,
    retention: Retention,
    /// None before the file was first needed, and while it cannot be opened.
    writer: Arc<Mutex<Option<Writer>>>,
    readers: Arc<Readers>,
}

/// Connections that nobody is using.
#[derive(Debug)]
struct Readers {
    idle: std::sync::Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl SqliteStore {
    /// A store that opens its file when something is first written, makes it when there is none, and brings tables of an
    /// earlier release up to today's. Until that succeeds, calls fail by [`HistoryError::Configuration`] when it cannot be
    /// opened or is something else, [`HistoryError::Schema`] when a newer release wrote it, [`HistoryError::Damaged`] or
    /// [`HistoryError::Refused`].
    pub fn new(config: &SqliteConfig, retention: Retention) -> SqliteStore {
        SqliteStore {
            config: config.clone(),
            retention,
            writer: Arc::default(),
            readers: Arc::new(Readers {
                idle: std::sync::Mutex::default(),
                permits: Semaphore::new(READERS),
            }),
        }
    }

    /// As [`SqliteStore::new`], with its file open.
    ///
    /// # Errors
    /// As its calls.
    pub fn open(config: &SqliteConfig, retention: Retention) -> Result<SqliteStore, HistoryError> {
        let store = SqliteStore::new(config, retention);
        let writer = Writer::open(config, retention)?;
        Ok(SqliteStore { writer: Arc::new(Mutex::new(Some(writer))), ..store })
    }

    async fn with_writer<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Writer) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
        let mut held = Arc::clone(&self.writer).lock_owned().await;
        let (config, retention) = (self.config.clone(), self.retention);
        let done = spawn_blocking(move || {
            let writer = match &mut *held {
                Some(writer) => writer,
                None => held.insert(Writer::open(&config, retention)?),
            };
            let result = call(writer);
            if result.is_err() {
                // What was numbered in a transaction that failed has no number.
                writer.ids.clear();
            }
            result
        });
        done.await.unwrap_or_else(|error| stopped(&error))
    }

    async fn with_reader<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Connection) -> Result<T, HistoryError> + Send + 'static,
    ) -> Result<T, HistoryError> {
        let permit = self.readers.permits.acquire().await;
        let _permit = permit.map_err(|_| HistoryError::Refused("the store is closed".to_owned()))?;
        let (readers, path) = (Arc::clone(&self.readers), self.config.path.clone());
        let done = spawn_blocking(move || {
            let idle = readers.idle.lock().ok().and_then(|mut idle| idle.pop());
            let conn = idle.map_or_else(|| schema::open_to_read(&path), Ok)?;
            // One picture for all statements of the call.
            let result =
                conn.unchecked_transaction().map_err(HistoryError::from).and_then(|seen| call(&seen));
            if let (Ok(_), Ok(mut idle)) = (&result, readers.idle.lock()) {
                idle.push(conn);
            }
            result
        });
        done.await.unwrap_or_else(|error| stopped(&error))
    }
}

fn stopped<T>(error: &tokio::task::JoinError) -> Result<T, HistoryError> {
    Err(HistoryError::Refused(format!("the call did not end: {error}")))
}

#[async_trait]
impl Store for SqliteStore {
    async fn standing(&self, site: &str) -> Result<Option<Standing>, HistoryError> {
        let site = site.to_owned();
        self.with_writer(move |writer| read::standing(&writer.conn, &site)).await
    }

    async fn write(&self, batch: &Batch) -> Result<Written, HistoryError> {
        let batch = batch.clone();
        self.with_writer(move |writer| writer.write(&batch)).await
    }

    async fn import(
        &self,
        site: &str,
        series: &[Series],
        rows: &[Row],
        now: Timestamp,
    ) -> Result<Written, HistoryError> {
        let (site, series, rows) = (site.to_owned(), series.to_vec(), rows.to_vec());
        self.with_writer(move |writer| writer.import(&site, &series, &rows, now)).await
    }

    async fn count_letters(
        &self,
        site: &str,
        run: Timestamp,
        counts: &[LetterCount],
    ) -> Result<(), HistoryError> {
        let (site, counts) = (site.to_owned(), counts.to_vec());
        self.with_writer(move |writer| writer.count_letters(&site, run, &counts)).await
    }

    async fn tend(&self, now: Timestamp, complete_until: Timestamp) -> Result<Tended, HistoryError> {
        self.with_writer(move |writer| writer.tend(now, complete_until)).await
    }

    async fn series(&self, site: &str, tags: &[String]) -> Result<Vec<Found>, HistoryError> {
        let (site, tags) = (site.to_owned(), tags.to_vec());
        self.with_reader(move |conn| read::series(conn, &site, &tags)).await
    }

    async fn extent(&self, site: &str) -> Result<Option<Extent>, HistoryError> {
        let site = site.to_owned();
        self.with_reader(move |conn| extent::extent(conn, &site)).await
    }

    async fn readings(&self, page: &Page) -> Result<Vec<Sample>, HistoryError> {
        let page = *page;
        self.with_reader(move |conn| read::readings(conn, &page)).await
    }

    async fn readings_of_site(
        &self,
        site: &str,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<OfSite>, HistoryError> {
        let site = site.to_owned();
        self.with_reader(move |conn| read::readings_of_site(conn, &site, from, until, limit)).await
    }

    async fn buckets(
        &self,
        level: Level,
        series: i32,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Bucket>, HistoryError> {
        self.with_reader(move |conn| read::buckets(conn, level, series, from, until, limit)).await
    }

    async fn rolled_until(&self) -> Result<Option<Timestamp>, HistoryError> {
        self.with_reader(|conn| read::mark(conn, read::ROLLED_UNTIL)).await
    }

    async fn transitions(&self, query: &AlarmQuery) -> Result<Vec<Vec<u8>>, HistoryError> {
        let query = query.clone();
        self.with_reader(move |conn| find::transitions(conn, &query)).await
    }

    async fn count(&self, query: &CountQuery) -> Result<Vec<Count>, HistoryError> {
        let query = query.clone();
        self.with_reader(move |conn| find::count(conn, &query)).await
    }

    async fn state(&self) -> Result<State, HistoryError> {
        self.with_reader(read::state).await
    }
}

//! What history asks of a database.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use davy_model::{AlarmKey, Bundle, Quality, Tier, Timestamp, Value};

use crate::{
    AlarmFilter, Batch, Bucket, Count, CountQuery, HistoryError, LetterCount, Level, Position, Row, Scope,
    Series,
};

/// A reading as it is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When it was measured.
    pub time: Timestamp,
    /// When it arrived.
    pub arrival: Timestamp,
    /// In the series' unit; none where nothing was measured.
    pub value: Value,
    /// How far it may be believed.
    pub quality: Quality,
}

/// Where a site stands in a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// How far its journal has been taken in.
    pub position: Position,
    /// The files active there; `None` where none were: another Davy judged it, or its log had not come to them yet.
    pub bundle: Option<Arc<Bundle>>,
    /// The alarms that were active there, with what they count for.
    pub active: Vec<(AlarmKey, Tier, Vec<Scope>)>,
}

/// What became of readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// They are there now, and were not before.
    pub new: u64,
    /// They were there: the same tag, time and value.
    pub known: u64,
    /// They were older than what is kept.
    pub too_old: u64,
}

/// What a round of tending did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tended {
    /// Up to where readings are rolled up.
    pub rolled_until: Option<Timestamp>,
    /// Hours that still have to be rolled up again.
    pub due: u64,
    /// Partitions, chunks or rows that were dropped because they were over.
    pub dropped: u64,
}

/// A series in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its number in that store.
    pub id: i32,
    /// What it is.
    pub series: Series,
}

/// A stretch of one series: `from..until`, by the time of measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Page {
    /// The series' number in the store.
    pub series: i32,
    /// From there on, that moment included.
    pub from: Timestamp,
    /// Up to there, that moment left out.
    pub until: Timestamp,
    /// Only what comes after this reading: its time and value.
    pub after: Option<(Timestamp, Value)>,
    /// At most so many.
    pub limit: usize,
}

/// A reading of a site, for whoever goes through all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OfSite {
    /// The series' number in the store.
    pub series: i32,
    /// The reading.
    pub sample: Sample,
}

/// What a store has of a site, for whoever goes through all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Extent {
    /// When the oldest of its readings was measured.
    pub first: Timestamp,
    /// When the newest was.
    pub last: Timestamp,
    /// The files active where its journal has been taken in; none when nothing came from a journal.
    pub active: Option<Arc<Bundle>>,
}

/// Which transitions, and where to begin.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmQuery {
    /// Which.
    pub filter: AlarmFilter,
    /// After this one, in the order of recorded time, site, sequence.
    pub after: Option<(Timestamp, String, u64)>,
    /// At most so many.
    pub limit: usize,
}

/// Commits that history never had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Of which site.
    pub site: Arc<str>,
    /// When that was noticed.
    pub noticed: Timestamp,
    /// The first commit of it.
    pub first_commit: u64,
    /// The last.
    pub last_commit: u64,
}

/// How a store is.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// In words: `sqlite`, `postgresql`, `timescaledb`, `timescaledb (apache)`.
    pub kind: &'static str,
    /// What it takes on disk, bytes.
    pub bytes: u64,
    /// How many series it knows.
    pub series: u64,
    /// Up to where readings are rolled up.
    pub rolled_until: Option<Timestamp>,
    /// Commits that were let go before history had them.
    pub holes: Vec<Hole>,
}

/// A database that keeps history.
///
/// Every call may fail by [`HistoryError`]; what failed may be tried again, and whatever was brought lands once.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// Where a site stands; nothing when it never wrote.
    async fn standing(&self, site: &str) -> Result<Option<Standing>, HistoryError>;

    /// Takes a batch in, as a whole or not at all.
    ///
    /// # Errors
    /// [`HistoryError::Moved`] when the site does not stand where the batch begins.
    async fn write(&self, batch: &Batch) -> Result<Written, HistoryError>;

    /// Takes readings in beside the log: of a time before Davy, or of another system. `now` decides what is too old.
    async fn import(
        &self,
        site: &str,
        series: &[Series],
        rows: &[Row],
        now: Timestamp,
    ) -> Result<Written, HistoryError>;

    /// Notes how many readings were refused, by the run of Davy that began at `run`. The same hour told again takes its own place.
    async fn count_letters(
        &self,
        site: &str,
        run: Timestamp,
        counts: &[LetterCount],
    ) -> Result<(), HistoryError>;

    /// Rolls up what is complete before `complete_until`, and again what came late; makes room for what will come and drops
    /// what is over. `now` is the newest time of a commit.
    async fn tend(&self, now: Timestamp, complete_until: Timestamp) -> Result<Tended, HistoryError>;

    /// The series of a site, by tag and unit; all of it when no tag is named.
    async fn series(&self, site: &str, tags: &[String]) -> Result<Vec<Found>, HistoryError>;

    /// From when to when there are readings of a site; nothing when there are none. Nothing is written for it.
    async fn extent(&self, site: &str) -> Result<Option<Extent>, HistoryError>;

    /// Readings of one series, by time and then value.
    async fn readings(&self, page: &Page) -> Result<Vec<Sample>, HistoryError>;

    /// Readings of a whole site that were measured in `from..until`, by arrival, then series, time and value.
    ///
    /// # Errors
    /// [`HistoryError::Asked`] when there are more than `limit`: ask for a shorter time.
    async fn readings_of_site(
        &self,
        site: &str,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<OfSite>, HistoryError>;

    /// Buckets of one series that begin in `from..until`, in order; those without readings are left out. At most `limit`.
    async fn buckets(
        &self,
        level: Level,
        series: i32,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Bucket>, HistoryError>;

    /// Up to where readings are rolled up.
    async fn rolled_until(&self) -> Result<Option<Timestamp>, HistoryError>;

    /// The records of transitions, by recorded time, site and sequence.
    async fn transitions(&self, query: &AlarmQuery) -> Result<Vec<Vec<u8>>, HistoryError>;

    /// How many transitions there are of each group, the greatest first, then by key.
    async fn count(&self, query: &CountQuery) -> Result<Vec<Count>, HistoryError>;

    /// How it is.
    async fn state(&self) -> Result<State, HistoryError>;
}

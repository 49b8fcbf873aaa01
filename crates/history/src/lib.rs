//! Readings and alarms, kept for as long as somebody wants to look back at them: in PostgreSQL, with TimescaleDB where it is
//! there, or in a SQLite file of Davy's own.
//!
//! Promise: a [`Batch`] lands once, however often it is brought; what was asked of two stores that hold the same is answered
//! alike. A store that is down, slow or full costs whoever writes an error and nobody else anything.
//!
//! It does not know: the journal, rules, clocks, the wire. Times are given, a transition's record is bytes.

mod alarm_filter;
mod batch;
mod bucket;
mod error;
mod files;
mod look;
mod postgres;
mod retention;
mod risk;
mod sqlite;
mod store;

pub use alarm_filter::{AlarmFilter, Count, CountQuery, Grouping};
pub use batch::{
    Activation, Batch, LetterCount, NodeEvent, Position, RiskChange, Row, Series, StoredTransition,
};
pub use bucket::{Bucket, Level, Values, start_of};
pub use error::HistoryError;
pub use look::{BUCKETS_MAX, aggregate, width_for};
pub use postgres::{Mode, PostgresConfig, PostgresStore, SchemaState, Tls};
pub use retention::Retention;
pub use risk::{RiskBook, Scope};
pub use sqlite::{SqliteConfig, SqliteStore};
pub use store::{
    AlarmQuery, Extent, Found, Hole, OfSite, Page, Sample, Standing, State, Store, Tended, Written,
};

//! History beside the line: it reads what the journals have, and whatever becomes of it, nobody waits for it.

mod drain;
mod health;
mod letters;
mod source;
mod translate;

use std::{fmt, path::Path, sync::Arc};

use davy_history::{HistoryError, PostgresStore, Retention, SqliteConfig, SqliteStore, Store};

pub(crate) use self::{drain::Drain, health::Health};
use crate::config::{HistoryConfig, HistoryStore};

/// History, where it is kept.
pub(crate) struct History {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) retention: Retention,
    pub(crate) health: Health,
}

impl History {
    /// Where the configuration says. Whether a database or a file can be used is found by whoever brings something: no alarm
    /// waits for it.
    ///
    /// # Errors
    /// As the store.
    pub(crate) fn open(config: &HistoryConfig, data_dir: &Path) -> Result<History, HistoryError> {
        let retention = config.retention;
        let store: Arc<dyn Store> = match &config.store {
            HistoryStore::Sqlite { bytes_max } => {
                let config = SqliteConfig { path: data_dir.join("history.db"), bytes_max: *bytes_max };
                Arc::new(SqliteStore::new(&config, retention))
            }
            HistoryStore::Postgres(postgres) => Arc::new(PostgresStore::new(postgres, retention)?),
        };
        Ok(History { store, retention, health: Health::default() })
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("store", &self.store).finish_non_exhaustive()
    }
}

//! History beside the line: it reads what the journals have, and whatever becomes of it, nobody waits for it.

mod drain;
mod health;
mod letters;
mod source;
mod translate;

use std::{fmt, path::Path, sync::Arc};

use davy_history::{HistoryError, Retention, Store};

pub(crate) use self::{drain::Drain, health::Health};
use crate::config::HistoryConfig;

/// History, where it is kept.
pub(crate) struct History {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) retention: Retention,
    pub(crate) health: Health,
}

impl History {
    /// Where the configuration says. No alarm waits for it.
    ///
    /// # Errors
    /// As [`HistoryConfig::store`].
    pub(crate) fn open(config: &HistoryConfig, data_dir: &Path) -> Result<History, HistoryError> {
        let store = config.store(data_dir)?;
        Ok(History { store, retention: config.retention, health: Health::default() })
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("store", &self.store).finish_non_exhaustive()
    }
}

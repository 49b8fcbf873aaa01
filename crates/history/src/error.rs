//! Why a store did not do what it was asked.

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// It cannot be reached, or the link broke: try again in a while.
    #[error("the history database cannot be reached: {0}")]
    Unreachable(String),
    /// It is there and does not take it now: full, locked, read-only, too slow. Try again in a while.
    #[error("the history database does not take it: {0}")]
    Refused(String),
    /// What stands in the store is not what the batch follows: read on from there.
    #[error("the history stands at commit {found:?}, not {expected}")]
    Moved {
        /// The commit that the batch follows.
        expected: u64,
        /// The commit the store stands at.
        found: Option<u64>,
    },
    /// Its schema is none this release can use.
    #[error("{0}")]
    Schema(String),
    /// It was set up wrongly: no trying again helps.
    #[error("{0}")]
    Configuration(String),
    /// What was asked for makes no sense, or is more than one answer may hold.
    #[error("{0}")]
    Asked(String),
    /// What it holds cannot be read.
    #[error("the history holds what cannot be read: {0}")]
    Damaged(String),
}

impl HistoryError {
    /// Whether it would be the same for every site: there is no sense in asking for the next one.
    pub fn is_of_the_store(&self) -> bool {
        matches!(
            self,
            HistoryError::Unreachable(_) | HistoryError::Schema(_) | HistoryError::Configuration(_)
        )
    }
}

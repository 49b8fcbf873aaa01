//! Why a server did not start.

use std::{io, sync::Arc};

use crate::{canary, guard::AccessError, recover::RecoverError, revisions::SettleError};

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Site or rule files that do not compile; every finding.
    #[error("{}", .0.join("\n"))]
    Files(Vec<String>),
    /// A site with the id of the canary's.
    #[error("no site can be called {}: that is Davy's own canary", canary::SITE)]
    ReservedSite,
    /// Two sites with one id.
    #[error("two sites are called {0}: an id is one site's")]
    SameSite(Arc<str>),
    /// The data folder or a socket.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// A journal that cannot be taken up.
    #[error("site {site}: {source}")]
    Recover {
        /// Whose.
        site: Arc<str>,
        /// What is wrong.
        source: RecoverError,
    },
    /// History cannot be kept as it was configured.
    #[error("history: {0}")]
    History(#[from] davy_history::HistoryError),
    /// Who may come in cannot be said.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The file of exits cannot be used.
    #[error("exits.db: {0}")]
    Exits(#[from] davy_delivery::exits::StoreError),
    /// Which files are to be active cannot be said.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

impl StartError {
    /// Whether somebody has to mend the configuration or the files, rather than the machine.
    pub fn is_configuration(&self) -> bool {
        matches!(
            self,
            StartError::Files(_) | StartError::ReservedSite | StartError::SameSite(_) | StartError::Access(_)
        )
    }
}

pub(crate) fn io_error(what: &str, source: io::Error) -> StartError {
    StartError::Io { what: what.to_owned(), source }
}

//! Where the database is, and how to be let in.

use std::fmt;

use super::connect::Connector;
use crate::HistoryError;

/// Where the database is, and how to be let in.
#[derive(Clone)]
pub struct PostgresConfig {
    /// `postgres://davy@db.example/davy`, or `host=/run/postgresql user=davy dbname=davy`. Several hosts may be named: the one
    /// that takes writes is used.
    pub url: String,
    /// The password, where one is asked for.
    pub password: Option<String>,
    /// How the link is protected.
    pub tls: Tls,
}

/// How the link is protected.
#[derive(Clone, Debug, Default)]
pub enum Tls {
    /// Not at all: for a socket in the file system, or loopback.
    #[default]
    None,
    /// TLS, with the server's certificate signed by one of these (PEM).
    With(Vec<u8>),
}

impl PostgresConfig {
    /// Whether it can be used, as far as that is known without a connection.
    ///
    /// # Errors
    /// [`HistoryError::Configuration`].
    pub fn check(&self) -> Result<(), HistoryError> {
        Connector::new(self).map(drop)
    }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may carry a password, whatever the documentation says.
        f.debug_struct("PostgresConfig").field("tls", &self.tls).finish_non_exhaustive()
    }
}

//! Connections, and what their errors mean.

use std::{fmt, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use tokio::task::JoinHandle;
use tokio_postgres::{
    Client, Config, NoTls,
    config::{Host, SslMode, TargetSessionAttrs},
    error::SqlState,
};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::debug;

use super::{PostgresConfig, Tls};
use crate::HistoryError;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a link that says nothing is believed.
const LINK_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a statement of the writer may take. A batch takes well under a second.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a statement may wait for somebody else's lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a statement may take that rolls up: a minute of half a million tags is many readings.
pub(super) const TEND_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a call may take in all: a server that stands still does not end its statements.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How long somebody may wait for what they asked.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// Connections that read.
const READERS_MAX: usize = 4;

/// Makes connections.
pub(super) struct Connector {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

/// A connection, and the task that drives it.
pub(super) struct Connected {
    pub(super) client: Client,
    driver: JoinHandle<()>,
}

impl Connector {
    pub(super) fn new(config: &PostgresConfig) -> Result<Connector, HistoryError> {
        let wrong = |what: String| HistoryError::Configuration(what);
        let mut parsed: Config =
            config.url.parse().map_err(|error| wrong(format!("the address of the database: {error}")))?;
        if let Some(password) = &config.password {
            parsed.password(password);
        }
        parsed
            .application_name("davy")
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives_idle(LINK_TIMEOUT)
            .tcp_user_timeout(LINK_TIMEOUT);
        let tls = match &config.tls {
            Tls::None => {
                if let Some(far) = parsed.get_hosts().iter().find(|host| !is_near(host)) {
                    return Err(wrong(format!(
                        "{} is not on this machine: its link needs TLS, name who signs its certificate",
                        name(far)
                    )));
                }
                parsed.ssl_mode(SslMode::Disable);
                None
            }
            Tls::With(pem) => {
                parsed.ssl_mode(SslMode::Require);
                Some(MakeRustlsConnect::new(tls_config(pem)?))
            }
        };
        Ok(Connector { config: parsed, tls })
    }

    /// A connection for writing.
    pub(super) async fn connect(&self) -> Result<Connected, HistoryError> {
        let connected = match &self.tls {
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                Connected { client, driver: drive(connection) }
            }
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                Connected { client, driver: drive(connection) }
            }
        };
        connected
            .client
            .batch_execute(&format!(
                "SET statement_timeout = {}; SET lock_timeout = {}; SET timezone = 'UTC'; SET temp_buffers = '32MB'; SET work_mem = '32MB'",
                WRITE_TIMEOUT.as_millis(),
                LOCK_TIMEOUT.as_millis()
            ))
            .await?;
        Ok(connected)
    }

    /// Connections for reading.
    pub(super) fn pool(&self) -> Result<Pool, HistoryError> {
        let mut config = self.config.clone();
        // Whoever reads need not read where is written to; but that is where the newest is.
        config.options(format!(
            "-c statement_timeout={} -c timezone=UTC -c default_transaction_read_only=on",
            READ_TIMEOUT.as_millis()
        ));
        config.target_session_attrs(TargetSessionAttrs::Any);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match &self.tls {
            None => Manager::from_config(config, NoTls, recycling),
            Some(tls) => Manager::from_config(config, tls.clone(), recycling),
        };
        Pool::builder(manager)
            .max_size(READERS_MAX)
            .wait_timeout(Some(READ_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| HistoryError::Configuration(error.to_string()))
    }
}

fn drive<S, T>(connection: tokio_postgres::Connection<S, T>) -> JoinHandle<()>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            // Whoever waited on it is told by their own call.
            debug!(%error, "a connection to the history database ended");
        }
    })
}

fn tls_config(pem: &[u8]) -> Result<ClientConfig, HistoryError> {
    let wrong =
        |what: String| HistoryError::Configuration(format!("who signs the database's certificate: {what}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(format!("{error:?}")))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("no certificate in the file".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| wrong(error.to_string()))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

fn name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        // A statement that hangs must not keep the link, nor what it has locked.
        self.driver.abort();
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("has_tls", &self.tls.is_some()).finish_non_exhaustive()
    }
}

impl From<tokio_postgres::Error> for HistoryError {
    /// What an error of the database means to whoever writes.
    fn from(error: tokio_postgres::Error) -> HistoryError {
        let told = told(&error);
        let Some(code) = error.code() else { return HistoryError::Unreachable(told) };
        match code {
            code if code.code().starts_with("08") || code.code().starts_with("57P") => {
                HistoryError::Unreachable(told)
            }
            &SqlState::UNDEFINED_TABLE | &SqlState::UNDEFINED_COLUMN | &SqlState::INVALID_SCHEMA_NAME => {
                HistoryError::Schema(format!("{told}; run `davy migrate up`"))
            }
            _ => HistoryError::Refused(told),
        }
    }
}

/// What an error of the pool means.
pub(super) fn of_pool(error: PoolError) -> HistoryError {
    match error {
        PoolError::Backend(error) => error.into(),
        other => HistoryError::Unreachable(other.to_string()),
    }
}

/// In words: what the server says, or what the link says.
fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// What a call comes to, or that it takes too long. Then nothing is known of the connection it was made on.
pub(super) async fn in_time<T>(
    call: impl Future<Output = Result<T, HistoryError>>,
) -> Result<T, HistoryError> {
    within(CALL_TIMEOUT, call).await
}

/// As [`in_time`], for tending.
pub(super) async fn in_its_time<T>(
    call: impl Future<Output = Result<T, HistoryError>>,
) -> Result<T, HistoryError> {
    within(TEND_TIMEOUT + CALL_TIMEOUT, call).await
}

async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, HistoryError>>,
) -> Result<T, HistoryError> {
    let late = || HistoryError::Unreachable(format!("no answer within {} s", limit.as_secs()));
    tokio::time::timeout(limit, call).await.unwrap_or_else(|_| Err(late()))
}

/// Says how long a statement may take from now on.
pub(super) fn patience(limit: Duration) -> String {
    format!("SET statement_timeout = {}", limit.as_millis())
}

/// Gives a reading connection back. One that did not answer may still be busy: it goes.
pub(super) fn give_back<T>(reader: Object, found: Result<T, HistoryError>) -> Result<T, HistoryError> {
    if matches!(found, Err(HistoryError::Unreachable(_))) {
        drop(Object::take(reader));
    }
    found
}

//! The databases that a story is told on.

use std::{
    env,
    sync::atomic::{AtomicU32, Ordering},
};

use davy_history::{PostgresConfig, PostgresStore, Retention, Tls};
use tokio_postgres::NoTls;

use crate::Postgres;

/// A database that a story is told on.
#[derive(Debug)]
pub struct Place {
    /// Of which kind it is.
    pub name: &'static str,
    /// Where it is, and how to be let in.
    pub url: String,
    /// The server, where it is one's own.
    _server: Option<Postgres>,
    /// The database, on a server that others use too. It goes with this.
    _lent: Option<Lent>,
}

/// How many databases were made on a server that is not one's own.
static LENT: AtomicU32 = AtomicU32::new(0);

/// A database on a server that is not one's own.
#[derive(Debug)]
struct Lent {
    server: tokio_postgres::Config,
    name: String,
}

/// Empty databases of the given name: in a PostgreSQL of one's own, and in the TimescaleDB that `DAVY_TEST_TIMESCALE_URL` names, if it
/// does.
///
/// # Panics
/// When the server that is named does not answer, or does not let one make databases.
pub async fn places(database: &str) -> Vec<Place> {
    let mut places = Vec::new();
    if let Some(server) = Postgres::start().await {
        let url = server.database(database);
        places.push(Place { name: "postgresql", url, _server: Some(server), _lent: None });
    }
    match env::var("DAVY_TEST_TIMESCALE_URL") {
        Ok(url) if !url.is_empty() => places.push(timescale(&url, database).await),
        _ => eprintln!("DAVY_TEST_TIMESCALE_URL names no server: {database} is not told on TimescaleDB"),
    }
    places
}

async fn timescale(url: &str, database: &str) -> Place {
    let server: tokio_postgres::Config = url.parse().expect("DAVY_TEST_TIMESCALE_URL is a connection string");
    // Two tests of one process may call theirs alike.
    let number = LENT.fetch_add(1, Ordering::Relaxed);
    let lent = Lent { name: format!("davy_{database}_{}_{number}", std::process::id()), server };
    lent.ask(&format!("CREATE DATABASE {} TEMPLATE template0", lent.name))
        .await
        .expect("DAVY_TEST_TIMESCALE_URL makes a database");
    let mut config = lent.server.clone();
    config.dbname(&lent.name);
    Place { name: "timescaledb", url: as_url(&config), _server: None, _lent: Some(lent) }
}

impl Lent {
    async fn ask(&self, statement: &str) -> Result<(), tokio_postgres::Error> {
        let (client, connection) = self.server.connect(NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute(statement).await
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // Of its own: the runtime of whoever lets go of it is busy.
        let dropped = std::thread::scope(|scope| {
            let done = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(self.ask(&statement)).map_err(std::io::Error::other)
            });
            done.join()
        });
        if !matches!(dropped, Ok(Ok(()))) {
            eprintln!("{} stays on the server: {dropped:?}", self.name);
        }
    }
}

/// A connection string that names the same place.
fn as_url(config: &tokio_postgres::Config) -> String {
    let mut url = String::new();
    let mut say = |key: &str, value: &str| {
        let value = value.replace('\\', "\\\\").replace('\'', "\\'");
        url.push_str(&format!("{key}='{value}' "));
    };
    for host in config.get_hosts() {
        match host {
            tokio_postgres::config::Host::Tcp(name) => say("host", name),
            tokio_postgres::config::Host::Unix(path) => say("host", &path.display().to_string()),
        }
    }
    for port in config.get_ports() {
        say("port", &port.to_string());
    }
    if let Some(user) = config.get_user() {
        say("user", user);
    }
    if let Some(password) = config.get_password() {
        say("password", &String::from_utf8_lossy(password));
    }
    say("dbname", config.get_dbname().unwrap_or_default());
    url
}

impl Place {
    /// The section of `davy.toml` for it.
    pub fn section(&self) -> String {
        format!("[history]\nstore = \"postgres\"\nurl = {:?}\n", self.url)
    }

    /// The store there.
    ///
    /// # Panics
    /// When it is too far away for a link without TLS.
    pub fn store(&self, retention: Retention) -> PostgresStore {
        let config = PostgresConfig { url: self.url.clone(), password: None, tls: Tls::None };
        PostgresStore::new(&config, retention).expect("a sound configuration")
    }

    /// The store there, with its tables.
    ///
    /// # Panics
    /// When they cannot be made.
    pub async fn migrated(&self, retention: Retention) -> PostgresStore {
        let store = self.store(retention);
        store.migrate().await.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        store
    }

    /// What a statement gives, as text.
    ///
    /// # Panics
    /// When it fails.
    pub async fn sql(&self, statement: &str) -> String {
        self.try_sql(statement).await.unwrap_or_else(|error| panic!("{}: {statement}: {error}", self.name))
    }

    /// As [`Place::sql`].
    ///
    /// # Errors
    /// As the database.
    pub async fn try_sql(&self, statement: &str) -> Result<String, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await?;
        tokio::spawn(connection);
        let rows = client.simple_query(statement).await?;
        let lines = rows.iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).unwrap_or("")).collect::<Vec<_>>().join("|"))
            }
            _ => None,
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }
}

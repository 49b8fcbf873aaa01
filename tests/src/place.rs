//! The databases that a story is told on.

use std::env;

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
        places.push(Place { name: "postgresql", url, _server: Some(server) });
    }
    match env::var("DAVY_TEST_TIMESCALE_URL") {
        Ok(url) if !url.is_empty() => places.push(timescale(&url, database).await),
        _ => eprintln!("DAVY_TEST_TIMESCALE_URL names no server: {database} is not told on TimescaleDB"),
    }
    places
}

async fn timescale(url: &str, database: &str) -> Place {
    let mut config: tokio_postgres::Config =
        url.parse().expect("DAVY_TEST_TIMESCALE_URL is a connection string");
    let name = format!("davy_{database}_{}", std::process::id());
    let (client, connection) = config.connect(NoTls).await.expect("DAVY_TEST_TIMESCALE_URL answers");
    tokio::spawn(connection);
    for statement in
        [format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")]
    {
        client.execute(&statement, &[]).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    config.dbname(&name);
    Place { name: "timescaledb", url: as_url(&config), _server: None }
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

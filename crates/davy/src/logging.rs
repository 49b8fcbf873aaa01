//! Where Davy's own log goes: standard error, so that standard output stays the verb's.

use std::env;

use tracing_subscriber::{EnvFilter, util::SubscriberInitExt};

/// Starts the log. `DAVY_LOG`, or else `RUST_LOG`, says what is told (`info`, `davy_intake=debug`); `DAVY_LOG_FORMAT=json`
/// makes it one JSON object a line.
pub(crate) fn start(default: &str) -> anyhow::Result<()> {
    let wanted = ["DAVY_LOG", "RUST_LOG"]
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|text| !text.is_empty()));
    let wanted = wanted.as_deref().unwrap_or(default);
    let filter = EnvFilter::try_new(wanted).map_err(|error| {
        crate::exit::Misuse(format!("DAVY_LOG={wanted}: {error}; try info or davy_intake=debug"))
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    match env::var("DAVY_LOG_FORMAT").as_deref() {
        Ok("json") => log.json().flatten_event(true).finish().try_init()?,
        Ok(_) | Err(_) => log.compact().finish().try_init()?,
    }
    Ok(())
}

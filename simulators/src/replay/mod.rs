//! Publishes a recording as a gateway would have, with the source times it was recorded with.
//!
//! Promise: every row is published or the replay ends with an error that names the line; every cell is a reading, empty, or
//! counted as bad; it returns when all is acknowledged.

mod map;
mod rows;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::{BrokerUrl, Gateway, GatewayConfig, GatewayError};
pub use map::{ReplayMap, TagColumn, TimeColumn};
use rows::Tally;
pub use rows::{BadCell, RecordedRow, RecordedValue, Recording};

/// Messages read ahead of the gateway.
const AHEAD_MAX: usize = 256;

/// How fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As fast as acknowledgements come.
    Max,
    /// So many times as fast as it was recorded, by the source times. Above 0.
    Times(f64),
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Speed, String> {
        if text == "max" {
            return Ok(Speed::Max);
        }
        let times: Option<f64> = text.parse().ok().filter(|times: &f64| times.is_finite() && *times > 0.0);
        times
            .map(Speed::Times)
            .ok_or_else(|| format!("speed: found {text:?}, expected max or a number above 0"))
    }
}

/// Why a replay ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The map is not one.
    #[error("{path}: {message}")]
    Map {
        /// The map's file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// A line of the recording cannot be published.
    #[error("{path}:{line}: {message}")]
    Line {
        /// The recording's file.
        path: String,
        /// Its line, from 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// The gateway could not be had or did not connect.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The broker stopped acknowledging.
    #[error(
        "{messages} of {taken} messages were not acknowledged within {waited_s} s; the broker may hold some of them"
    )]
    Unacknowledged {
        /// How many.
        messages: u64,
        /// Of how many.
        taken: u64,
        /// How long we waited after the last was sent, in seconds.
        waited_s: u64,
    },
}

/// What is replayed, and whereto.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The recording: CSV with a header; gzip is recognised by its first bytes.
    pub csv: PathBuf,
    /// What its columns are.
    pub map: ReplayMap,
    /// The broker, or Davy's door.
    pub broker: BrokerUrl,
    /// How fast.
    pub speed: Speed,
    /// Messages sent and not yet acknowledged, at most; 1..=65534.
    pub in_flight_max: u16,
    /// How long to wait for the connection, and at the end for acknowledgements.
    pub patience: Duration,
    /// How long to wait at the end for Davy's feedback, which comes once a second.
    pub feedback_wait: Duration,
}

impl Replay {
    /// A replay at full speed to a broker on this machine.
    ///
    /// # Errors
    /// [`ReplayError::File`] or [`ReplayError::Map`] for the map's file.
    pub fn new(csv: &Path, map: &Path) -> Result<Replay, ReplayError> {
        let map = ReplayMap::open(map)?;
        Ok(Replay {
            csv: csv.to_owned(),
            map,
            broker: BrokerUrl { host: "127.0.0.1".to_owned(), port: 1883, credentials: None },
            speed: Speed::Max,
            in_flight_max: 1000,
            patience: Duration::from_secs(30),
            feedback_wait: Duration::from_millis(1500),
        })
    }
}

/// The account of a replay. `readings + cells_empty + cells_bad` is rows times mapped columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplayTotals {
    /// Rows read, without the header.
    pub rows: u64,
    /// Readings published.
    pub readings: u64,
    /// Empty cells: no reading.
    pub cells_empty: u64,
    /// Cells that are not a number.
    pub cells_bad: u64,
    /// The first twenty of them.
    pub bad_cells: Vec<BadCell>,
    /// Messages published.
    pub messages: u64,
    /// Messages acknowledged.
    pub acknowledged: u64,
    /// Messages sent again after a lost connection.
    pub resent: u64,
    /// Readings Davy's feedback rejected.
    pub rejected: u64,
    /// What Davy says is wrong, as JSON; the first twenty.
    pub problems: Vec<String>,
    /// From the first message to the last acknowledgement.
    pub took: Duration,
}

impl ReplayMap {
    /// Reads a map's file.
    ///
    /// # Errors
    /// [`ReplayError::File`] or [`ReplayError::Map`].
    pub fn open(path: &Path) -> Result<ReplayMap, ReplayError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ReplayError::File { path: name.clone(), source })?;
        ReplayMap::from_yaml(&text).map_err(|message| ReplayError::Map { path: name, message })
    }
}

/// Reads a recording without publishing it: the values of each row that has any go to `give`, in the file's order.
/// Returns how many rows there were, and how many cells that are no number.
///
/// # Errors
/// [`ReplayError`]; what was read before the error was given.
pub fn read_recording(
    csv: &Path,
    map: &ReplayMap,
    mut give: impl FnMut(&[RecordedValue]),
) -> Result<(u64, u64), ReplayError> {
    let mut recording = Recording::open(csv, map)?;
    while let Some(row) = recording.next_row()? {
        if !row.values.is_empty() {
            give(&row.values);
        }
    }
    Ok((recording.tally.rows, recording.tally.cells_bad))
}

/// A message ready to go.
struct Ready {
    payload: Bytes,
    source_time: Timestamp,
}

/// Publishes a recording; returns when all of it is acknowledged.
///
/// # Errors
/// [`ReplayError`]; what was read before the error is published all the same.
pub async fn replay(replay: Replay) -> Result<ReplayTotals, ReplayError> {
    let mut recording = Recording::open(&replay.csv, &replay.map)?;
    let mut config = GatewayConfig::new(replay.broker.clone(), &replay.map.site, &replay.map.edge_node)?;
    config.client_id = format!("davy-replay-{}", config.client_id);
    config.session_kept = false;
    config.in_flight_max = replay.in_flight_max;
    let gateway = Gateway::connect(config);
    gateway.online(replay.patience).await?;

    let started = Instant::now();
    let (ahead, mut ready) = mpsc::channel(AHEAD_MAX);
    let reader = tokio::task::spawn_blocking(move || {
        let ended = recording.read_all(|message| ahead.blocking_send(message).is_ok());
        ended.map(|()| recording.tally)
    });
    let published = publish(&gateway, &mut ready, replay.speed).await;
    drop(ready);
    let tally = reader.await.expect("reading a recording does not panic, and is not cancelled");
    published?;
    let drained = gateway.drained(replay.patience).await;
    let took = started.elapsed();
    let tally = tally?;
    gateway.answered(tally.readings, if drained { replay.feedback_wait } else { Duration::ZERO }).await;
    let report = gateway.stop(replay.patience).await;
    if report.unacknowledged > 0 {
        return Err(ReplayError::Unacknowledged {
            messages: report.unacknowledged,
            taken: report.counts.taken,
            waited_s: replay.patience.as_secs(),
        });
    }
    Ok(totals(tally, report.counts, took))
}

fn totals(tally: Tally, counts: crate::Counts, took: Duration) -> ReplayTotals {
    ReplayTotals {
        rows: tally.rows,
        readings: tally.readings,
        cells_empty: tally.cells_empty,
        cells_bad: tally.cells_bad,
        bad_cells: tally.bad_cells,
        messages: counts.taken,
        acknowledged: counts.acknowledged,
        resent: counts.resent,
        rejected: counts.rejected,
        problems: counts.problems,
        took,
    }
}

/// Hands messages to the gateway, each when it is due.
async fn publish(
    gateway: &Gateway,
    ready: &mut mpsc::Receiver<Ready>,
    speed: Speed,
) -> Result<(), GatewayError> {
    let started = Instant::now();
    let mut first = None;
    while let Some(message) = ready.recv().await {
        if let Speed::Times(times) = speed {
            let first = *first.get_or_insert(message.source_time);
            // A stamp before the first one is due at once.
            let passed =
                Duration::try_from(message.source_time.duration_since(first)).unwrap_or(Duration::ZERO);
            let passed = Duration::try_from_secs_f64(passed.as_secs_f64() / times).unwrap_or(Duration::MAX);
            if let Some(due) = started.checked_add(passed) {
                tokio::time::sleep_until(due).await;
            }
        }
        gateway.publish(message.payload).await?;
    }
    Ok(())
}

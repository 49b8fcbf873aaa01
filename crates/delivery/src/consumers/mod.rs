//! Durable consumers: who they are, whether they listen, how far they have come, and a ledger of what was sent to whom when.
//!
//! Promise: the ledger says "sent" of nothing that was not handed to the consumer's connection, and "confirmed" of nothing that
//! the journal does not say so of. It is written once a second by a thread of its own; the alert path waits for none of it.
//! What was sent in the last second before a process died is not in it.
//!
//! It does not know: gRPC, callers and their rights, the clock, which is lent.

mod consumer;
mod ledger;
mod runs;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use davy_journal::Cursor;
use davy_model::Timestamp;
use parking_lot::Mutex;

use self::ledger::Ledger;
pub use self::{
    consumer::{Consumer, Filters, Position, Silence, Standing, Who},
    ledger::{Delivery, DeliveryQuery, LedgerBounds, LedgerDrops, LedgerError},
    runs::Run,
};
use crate::exits::LentClock;

/// Consumers of one Davy.
pub const CONSUMERS_MAX: usize = 1000;

/// Of these, consumers of one caller, where callers are known: as many as may be connected by an account at once.
pub const CALLER_CONSUMERS_MAX: usize = 64;

/// No more consumers may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    /// Of all.
    #[error("{CONSUMERS_MAX} consumers are known, as many as may be")]
    OfAll,
    /// Of this caller's.
    #[error("{CALLER_CONSUMERS_MAX} consumers of one caller are known, as many as may be")]
    OfCaller,
}

type Known = Arc<Mutex<BTreeMap<Arc<str>, Arc<Consumer>>>>;

/// All durable consumers of a Davy.
pub struct Consumers {
    known: Known,
    ledger: Ledger,
    clock: LentClock,
}

impl std::fmt::Debug for Consumers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumers").field("known", &self.known.lock().len()).finish_non_exhaustive()
    }
}

/// One open stream of a consumer; dropping it ends it.
pub struct Listening {
    consumers: Arc<Consumers>,
    consumer: Arc<Consumer>,
}

impl Consumers {
    /// Takes up the consumers that the journals' cursors and the ledger know, and those that must listen. A ledger that cannot
    /// be opened holds nobody up: it is tried again.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn open(
        path: &Path,
        bounds: LedgerBounds,
        cursors: Vec<(Arc<str>, Vec<Cursor>)>,
        must_listen: impl IntoIterator<Item = Who>,
        clock: LentClock,
    ) -> std::io::Result<Consumers> {
        let now = clock();
        let (ledger, mut standing) = Ledger::read(path, now);
        for (site, cursors) in cursors {
            for Cursor { name, sequence, at } in cursors {
                let known = standing.entry(name.into()).or_insert_with(|| Standing::since(now));
                known.positions.insert(Arc::clone(&site), Position { sequence, at });
            }
        }
        let mut known: BTreeMap<Arc<str>, Arc<Consumer>> = standing
            .into_iter()
            .map(|(key, standing)| {
                (Arc::clone(&key), Arc::new(Consumer::known(Who::of_key(&key), standing, false)))
            })
            .collect();
        for who in must_listen {
            known.entry(who.to_string().into()).or_insert_with(|| Arc::new(Consumer::new(who, now)));
        }
        let known: Known = Arc::new(Mutex::new(known));
        let ledger = ledger.start(bounds, Arc::clone(&known))?;
        Ok(Consumers { known, ledger, clock })
    }

    /// All of them, by name.
    pub fn all(&self) -> Vec<Arc<Consumer>> {
        self.known.lock().values().cloned().collect()
    }

    /// One of them.
    pub fn get(&self, who: &Who) -> Option<Arc<Consumer>> {
        self.known.lock().get(who.to_string().as_str()).cloned()
    }

    /// One of them, or a new one.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn admit(&self, who: &Who) -> Result<Arc<Consumer>, TooMany> {
        let key = who.to_string();
        let mut known = self.known.lock();
        if let Some(consumer) = known.get(key.as_str()) {
            return Ok(Arc::clone(consumer));
        }
        if known.len() >= CONSUMERS_MAX {
            return Err(TooMany::OfAll);
        }
        // One caller's names must not use up those of all others.
        let is_theirs = |known: &&Arc<Consumer>| known.who.caller == who.caller;
        if who.caller.is_some() && known.values().filter(is_theirs).count() >= CALLER_CONSUMERS_MAX {
            return Err(TooMany::OfCaller);
        }
        let consumer = Arc::new(Consumer::new(who.clone(), (self.clock)()));
        known.insert(key.into(), Arc::clone(&consumer));
        Ok(consumer)
    }

    /// A stream of a consumer begins that tells of `sites`.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn listen(
        self: &Arc<Consumers>,
        who: &Who,
        filters: Filters,
        sites: &[Arc<str>],
    ) -> Result<Listening, TooMany> {
        let consumer = self.admit(who)?;
        consumer.connected(filters, sites, (self.clock)());
        Ok(Listening { consumers: Arc::clone(self), consumer })
    }

    /// Lets one go; what the ledger has of it stays until it is too old. Its cursors are the journals' to let go.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn forget(&self, who: &Who) -> Result<(), LedgerError> {
        let key = who.to_string();
        self.known.lock().remove(key.as_str());
        self.ledger.ask(move |file| file.forget(&key)).await
    }

    /// What was sent to a consumer, the latest first, at most `len` runs.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn deliveries(
        &self,
        who: &Who,
        query: DeliveryQuery,
        len: usize,
    ) -> Result<Vec<Delivery>, LedgerError> {
        let key = who.to_string();
        self.ledger.ask(move |file| file.deliveries(&key, &query, len)).await
    }

    /// What the ledger lost or let go.
    pub fn drops(&self) -> LedgerDrops {
        self.ledger.drops()
    }

    /// What time it is to them.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Writes what is left and closes the ledger. Blocks for as long as that takes.
    pub fn stop(&self) {
        self.ledger.stop();
    }
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening").field("who", &self.consumer.who).finish_non_exhaustive()
    }
}

impl Listening {
    /// Whose stream it is.
    pub fn consumer(&self) -> &Arc<Consumer> {
        &self.consumer
    }

    /// A transition that is on disk was handed to the connection.
    pub fn sent(&self, site: &str, sequence: u64) {
        if self.consumer.sent(site, sequence, (self.consumers.clock)()) {
            self.consumers.ledger.call();
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.consumer.disconnected((self.consumers.clock)());
    }
}

#[cfg(test)]
mod tests;

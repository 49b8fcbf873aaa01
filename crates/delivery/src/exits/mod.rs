//! Ways out of Davy to receivers that do not ask: each alert is brought to them, until they have it.
//!
//! Promise: what the journal has reaches every exit at least once, in the order of its site, under an id that never changes;
//! a receiver that is down, slow or wrong holds up nobody but itself, and nothing it is owed is given up while the journal
//! keeps it. The journal is the outbox: an exit is a cursor in it, which moves when the receiver's answer is noted.
//!
//! It does not know: gRPC, configuration files, the clock, which is lent.

mod alertmanager;
mod begun;
mod cap;
mod driver;
mod exit;
mod health;
mod hook;
mod http;
mod letters;
mod mqtt;
mod news;
mod notice;
mod secret;
mod store;
mod syslog;
mod tcp;
mod trouble;
mod webhook;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use davy_model::Timestamp;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use self::{
    alertmanager::{Alertmanager, AlertmanagerConfig},
    cap::{Cap, CapConfig},
    driver::{FAULT_PART, LentClock},
    exit::{Exit, Outcome},
    health::{Figures, Health},
    hook::{Hook, HookConfig},
    http::{Answer, HttpClient, HttpTarget, TargetError, is_loopback, tls_client},
    mqtt::{Mqtt, MqttConfig},
    notice::{Gap, Notice, Wanted},
    secret::Secret,
    store::{Bounds, DeadLetter, Drops, ExitStore, Fate, LedgerEntry, LetterQuery, StoreError, Trouble},
    syslog::{Syslog, SyslogConfig, SyslogTransport},
    webhook::{Webhook, WebhookConfig, signature},
};
use self::{
    begun::{Begun, begin},
    driver::{Driver, Passed},
    store::Content,
};
use crate::Feed;

/// One exit to be opened.
pub struct Opening {
    /// What it is called: its cursors and dead letters are kept under it.
    pub name: Arc<str>,
    /// `webhook`, `alertmanager`...
    pub kind: &'static str,
    /// Where it leads, for people; no secret in it.
    pub target: String,
    /// What it tells.
    pub wanted: Wanted,
    /// The way itself.
    pub exit: Box<dyn Exit>,
}

/// An exit, as the rest of the house sees it.
#[derive(Debug)]
pub struct Door {
    /// What it is called.
    pub name: Arc<str>,
    /// `webhook`, `alertmanager`...
    pub kind: &'static str,
    /// Where it leads.
    pub target: String,
    /// The sites it tells of.
    pub sites: Vec<Arc<str>>,
    /// What it tells.
    pub wanted: Wanted,
    /// How it does.
    pub health: Arc<Health>,
}

/// All exits of a Davy.
#[derive(Debug)]
pub struct Exits {
    doors: BTreeMap<Arc<str>, Arc<Door>>,
    store: Arc<ExitStore>,
    clock: LentClockHolder,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

struct LentClockHolder(LentClock);

impl std::fmt::Debug for LentClockHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LentClock")
    }
}

/// The file of exits, opened before the sites' lines run: what they commit from then on is told.
#[derive(Debug)]
pub struct Outbox {
    store: ExitStore,
    content: Content,
}

impl Outbox {
    /// Opens the file, or makes it; one that is damaged is put aside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path, bounds: Bounds) -> Result<Outbox, StoreError> {
        let (store, content) = ExitStore::open(path, bounds)?;
        Ok(Outbox { store, content })
    }
}

impl Exits {
    /// Opens exits on these sites, each with its last transition when nothing new was committed yet. An exit goes on where it
    /// stands; in a site that it never told of, it begins with what comes next. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`StoreError`], when where they begin cannot be noted.
    pub async fn open(
        outbox: Outbox,
        openings: Vec<Opening>,
        feed: &Feed,
        plants: &BTreeMap<Arc<str>, u64>,
        clock: LentClock,
        stop: &CancellationToken,
    ) -> Result<Exits, StoreError> {
        let Outbox { store, mut content } = outbox;
        let store = Arc::new(store);
        let (mut doors, mut tasks) = (BTreeMap::new(), Vec::new());
        for opening in openings {
            let known = content.exits.remove(&opening.name).unwrap_or_default();
            let begun = begin(&opening, known, plants, content.is_new_after_damage, clock());
            let Begun { dealt_with, first, new, health } = begun;
            let (name, at) = (Arc::clone(&opening.name), clock());
            let gaps = first.clone();
            store.ask(move |file| file.begin(&name, &new, &gaps, at)).await?;
            let health = Arc::new(health);
            let door = Door {
                name: Arc::clone(&opening.name),
                kind: opening.kind,
                target: opening.target,
                sites: dealt_with.keys().cloned().collect(),
                wanted: opening.wanted.clone(),
                health: Arc::clone(&health),
            };
            let driver = Driver {
                name: Arc::clone(&opening.name),
                wanted: opening.wanted,
                exit: opening.exit,
                feed: feed.clone(),
                dealt_with,
                first,
                store: Arc::clone(&store),
                health,
                clock: Arc::clone(&clock),
                stop: stop.clone(),
                passed: Passed::default(),
                round: None,
            };
            tasks.push(tokio::spawn(driver.run()));
            doors.insert(opening.name, Arc::new(door));
        }
        Ok(Exits { doors, store, clock: LentClockHolder(clock), tasks: Mutex::new(tasks) })
    }

    /// All of them, by name.
    pub fn doors(&self) -> impl Iterator<Item = &Arc<Door>> {
        self.doors.values()
    }

    /// One of them.
    pub fn door(&self, name: &str) -> Option<&Arc<Door>> {
        self.doors.get(name)
    }

    /// What the file lost or let go, and whether it fails now.
    pub fn store(&self) -> &ExitStore {
        &self.store
    }

    /// Dead letters, the latest first, at most `len`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn dead_letters(&self, query: LetterQuery, len: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.store.ask(move |file| file.letters(&query, 0, len)).await
    }

    /// How many dead letters of an exit its receiver has not taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn dead_letters_owed(&self, exit: &str) -> Result<u64, StoreError> {
        let exit = exit.to_owned();
        self.store.ask(move |file| file.letters_owed(&exit)).await
    }

    /// What an exit told, the latest first, at most `len`; only before the entry of that number, when one is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger(
        &self,
        exit: &str,
        before: Option<u64>,
        len: usize,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let exit = exit.to_owned();
        self.store.ask(move |file| file.ledger(&exit, before, len)).await
    }

    /// Has dead letters of an exit sent again: these, or all that its receiver has not taken; of these sites alone. Gives how many
    /// will be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replay(
        &self,
        door: &Door,
        numbers: Vec<u64>,
        is_meant: impl Fn(&str) -> bool + Send + 'static,
    ) -> Result<u64, StoreError> {
        let name = Arc::clone(&door.name);
        let asked = self.store.ask(move |file| file.ask_letters(&name, &numbers, is_meant)).await?;
        door.health.ask_for_letters();
        Ok(asked)
    }

    /// Lets an exit try again at once, one too whose receiver wanted nothing more. Whether it had stopped for that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn resume(&self, door: &Door) -> Result<bool, StoreError> {
        let name = Arc::clone(&door.name);
        self.store.ask(move |file| file.set_gone(&name, None)).await?;
        let was_gone = door.health.note(|figures| figures.gone.take()).is_some();
        door.health.called.notify_one();
        Ok(was_gone)
    }

    /// Since when an exit does not do what it should, and why, if that is so.
    pub fn trouble(&self, door: &Door) -> Option<(Timestamp, String)> {
        let figures = door.health.figures();
        let gone =
            figures.gone.map(|(since, why)| (since, format!("its receiver wants nothing more: {why}")));
        gone.or_else(|| figures.trouble.map(|trouble| (trouble.since, trouble.why)))
    }

    /// What time it is to them.
    pub fn now(&self) -> Timestamp {
        (self.clock.0)()
    }

    /// Waits until all have ended, after the stop was asked for, and closes the file.
    pub async fn join(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            // A panic is reported where it happens; there is nothing to add.
            let _ = task.await;
        }
        let store = Arc::clone(&self.store);
        let _ = tokio::task::spawn_blocking(move || store.stop()).await;
    }
}

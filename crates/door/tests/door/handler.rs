//! A handler that remembers what it was told, and commits when it is told to.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use davy_door::{
    Closed, Config, ConnectInfo, Door, Handler, Peer, PubackReason, Publish, Receipt, Refusal, Version,
};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};

/// What the fake was told, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    Authenticate { client: String, version: Version, username: Option<String> },
    Batch { client: String, messages: Vec<Publish> },
    Refused { client: String, topic: String },
    Closed { client: String, how: Closed },
}

/// What the fake does with receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipts {
    Commit,
    Hold,
    Fail,
}

pub struct Fake {
    told: Mutex<Vec<Told>>,
    bell: Notify,
    receipts: Mutex<Receipts>,
    held: Mutex<Vec<Receipt>>,
    /// Clients that are not welcome any more.
    shut_out: Mutex<Vec<String>>,
    /// Closed, `submit` waits.
    gate: Semaphore,
    pub peers: Mutex<Vec<Peer>>,
}

impl Fake {
    pub fn new(receipts: Receipts) -> Arc<Self> {
        Arc::new(Self {
            told: Mutex::default(),
            bell: Notify::new(),
            receipts: Mutex::new(receipts),
            held: Mutex::default(),
            shut_out: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            peers: Mutex::default(),
        })
    }

    fn tell(&self, told: Told) {
        self.told.lock().push(told);
        self.bell.notify_waiters();
    }

    pub fn told(&self) -> Vec<Told> {
        self.told.lock().clone()
    }

    /// Waits until what was told satisfies the condition; panics with all of it after a minute.
    pub async fn until(&self, what: &str, condition: impl Fn(&[Told]) -> bool) {
        let wait = async {
            loop {
                let bell = self.bell.notified();
                tokio::pin!(bell);
                bell.as_mut().enable();
                if condition(&self.told.lock()) {
                    return;
                }
                bell.await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), wait).await.is_err() {
            panic!("never: {what}; told: {:#?}", self.told());
        }
    }

    pub async fn until_closed(&self, count: usize) -> Vec<Closed> {
        let closed = |told: &[Told]| -> Vec<Closed> {
            told.iter()
                .filter_map(|told| if let Told::Closed { how, .. } = told { Some(*how) } else { None })
                .collect()
        };
        self.until("closed", |told| closed(told).len() >= count).await;
        closed(&self.told.lock())
    }

    pub async fn until_messages(&self, count: usize) {
        self.until("messages", |told| messages(told).len() >= count).await;
    }

    pub fn payloads(&self) -> Vec<String> {
        messages(&self.told.lock())
            .iter()
            .map(|message| String::from_utf8_lossy(&message.payload).into_owned())
            .collect()
    }

    pub fn messages(&self) -> Vec<Publish> {
        messages(&self.told.lock())
    }

    pub fn set_receipts(&self, receipts: Receipts) {
        *self.receipts.lock() = receipts;
    }

    pub fn commit_held(&self) {
        self.held.lock().drain(..).for_each(Receipt::commit);
    }

    pub fn drop_held(&self) {
        self.held.lock().clear();
    }

    pub fn shut_out(&self, client: &str) {
        self.shut_out.lock().push(client.to_owned());
    }

    pub fn shut_gate(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub fn open_gate(&self) {
        self.gate.add_permits(1_000_000);
    }
}

fn messages(told: &[Told]) -> Vec<Publish> {
    told.iter()
        .filter_map(
            |told| if let Told::Batch { messages, .. } = told { Some(messages.clone()) } else { None },
        )
        .flatten()
        .collect()
}

/// A message `panic` is fatal; a client name starting with `wait` is never answered; user `nobody` is refused; topics and filters under `deny` are forbidden.
impl Handler for Fake {
    type Session = String;

    async fn authenticate(&self, connect: &ConnectInfo, peer: &Peer) -> Result<String, Refusal> {
        let client = connect.client_id.to_string();
        self.tell(Told::Authenticate {
            client: client.clone(),
            version: connect.version,
            username: connect.username.clone(),
        });
        self.peers.lock().push(peer.clone());
        if client.starts_with("wait") {
            std::future::pending::<()>().await;
        }
        match connect.username.as_deref() {
            Some("nobody") => Err(Refusal::BadCredentials),
            Some("banned") => Err(Refusal::Banned),
            Some("later") => Err(Refusal::Unavailable),
            Some("locked") if connect.password.as_deref() != Some(b"open") => Err(Refusal::NotAuthorized),
            _ => Ok(client),
        }
    }

    fn may_publish(&self, _: &String, topic: &str) -> bool {
        !topic.starts_with("deny") && !topic.starts_with('$')
    }

    fn may_subscribe(&self, _: &String, filter: &str) -> bool {
        !filter.starts_with("deny")
    }

    fn is_welcome(&self, client: &String) -> bool {
        !self.shut_out.lock().contains(client)
    }

    async fn submit(&self, client: &Arc<String>, batch: Vec<Publish>, receipt: Receipt) -> Vec<PubackReason> {
        assert!(batch.iter().all(|message| &message.payload[..] != b"panic"), "as the test wants it");
        let reasons = batch
            .iter()
            .filter(|message| message.qos == davy_door::Qos::AtLeastOnce)
            .map(|message| match &message.payload[..] {
                b"too much" => PubackReason::QuotaExceeded,
                b"nonsense" => PubackReason::PayloadFormatInvalid,
                _ => PubackReason::Success,
            })
            .collect();
        let told = Told::Batch { client: client.to_string(), messages: batch };
        // The gate stands before the telling: what waits at it has not been taken.
        let passed = self.gate.acquire().await.expect("the gate is never closed for good");
        passed.forget();
        let receipts = *self.receipts.lock();
        match receipts {
            Receipts::Commit => receipt.commit(),
            Receipts::Hold => self.held.lock().push(receipt),
            Receipts::Fail => drop(receipt),
        }
        self.tell(told);
        reasons
    }

    fn refused(&self, client: &Arc<String>, topic: &str, _: &Bytes) {
        self.tell(Told::Refused { client: client.to_string(), topic: topic.to_owned() });
    }

    async fn closed(&self, client: &Arc<String>, how: Closed) {
        self.tell(Told::Closed { client: client.to_string(), how });
    }
}

/// A configuration on a free port.
pub fn config() -> Config {
    Config::listen_on(([127, 0, 0, 1], 0).into())
}

/// A door on a free port, and its handler.
pub fn open(receipts: Receipts) -> (Door<Fake>, Arc<Fake>) {
    open_with(receipts, config())
}

pub fn open_with(receipts: Receipts, config: Config) -> (Door<Fake>, Arc<Fake>) {
    let fake = Fake::new(receipts);
    let door = Door::start(config, Arc::clone(&fake)).expect("a free port");
    (door, fake)
}

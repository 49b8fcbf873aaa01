//! Everything one edge node sends, in its order: births, data, deaths, and what is missing between them.

mod births;
mod order;
mod read;
mod refuse;

use davy_model::{NodeChange, Timestamp};

pub(super) use self::refuse::{refusal_of, too_long};
use self::{read::tell, refuse::Refused};
use super::{
    Settings, Verb,
    payload::{Broken, Head},
    pending::Pending,
    print::Prints,
    table::Table,
};
use crate::{Rejection, Sink, Summary};

/// The metric that tells the sessions of an edge node apart, in NBIRTH and NDEATH.
pub(super) const BD_SEQ: &str = "bdSeq";

/// One message of an edge node.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// What it says.
    pub verb: Verb,
    /// Of which device, with the verbs of devices.
    pub device: Option<&'a str>,
    /// Its payload.
    pub payload: &'a [u8],
    /// When it arrived.
    pub arrival: Timestamp,
    /// It was kept by a broker, and is not being said now.
    pub is_stored: bool,
}

/// Takes what a session tells.
pub trait Host: Sink {
    /// A message is read: its metrics and problems follow, until [`end`](Host::end).
    fn begin(&mut self, message: &Message<'_>);

    /// All of it has been given. A message that came too early is given later, with its own arrival.
    fn end(&mut self, message: &Message<'_>, summary: Summary);

    /// The edge node is there, or is lost. Said again, it is no news.
    fn node(&mut self, change: NodeChange);

    /// Asks the edge node for its births. False when that cannot be said now: it is tried again at the next tick.
    fn ask_rebirth(&mut self) -> bool;
}

/// What one edge node has said, and what is awaited of it.
#[derive(Debug)]
pub struct Session {
    settings: Settings,
    life: Life,
    table: Table,
    pending: Pending,
    prints: Prints,
    /// A death that belonged to no session then: its birth may be on its way still.
    early_death: Option<(u64, Timestamp)>,
    /// When the last NBIRTH was sent, ms, whether or not it stands.
    birth_ms: Option<u64>,
    /// Births are wanted.
    is_asking: bool,
    /// The wish has been counted as one that waits.
    is_held: bool,
    asked: Option<Timestamp>,
    counts: Counts,
}

/// Which part of its life the edge node is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// No birth was heard.
    Unborn,
    Alive(Alive),
    /// Something is missing: nothing is believed until the next birth.
    Gap {
        bd_seq: Option<u64>,
    },
    Dead {
        bd_seq: Option<u64>,
    },
}

/// A session of the edge node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Alive {
    bd_seq: Option<u64>,
    /// The number of the next message.
    next: u8,
    /// When its birth arrived, and when it was sent, ms.
    born: Timestamp,
    sent_ms: Option<u64>,
    /// Something is out of order since then.
    awaiting: Option<Timestamp>,
    /// A number came that was over already: a birth may have been missed, and by chance another number may seem right.
    is_doubtful: bool,
    /// When devices of the session before that have not been born again are gone.
    devices_due: Option<Timestamp>,
}

/// Counts since the session began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// NBIRTHs taken.
    pub births: u64,
    /// Deaths of the edge node.
    pub deaths: u64,
    /// Deaths of a former session, ignored.
    pub stale_deaths: u64,
    /// Messages that came too early and were read in their turn.
    pub reordered: u64,
    /// Messages that came twice.
    pub duplicates: u64,
    /// Times that messages were missing for good.
    pub gaps: u64,
    /// Requests for births.
    pub rebirths_asked: u64,
    /// Wishes for births that had to wait, since the last request was too recent.
    pub rebirths_held: u64,
}

impl Session {
    /// Of an edge node that has not been heard.
    pub fn new(settings: Settings) -> Session {
        Session {
            settings,
            life: Life::Unborn,
            table: Table::new(),
            pending: Pending::default(),
            prints: Prints::default(),
            early_death: None,
            birth_ms: None,
            is_asking: false,
            is_held: false,
            asked: None,
            counts: Counts::default(),
        }
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Message<'_>, host: &mut dyn Host) {
        match message.verb {
            // What a host said, Davy itself among them.
            Verb::NodeCommand | Verb::DeviceCommand => return,
            // So a broker takes back what it has kept.
            _ if message.payload.is_empty() && message.is_stored => return,
            Verb::NodeDeath if message.is_stored => return,
            Verb::NodeBirth | Verb::NodeDeath | Verb::NodeData => {}
            Verb::DeviceBirth | Verb::DeviceDeath | Verb::DeviceData => {}
        }
        match self.head(message) {
            Err(refusal) => tell(message, *refusal, host),
            Ok(head) => match message.verb {
                Verb::NodeBirth => self.node_birth(message, head, host),
                Verb::NodeDeath => self.node_death(message, host),
                _ => self.in_turn(message, head, host),
            },
        }
        self.tick(message.arrival, host);
    }

    /// Time has passed: what was awaited is missing, or what could not be asked is asked. May be called at any time.
    pub fn tick(&mut self, now: Timestamp, host: &mut dyn Host) {
        if let Life::Alive(Alive { awaiting: Some(since), .. }) = self.life
            && now >= since.plus(self.settings.reorder_timeout)
        {
            self.gap(host);
        }
        if let Life::Alive(Alive { devices_due: Some(due), .. }) = self.life
            && now >= due
        {
            self.miss_devices(now, host);
        }
        self.ask(now, host);
    }

    /// Asks for births, if they are wanted and the last request is old enough.
    fn ask(&mut self, now: Timestamp, host: &mut dyn Host) {
        let may_ask = self.asked.is_none_or(|asked| now >= asked.plus(self.settings.rebirth_min_interval));
        if self.is_asking && may_ask && host.ask_rebirth() {
            self.is_asking = false;
            self.asked = Some(now);
            self.counts.rebirths_asked += 1;
        }
        let is_held = self.is_asking && !may_ask;
        self.counts.rebirths_held += u64::from(is_held && !self.is_held);
        self.is_held = is_held;
    }

    /// When [`tick`](Session::tick) has something to do; `None` when nothing is awaited.
    pub fn deadline(&self) -> Option<Timestamp> {
        let (missing, devices) = match self.life {
            Life::Alive(Alive { awaiting, devices_due, .. }) => {
                (awaiting.map(|since| since.plus(self.settings.reorder_timeout)), devices_due)
            }
            Life::Unborn | Life::Gap { .. } | Life::Dead { .. } => (None, None),
        };
        let asked = self.asked.map_or(Timestamp::MIN, |asked| asked.plus(self.settings.rebirth_min_interval));
        missing.into_iter().chain(devices).chain(self.is_asking.then_some(asked)).min()
    }

    /// The connection by which the edge node was heard is gone: nothing of it is known from now on.
    pub fn lose(&mut self, host: &mut dyn Host) {
        if let Life::Alive(_) = self.life {
            self.refuse_pending(Refused::NoBirth, host);
            host.node(NodeChange::Lost);
        }
        self.life = Life::Unborn;
        self.is_asking = false;
    }

    /// Wants births, unless the edge node is known to be alive.
    pub fn want_births(&mut self, now: Timestamp, host: &mut dyn Host) {
        self.is_asking |= !self.is_alive();
        self.tick(now, host);
    }

    /// The same under other settings.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Whether a birth stands and nothing is missing.
    pub const fn is_alive(&self) -> bool {
        matches!(self.life, Life::Alive(_))
    }

    /// Whether a device of a living edge node is there.
    pub fn is_device_alive(&self, device: &str) -> bool {
        self.is_alive() && self.table.is_alive(Some(device))
    }

    /// What reading needs of it, and no more.
    pub(super) fn settings_and_table(&mut self) -> (&Settings, &mut Table) {
        (&self.settings, &mut self.table)
    }

    /// Its counts.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// An upper estimate of its memory, bytes.
    pub fn weight_bytes(&self) -> usize {
        self.table.weight_bytes() + self.pending.load().1
    }

    fn head(&self, message: &Message<'_>) -> Result<Head, Box<Rejection>> {
        let len_max = self.settings.limits.payload_len_max;
        if message.payload.len() > len_max {
            return Err(too_long(message.payload.len(), len_max).into());
        }
        Head::read(message.payload).map_err(|broken: Broken| refusal_of(message.payload, &broken).into())
    }
}

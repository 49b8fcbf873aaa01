//! One durable consumer: whose it is, whether it listens, how far it has come.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use davy_model::{Tier, Timestamp};
use parking_lot::Mutex;

use super::runs::{Run, Runs};

/// Whose a consumer is, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Who {
    /// The caller; `None` where callers are not known.
    pub caller: Option<Arc<str>>,
    /// The name that the caller gave it.
    pub name: Arc<str>,
}

impl Who {
    /// Read from what cursors are kept under.
    pub fn of_key(key: &str) -> Who {
        match key.rsplit_once('/') {
            Some((caller, name)) => Who { caller: Some(caller.into()), name: name.into() },
            None => Who { caller: None, name: key.into() },
        }
    }
}

/// What its cursors are kept under: `caller/name`, or the name alone.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.caller {
            Some(caller) => write!(f, "{caller}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// What a stream was asked to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// Only these sites; all, when empty.
    pub sites: Vec<String>,
    /// Only at these places of the administrative tree; everywhere, when empty.
    pub scopes: Vec<String>,
    /// Only as grave as this, or graver.
    pub tier: Option<Tier>,
}

/// How far a consumer has come in a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The last transition that it confirmed.
    pub sequence: u64,
    /// When it did.
    pub at: Timestamp,
}

/// How a consumer stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Streams that are open now.
    pub streams: u32,
    /// Since when it is connected, or since when it is not.
    pub since: Timestamp,
    /// When it subscribed or confirmed last.
    pub heard: Option<Timestamp>,
    /// What its last stream was asked to tell.
    pub filters: Filters,
    /// How far it has come, by site.
    pub positions: BTreeMap<Arc<str>, Position>,
    /// Since when something that was sent waits to be confirmed, and it has confirmed nothing.
    pub waits_since: Option<Timestamp>,
}

impl Standing {
    /// Not connected since then, and nothing else known.
    pub(super) fn since(since: Timestamp) -> Standing {
        Standing {
            streams: 0,
            since,
            heard: None,
            filters: Filters::default(),
            positions: BTreeMap::new(),
            waits_since: None,
        }
    }

    /// Whether it listens, when it may be gone, or leave unconfirmed what it was sent, for less than `after`. Before `began`, when
    /// Davy started, nobody could be connected.
    pub fn silence(&self, after: Duration, began: Timestamp, now: Timestamp) -> Silence {
        if self.streams == 0 {
            return if now.since(self.since.max(began)) >= after { Silence::Gone } else { Silence::Unsaid };
        }
        match self.waits_since {
            Some(since) if now.since(since) >= after => Silence::Unconfirmed,
            Some(_) | None => Silence::None,
        }
    }
}

/// Whether a consumer listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It listens.
    None,
    /// It is not connected, and not for long.
    Unsaid,
    /// It is not connected.
    Gone,
    /// It is connected, and confirms nothing of what it was sent.
    Unconfirmed,
}

/// One durable consumer.
#[derive(Debug)]
pub struct Consumer {
    /// Whose it is, and what it is called.
    pub who: Who,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    standing: Standing,
    /// By site: since when something waits, and the last that was sent.
    waiting: BTreeMap<Arc<str>, (Timestamp, u64)>,
    runs: Runs,
    confirmed: BTreeMap<Arc<str>, Position>,
    is_changed: bool,
}

/// What the ledger has not heard of a consumer yet.
#[derive(Debug)]
pub(super) struct News {
    pub(super) runs: Vec<Run>,
    pub(super) confirmed: BTreeMap<Arc<str>, Position>,
    /// How it stands, when that has changed.
    pub(super) standing: Option<Standing>,
    pub(super) dropped: u64,
}

impl Consumer {
    pub(super) fn new(who: Who, since: Timestamp) -> Consumer {
        Consumer::known(who, Standing::since(since), true)
    }

    pub(super) fn known(who: Who, standing: Standing, is_changed: bool) -> Consumer {
        let state = State {
            waiting: BTreeMap::new(),
            runs: Runs::default(),
            // The ledger may have missed the last of them.
            confirmed: standing.positions.clone(),
            standing,
            is_changed,
        };
        Consumer { who, state: Mutex::new(state) }
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        let state = self.state.lock();
        let waits_since = state.waiting.values().map(|(since, _)| *since).min();
        Standing { waits_since, ..state.standing.clone() }
    }

    /// How far it has come in a site.
    pub fn position(&self, site: &str) -> Option<Position> {
        self.state.lock().standing.positions.get(site).copied()
    }

    /// It confirmed, and that is on disk.
    pub fn confirmed(&self, site: &Arc<str>, sequence: u64, at: Timestamp) {
        let mut state = self.state.lock();
        state.standing.heard = Some(at);
        state.is_changed = true;
        let position = Position { sequence, at };
        let known = state.standing.positions.get(site);
        if known.is_some_and(|known| known.sequence >= sequence) {
            return;
        }
        state.standing.positions.insert(Arc::clone(site), position);
        state.confirmed.insert(Arc::clone(site), position);
        if let Some((since, last)) = state.waiting.get_mut(site) {
            if sequence >= *last {
                state.waiting.remove(site);
            } else {
                // It goes on: what is left waits from now.
                *since = at;
            }
        }
    }

    /// A stream begins that tells of `sites`.
    pub(super) fn connected(&self, filters: Filters, sites: &[Arc<str>], now: Timestamp) {
        let mut state = self.state.lock();
        if state.standing.streams == 0 {
            state.standing.since = now;
            // What it no longer asks for, it will not confirm; what it does waits on, however often it comes and goes.
            state.waiting.retain(|site, _| sites.contains(site));
        }
        let standing = &mut state.standing;
        standing.streams += 1;
        (standing.heard, standing.filters) = (Some(now), filters);
        state.is_changed = true;
    }

    pub(super) fn disconnected(&self, now: Timestamp) {
        let mut state = self.state.lock();
        state.standing.streams -= 1;
        if state.standing.streams == 0 {
            state.standing.since = now;
        }
        state.is_changed = true;
    }

    pub(super) fn sent(&self, site: &str, sequence: u64, now: Timestamp) -> bool {
        let mut state = self.state.lock();
        let confirmed = state.standing.positions.get(site).is_some_and(|known| known.sequence >= sequence);
        match state.waiting.get_mut(site) {
            _ if confirmed => {}
            Some((_, last)) => *last = sequence.max(*last),
            None => {
                state.waiting.insert(site.into(), (now, sequence));
            }
        }
        state.runs.sent(site, sequence, now)
    }

    pub(super) fn news(&self) -> Option<News> {
        let mut state = self.state.lock();
        let (runs, dropped) = state.runs.take();
        let confirmed = std::mem::take(&mut state.confirmed);
        let standing = std::mem::take(&mut state.is_changed).then(|| state.standing.clone());
        let is_none = runs.is_empty() && confirmed.is_empty() && standing.is_none() && dropped == 0;
        (!is_none).then_some(News { runs, confirmed, standing, dropped })
    }
}

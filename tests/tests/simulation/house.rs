//! Davy's process: the real intake behind the door, and for each site the real line, with the two threads' turns taken by
//! the world.

use std::{path::PathBuf, sync::Arc, time::Duration};

use davy_door::DoorPublisher;
use davy_engine::JudgeError;
use davy_intake::{
    Ack, Directory, DoorIntake, Intake, PAYLOAD_BYTES_MAX, Parcel, QuotaConfig, rights::Clients,
};
use davy_journal::{JournalError, Options, Place};
use davy_model::{Input, Timestamp};
use davy_server::{
    Loaded, RecoverError,
    line::{Hands, Judged, Line, Opened, Progress},
};
use parking_lot::Mutex;

use crate::{disk::SimDisk, link::Link};

/// Small, so that parcels wait for room now and then.
const INBOX_BYTES: usize = 8 * 1024;
/// Small, so that the write-ahead log is emptied in the middle of a run.
const OPTIONS: Options = Options { page_size: 4096, checkpoint_bytes: 400_000 };

/// What the clocks of Davy's machine show.
#[derive(Debug)]
pub(crate) struct WallClock {
    pub(crate) mono: Duration,
    pub(crate) system: Timestamp,
    hands: Hands,
}

impl WallClock {
    pub(crate) fn now(&mut self) -> Timestamp {
        self.hands.now(self.mono, self.system)
    }
}

pub(crate) struct House {
    pub(crate) clock: Arc<Mutex<WallClock>>,
    pub(crate) door: Arc<DoorIntake>,
    pub(crate) sites: Vec<Site>,
    /// Davy's ends of the connections, by number.
    pub(crate) links: Vec<(u64, usize, Link)>,
}

/// One site's line, and where its two halves stand.
pub(crate) struct Site {
    pub(crate) line: Line,
    /// Judged, and no room with the committer yet.
    ahead: Option<Judged>,
    flushed: Option<Result<usize, JournalError>>,
    pub(crate) flushing: bool,
    pub(crate) failing: bool,
    pub(crate) beats: u64,
    /// For which a wake-up was ordered.
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) judging: bool,
}

/// Why the process cannot go on.
#[derive(Debug)]
pub(crate) enum Broken {
    Judge(JudgeError),
    Journal(JournalError),
}

/// Where the journal of a site is.
pub(crate) fn place(disk: &SimDisk, site: usize) -> Place {
    Place { disk: Arc::new(disk.clone()), path: PathBuf::from(format!("/s{site}.sqlite")) }
}

impl House {
    /// Takes up every journal.
    pub(crate) fn start(
        places: &[Place],
        loaded: &[Loaded],
        mono: Duration,
        system: Timestamp,
    ) -> Result<House, RecoverError> {
        let opened: Vec<Opened> = loaded
            .iter()
            .zip(places)
            .map(|(loaded, place)| Opened::open(loaded.clone(), place, OPTIONS))
            .collect::<Result<_, _>>()?;
        let not_before = opened.iter().map(Opened::last_at).max().unwrap_or(Timestamp::MIN);
        let hands = Hands::start(system.max(not_before), mono);
        let clock = Arc::new(Mutex::new(WallClock { mono, system, hands }));
        let sites: Vec<Site> = opened
            .into_iter()
            .map(|opened| Ok(Site::new(opened.line(INBOX_BYTES)?)))
            .collect::<Result<_, RecoverError>>()?;
        let doors = sites.iter().map(|site| Arc::clone(site.line.door()));
        let lent = Arc::clone(&clock);
        let intake =
            Intake::new(Directory::new(doors), Arc::new(move || lent.lock().now()), PAYLOAD_BYTES_MAX);
        // A quota looks at the real clock: without bound it has nothing to see there.
        let quota = QuotaConfig { bytes_per_s: 0, readings_per_s: 0, burst_s: 0 };
        let door = DoorIntake::new(Arc::clone(&intake), Clients::anyone(), quota, DoorPublisher::new());
        Ok(House { clock, door: Arc::new(door), sites, links: Vec::new() })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.lock().now()
    }
}

impl Site {
    fn new(line: Line) -> Site {
        let beats = line.heartbeat();
        Site {
            line,
            ahead: None,
            flushed: None,
            flushing: false,
            failing: false,
            beats,
            deadline: None,
            judging: false,
        }
    }

    /// Puts something of Davy's own into the inbox; without room it is left out.
    pub(crate) fn put(&self, input: Input, ack: Ack) -> bool {
        self.line.door().inbox.try_put(Parcel::new("".into(), input, ack)).is_ok()
    }

    /// The writer's turn. Gives whether the committer has something to do now.
    pub(crate) fn judge(&mut self, now: Timestamp, ticks: bool) -> Result<bool, Broken> {
        if self.ahead.is_none() {
            self.ahead = self.line.judge(now, ticks).map_err(Broken::Judge)?;
        }
        Ok(self.hand_on())
    }

    /// The writer holds a commit that the committer has no room for: it does nothing until there is.
    pub(crate) fn is_blocked(&self) -> bool {
        self.ahead.is_some()
    }

    /// One commit may wait for the one being flushed.
    fn hand_on(&mut self) -> bool {
        if self.flushing || (self.failing && self.line.is_full()) {
            return false;
        }
        let Some(judged) = self.ahead.take() else { return false };
        self.line.hand_on(judged);
        !self.failing
    }

    /// The committer's turn begins: the disk is busy until [`Site::settle`].
    pub(crate) fn flush(&mut self) {
        self.flushing = true;
        self.flushed = Some(self.line.flush());
    }

    /// The committer's turn ends. Gives what it came to, and whether the writer handed on a commit for the next turn.
    pub(crate) fn settle(&mut self) -> Result<(Progress, bool), Broken> {
        let flushed = self.flushed.take().expect("a flush was begun");
        self.flushing = false;
        let progress = self.line.settle(flushed).map_err(Broken::Journal)?;
        self.failing = matches!(progress, Progress::Failing(_));
        let has_more = self.hand_on();
        Ok((progress, has_more))
    }

    /// Writes all that waits, and ends as an operator's stop does it.
    pub(crate) fn stop(mut self, now: Timestamp) -> Result<(), Broken> {
        loop {
            let more = self.judge(now, false)?;
            let flushed = self.line.flush();
            match self.line.settle(flushed).map_err(Broken::Journal)? {
                Progress::Idle if !more && self.ahead.is_none() => break,
                Progress::Idle | Progress::Durable => {}
                Progress::Failing(error) => return Err(Broken::Journal(error)),
            }
        }
        if let Some(last) = self.line.last(now).map_err(Broken::Judge)? {
            self.line.hand_on(last);
            let flushed = self.line.flush();
            self.line.settle(flushed).map_err(Broken::Journal)?;
        }
        self.line.close().map_err(Broken::Journal)
    }
}

//! The one writer of a site, without its thread: gathers inputs, has them judged, numbers them, and makes commits of them.

use std::{collections::HashMap, mem, sync::Arc, time::Duration};

use davy_delivery::Heartbeat;
use davy_engine::{Judge, JudgeError};
use davy_intake::{Ack, Answer, InboxReceiver, Parcel};
use davy_journal::Commit;
use davy_model::{Input, NodeIndex, Reading, ReadingBlock, Site, TagIndex, Timestamp, Transition};
use davy_rules::Plan;
use parking_lot::Mutex;

use crate::{beats::Beats, counted::Counted, done::Done, pending::Pending, shown::Shown, snapshot};

/// Most parcels in one commit.
pub(crate) const COMMIT_PARCELS_MAX: usize = 4096;
/// Most bytes of inputs in one commit, roughly.
const COMMIT_BYTES_MAX: usize = 1 << 20;
/// How often the engine's state is kept at the least, commits.
const SNAPSHOT_EVERY_COMMITS: u64 = 20_000;
/// How often the engine's state is kept, if anything was committed.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(60);

/// The plans on their way to a writer: compiled by whoever checked the files, picked up when the log activates them.
pub(crate) type Offers = Arc<Mutex<Vec<Arc<Plan>>>>;

/// What decides, in a writer's hands: no clock, no thread. Whoever drives it says what time it is, and hands on what it gives.
pub(crate) struct Writer {
    pub(crate) site: Arc<str>,
    pub(crate) judge: Judge,
    pub(crate) counted: Counted,
    /// The last commands that were done under an id of their own.
    pub(crate) done: Arc<Mutex<Done>>,
    pub(crate) inbox: InboxReceiver,
    pub(crate) offers: Offers,
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) activated_in: u64,
    /// The heartbeats that are under way to it.
    pub(crate) beats: Arc<Beats>,
    /// When readings were last judged, since the start.
    pub(crate) judged_at: Option<Timestamp>,
    pub(crate) snapshot_number: u64,
    pub(crate) snapshot_at: Timestamp,
    /// The files before the active ones, for parcels that were bound just before a reload.
    pub(crate) former: Option<(Arc<str>, Arc<Site>)>,
}

impl Writer {
    /// The engine's state as it is left behind, so that the next start has nothing to judge again; nothing when there is
    /// nothing new in it.
    pub(crate) fn last(&mut self, now: Timestamp) -> Result<Option<Pending>, JudgeError> {
        if self.judge.engine().is_none() || self.number == self.snapshot_number {
            return Ok(None);
        }
        let mut last = vec![self.tick()];
        self.snapshot_number = 0;
        self.snapshot_at = Timestamp::MIN;
        self.write(now, &mut last).map(Some)
    }

    /// When something will be due if nothing else comes.
    pub(crate) fn next_deadline(&mut self) -> Option<Timestamp> {
        self.judge.next_deadline()
    }

    /// What is judged when a deadline has come.
    pub(crate) fn tick(&self) -> Parcel {
        Parcel::new(self.revision(), Input::Tick, Ack::None)
    }

    /// Takes what waits in the inbox, as much as goes into one commit.
    pub(crate) fn gather(&mut self, parcels: &mut Vec<Parcel>) {
        let mut bytes: usize = parcels.iter().map(Parcel::weight_bytes).sum();
        while parcels.len() < COMMIT_PARCELS_MAX && bytes < COMMIT_BYTES_MAX {
            let Some(parcel) = self.inbox.try_recv() else { return };
            bytes += parcel.weight_bytes();
            parcels.push(parcel);
        }
    }

    fn revision(&self) -> Arc<str> {
        self.judge.engine().map_or_else(|| "".into(), |engine| Arc::clone(&engine.plan().revision))
    }

    /// Has every parcel judged, in order, and makes a commit of them.
    ///
    /// # Errors
    /// When the log can no longer be judged.
    pub(crate) fn write(&mut self, now: Timestamp, parcels: &mut Vec<Parcel>) -> Result<Pending, JudgeError> {
        let at = now.max(self.at);
        self.number += 1;
        self.at = at;
        let before = self.judge.counts();
        let mut transitions = Vec::new();
        let mut inputs = Vec::with_capacity(parcels.len());
        let mut answered = Vec::with_capacity(parcels.len());
        let mut beats = Vec::new();
        let mut shown = Shown::default();
        let mut unbound = 0;
        for mut parcel in parcels.drain(..) {
            let given = readings_in(&parcel.input);
            let input = self.once(self.rebound(&mut parcel));
            let bound = readings_in(&input);
            unbound += given - bound;
            if bound > 0 {
                self.judged_at = Some(at);
            }
            let judged = self.judge.counts().judged;
            let answer = self.judge_one(at, &input, &mut transitions)?;
            if let Some(engine) = self.judge.engine() {
                shown.note(&input, judged, engine);
                self.counted.note(&input, &engine.plan().site);
            }
            if let Input::Heartbeat(number) = input {
                beats.push(number);
            }
            inputs.push(input);
            answered.push((parcel, answer));
        }
        let counts = self.judge.counts().since(&before);
        let heartbeats = beats.into_iter().map(|number| self.heartbeat(number)).collect();
        let snapshot = self.snapshot_if_due();
        let commit = Commit { number: self.number, at, inputs, transitions };
        Ok(Pending { commit, parcels: answered, counts, unbound, shown, heartbeats, snapshot, told: false })
    }

    fn judge_one(
        &mut self,
        at: Timestamp,
        input: &Input,
        out: &mut Vec<Transition>,
    ) -> Result<Answer, JudgeError> {
        if let Input::Activate(bundle) = input {
            let mut offers = self.offers.lock();
            if let Some(place) = offers.iter().position(|plan| plan.revision == bundle.revision) {
                self.judge.offer(offers.swap_remove(place));
            }
            self.former = self
                .judge
                .engine()
                .map(|engine| (Arc::clone(&engine.plan().revision), Arc::new(engine.plan().site.clone())));
            self.activated_in = self.number;
        }
        let answer = self.judge.apply(at, input, out)?.answer();
        if let Input::Command(command) = input {
            self.done.lock().note(command, &answer);
        }
        Ok(answer)
    }

    /// The input, unless it is a command that was done before: then whoever sent it again is answered as the first time, and only
    /// when what was done is on disk, for the answer goes with a commit behind it.
    fn once(&self, input: Input) -> Input {
        match input {
            Input::Command(command) if self.done.lock().has(&command) => Input::Tick,
            other => other,
        }
    }

    fn heartbeat(&self, number: u64) -> Heartbeat {
        let engine = self.judge.engine();
        Heartbeat {
            site: Arc::clone(&self.site),
            number,
            sequence: engine.map_or(0, davy_engine::Engine::sequence),
            commit: self.number,
            recorded_time: self.at,
            revision: self.revision(),
            input_lag: self.beats.arrived(number, self.at),
            last_judged: self.judged_at,
            vitals: engine.map(davy_engine::Engine::vitals).unwrap_or_default(),
        }
    }

    fn snapshot_if_due(&mut self) -> Option<davy_journal::Snapshot> {
        let many = self.number - self.snapshot_number >= SNAPSHOT_EVERY_COMMITS;
        if !many && self.at.since(self.snapshot_at) < SNAPSHOT_EVERY {
            return None;
        }
        let engine = self.judge.engine()?;
        self.snapshot_number = self.number;
        self.snapshot_at = self.at;
        let done = self.done.lock();
        Some(snapshot::take(engine, (&self.counted, &done), self.number, self.at, self.activated_in))
    }

    /// The parcel's input, its indices those of the active files. A parcel bound just before a reload is bound anew by
    /// name; what the new files no longer have is left out, and stays unjudged.
    fn rebound(&self, parcel: &mut Parcel) -> Input {
        let input = mem::replace(&mut parcel.input, Input::Tick);
        let Some(engine) = self.judge.engine() else { return input };
        let plan = engine.plan();
        if parcel.revision == plan.revision {
            return input;
        }
        let Some((_, former)) = self.former.as_ref().filter(|(revision, _)| *revision == parcel.revision)
        else {
            return input_without_indices(input);
        };
        match input {
            Input::Readings(block) => Input::Readings(rebind(&block, former, &plan.site)),
            Input::Node { node, change } => match plan.site.node_index(&former.node(node).id) {
                Some(node) => Input::Node { node, change },
                None => Input::Tick,
            },
            other => other,
        }
    }
}

fn readings_in(input: &Input) -> u64 {
    match input {
        Input::Readings(block) => block.readings.len() as u64,
        _ => 0,
    }
}

/// Of files nobody remembers, an index says nothing.
fn input_without_indices(input: Input) -> Input {
    match input {
        Input::Readings(_) | Input::Node { .. } => Input::Tick,
        other => other,
    }
}

fn rebind(block: &ReadingBlock, former: &Site, site: &Site) -> ReadingBlock {
    let mut known: HashMap<TagIndex, Option<TagIndex>> = HashMap::new();
    let mut rest = block.readings.as_slice();
    let mut bound = ReadingBlock::default();
    for head in &block.messages {
        let (readings, later) = rest.split_at(head.len as usize);
        rest = later;
        let before = bound.readings.len();
        bound.readings.extend(readings.iter().filter_map(|reading| {
            let find = || site.tag_index(&former.tag(reading.tag).name);
            let tag = (*known.entry(reading.tag).or_insert_with(find))?;
            Some(Reading { tag, ..*reading })
        }));
        let len = u32::try_from(bound.readings.len() - before).unwrap_or(u32::MAX);
        let node = site.node_index(&former.node(head.node).id).unwrap_or(NodeIndex(u32::MAX));
        bound.messages.push(davy_model::MessageHead { node, len, ..*head });
    }
    bound
}

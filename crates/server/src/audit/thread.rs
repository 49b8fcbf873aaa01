//! The one thread that writes the log.

use std::{sync::Arc, time::Duration};

use davy_journal::audit::{AuditLog, Entry, Opened, What};
use davy_model::Timestamp;
use serde_json::json;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::{
    Place,
    health::{Health, State},
    waiting::{Group, Waiting},
};
use crate::clock::Clock;

/// How often it looks at the clock and at what is due when nothing comes.
const LOOK: Duration = Duration::from_secs(1);
/// How long it waits after the disk refused.
const AGAIN: Duration = Duration::from_millis(500);
/// How often it tries at the end, so that a full disk holds no stop up.
const LAST_TRIES: u32 = 3;

pub(super) struct Writer {
    place: Place,
    log: Option<AuditLog>,
    clock: Clock,
    waiting: Arc<Waiting>,
    health: Arc<Health>,
    state: watch::Sender<State>,
    /// Since when the disk refuses, and entries that are lost since.
    failing: Option<(Timestamp, u64)>,
    /// What was found when the log was opened, until it is noted.
    found: Vec<Entry>,
}

impl Writer {
    pub(super) fn new(
        place: Place,
        log: Result<(AuditLog, Opened), String>,
        clock: Clock,
        (waiting, health): (&Arc<Waiting>, &Arc<Health>),
        state: watch::Sender<State>,
    ) -> Writer {
        let (waiting, health) = (Arc::clone(waiting), Arc::clone(health));
        let mut writer =
            Writer { place, log: None, clock, waiting, health, state, failing: None, found: Vec::new() };
        match log {
            Ok(opened) => writer.take_up(opened),
            Err(why) => writer.fails(why),
        }
        writer
    }

    fn take_up(&mut self, (log, opened): (AuditLog, Opened)) {
        self.health.damaged(opened.damaged.clone());
        self.found = opened.entries();
        self.log = Some(log);
    }

    pub(super) fn run(mut self) {
        // What the start brings is signed at once, so that all before it is vouched for.
        let mut is_first = true;
        loop {
            let group = self.waiting.take(LOOK);
            let stops = group.stops;
            self.write(group);
            self.note_steps();
            self.tend(is_first || stops);
            is_first = false;
            if stops {
                return;
            }
        }
    }

    /// Writes a group, again and again until the disk takes it.
    fn write(&mut self, group: Group) {
        let mut entries: Vec<(Timestamp, Entry)> = Vec::new();
        if let Some((_, lost)) = &mut self.failing {
            *lost += group.lost;
        } else if group.lost > 0 {
            self.failing = Some((self.clock.now(), group.lost));
        }
        entries.extend(group.entries);
        let mut tries = 0;
        while !(entries.is_empty() && self.found.is_empty() && self.failing.is_none()) {
            match self.try_write(&entries) {
                Ok(()) => {
                    self.works();
                    break;
                }
                Err(why) => self.fails(why),
            }
            tries += 1;
            if self.waiting.stops() && tries >= LAST_TRIES {
                error!(entries = entries.len(), "the audit log cannot be written: entries are lost");
                break;
            }
            self.waiting.pause(AGAIN);
        }
        self.state.send_modify(|state| state.done = group.done);
    }

    fn try_write(&mut self, entries: &[(Timestamp, Entry)]) -> Result<(), String> {
        if self.log.is_none() {
            let opened = self.place.open()?;
            self.take_up(opened);
        }
        let Some(log) = &mut self.log else { return Ok(()) };
        let now = self.clock.now();
        let mut all: Vec<(Timestamp, Entry)> = self.found.iter().map(|entry| (now, entry.clone())).collect();
        all.extend_from_slice(entries);
        if let Some((since, lost)) = &self.failing {
            let after = json!({ "since": since.to_string(), "lost": lost });
            all.push((now, Entry::of_davy(What::Failed, "audit").with_after(after)));
        }
        log.append(now, &all).map_err(|error| error.to_string())?;
        self.found.clear();
        Ok(())
    }

    fn note_steps(&mut self) {
        // Asking the time is what notices a step.
        let now = self.clock.now();
        if let Some(step) = self.clock.take_step() {
            let after = json!({ "seconds": step.as_secs_f64() });
            let entry = Entry::of_davy(What::ClockStep, "clock").with_after(after);
            self.waiting.put(|| now, &entry);
        }
    }

    fn tend(&mut self, sign: bool) {
        let Some(log) = &mut self.log else { return };
        let now = self.clock.now();
        let tended = if sign { log.checkpoint(now) } else { Ok(()) };
        if let Err(error) = tended.and_then(|()| log.tend(now)) {
            return self.fails(error.to_string());
        }
        let sent = log.send();
        if let Err(why) = &sent
            && self.health.unsent().is_none()
        {
            warn!(%why, "a checkpoint of the audit log cannot be kept elsewhere");
        }
        self.health.off_box(sent.err());
    }

    fn fails(&mut self, why: String) {
        if self.failing.is_none() {
            error!(%why, "the audit log cannot be written");
            self.failing = Some((self.clock.now(), 0));
        }
        self.health.fails(why);
        self.state.send_modify(|state| state.fails = true);
    }

    fn works(&mut self) {
        if self.failing.take().is_some() {
            info!("the audit log is written again");
        }
        self.health.works();
        self.state.send_modify(|state| state.fails = false);
    }
}

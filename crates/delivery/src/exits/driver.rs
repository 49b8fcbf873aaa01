//! Drives one exit: what it follows, what is told next, what is tried again and when.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use davy_model::Timestamp;
use davy_proto::{alert_of, v1};
use prost::Message;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    Exit, ExitStore, Fate, Gap, Health, Notice, Outcome, Wanted,
    news::{News, behind_gap},
    store::{Note, Told},
    trouble::shortened,
};
use crate::{Delivered, Event, Feed, GapReason};

/// What time it is, as Davy has it.
pub type LentClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The longest wait between two attempts, unless the receiver asks for more.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// The longest wait that a receiver is granted.
const ASKED_PAUSE_MAX: Duration = Duration::from_secs(3600);
/// How long one attempt may take, whatever the exit does: each has shorter limits of its own.
const ATTEMPT_MAX: Duration = Duration::from_secs(120);
/// How many transitions that are not for this exit go by before its cursor is moved past them.
const PASSED_LEN_MAX: u32 = 256;
/// And how long its cursor may stand still for them.
const PASSED_AFTER: Duration = Duration::from_secs(5);

pub(super) struct Driver {
    pub(super) name: Arc<str>,
    pub(super) wanted: Wanted,
    pub(super) exit: Box<dyn Exit>,
    pub(super) feed: Feed,
    /// The sites it tells of, each with the last transition that is dealt with.
    pub(super) dealt_with: BTreeMap<Arc<str>, u64>,
    /// What is told first.
    pub(super) first: Vec<Gap>,
    pub(super) store: Arc<ExitStore>,
    pub(super) health: Arc<Health>,
    pub(super) clock: LentClock,
    pub(super) stop: CancellationToken,
    pub(super) passed: Passed,
    /// The dead letter that was sent last, while more of its round wait.
    pub(super) round: Option<u64>,
}

/// Sites whose cursor in the file is behind, for transitions that are not for this exit.
#[derive(Default)]
pub(super) struct Passed {
    sites: BTreeMap<Arc<str>, u64>,
    len: u32,
    due: Option<Instant>,
}

/// Davy stops.
pub(super) struct Stopped;

/// What is told.
#[derive(Clone, Copy)]
pub(super) enum Telling {
    /// What comes next.
    News,
    /// What was refused before.
    Letter,
}

impl Driver {
    pub(super) async fn run(mut self) {
        // It was told to stop, and holds nothing that is not in the file or the journal.
        let _ = self.drive().await;
    }

    async fn drive(&mut self) -> Result<(), Stopped> {
        for gap in std::mem::take(&mut self.first) {
            let cursor = self.dealt_with.get(&gap.site).copied();
            self.gap(gap, cursor).await?;
        }
        let stop = self.stop.clone();
        let mut news = News::after(&self.dealt_with, &self.feed, &stop);
        let mut remind_at = self.exit.reminds_every().map(|_| Instant::now());
        loop {
            self.send_letters().await?;
            self.rests().await;
            let health = Arc::clone(&self.health);
            tokio::select! {
                () = stop.cancelled() => return Err(Stopped),
                Some(event) = news.next() => self.take(event).await?,
                () = health.called.notified() => {}
                () = std::future::ready(()), if self.round.is_some() => {}
                () = until(remind_at) => {
                    remind_at = self.exit.reminds_every().map(|every| Instant::now() + every);
                    self.remind().await?;
                }
                () = until(self.passed.due) => self.note_passed().await,
            }
        }
    }

    async fn take(&mut self, event: Event) -> Result<(), Stopped> {
        match event {
            Event::Alert(delivered) => {
                self.reads(&delivered.transition.alarm.site);
                self.alert(&delivered).await
            }
            Event::Gap { site, from_sequence, to_sequence, reason } => {
                self.reads(&site);
                let cursor = behind_gap(from_sequence, to_sequence, reason);
                let found = (self.clock)();
                self.gap(Gap { site, from_sequence, to_sequence, reason, found }, cursor).await
            }
            Event::Heartbeat(beat) => {
                self.reads(&beat.site);
                Ok(())
            }
            Event::Broken { site, error } => {
                self.cannot_read(&site, &error);
                Ok(())
            }
        }
    }

    async fn gap(&mut self, gap: Gap, cursor: Option<u64>) -> Result<(), Stopped> {
        self.health.note(|figures| figures.gaps += 1);
        warn!(exit = %self.name, site = %gap.site, gap.from_sequence, gap.to_sequence, reason = gap.reason.word(),
            "transitions that an exit cannot tell");
        self.deliver(&Notice::Gap(gap), cursor).await
    }

    async fn alert(&mut self, delivered: &Delivered) -> Result<(), Stopped> {
        let transition = &delivered.transition;
        let (site, sequence) = (&transition.alarm.site, transition.sequence);
        if self.wanted.has(transition.facts.tier, transition.facts.tier_highest) {
            let cursor = delivered.durable.then_some(sequence);
            let alert = Notice::Alert(Box::new(alert_of(transition, delivered.durable)));
            return self.deliver(&alert, cursor).await;
        }
        if delivered.durable {
            self.see(site, sequence);
            self.passed.sites.insert(Arc::clone(site), sequence);
            self.passed.len += 1;
            self.passed.due.get_or_insert_with(|| Instant::now() + PASSED_AFTER);
            if self.passed.len >= PASSED_LEN_MAX {
                self.note_passed().await;
            }
        }
        Ok(())
    }

    /// Tells one thing until the receiver has it or refuses it, and moves the cursor.
    async fn deliver(&mut self, notice: &Notice, cursor: Option<u64>) -> Result<(), Stopped> {
        let (attempts, fate, answer) = self.tell(notice, Telling::News).await?;
        let site: Arc<str> = notice.site().into();
        if let Some(cursor) = cursor {
            self.see(&site, cursor);
            self.passed.sites.remove(&site);
        }
        let letter = match notice {
            Notice::Alert(alert) if fate == Fate::Refused => Some(alert.encode_to_vec()),
            Notice::Alert(_) | Notice::Gap(_) => None,
        };
        let told = Told {
            exit: Arc::clone(&self.name),
            site,
            sequence: notice.sequence(),
            id: notice.id(),
            at: (self.clock)(),
            fate,
            attempts,
            answer,
            cursor,
            letter,
        };
        self.store.note(Note::Told(Box::new(told))).await;
        Ok(())
    }

    /// Tells one thing, again and again where it must be. Gives with how many attempts, and what became of it.
    pub(super) async fn tell(
        &mut self,
        notice: &Notice,
        telling: Telling,
    ) -> Result<(u32, Fate, String), Stopped> {
        let mut backoff = backoff();
        let mut attempts = 0;
        loop {
            self.wait_while_gone().await?;
            attempts += 1;
            let last;
            let attempt = match telling {
                Telling::News => self.exit.deliver(notice),
                Telling::Letter => {
                    last = self.last_of(notice);
                    self.exit.replay(notice, last.as_ref())
                }
            };
            let outcome = tokio::select! {
                () = self.stop.cancelled() => return Err(Stopped),
                outcome = timeout(ATTEMPT_MAX, attempt) => outcome,
            };
            match outcome.unwrap_or_else(|_| Outcome::again("it did not end in time")) {
                Outcome::Delivered(answer) => {
                    self.works().await;
                    let now = (self.clock)();
                    self.health.note(|figures| {
                        figures.delivered += 1;
                        figures.last_delivered = Some(now);
                    });
                    return Ok((attempts, Fate::Delivered, shortened(&answer)));
                }
                Outcome::Refused(why) => {
                    self.works().await;
                    self.refused(notice, &why);
                    return Ok((attempts, Fate::Refused, shortened(&why)));
                }
                Outcome::Again { why, after } => {
                    self.fails(why, attempts).await;
                    let own = backoff.next().unwrap_or(PAUSE_MAX);
                    let asked = after.unwrap_or_default().min(ASKED_PAUSE_MAX);
                    self.pause(own.max(asked)).await?;
                }
                Outcome::Gone(why) => self.gone(why).await,
            }
        }
    }

    async fn remind(&mut self) -> Result<(), Stopped> {
        if self.health.is_gone() {
            return Ok(());
        }
        let sites = self.dealt_with.keys().filter_map(|site| self.feed.site(site));
        let standing = sites.flat_map(|site| site.book().standing());
        let wanted = standing
            .filter(|entry| self.wanted.has(entry.last.facts.tier, entry.last.facts.tier_highest))
            .map(|entry| alert_of(&entry.last, true));
        let standing: Vec<v1::Alert> = wanted.collect();
        let outcome = tokio::select! {
            () = self.stop.cancelled() => return Err(Stopped),
            outcome = timeout(ATTEMPT_MAX, self.exit.remind(&standing)) => outcome,
        };
        // What is not reached now is reminded the next time; what it was told before stands.
        match outcome.unwrap_or_else(|_| Outcome::again("it did not end in time")) {
            Outcome::Delivered(_) => self.works().await,
            Outcome::Again { why, .. } | Outcome::Refused(why) => self.fails(why, 1).await,
            Outcome::Gone(why) => self.gone(why).await,
        }
        Ok(())
    }

    async fn note_passed(&mut self) {
        let at = (self.clock)();
        let passed = std::mem::take(&mut self.passed);
        for (site, sequence) in passed.sites {
            self.store.note(Note::Passed { exit: Arc::clone(&self.name), site, sequence, at }).await;
        }
    }

    fn see(&mut self, site: &Arc<str>, sequence: u64) {
        self.dealt_with.insert(Arc::clone(site), sequence);
        self.health.note(|figures| figures.dealt_with.insert(Arc::clone(site), sequence));
    }
}

/// What an alarm of Davy's own about an exit is about begins so.
pub const FAULT_PART: &str = "exit-";

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(PAUSE_MAX)
        .without_max_times()
        .with_jitter()
        .build()
}

impl GapReason {
    /// The word told to receivers.
    pub const fn word(self) -> &'static str {
        match self {
            GapReason::Retention => "retention",
            GapReason::UnknownToken => "unknown_token",
            GapReason::NotDurable => "not_durable",
        }
    }
}

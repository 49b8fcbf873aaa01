//! Brings what the journals have to the store, for as long as Davy runs: site by site, batch by batch.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use davy_history::HistoryError;
use davy_model::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    History,
    letters::Letters,
    source::{Source, SourceError, Step},
};
use crate::{hub::Hub, site::SiteService};

/// How long it waits for more when there is nothing: what comes meanwhile goes in one batch.
const LINGER: Duration = Duration::from_secs(1);
/// How often the store is tended.
const TEND_EVERY: Duration = Duration::from_secs(10);
/// How often counts of refusals are told.
const LETTERS_EVERY: Duration = Duration::from_secs(60);
/// How long readings may be on their way before their minute is taken for complete.
const COMPLETE_AFTER: Duration = Duration::from_secs(60);
/// A site that is further behind than this holds the others' buckets up no more: what it brings later is rolled up again.
const BEHIND_MAX: Duration = Duration::from_secs(600);
/// Batches that are read while another is written: of so many sites at once.
const AHEAD_MAX: usize = 4;
/// How long the end may take.
const LAST_ROUND: Duration = Duration::from_secs(5);

/// What brings the journals to the store.
pub(crate) struct Drain {
    hub: Arc<Hub>,
    history: Arc<History>,
    sources: Vec<Source>,
    ahead: Arc<Semaphore>,
    letters: Letters,
    tended: Option<Instant>,
    told: Option<Instant>,
    backoff: Option<ExponentialBackoff>,
}

impl Drain {
    pub(crate) fn new(hub: &Arc<Hub>, history: &Arc<History>) -> Drain {
        let source =
            |site: &Arc<SiteService>| Source::new(Arc::clone(&site.id), site.feed.journal().to_owned());
        Drain {
            hub: Arc::clone(hub),
            history: Arc::clone(history),
            sources: hub.plants().map(source).collect(),
            ahead: Arc::new(Semaphore::new(AHEAD_MAX)),
            letters: Letters::default(),
            tended: None,
            told: None,
            backoff: None,
        }
    }

    /// Works until it is stopped, and then once more, to bring what was written last.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            let pause = self.round().await;
            if stop.is_cancelled() {
                break;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        // What was counted since it was told last is told now.
        self.told = None;
        let ended = tokio::time::timeout(LAST_ROUND, async { while self.round().await.is_zero() {} }).await;
        if ended.is_err() {
            info!("history will go on from where it stands: the end could not wait for it");
        }
    }

    /// Brings a batch of every site, and gives how long to wait before the next round.
    async fn round(&mut self) -> Duration {
        match self.try_round().await {
            Ok(more) => {
                if self.backoff.take().is_some() {
                    info!("history is kept again");
                }
                self.history.health.works();
                if more { Duration::ZERO } else { LINGER }
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &HistoryError) -> Duration {
        if self.backoff.is_none() {
            warn!(%error, "history is not kept now: the journals keep what they owe it");
        }
        self.history.health.fails(self.hub.clock.now(), error.to_string());
        self.backoff.get_or_insert_with(backoff).next().unwrap_or(LINGER)
    }

    /// Whether there is more to bring at once.
    ///
    /// # Errors
    /// What is wrong with the store. What is wrong with one site is that site's, and holds no other up.
    async fn try_round(&mut self) -> Result<bool, HistoryError> {
        let mut more = false;
        for place in 0..self.sources.len() {
            more |= self.step(place).await? == Step::More;
        }
        Ok(self.tend().await? || more)
    }

    /// Brings a batch of one site.
    ///
    /// # Errors
    /// As [`Drain::try_round`].
    async fn step(&mut self, place: usize) -> Result<Step, HistoryError> {
        let source = &mut self.sources[place];
        let Some(service) = self.hub.sites.get(&source.site).filter(|_| !source.rests()) else {
            return Ok(Step::Nothing);
        };
        let plan = Arc::clone(&service.loaded.load().plan);
        let health = &self.history.health;
        health.asked(Some(self.hub.clock.now()));
        let stepped = source.step(&*self.history.store, &plan, &self.ahead).await;
        health.asked(None);
        let error = match stepped {
            Ok((step, landed)) => {
                if let Some(landed) = &landed {
                    service.state.kept.set_taken(Some(landed.number));
                }
                health.note(&source.site, |site| site.landed(landed.as_ref()));
                return Ok(step);
            }
            // It landed before, or somebody else brought it: where the store stands is asked the next time.
            Err(SourceError::Store(error @ HistoryError::Moved { .. })) => {
                info!(site = %source.site, %error, "history stands elsewhere");
                return Ok(Step::More);
            }
            Err(SourceError::Store(error)) if error.is_of_the_store() => return Err(error),
            Err(error) => error,
        };
        source.rest();
        let now = self.hub.clock.now();
        health.note(&source.site, |site| {
            if site.trouble.is_none() {
                warn!(site = %source.site, %error, "history of this site is not kept now: its journal keeps what it owes");
            }
            site.fails(now, error.to_string());
        });
        Ok(Step::Nothing)
    }

    /// Tends the store when that is due. Whether there is more of it to do at once.
    async fn tend(&mut self) -> Result<bool, HistoryError> {
        let due = |last: Option<Instant>, every| last.is_none_or(|last| last.elapsed() >= every);
        if due(self.told, LETTERS_EVERY) {
            self.told = Some(Instant::now());
            self.letters.tell(&self.hub, &*self.history.store).await?;
        }
        let Some((newest, complete)) = self.complete().filter(|_| due(self.tended, TEND_EVERY)) else {
            return Ok(false);
        };
        // One that fails is not tried again at once: batches would have to wait for it each time.
        self.tended = Some(Instant::now());
        self.history.health.asked(Some(self.hub.clock.now()));
        let tended = self.history.store.tend(newest, complete).await;
        self.history.health.asked(None);
        let tended = tended?;
        self.history.health.tended(tended);
        let behind = tended.rolled_until.is_some_and(|rolled| complete.since(rolled) > TEND_EVERY * 12);
        let more = tended.due > 0 || behind;
        if more {
            self.tended = None;
        }
        Ok(more)
    }

    /// The newest commit that history has, and up to where everything has come, as far as anybody knows.
    fn complete(&self) -> Option<(Timestamp, Timestamp)> {
        let stands: Vec<Timestamp> =
            self.history.health.sites().values().filter_map(|site| site.at).collect();
        let newest = *stands.iter().max()?;
        let near = stands.into_iter().filter(|at| newest.since(*at) <= BEHIND_MAX);
        Some((newest, near.min()?.minus(COMPLETE_AFTER)))
    }
}

/// How long is waited for a store, or a site, that is in trouble.
pub(super) fn backoff() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(Duration::from_secs(10))
        .without_max_times()
        .with_jitter()
        .build()
}

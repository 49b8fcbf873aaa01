//! Brings what the journals have to the store, for as long as Davy runs: site by site, batch by batch.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use davy_history::HistoryError;
use davy_model::Timestamp;
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
/// How long the end may take.
const LAST_ROUND: Duration = Duration::from_secs(5);

/// What brings the journals to the store.
pub(crate) struct Drain {
    hub: Arc<Hub>,
    history: Arc<History>,
    sources: Vec<Source>,
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
        // It landed before, or somebody else brought it: the next round asks where the store stands.
        if matches!(error, HistoryError::Moved { .. }) {
            info!(%error, "history stands elsewhere");
            return Duration::ZERO;
        }
        if self.backoff.is_none() {
            warn!(%error, "history is not kept now: the journals keep what they owe it");
        }
        self.history.health.fails(self.hub.clock.now(), error.to_string());
        let backoff = self.backoff.get_or_insert_with(|| {
            ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(250))
                .with_max_delay(Duration::from_secs(10))
                .without_max_times()
                .with_jitter()
                .build()
        });
        backoff.next().unwrap_or(LINGER)
    }

    /// Whether there is more to bring at once.
    async fn try_round(&mut self) -> Result<bool, HistoryError> {
        let mut more = false;
        for source in &mut self.sources {
            let Some(service) = self.hub.sites.get(&source.site) else { continue };
            let plan = Arc::clone(&service.loaded.load().plan);
            self.history.health.asked(Some(self.hub.clock.now()));
            let stepped = source.step(&*self.history.store, &plan).await;
            self.history.health.asked(None);
            match stepped {
                Ok((step, landed)) => {
                    more |= step == Step::More;
                    if let Some(landed) = &landed {
                        service.state.kept.set_taken(Some(landed.number));
                    }
                    self.history.health.note(&source.site, |site| {
                        site.trouble = None;
                        if let Some(landed) = landed {
                            site.number = landed.number;
                            site.at = Some(landed.at);
                            site.written.new += landed.written.new;
                            site.written.known += landed.written.known;
                            site.written.too_old += landed.written.too_old;
                            site.lost_commits += landed.lost_commits;
                        }
                    });
                }
                Err(SourceError::Store(error)) => return Err(error),
                Err(error) => {
                    let now = self.hub.clock.now();
                    self.history.health.note(&source.site, |site| {
                        if site.trouble.is_none() {
                            warn!(site = %source.site, %error, "its log cannot be taken into history");
                        }
                        let since = site.trouble.as_ref().map_or(now, |(since, _)| *since);
                        site.trouble = Some((since, error.to_string()));
                    });
                }
            }
        }
        self.tend().await?;
        Ok(more)
    }

    async fn tend(&mut self) -> Result<(), HistoryError> {
        let due = |last: Option<Instant>, every| last.is_none_or(|last| last.elapsed() >= every);
        if due(self.told, LETTERS_EVERY) {
            self.letters.tell(&self.hub, &*self.history.store).await?;
            self.told = Some(Instant::now());
        }
        if due(self.tended, TEND_EVERY)
            && let Some((newest, complete)) = self.complete()
        {
            self.history.health.asked(Some(self.hub.clock.now()));
            let tended = self.history.store.tend(newest, complete).await;
            self.history.health.asked(None);
            self.history.health.tended(tended?);
            self.tended = Some(Instant::now());
        }
        Ok(())
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

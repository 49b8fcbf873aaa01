//! What is noted of an exit that does not get through, and when that is over.

use std::{sync::Arc, time::Duration};

use davy_journal::JournalError;
use tokio::time::sleep;
use tracing::{error, info, warn};

use super::{
    Notice,
    driver::{Driver, FAULT_PART, Stopped},
    store::{Note, Trouble},
};

/// How much of an answer is kept, characters.
const ANSWER_LEN_MAX: usize = 300;

impl Driver {
    pub(super) fn refused(&self, notice: &Notice, why: &str) {
        warn!(exit = %self.name, id = notice.id(), why, "a receiver refuses an alert: it is in dead letters");
        let now = (self.clock)();
        self.health.note(|figures| {
            figures.refused += 1;
            // Else the alarm of a refusal would be refused, and alarm again.
            if !is_about_exits(notice) {
                figures.last_refused = Some((now, shortened(why)));
            }
        });
    }

    pub(super) async fn fails(&self, why: String, attempts: u32) {
        let now = (self.clock)();
        let trouble = self.health.note(|figures| {
            figures.failed_attempts += 1;
            let since = figures.trouble.as_ref().map_or(now, |trouble| trouble.since);
            if figures.trouble.is_none() {
                warn!(exit = %self.name, %why, "a receiver takes nothing: it is tried again, and the journal keeps what it is owed");
            }
            figures.trouble = Some(Trouble { since, why: shortened(&why), attempts });
            figures.trouble.clone()
        });
        self.store.note(Note::Trouble { exit: Arc::clone(&self.name), trouble }).await;
    }

    pub(super) async fn works(&self) {
        if self.trouble_is_over().await {
            info!(exit = %self.name, "a receiver takes alerts again");
        }
    }

    /// While nothing is owed nothing fails: trouble of a process before this one may be owed no more. What a reminder did not
    /// reach, a reminder reaches.
    pub(super) async fn rests(&self) {
        let owes = self.dealt_with.iter().any(|(site, sequence)| {
            self.feed.site(site).is_some_and(|feed| feed.written_sequence() > *sequence)
        });
        if !owes && self.exit.reminds_every().is_none() && self.trouble_is_over().await {
            info!(exit = %self.name, "a receiver is owed nothing any more");
        }
    }

    async fn trouble_is_over(&self) -> bool {
        let is_over = self.health.note(|figures| figures.trouble.take()).is_some();
        if is_over {
            self.store.note(Note::Trouble { exit: Arc::clone(&self.name), trouble: None }).await;
        }
        is_over
    }

    pub(super) fn cannot_read(&self, site: &Arc<str>, error: &JournalError) {
        let why = shortened(&format!("the journal of {site} cannot be read: {error}"));
        if self.health.cannot_read(site, (self.clock)(), why) {
            error!(exit = %self.name, %site, %error, "an exit cannot read the journal of a site");
        }
    }

    pub(super) fn reads(&self, site: &str) {
        if self.health.reads(site) {
            info!(exit = %self.name, %site, "an exit reads the journal of a site again");
        }
    }

    pub(super) async fn gone(&self, why: String) {
        error!(exit = %self.name, %why, "a receiver wants nothing more: `davy exits resume` when it does");
        let gone = Some(((self.clock)(), shortened(&why)));
        self.health.note(|figures| figures.gone.clone_from(&gone));
        let name = Arc::clone(&self.name);
        if let Err(error) = self.store.ask(move |file| file.set_gone(&name, gone)).await {
            warn!(exit = %self.name, %error, "that the receiver wants nothing more is in no file");
        }
    }

    pub(super) async fn wait_while_gone(&self) -> Result<(), Stopped> {
        while self.health.is_gone() {
            tokio::select! {
                () = self.stop.cancelled() => return Err(Stopped),
                () = self.health.called.notified() => {}
            }
        }
        Ok(())
    }

    /// Waits, unless somebody calls.
    pub(super) async fn pause(&self, span: Duration) -> Result<(), Stopped> {
        tokio::select! {
            () = self.stop.cancelled() => Err(Stopped),
            () = self.health.called.notified() => Ok(()),
            () = sleep(span) => Ok(()),
        }
    }
}

fn is_about_exits(notice: &Notice) -> bool {
    match notice {
        Notice::Alert(alert) => alert.rule == "davy-fault" && alert.subject.starts_with(FAULT_PART),
        Notice::Gap(_) => false,
    }
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(ANSWER_LEN_MAX).collect()
}

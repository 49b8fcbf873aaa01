//! Decides when silence is an alarm. It knows no connection: it is told what was heard, and what time it is.

use std::{collections::BTreeMap, time::Duration};

use davy_proto::v1::{CanaryState, CanaryStatus, Heartbeat};
use tokio::time::Instant;

use super::word::{Kind, Word};
use crate::span;

/// What is known of every site watched.
#[derive(Debug)]
pub(super) struct Watchdog {
    server: String,
    silence: Duration,
    started: Instant,
    sites: BTreeMap<String, Site>,
    /// No site is known after the silence: Davy itself is not there.
    davy_lost: bool,
    canary: Canary,
    /// Why there may be nothing to hear.
    trouble: String,
}

#[derive(Clone, Copy, Debug)]
struct Site {
    /// When the last heartbeat set out, or since when one is expected.
    heard: Instant,
    ever: bool,
    lost: bool,
}

/// What was said of the canary last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Canary {
    Unknown,
    Fine,
    Off,
    Overdue,
}

impl Watchdog {
    /// Watches `sites`, or whatever there will be when none is named, from `now` on.
    pub(super) fn new(server: &str, sites: &[String], silence: Duration, now: Instant) -> Watchdog {
        let mut dog = Watchdog {
            server: server.to_owned(),
            silence,
            started: now,
            sites: BTreeMap::new(),
            davy_lost: false,
            canary: Canary::Unknown,
            trouble: "nothing was heard yet".to_owned(),
        };
        dog.expect(sites, now);
        dog
    }

    /// Davy says which sites there are. One that was there before is expected on: whoever takes a site away from Davy takes
    /// it away from its watchdog too.
    pub(super) fn expect(&mut self, sites: &[String], now: Instant) -> Vec<Word> {
        for site in sites {
            let fresh = Site { heard: now, ever: false, lost: false };
            self.sites.entry(site.clone()).or_insert(fresh);
        }
        let found = self.davy_lost && !self.sites.is_empty();
        if !found {
            return Vec::new();
        }
        self.davy_lost = false;
        let silent = now - self.started;
        vec![Word::new(Kind::Back, "", silent, format!("Davy answers at {}", self.server))]
    }

    /// Why nothing may be heard, to be told with the alarm.
    pub(super) fn trouble(&mut self, why: String) {
        self.trouble = why;
    }

    /// A heartbeat came. One that took longer than the silence allows proves nothing.
    pub(super) fn heard(&mut self, beat: &Heartbeat, now: Instant) -> Vec<Word> {
        let mut words = self.look_at_canary(beat);
        let took = took(beat);
        if took > self.silence {
            self.trouble = format!("heartbeats come, but {} late", span::words(took));
            return words;
        }
        self.trouble = "no word from it".to_owned();
        let set_out = now.checked_sub(took).unwrap_or(now);
        let fresh = Site { heard: set_out, ever: true, lost: false };
        let site = self.sites.entry(beat.site.clone()).or_insert(fresh);
        let silent = now - site.heard;
        *site = Site { heard: set_out.max(site.heard), ever: true, ..*site };
        if std::mem::replace(&mut site.lost, false) {
            let name = &beat.site;
            let told = format!("monitoring of {name} is back after {}", span::words(silent));
            words.push(Word::new(Kind::Back, name, silent, told));
        }
        words
    }

    /// Looks for silence.
    pub(super) fn look(&mut self, now: Instant) -> Vec<Word> {
        let mut words = Vec::new();
        let since_start = now - self.started;
        if self.sites.is_empty() && since_start > self.silence && !self.davy_lost {
            self.davy_lost = true;
            let told = format!("MONITORING LOST: no Davy at {} ({})", self.server, self.trouble);
            words.push(Word::new(Kind::Lost, "", since_start, told));
        }
        for (name, site) in &mut self.sites {
            let silent = now - site.heard;
            if silent > self.silence && !site.lost {
                site.lost = true;
                let span = span::words(silent);
                let told = format!("MONITORING LOST of {name}: no heartbeat for {span} ({})", self.trouble);
                words.push(Word::new(Kind::Lost, name, silent, told));
            }
        }
        words
    }

    /// Whether all is well; `None` while that is not known.
    pub(super) fn verdict(&self) -> Option<bool> {
        if self.davy_lost || self.sites.values().any(|site| site.lost) || self.canary == Canary::Overdue {
            return Some(false);
        }
        let all_heard = !self.sites.is_empty() && self.sites.values().all(|site| site.ever);
        all_heard.then_some(true)
    }

    fn look_at_canary(&mut self, beat: &Heartbeat) -> Vec<Word> {
        let Some(status) = &beat.canary else { return Vec::new() };
        let (now, why) = canary_of(status, beat);
        let before = std::mem::replace(&mut self.canary, now);
        if before == now {
            return Vec::new();
        }
        let (kind, message) = match now {
            Canary::Overdue => {
                (Kind::CanaryOverdue, format!("CANARY OVERDUE: readings may not become alarms ({why})"))
            }
            Canary::Off => {
                (Kind::CanaryOff, "the canary is off: nobody proves that readings become alarms".to_owned())
            }
            Canary::Fine if before == Canary::Overdue => {
                (Kind::CanaryBack, "the canary comes back again".to_owned())
            }
            Canary::Fine | Canary::Unknown => return Vec::new(),
        };
        vec![Word::new(kind, "", Duration::ZERO, message)]
    }
}

/// How long a heartbeat was on its way, by Davy's own clock.
fn took(beat: &Heartbeat) -> Duration {
    let lag = beat.input_lag.as_ref().map_or(Duration::ZERO, span_of);
    lag + match (&beat.recorded_time, &beat.sent_time) {
        (Some(recorded), Some(sent)) => between(recorded, sent),
        (_, _) => Duration::ZERO,
    }
}

/// How the canary is: by what Davy says of it, and by when it came back last.
fn canary_of(status: &CanaryStatus, beat: &Heartbeat) -> (Canary, String) {
    match status.state() {
        CanaryState::Unspecified => (Canary::Unknown, String::new()),
        CanaryState::Off => (Canary::Off, String::new()),
        CanaryState::Overdue => (Canary::Overdue, status.why.clone()),
        CanaryState::Waiting | CanaryState::Ok => {
            let since = status.last_time.as_ref().or(beat.started_time.as_ref());
            let age = match (since, &beat.sent_time) {
                (Some(since), Some(sent)) => between(since, sent),
                (_, _) => Duration::ZERO,
            };
            let due = status.every.as_ref().map_or(Duration::MAX, span_of)
                + 2 * status.deadline.as_ref().map_or(Duration::ZERO, span_of);
            if age > due {
                (Canary::Overdue, format!("it did not come back for {}", span::words(age)))
            } else {
                (Canary::Fine, String::new())
            }
        }
    }
}

/// From one moment to a later one; zero when it is not later.
fn between(earlier: &prost_types::Timestamp, later: &prost_types::Timestamp) -> Duration {
    let nanos =
        |time: &prost_types::Timestamp| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    Duration::from_nanos(u64::try_from(nanos(later) - nanos(earlier)).unwrap_or(0))
}

fn span_of(span: &prost_types::Duration) -> Duration {
    Duration::try_from(*span).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
#[path = "watchdog_tests.rs"]
mod tests;

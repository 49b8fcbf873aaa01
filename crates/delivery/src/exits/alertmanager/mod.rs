//! Prometheus Alertmanager, by its API v2: what stands fires, what does not is resolved.
//!
//! Alertmanager forgets what it is not told again, so what stands is said once a minute. What it is told of an alarm has its
//! tier among the labels, which makes an alarm of another tier another alert to it: the old one is ended in the same request.

mod told;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use davy_model::{Tier, Timestamp};
use davy_proto::v1;
use futures_util::future::join_all;

use self::told::{PostedAlert, ended, fires, firing, gap};
use super::{
    Exit, LentClock, Notice, Outcome,
    http::{HttpClient, HttpTarget, judged},
};

/// How often what stands is said again. Prometheus itself does so every minute.
const REMIND_EVERY: Duration = Duration::from_secs(60);
/// How long an alert fires that is not said again.
const FIRES_FOR: Duration = Duration::from_secs(4 * 60);
/// How long a gap fires.
const GAP_FIRES_FOR: Duration = Duration::from_secs(3600);
/// Alerts in one request.
const ALERTS_MAX: usize = 250;
const PATH: &str = "/api/v2/alerts";

/// Alertmanager, as configured.
#[derive(Clone, Debug)]
pub struct AlertmanagerConfig {
    /// Every instance of one cluster: each is told, for they do not tell each other alerts.
    pub targets: Vec<HttpTarget>,
    /// How long one may take until its answer is whole.
    pub timeout: Duration,
    /// The `Authorization` header.
    pub authorization: Option<super::Secret>,
}

/// The way to the instances of one Alertmanager.
pub struct Alertmanager {
    instances: Vec<Instance>,
    authorization: Option<super::Secret>,
    clock: LentClock,
    /// What fires there, as far as is known: which alarm, with which tier.
    told: BTreeMap<String, Fires>,
}

struct Instance {
    client: HttpClient,
    /// It gave no answer: until what stands is said again, or no other takes what it is told, nobody waits for it.
    is_left_alone: bool,
}

impl Instance {
    async fn ask(&mut self, headers: &[(&'static str, String)], body: Bytes) -> Outcome {
        let answer = self.client.ask("POST", headers, body).await;
        self.is_left_alone = answer.is_err();
        match answer.map_or_else(Outcome::again, |answer| judged(&answer)) {
            // An instance that is no more is the configuration's to forget.
            Outcome::Gone(why) => Outcome::again(why),
            other => other,
        }
    }
}

struct Fires {
    tier: Tier,
    /// As it was told last: what is ended.
    alert: v1::Alert,
}

impl Alertmanager {
    /// A way there. Nothing is sent yet.
    pub fn new(config: AlertmanagerConfig, clock: LentClock) -> Alertmanager {
        let AlertmanagerConfig { targets, timeout, authorization } = config;
        let instance = |target: HttpTarget| {
            let client = HttpClient::new(target.below(PATH), timeout);
            Instance { client, is_left_alone: false }
        };
        let instances = targets.into_iter().map(instance).collect();
        Alertmanager { instances, authorization, clock, told: BTreeMap::new() }
    }

    /// What is posted for an alarm that stands so: its alert, and before it the one of the tier it had.
    fn posted(&self, alert: &v1::Alert, now: Timestamp) -> Vec<PostedAlert> {
        let tier = Tier::try_from(alert.tier()).unwrap_or(Tier::Red);
        let before = self.told.get(&alert.alarm);
        let another = before.filter(|before| before.tier != tier).map(|before| ended(&before.alert, now));
        let own = match (fires(alert), before) {
            (true, _) => Some(firing(alert, now, now.plus(FIRES_FOR))),
            (false, Some(before)) if before.tier == tier => Some(ended(alert, now)),
            // Of another tier, that one is ended; and what was never told needs no end, but nobody knows what was told before
            // a restart.
            (false, _) => Some(ended(alert, now)),
        };
        another.into_iter().chain(own).collect()
    }

    fn note(&mut self, alert: &v1::Alert) {
        if fires(alert) {
            let tier = Tier::try_from(alert.tier()).unwrap_or(Tier::Red);
            self.told.insert(alert.alarm.clone(), Fires { tier, alert: alert.clone() });
        } else {
            self.told.remove(&alert.alarm);
        }
    }

    /// Tells all instances at once, but those that are left alone while others take what they are told. One that has it is enough:
    /// the others are told within a minute of their return.
    async fn post(&mut self, alerts: &[PostedAlert]) -> Outcome {
        let body = Bytes::from(serde_json::to_vec(alerts).expect("plain fields always serialize"));
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(self.authorization.as_ref().map(|secret| ("authorization", secret.0.clone())));
        let asked = self.instances.iter_mut().filter(|instance| !instance.is_left_alone);
        let outcomes = join_all(asked.map(|instance| instance.ask(&headers, body.clone()))).await;
        let (asked, count) = (outcomes.len(), self.instances.len());
        let outcome = summed_up(count, outcomes);
        if let Outcome::Delivered(_) = outcome {
            return outcome;
        }
        self.leave_none_alone();
        match outcome {
            // The others may take it.
            Outcome::Refused(why) if asked < count => Outcome::again(why),
            outcome => outcome,
        }
    }

    fn leave_none_alone(&mut self) {
        for instance in &mut self.instances {
            instance.is_left_alone = false;
        }
    }
}

fn summed_up(count: usize, outcomes: Vec<Outcome>) -> Outcome {
    let (delivered, mut others): (Vec<_>, Vec<_>) =
        outcomes.into_iter().partition(|outcome| matches!(outcome, Outcome::Delivered(_)));
    match (delivered.len(), others.iter().position(|other| matches!(other, Outcome::Again { .. }))) {
        (0, Some(place)) => others.swap_remove(place),
        (0, None) => others.pop().unwrap_or_else(|| Outcome::again("no instance is named")),
        (some, _) if some == count => Outcome::Delivered(format!("{some} instances")),
        (some, _) => {
            let why = match others.first() {
                Some(Outcome::Again { why, .. } | Outcome::Refused(why)) => why,
                Some(Outcome::Gone(_) | Outcome::Delivered(_)) | None => "the others gave no answer lately",
            };
            Outcome::Delivered(format!("{some} of {count} instances; {why}"))
        }
    }
}

#[async_trait]
impl Exit for Alertmanager {
    async fn deliver(&mut self, notice: &Notice) -> Outcome {
        let now = (self.clock)();
        let outcome = match notice {
            Notice::Alert(alert) => self.post(&self.posted(alert, now)).await,
            Notice::Gap(lost) => self.post(&[gap(lost, now.plus(GAP_FIRES_FOR))]).await,
        };
        if let (Notice::Alert(alert), Outcome::Delivered(_)) = (notice, &outcome) {
            self.note(alert);
        }
        outcome
    }

    /// It is told how an alarm stands, and nothing else.
    async fn replay(&mut self, _notice: &Notice, last: Option<&v1::Alert>) -> Outcome {
        match last {
            Some(last) => self.deliver(&Notice::Alert(Box::new(last.clone()))).await,
            None => Outcome::Delivered("nobody knows how its alarm stands: it is told nothing".to_owned()),
        }
    }

    fn reminds_every(&self) -> Option<Duration> {
        Some(REMIND_EVERY)
    }

    async fn remind(&mut self, standing: &[v1::Alert]) -> Outcome {
        let now = (self.clock)();
        self.leave_none_alone();
        let stands: Vec<&v1::Alert> = standing.iter().filter(|alert| fires(alert)).collect();
        let mut refused = None;
        for some in stands.chunks(ALERTS_MAX) {
            let alerts: Vec<PostedAlert> = some.iter().flat_map(|alert| self.posted(alert, now)).collect();
            match self.post(&alerts).await {
                Outcome::Delivered(_) => some.iter().for_each(|alert| self.note(alert)),
                // What is wrong with these is not wrong with the rest.
                Outcome::Refused(why) => refused = Some(why),
                other => return other,
            }
        }
        let delivered = || Outcome::Delivered(format!("{} alarms stand", stands.len()));
        refused.map_or_else(delivered, Outcome::Refused)
    }
}

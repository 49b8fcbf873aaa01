//! A webhook: one POST an alert, a CloudEvent in structured JSON, signed.

mod event;
pub mod signature;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use tokio::time::{Instant, sleep_until};

use super::{
    Exit, LentClock, Notice, Outcome,
    http::{HttpClient, HttpTarget, judged},
};

/// A webhook, as configured.
#[derive(Clone)]
pub struct WebhookConfig {
    /// Where it is.
    pub target: HttpTarget,
    /// How long it may take until its answer is whole.
    pub timeout: Duration,
    /// What every event's type begins with: `davy` makes `davy.alarm.raised.v1`.
    pub type_prefix: String,
    /// What bodies are signed with: one secret, or the new one and the old one while they change.
    pub secrets: Vec<Vec<u8>>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// Who asks the receiver whether it wants events at all, by the handshake of CloudEvents' webhooks; nobody when `None`.
    pub handshake: Option<String>,
}

/// Without what is secret.
impl fmt::Debug for WebhookConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookConfig").field("target", &self.target).finish_non_exhaustive()
    }
}

/// One way to one webhook.
pub struct Webhook {
    config: WebhookConfig,
    client: HttpClient,
    clock: LentClock,
    /// What the receiver allowed, once it was asked.
    allowed: Option<Allowed>,
}

#[derive(Clone, Copy)]
struct Allowed {
    /// Between two events.
    pace: Duration,
    next: Option<Instant>,
}

impl Webhook {
    /// A way there. Nothing is sent yet.
    pub fn new(config: WebhookConfig, clock: LentClock) -> Webhook {
        let client = HttpClient::new(config.target.clone(), config.timeout);
        Webhook { config, client, clock, allowed: None }
    }

    async fn post(&mut self, notice: &Notice) -> Result<Outcome, String> {
        if let Some(no) = self.shake_hands().await? {
            return Ok(no);
        }
        self.keep_pace().await;
        let body = event::body(notice, &self.config.type_prefix);
        let mut headers = vec![("content-type", "application/cloudevents+json; charset=utf-8".to_owned())];
        if !self.config.secrets.is_empty() {
            let at_s = (self.clock)().as_micros().div_euclid(1_000_000);
            headers.push((signature::HEADER, signature::sign(&self.config.secrets, at_s, body.as_bytes())));
        }
        headers.extend(self.config.authorization.clone().map(|value| ("authorization", value)));
        headers.extend(self.config.handshake.clone().map(|origin| ("webhook-request-origin", origin)));
        Ok(judged(&self.client.ask("POST", &headers, body.into()).await?))
    }

    /// Asks the receiver, once, whether it wants events. What it says when it does not.
    async fn shake_hands(&mut self) -> Result<Option<Outcome>, String> {
        let Some(origin) = self.config.handshake.clone().filter(|_| self.allowed.is_none()) else {
            return Ok(None);
        };
        let mut headers = vec![("webhook-request-origin", origin.clone())];
        headers.extend(self.config.authorization.clone().map(|value| ("authorization", value)));
        let answer = self.client.ask("OPTIONS", &headers, Vec::new().into()).await?;
        if !(200..300).contains(&answer.status) {
            return Ok(Some(match judged(&answer) {
                Outcome::Refused(why) => Outcome::again(format!("it does not agree to be told: {why}")),
                other => other,
            }));
        }
        let said = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        match said("webhook-allowed-origin") {
            Some(allowed) if allowed == "*" || allowed == origin => {}
            allowed => {
                let allowed = allowed.unwrap_or("nobody");
                let why = format!("it allows {allowed} to tell it events, not {origin}");
                return Ok(Some(Outcome::again(why)));
            }
        }
        let per_minute = said("webhook-allowed-rate").and_then(|rate| rate.trim().parse::<u32>().ok());
        let pace = per_minute.filter(|rate| *rate > 0).map_or(Duration::ZERO, |rate| MINUTE / rate);
        self.allowed = Some(Allowed { pace, next: None });
        Ok(None)
    }

    async fn keep_pace(&mut self) {
        let Some(allowed) = &mut self.allowed else { return };
        if let Some(next) = allowed.next {
            sleep_until(next).await;
        }
        allowed.next = Some(Instant::now() + allowed.pace);
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[async_trait]
impl Exit for Webhook {
    async fn deliver(&mut self, notice: &Notice) -> Outcome {
        self.post(notice).await.unwrap_or_else(Outcome::again)
    }
}

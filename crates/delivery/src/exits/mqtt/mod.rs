//! MQTT 5 out to another broker: each transition once, and how each alarm stands, retained. Delivered is what the broker acknowledged.
//!
//! Topics are those of Davy's own door, below a prefix: `{prefix}/{site}/alarms/{tier}` has transitions; `{prefix}/{site}/states/{alarm}`
//! has the last transition of an alarm that stands, and nothing of one that does not. Of an alarm's id, `/ + # %` are written as in addresses.

mod wire;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use davy_model::Tier;
use davy_proto::{alert_json, v1};
use rumqttc::v5::mqttbytes::v5::{PubAck, PubAckReason};
use rustls::ClientConfig;
use tokio::time::timeout;

use self::wire::Wire;
use super::{Exit, Notice, Outcome, Secret, notice::id_of, tcp};

/// A broker, as configured.
#[derive(Clone)]
pub struct MqttConfig {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// TLS, when wanted.
    pub tls: Option<Arc<ClientConfig>>,
    /// The session's name there: this exit's alone.
    pub client_id: String,
    /// User name and password.
    pub login: Option<(String, Secret)>,
    /// What every topic begins with: `davy/v1`.
    pub prefix: String,
    /// How long connecting, and one alert, may take.
    pub timeout: Duration,
}

impl fmt::Display for MqttConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "mqtts" } else { "mqtt" };
        write!(f, "{scheme}://{}/{}", tcp::authority(&self.host, self.port), self.prefix)
    }
}

impl fmt::Debug for MqttConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MqttConfig({self})")
    }
}

/// The way to one broker.
pub struct Mqtt {
    config: MqttConfig,
    wire: Option<Wire>,
}

/// One message.
struct Said {
    topic: String,
    payload: String,
    retain: bool,
}

impl Mqtt {
    /// A way there. Nothing is sent yet.
    pub fn new(config: MqttConfig) -> Mqtt {
        Mqtt { config, wire: None }
    }

    fn said(&self, notice: &Notice) -> Vec<Said> {
        let prefix = format!("{}/{}", self.config.prefix, level(notice.site()));
        match notice {
            Notice::Gap(gap) => {
                let topic = format!("{prefix}/gaps");
                vec![Said { topic, payload: gap.json(&notice.id()), retain: false }]
            }
            Notice::Alert(alert) => {
                let json = alert_json(alert);
                let tier = Tier::try_from(alert.tier()).map_or("unknown", Tier::word);
                let state = if stands(alert) { json.clone() } else { String::new() };
                let transition =
                    Said { topic: format!("{prefix}/alarms/{tier}"), payload: json, retain: false };
                let topic = format!("{prefix}/states/{}", level(&alert.alarm));
                vec![transition, Said { topic, payload: state, retain: true }]
            }
        }
    }

    async fn tell(&mut self, said: &[Said]) -> Outcome {
        let limit = self.config.timeout;
        match timeout(limit, self.publish(said)).await {
            Ok(outcome) => outcome.unwrap_or_else(Outcome::again),
            Err(_) => Outcome::again(format!("no PUBACK within {} s", limit.as_secs_f32())),
        }
    }

    async fn publish(&mut self, said: &[Said]) -> Result<Outcome, String> {
        // A connection that was kept may be dead by now: that says nothing of the broker.
        if let Some(mut wire) = self.wire.take()
            && let Ok(answers) = wire.publish(said).await
        {
            self.wire = Some(wire);
            return Ok(judged(&answers));
        }
        let mut wire = Wire::open(&self.config).await?;
        let answers = wire.publish(said).await?;
        self.wire = Some(wire);
        Ok(judged(&answers))
    }
}

#[async_trait]
impl Exit for Mqtt {
    async fn deliver(&mut self, notice: &Notice) -> Outcome {
        self.tell(&self.said(notice)).await
    }

    async fn replay(&mut self, notice: &Notice, last: Option<&v1::Alert>) -> Outcome {
        let mut said = self.said(notice);
        // How the alarm stands was told since.
        if last.is_none_or(|last| id_of(last) != notice.id()) {
            said.retain(|said| !said.retain);
        }
        self.tell(&said).await
    }
}

/// Anything but plainly normal.
fn stands(alert: &v1::Alert) -> bool {
    alert.state() != v1::AlarmState::Normal
}

/// One level of a topic.
fn level(text: &str) -> String {
    let mut level = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '/' => level.push_str("%2F"),
            '+' => level.push_str("%2B"),
            '#' => level.push_str("%23"),
            '%' => level.push_str("%25"),
            other => level.push(other),
        }
    }
    level
}

fn judged(answers: &[PubAck]) -> Outcome {
    let against = answers
        .iter()
        .find(|answer| !matches!(answer.reason, PubAckReason::Success | PubAckReason::NoMatchingSubscribers));
    let Some(answer) = against else { return Outcome::Delivered("PUBACK".to_owned()) };
    let said = answer.properties.as_ref().and_then(|properties| properties.reason_string.clone());
    let why = format!("PUBACK {:?}: {}", answer.reason, said.unwrap_or_default());
    match answer.reason {
        // What it holds against this message will be the same the next time.
        PubAckReason::TopicNameInvalid | PubAckReason::PayloadFormatInvalid => Outcome::Refused(why),
        PubAckReason::Success
        | PubAckReason::NoMatchingSubscribers
        | PubAckReason::UnspecifiedError
        | PubAckReason::ImplementationSpecificError
        | PubAckReason::NotAuthorized
        | PubAckReason::PacketIdentifierInUse
        | PubAckReason::QuotaExceeded => Outcome::again(why),
    }
}

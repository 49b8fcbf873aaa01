//! What a broker link is told at its start.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How to reach one external broker, and as whom.
#[derive(Clone)]
pub struct BrokerConfig {
    /// Host name or address.
    pub host: String,
    /// Port; 1883 plain, 8883 TLS.
    pub port: u16,
    /// The session's name at the broker. Must be Davy's alone, and the same after a restart: the broker keeps what came
    /// meanwhile under it.
    pub client_id: String,
    /// User name and password.
    pub login: Option<(String, String)>,
    /// TLS, when wanted; see [`tls_client`](super::tls_client).
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// How long the broker keeps the session without a connection, s; 4,294,967,295 for ever.
    pub session_expiry_s: u32,
    /// How often the broker hears from Davy at least. A broker may ask for less.
    pub keep_alive: Duration,
    /// Longest packet taken, bytes. The broker is told, and drops what is longer.
    pub packet_bytes_max: u32,
    /// QoS 1 messages without a PUBACK, 1 to 65,535: how much can be on its way to the disk. The broker is told.
    pub receive_max: u16,
    /// For TCP, TLS, CONNACK and SUBACK together.
    pub connect_timeout: Duration,
    /// The first pause before a new attempt. It doubles, with jitter.
    pub retry_min: Duration,
    /// The longest pause.
    pub retry_max: Duration,
    /// The pause after a small read, to let more come: fewer wake-ups, more messages a read. Zero reads eagerly.
    pub gather: Duration,
    /// As a Sparkplug host application: see [`BrokerConfig::for_sparkplug`].
    pub sparkplug: bool,
    /// Feedback that waits to be sent. More is dropped and counted.
    pub outgoing_max: usize,
}

impl BrokerConfig {
    /// A plain connection; everything else by default.
    pub fn new(host: impl Into<String>, port: u16, client_id: impl Into<String>) -> BrokerConfig {
        BrokerConfig {
            host: host.into(),
            port,
            client_id: client_id.into(),
            login: None,
            tls: None,
            session_expiry_s: 7 * 86_400,
            keep_alive: Duration::from_secs(30),
            packet_bytes_max: 1024 * 1024,
            receive_max: 1000,
            connect_timeout: Duration::from_secs(10),
            retry_min: Duration::from_millis(250),
            retry_max: Duration::from_secs(30),
            gather: Duration::from_millis(1),
            sparkplug: false,
            outgoing_max: 256,
        }
    }

    /// A second connection to the same broker, for Sparkplug alone. A host application must begin every connection with a clean
    /// session and leave its STATE as its will (Sparkplug 3.0, chapter 5), where Davy's own session is kept by the broker: so
    /// they are two. Its name is the first's with `-sparkplug`.
    pub fn for_sparkplug(&self) -> BrokerConfig {
        BrokerConfig {
            client_id: format!("{}-sparkplug", self.client_id),
            sparkplug: true,
            session_expiry_s: 0,
            outgoing_max: 4096,
            ..self.clone()
        }
    }
}

impl fmt::Debug for BrokerConfig {
    /// Everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("client_id", &self.client_id)
            .field("user", &self.login.as_ref().map(|(user, _)| user))
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

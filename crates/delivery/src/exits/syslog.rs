//! Syslog of RFC 5424: over UDP (RFC 5426), TCP with octet counting (RFC 6587), TLS (RFC 5425).
//!
//! A syslog receiver answers nothing. Over TCP and TLS, what was handed to a connection that still stands counts as delivered, and one
//! at whose other end nobody is stands no longer than `timeout`; what a receiver lost that died with it, nobody knows. Over UDP
//! nobody knows anything.

use std::{io, sync::Arc, time::Duration};

use async_trait::async_trait;
use davy_model::{AlarmState, Tier, Timestamp, TransitionKind};
use davy_proto::{alert_json, time_from_wire, v1};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::UdpSocket,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;

use super::{Exit, Gap, Notice, Outcome, tcp};

/// How messages travel.
#[derive(Clone)]
pub enum SyslogTransport {
    /// One datagram a message; what is lost is lost.
    Udp,
    /// Octet counting.
    Tcp,
    /// The same, encrypted.
    Tls(Arc<ClientConfig>),
}

/// A syslog receiver, as configured.
#[derive(Clone)]
pub struct SyslogConfig {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How.
    pub transport: SyslogTransport,
    /// How long connecting and sending may take.
    pub timeout: Duration,
    /// HOSTNAME of every message.
    pub hostname: String,
    /// Facility, 0 to 23; 16 is `local0`.
    pub facility: u8,
}

impl std::fmt::Debug for SyslogConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SyslogConfig({self})")
    }
}

impl std::fmt::Display for SyslogConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = match self.transport {
            SyslogTransport::Udp => "udp",
            SyslogTransport::Tcp => "tcp",
            SyslogTransport::Tls(_) => "tls",
        };
        write!(f, "{scheme}://{}", tcp::authority(&self.host, self.port))
    }
}

/// The longest message over UDP, bytes: what a datagram of one Ethernet frame takes (RFC 5426, 3.2). Beyond it, the JSON stays behind.
const DATAGRAM_LEN_MAX: usize = 1440;

trait Socket: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Socket for T {}

/// The way to one syslog receiver.
pub struct Syslog {
    config: SyslogConfig,
    stream: Option<Box<dyn Socket>>,
}

impl Syslog {
    /// A way there. Nothing is sent yet.
    pub fn new(config: SyslogConfig) -> Syslog {
        Syslog { config, stream: None }
    }

    async fn send(&mut self, notice: &Notice) -> io::Result<()> {
        let header = header(notice, &self.config);
        if let SyslogTransport::Udp = self.config.transport {
            return self.send_datagram(&message(&header, notice, Some(DATAGRAM_LEN_MAX))).await;
        }
        let message = message(&header, notice, None);
        let framed = [format!("{} ", message.len()).as_bytes(), &message].concat();
        let mut stream = match self.stream.take() {
            // It may have been closed since.
            Some(stream) => match has_not_ended(stream, GOODBYE).await {
                Ok(stream) => stream,
                Err(_) => self.connect().await?,
            },
            None => self.connect().await?,
        };
        stream.write_all(&framed).await?;
        stream.flush().await?;
        self.stream = Some(has_not_ended(stream, GOODBYE).await?);
        Ok(())
    }

    async fn send_datagram(&self, message: &[u8]) -> io::Result<()> {
        let to = tokio::net::lookup_host((self.config.host.as_str(), self.config.port)).await?.next();
        let to = to.ok_or_else(|| io::Error::other("the name has no address"))?;
        let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        UdpSocket::bind(any).await?.send_to(message, to).await.map(|_| ())
    }

    async fn connect(&self) -> io::Result<Box<dyn Socket>> {
        let began = Instant::now();
        let stream = tcp::connect(&self.config.host, self.config.port, self.config.timeout).await?;
        let SyslogTransport::Tls(tls) = &self.config.transport else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(self.config.host.clone()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?;
        // With TLS 1.3 a receiver that wants a certificate of Davy's says so after the handshake, a way there and back later: what
        // was sent before that would count as delivered.
        has_not_ended(Box::new(stream), GOODBYE.max(began.elapsed())).await
    }
}

/// How long a receiver that goes away has for its last word: what it closes at once was not taken.
const GOODBYE: Duration = Duration::from_millis(20);

/// The connection, when its other end has not closed it.
async fn has_not_ended(mut stream: Box<dyn Socket>, within: Duration) -> io::Result<Box<dyn Socket>> {
    let ends = async {
        let mut said = [0; 256];
        // It has nothing to say in this protocol; whatever it is, it is there.
        while stream.read(&mut said).await? > 0 {}
        Err(io::Error::other("the receiver closed the connection"))
    };
    let ended: Result<io::Result<()>, _> = timeout(within, ends).await;
    match ended {
        Ok(Err(error)) => Err(error),
        Ok(Ok(())) | Err(_) => Ok(stream),
    }
}

#[async_trait]
impl Exit for Syslog {
    async fn deliver(&mut self, notice: &Notice) -> Outcome {
        let limit = self.config.timeout;
        match timeout(limit, self.send(notice)).await {
            Ok(Ok(())) => Outcome::Delivered("sent".to_owned()),
            Ok(Err(error)) => Outcome::again(error.to_string()),
            Err(_) => {
                self.stream = None;
                Outcome::again(format!("nothing was taken within {} s", limit.as_secs_f32()))
            }
        }
    }
}

/// Severities of RFC 5424, table 2: red is *alert*, action must be taken immediately; what returned is *notice*.
fn severity(alert: &v1::Alert) -> u8 {
    if alert.condition() != v1::Condition::Active {
        return 5;
    }
    match Tier::try_from(alert.tier()) {
        Ok(Tier::Red) => 1,
        Ok(Tier::Orange) => 2,
        Ok(Tier::Yellow) => 4,
        Ok(Tier::Blue) | Err(_) => 5,
    }
}

fn header(notice: &Notice, config: &SyslogConfig) -> String {
    let (severity, at, kind) = match notice {
        Notice::Alert(alert) => {
            let at = alert.recorded_time.as_ref().and_then(|time| time_from_wire(time).ok());
            let kind = TransitionKind::try_from(alert.transition()).map_or("changed", TransitionKind::word);
            (severity(alert), at.unwrap_or(Timestamp::MIN), kind)
        }
        Notice::Gap(gap) => (3, gap.found, "gap"),
    };
    let priority = u32::from(config.facility) * 8 + u32::from(severity);
    let data = structured(notice);
    format!("<{priority}>1 {at} {} davy - {kind} {data}", header_word(&config.hostname))
}

/// Printable ASCII without a blank, or the nil value.
fn header_word(text: &str) -> String {
    let word: String = text.chars().filter(char::is_ascii_graphic).take(255).collect();
    if word.is_empty() { "-".to_owned() } else { word }
}

/// Under the enterprise number that RFC 5612 keeps for examples: Davy has none of its own.
fn structured(notice: &Notice) -> String {
    let mut text = "[davy@32473".to_owned();
    let mut put = |name: &str, value: &str| {
        text.push_str(&format!(" {name}=\""));
        for character in value.chars() {
            if matches!(character, '"' | '\\' | ']') {
                text.push('\\');
            }
            text.push(character);
        }
        text.push('"');
    };
    // When it was recorded is the time of the message.
    put("id", &notice.transition_id());
    put("site", notice.site());
    put("sequence", &notice.sequence().to_string());
    if let Notice::Alert(alert) = notice {
        put("alarm", &alert.alarm);
        put("tier", Tier::try_from(alert.tier()).map_or("", Tier::word));
        put("state", AlarmState::try_from(alert.state()).map_or("", AlarmState::word));
        put("durable", if alert.durable { "true" } else { "false" });
    }
    text.push(']');
    text
}

/// Header, byte order mark (RFC 5424, 6.4), words, and the alert as JSON where that has room.
fn message(header: &str, notice: &Notice, len_max: Option<usize>) -> Vec<u8> {
    let (words, json) = match notice {
        Notice::Alert(alert) => {
            let words = alert.message.as_ref().map_or(String::new(), |text| match text.zh.as_str() {
                "" => text.en.clone(),
                zh => format!("{} | {zh}", text.en),
            });
            (words, Some(alert_json(alert)))
        }
        Notice::Gap(Gap { from_sequence, to_sequence, reason, .. }) => {
            let reason = reason.word();
            (format!("transitions {from_sequence} to {to_sequence} cannot be told: {reason}"), None)
        }
    };
    let words: String =
        words.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let short = format!("{header} \u{feff}{words}");
    let whole = json.map(|json| format!("{short} {json}"));
    let fits = |text: &String| len_max.is_none_or(|most| text.len() <= most);
    whole.filter(fits).unwrap_or(short).into_bytes()
}

//! Where a gateway connects, and as whom.

use std::str::FromStr;
use std::time::Duration;

/// The port of MQTT without TLS.
const PORT_DEFAULT: u16 = 1883;

/// Why a gateway cannot be had or did not connect.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The address of the broker cannot be read.
    #[error("broker {found:?}: expected mqtt://host:port, for example mqtt://127.0.0.1:1883")]
    Url {
        /// What was given.
        found: String,
    },
    /// A site or edge node that cannot stand in a topic.
    #[error("{what} {found:?}: expected a name without spaces, '/', '+' and '#'")]
    Name {
        /// `site` or `edge node`.
        what: &'static str,
        /// What was given.
        found: String,
    },
    /// No connection within the time allowed.
    #[error("{broker} did not let us in within {waited_s} s: {last}")]
    NotOnline {
        /// The broker's address.
        broker: String,
        /// How long we tried, in seconds.
        waited_s: u64,
        /// What the last try met.
        last: String,
    },
    /// The gateway was stopped while somebody still wanted to publish.
    #[error("the gateway is stopped")]
    Stopped,
}

/// `mqtt://[user:password@]host[:port]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerUrl {
    /// Host name or address; an IPv6 address in brackets.
    pub host: String,
    /// TCP port; 1883 when not given.
    pub port: u16,
    /// User and password, when given.
    pub credentials: Option<Credentials>,
}

/// How a gateway says who it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// MQTT user name.
    pub user: String,
    /// MQTT password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

impl FromStr for BrokerUrl {
    type Err = GatewayError;

    fn from_str(text: &str) -> Result<BrokerUrl, GatewayError> {
        parse(text).ok_or_else(|| GatewayError::Url { found: without_password(text) })
    }
}

fn parse(text: &str) -> Option<BrokerUrl> {
    let rest = text.strip_prefix("mqtt://")?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, rest),
    };
    let (host, port) = match place.rsplit_once(':') {
        // The colons of a bracketed IPv6 address are not the port's.
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        Some(_) | None => (place, PORT_DEFAULT),
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let plain = match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(is_host),
    };
    let credentials = user.map(|user| {
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        Credentials { user: user.to_owned(), password: password.to_owned() }
    });
    (plain && port != 0).then(|| BrokerUrl { host: host.to_owned(), port, credentials })
}

fn without_password(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => format!("{}***{}", &text[..scheme + 3], &text[at..]),
        _ => text.to_owned(),
    }
}

/// One gateway: where it connects, as whom, and how much it may hold.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// The broker, or Davy's door.
    pub broker: BrokerUrl,
    /// MQTT client id; one connection at a time may have it.
    pub client_id: String,
    /// The site it publishes for.
    pub site: String,
    /// The edge node it is.
    pub edge_node: String,
    /// Whether the broker keeps its subscription while it is away. Default true; what is not acknowledged is kept either way.
    pub session_kept: bool,
    /// How often it shows that it lives. At least 1 s; default 15 s.
    pub keep_alive: Duration,
    /// Messages sent and not yet acknowledged, at most. 1..=65534, default 1000.
    pub in_flight_max: u16,
    /// Messages held and not yet sent, at most. At least 1, default 10,000.
    pub outbox_len_max: usize,
    /// How long a sent message may wait for its acknowledgement before the connection is made anew. Default 60 s.
    pub ack_timeout: Duration,
    /// First and longest wait between two tries to connect; jitter is added. Default 200 ms and 10 s.
    pub reconnect_delay: (Duration, Duration),
}

impl GatewayConfig {
    /// A gateway for `edge_node` of `site`, with defaults for the rest.
    ///
    /// # Errors
    /// [`GatewayError::Name`] when a name cannot stand in a topic.
    pub fn new(broker: BrokerUrl, site: &str, edge_node: &str) -> Result<GatewayConfig, GatewayError> {
        for (what, name) in [("site", site), ("edge node", edge_node)] {
            let refused = |c: char| c.is_whitespace() || c.is_control() || "/+#".contains(c);
            if name.is_empty() || name.chars().any(refused) {
                return Err(GatewayError::Name { what, found: name.to_owned() });
            }
        }
        Ok(GatewayConfig {
            broker,
            client_id: format!("{site}-{edge_node}"),
            site: site.to_owned(),
            edge_node: edge_node.to_owned(),
            session_kept: true,
            keep_alive: Duration::from_secs(15),
            in_flight_max: 1000,
            outbox_len_max: 10_000,
            ack_timeout: Duration::from_secs(60),
            reconnect_delay: (Duration::from_millis(200), Duration::from_secs(10)),
        })
    }

    /// `davy/v1/{site}/{edge_node}/{channel}`.
    pub(crate) fn topic(&self, channel: &str) -> String {
        format!("davy/v1/{}/{}/{channel}", self.site, self.edge_node)
    }

    /// The broker's address, as people write it.
    pub(crate) fn address(&self) -> String {
        format!("mqtt://{}:{}", self.broker.host, self.broker.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_found_by_its_url() {
        let url = |host: &str, port, user: Option<(&str, &str)>| BrokerUrl {
            host: host.to_owned(),
            port,
            credentials: user
                .map(|(user, password)| Credentials { user: user.to_owned(), password: password.to_owned() }),
        };
        for (text, expected) in [
            ("mqtt://127.0.0.1:1883", url("127.0.0.1", 1883, None)),
            ("mqtt://broker.plant.example", url("broker.plant.example", 1883, None)),
            ("mqtt://broker:2883/", url("broker", 2883, None)),
            ("mqtt://[::1]:1884", url("[::1]", 1884, None)),
            ("mqtt://[::1]", url("[::1]", 1883, None)),
            ("mqtt://gw:p@ss:w@h:1", url("h", 1, Some(("gw", "p@ss:w")))),
        ] {
            assert_eq!(text.parse::<BrokerUrl>().expect(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_broker_is_refused_and_a_password_is_not_repeated() {
        for text in [
            "",
            "127.0.0.1:1883",
            "tcp://h:1",
            "mqtt://",
            "mqtt://h:x",
            "mqtt://h:0",
            "mqtt://h/x",
            "mqtt://a b",
        ] {
            let error = text.parse::<BrokerUrl>().expect_err(text);
            assert!(error.to_string().contains("expected mqtt://host:port"), "{text}: {error}");
        }
        let error = "mqtts://gw:secret@h:1".parse::<BrokerUrl>().expect_err("no TLS here");
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn a_name_that_breaks_a_topic_is_refused() {
        let broker = || "mqtt://h".parse::<BrokerUrl>().expect("a URL");
        for (site, node) in
            [("", "gw-1"), ("park", ""), ("pa/rk", "gw-1"), ("park", "gw+1"), ("park", "gw 1"), ("#", "gw")]
        {
            assert!(GatewayConfig::new(broker(), site, node).is_err(), "{site:?} {node:?}");
        }
        assert_eq!(
            GatewayConfig::new(broker(), "park", "gw-1").expect("names").topic("status"),
            "davy/v1/park/gw-1/status"
        );
    }
}

//! `kind = "syslog"`.

use std::path::PathBuf;

use davy_delivery::exits::{SyslogConfig, SyslogTransport};
use serde::Deserialize;

use super::{super::liveness::host_name, Keys};

/// Facilities that are no part of a system's own (RFC 5424, table 1), with their codes.
const FACILITIES: [(&str, u8); 10] = [
    ("user", 1),
    ("daemon", 3),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSyslog {
    url: String,
    ca_file: Option<PathBuf>,
    #[serde(default = "super::timeout")]
    timeout: String,
    hostname: Option<String>,
    #[serde(default = "facility")]
    facility: String,
}

fn facility() -> String {
    "local0".to_owned()
}

impl RawSyslog {
    pub(super) fn resolve(self, keys: &mut Keys<'_>) -> Option<SyslogConfig> {
        if self.url.contains('@') {
            return keys.none("url", "no user and no password in an address: syslog knows none");
        }
        let what = || {
            format!(
                "expected udp://, tcp:// or tls://, a host and a port, such as tls://logs.example:6514: {:?}",
                self.url
            )
        };
        let Some((scheme, host, port)) = parts(&self.url) else { return keys.none("url", what()) };
        let transport = match (scheme, &self.ca_file) {
            ("udp", _) => SyslogTransport::Udp,
            ("tcp", _) => SyslogTransport::Tcp,
            ("tls", Some(path)) => SyslogTransport::Tls(keys.tls(path)?),
            ("tls", None) => {
                return keys
                    .none("ca_file", "tls needs the authority that signed the receiver's certificate");
            }
            _ => return keys.none("url", what()),
        };
        let known = FACILITIES.iter().find(|(word, _)| *word == self.facility);
        let Some((_, facility)) = known else {
            return keys.none("facility", format!("user, daemon, or local0 to local7: {:?}", self.facility));
        };
        Some(SyslogConfig {
            host: host.to_owned(),
            port,
            transport,
            timeout: keys.timeout(&self.timeout)?,
            hostname: self.hostname.unwrap_or_else(host_name),
            facility: *facility,
        })
    }
}

fn parts(url: &str) -> Option<(&str, &str, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let (host, port) = rest.trim_end_matches('/').rsplit_once(':')?;
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty()).then_some((scheme, host, port.parse().ok()?))
}

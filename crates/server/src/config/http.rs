//! The HTTP port.

use serde::{Deserialize, Serialize};

use super::resolve::{Problems, address};
use crate::{PortLimits, port::is_origin};

/// The HTTP port, beside its plain address.
#[derive(Clone, Debug, Default)]
pub struct PortConfig {
    /// What it takes from its peers.
    pub limits: PortLimits,
    /// The origins, `https://console.example`, whose pages may call by gRPC-Web.
    pub allowed_origins: Vec<String>,
}

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHttp {
    pub(super) listen: String,
    connections_max: usize,
    address_connections_max: usize,
    calls_max: usize,
    address_calls_max: usize,
    allowed_origins: Vec<String>,
}

impl Default for RawHttp {
    fn default() -> RawHttp {
        let limits = PortLimits::default();
        RawHttp {
            listen: "127.0.0.1:8080".to_owned(),
            connections_max: limits.connections_max,
            address_connections_max: limits.address_connections_max,
            calls_max: limits.calls_max,
            address_calls_max: limits.address_calls_max,
            allowed_origins: Vec::new(),
        }
    }
}

/// The plain address.
pub(super) fn plain(raw: &RawHttp, problems: &mut Problems) -> Option<std::net::SocketAddr> {
    let plain = problems.take("http.listen", address(&raw.listen))?;
    if !plain.ip().is_loopback() {
        problems.add(
            "http.listen",
            "only a loopback address: this port has no TLS and no authentication; put a proxy that has both in front",
        );
    }
    Some(plain)
}

/// All else.
pub(super) fn resolve(raw: &RawHttp, problems: &mut Problems) -> PortConfig {
    for (key, value) in [
        ("http.connections_max", raw.connections_max),
        ("http.address_connections_max", raw.address_connections_max),
        ("http.calls_max", raw.calls_max),
        ("http.address_calls_max", raw.address_calls_max),
    ] {
        if value == 0 {
            problems.add(key, "1 at least, or nobody could call");
        }
    }
    let limits = PortLimits {
        connections_max: raw.connections_max,
        address_connections_max: raw.address_connections_max,
        calls_max: raw.calls_max,
        address_calls_max: raw.address_calls_max,
        ..PortLimits::default()
    };
    for origin in raw.allowed_origins.iter().filter(|origin| !is_origin(origin)) {
        let what = format!("not an origin as a browser tells it, https://console.example[:8443]: {origin:?}");
        problems.add("http.allowed_origins", what);
    }
    PortConfig { limits, allowed_origins: raw.allowed_origins.clone() }
}

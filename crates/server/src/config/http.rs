//! The HTTP port.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    resolve::{Problems, address},
    tls::{RawTls, served},
};
use crate::{
    PortLimits,
    certificates::{ClientCertificate, ServedCertificate},
    port::is_origin,
};

/// The HTTP port, beside its plain address.
#[derive(Clone, Debug, Default)]
pub struct PortConfig {
    /// What it takes from its peers.
    pub limits: PortLimits,
    /// The origins, `https://console.example`, whose pages may call by gRPC-Web.
    pub allowed_origins: Vec<String>,
    /// A second address, with TLS.
    pub tls: Option<PortTls>,
}

/// Where the port is served with TLS.
#[derive(Clone, Debug)]
pub struct PortTls {
    /// The address.
    pub listen: SocketAddr,
    /// The certificate.
    pub certificate: Arc<ServedCertificate>,
}

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHttp {
    pub(super) listen: String,
    tls_listen: Option<String>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    client_ca_file: Option<PathBuf>,
    client_certificate: ClientCertificate,
    client_revoked_file: Option<PathBuf>,
    tls_1_2: bool,
    connections_max: usize,
    address_connections_max: usize,
    calls_max: usize,
    address_calls_max: usize,
    caller_calls_max: usize,
    allowed_origins: Vec<String>,
}

impl Default for RawHttp {
    fn default() -> RawHttp {
        let limits = PortLimits::default();
        RawHttp {
            listen: "127.0.0.1:8080".to_owned(),
            tls_listen: None,
            certificate_file: None,
            key_file: None,
            client_ca_file: None,
            client_certificate: ClientCertificate::None,
            client_revoked_file: None,
            tls_1_2: false,
            connections_max: limits.connections_max,
            address_connections_max: limits.address_connections_max,
            calls_max: limits.calls_max,
            address_calls_max: limits.address_calls_max,
            caller_calls_max: limits.caller_calls_max,
            allowed_origins: Vec::new(),
        }
    }
}

/// The plain address.
pub(super) fn plain(raw: &RawHttp, problems: &mut Problems) -> Option<SocketAddr> {
    let plain = problems.take("http.listen", address(&raw.listen))?;
    if !plain.ip().is_loopback() {
        problems.add(
            "http.listen",
            "only a loopback address: what is said here is not encrypted; other networks come by http.tls_listen",
        );
    }
    Some(plain)
}

/// The address with TLS, where there is one.
fn encrypted(
    raw: &RawHttp,
    callers_are_known: bool,
    base: &Path,
    problems: &mut Problems,
) -> Option<PortTls> {
    let listen = problems.take("http.tls_listen", address(raw.tls_listen.as_ref()?));
    if listen.is_some_and(|listen| !listen.ip().is_loopback() && !callers_are_known) {
        problems.add(
            "http.tls_listen",
            "only a loopback address without [access]: whoever calls could do everything; [access] in davy.toml makes callers known",
        );
    }
    let raw = RawTls {
        section: "http",
        certificate_file: raw.certificate_file.as_ref(),
        key_file: raw.key_file.as_ref(),
        client_ca_file: raw.client_ca_file.as_ref(),
        client_revoked_file: raw.client_revoked_file.as_ref(),
        client_certificate: raw.client_certificate,
        tls_1_2: raw.tls_1_2,
        protocols: &[b"h2", b"http/1.1"],
    };
    let certificate = problems.take("http.tls_listen", served(&raw, base))?;
    Some(PortTls { listen: listen?, certificate })
}

/// All else. Without callers that are known, the port is for this machine alone.
pub(super) fn resolve(
    raw: &RawHttp,
    callers_are_known: bool,
    base: &Path,
    problems: &mut Problems,
) -> PortConfig {
    for (key, value) in [
        ("http.connections_max", raw.connections_max),
        ("http.address_connections_max", raw.address_connections_max),
        ("http.calls_max", raw.calls_max),
        ("http.address_calls_max", raw.address_calls_max),
        ("http.caller_calls_max", raw.caller_calls_max),
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
        caller_calls_max: raw.caller_calls_max,
        ..PortLimits::default()
    };
    for origin in raw.allowed_origins.iter().filter(|origin| !is_origin(origin)) {
        let what = format!("not an origin as a browser tells it, https://console.example[:8443]: {origin:?}");
        problems.add("http.allowed_origins", what);
    }
    PortConfig {
        limits,
        allowed_origins: raw.allowed_origins.clone(),
        tls: encrypted(raw, callers_are_known, base, problems),
    }
}

//! From keys as written to a configuration that can start, or all that is wrong with it.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use davy_door::Listen;
use davy_intake::{QuotaConfig, broker::BrokerConfig, rights::Clients};
use sha2::{Digest, Sha256};

use super::{
    Config, ConfigProblem, DoorConfig, access, clients,
    file::{Raw, RawBroker, RawDoor},
    journal, liveness, sparkplug,
    tls::{RawTls, served},
};
use crate::{SiteSource, certificates::ServedCertificate};

/// What one connection may have on its way to the disk, bytes.
const IN_FLIGHT_LEN_MAX: usize = 1 << 20;
/// What may wait to be sent to one connection, bytes.
const OUTGOING_LEN_MAX: usize = 256 << 10;

/// Gathers problems, so that all are told at once.
pub(super) struct Problems(pub(super) Vec<ConfigProblem>);

impl Problems {
    pub(super) fn add(&mut self, place: &str, what: impl Into<String>) {
        self.0.push(ConfigProblem::new(place, what));
    }

    pub(super) fn take<T>(&mut self, place: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|what| self.add(place, what)).ok()
    }
}

pub(super) fn resolve(raw: &Raw) -> Result<Config, Vec<ConfigProblem>> {
    let mut problems = Problems(Vec::new());
    if raw.sites.is_empty() {
        problems.add("sites", "name at least one site folder, or there is nothing to watch");
    }
    let http = super::http::plain(&raw.http, &mut problems);
    let known = raw.access.is_some();
    let port = super::http::resolve(&raw.http, known, &raw.base, &mut problems);
    let mut tree = access::tree(&raw.tree, |place, what| problems.add(place, what));
    let lowers = super::link::lowers(&raw.lower, &mut tree, &mut problems);
    let access = raw.access.as_ref();
    let access =
        access.map(|access| access::resolve(access, &raw.base, |place, what| problems.add(place, what)));
    let door = if raw.door.enabled { door(&raw.door, &raw.base, &mut problems) } else { None };
    let broker = raw.broker.as_ref().and_then(|broker| self::broker(broker, &raw.base, &mut problems));
    let hj212 = raw.hj212.as_ref().and_then(|hj212| super::hj212::resolve(hj212, &raw.base, &mut problems));
    if !raw.door.enabled && raw.broker.is_none() && raw.hj212.is_none() {
        problems.add("door.enabled", "no door, no broker, no hj212: no reading could come in");
    }
    let node = problems.take("node", liveness::node(raw.node.as_deref()));
    let link = raw.link.as_ref();
    let link = link
        .zip(node.as_deref())
        .and_then(|(link, node)| super::link::link(link, node, &raw.base, &mut problems));
    let heartbeat = problems.take("heartbeat.every", liveness::heartbeat_every(&raw.heartbeat));
    let canary = liveness::canary(&raw.canary, |place, what| problems.add(place, what));
    let sparkplug = sparkplug::resolve(&raw.sparkplug, |place, what| problems.add(place, what));
    let audit = super::audit::resolve(&raw.audit, &raw.base, |place, what| problems.add(place, what));
    let history = super::history::resolve(&raw.history, &raw.base, |place, what| problems.add(place, what));
    let retention = journal::resolve(&raw.journal, |place, what| problems.add(place, what));
    let exits = super::exits::resolve(&raw.exit, &raw.base, &mut problems);
    let consumers = super::consumers::resolve(&raw.consumer, known, &mut problems);
    let config = http.map(|http| Config {
        data_dir: raw.base.join(&raw.data_dir),
        sites: raw.sites.iter().map(|dir| SiteSource::Dir(raw.base.join(dir))).collect(),
        http,
        port,
        access,
        tree: Arc::new(tree),
        door,
        broker,
        sparkplug,
        hj212,
        retention,
        inbox_bytes: raw.inbox_mib << 20,
        payload_bytes_max: raw.payload_kib_max << 10,
        node: node.unwrap_or_default(),
        heartbeat_every: heartbeat.unwrap_or_default(),
        folders: raw.rules.folders,
        history,
        audit,
        digest: digest(raw),
        canary,
        exits,
        link,
        lowers,
        consumers,
    });
    match config {
        Some(config) if problems.0.is_empty() => Ok(config),
        _ => Err(problems.0),
    }
}

/// Secrets are named by file, so that none is in the keys.
fn digest(raw: &Raw) -> String {
    let keys = serde_json::to_vec(raw).unwrap_or_default();
    davy_journal::hex(&Sha256::digest(keys))
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("not an address and port such as 127.0.0.1:8080: {text:?}"))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn door(raw: &RawDoor, base: &Path, problems: &mut Problems) -> Option<DoorConfig> {
    let before = problems.0.len();
    let plain = problems.take("door.listen", address(&raw.listen));
    let tls_addr = raw.tls_listen.as_ref().and_then(|text| problems.take("door.tls_listen", address(text)));
    let certificate = door_tls(raw, base, problems);
    let tls = tls_addr.zip(certificate.as_ref());
    let tls = tls.map(|(addr, certificate)| Listen { addr, tls: Some(certificate.current()) });
    if plain.is_some_and(|plain| !plain.ip().is_loopback()) {
        problems.add("door.listen", "plain MQTT on loopback only; give other networks door.tls_listen");
    }
    let clients_file = raw.clients_file.as_ref().map(|path| base.join(path));
    let clients = match &clients_file {
        Some(path) => match clients::read(path) {
            Ok(clients) => Some(clients),
            Err(found) => {
                problems.0.extend(found);
                None
            }
        },
        None => Some(Clients::anyone()),
    };
    let open = tls_addr.is_some_and(|addr| !addr.ip().is_loopback());
    if open && clients_file.is_none() {
        problems.add("door.clients_file", "off loopback, clients must be known: name a clients file");
    }
    let listen = plain.map(|addr| Listen { addr, tls: None }).into_iter().chain(tls).collect();
    let door = davy_door::Config {
        listen,
        connections_max: raw.connections_max,
        receive_max: raw.receive_max,
        packet_len_max: raw.packet_kib_max.saturating_mul(1024),
        in_flight_len_max: IN_FLIGHT_LEN_MAX,
        outgoing_len_max: OUTGOING_LEN_MAX,
        ..davy_door::Config::default()
    };
    let quota = QuotaConfig {
        bytes_per_s: raw.client_kib_per_s.saturating_mul(1024),
        readings_per_s: raw.client_readings_per_s,
        burst_s: raw.client_burst_s,
    };
    (problems.0.len() == before).then_some(DoorConfig {
        door,
        certificate,
        clients: clients?,
        clients_file,
        quota,
    })
}

/// The door's TLS, where it is asked for.
fn door_tls(raw: &RawDoor, base: &Path, problems: &mut Problems) -> Option<Arc<ServedCertificate>> {
    raw.tls_listen.as_ref()?;
    let raw = RawTls {
        section: "door",
        certificate_file: raw.certificate_file.as_ref(),
        key_file: raw.key_file.as_ref(),
        client_ca_file: raw.client_ca_file.as_ref(),
        client_revoked_file: raw.client_revoked_file.as_ref(),
        client_certificate: raw.client_certificate,
        tls_1_2: raw.tls_1_2,
        protocols: &[],
    };
    problems.take("door.tls_listen", served(&raw, base))
}

fn broker(raw: &RawBroker, base: &Path, problems: &mut Problems) -> Option<BrokerConfig> {
    let (tls, host, port) = problems.take("broker.url", broker_url(&raw.url))?;
    let mut config = BrokerConfig::new(host, port, raw.client_id.clone());
    if let Some(user) = &raw.user {
        let password = match &raw.password_file {
            Some(path) => problems.take("broker.password_file", read(&base.join(path)))?,
            None => Vec::new(),
        };
        let password = String::from_utf8_lossy(&password).trim_end().to_owned();
        config.login = Some((user.clone(), password));
    }
    if tls {
        let ca = match &raw.ca_file {
            Some(path) => problems.take("broker.ca_file", read(&base.join(path)))?,
            None => {
                problems
                    .add("broker.ca_file", "mqtts needs the authority that signed the broker's certificate");
                return None;
            }
        };
        let tls = davy_intake::broker::tls_client(&ca, None).map_err(|error| error.to_string());
        config.tls = Some(problems.take("broker.ca_file", tls)?);
    }
    config.packet_bytes_max =
        raw.packet_kib_max.map_or(config.packet_bytes_max, |kib| kib.saturating_mul(1024));
    config.receive_max = raw.receive_max.unwrap_or(config.receive_max);
    Some(config)
}

/// `mqtt://host[:port]` or `mqtts://host[:port]`; a host of IPv6 is in brackets, which are no part of it.
pub(super) fn broker_url(url: &str) -> Result<(bool, String, u16), String> {
    if url.contains('@') {
        return Err("no user and no password in an address: use user and password_file".to_owned());
    }
    let wrong = || format!("not a broker's address such as mqtt://127.0.0.1:1883: {url:?}");
    let (tls, rest) = match url.split_once("://") {
        Some(("mqtt", rest)) => (false, rest),
        Some(("mqtts", rest)) => (true, rest),
        _ => return Err(wrong()),
    };
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !rest.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (rest, if tls { 8883 } else { 1883 }),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() { Err(wrong()) } else { Ok((tls, host.to_owned(), port)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_broker_has_no_secret_and_no_brackets() {
        for (url, due) in [
            ("mqtt://broker.example", Some((false, "broker.example", 1883))),
            ("mqtts://broker.example:1/", Some((true, "broker.example", 1))),
            ("mqtt://[::1]", Some((false, "::1", 1883))),
            ("mqtts://[fd00::7]:8884", Some((true, "fd00::7", 8884))),
            ("mqtt://", None),
            ("mqtt://:1883", None),
            ("mqtt://[]:1883", None),
            ("mqtt://broker.example:port", None),
            ("tcp://broker.example", None),
        ] {
            let found = broker_url(url).ok();
            assert_eq!(found.as_ref().map(|(tls, host, port)| (*tls, host.as_str(), *port)), due, "{url}");
        }
        for url in ["mqtt://ann:4711@broker.example", "mqtt:/ann:4711@broker.example"] {
            let told = broker_url(url).expect_err("it has a password in it");
            assert!(told.contains("password_file") && !told.contains("4711"), "{told}");
        }
    }
}

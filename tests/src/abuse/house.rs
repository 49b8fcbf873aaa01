//! A live Davy with two sites: one that means well, and one whose gateway does not.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    net::SocketAddr,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use davy_proto::v1::{AlarmServiceListRequest, AlertServiceSubscribeRequest};
use rcgen::generate_simple_self_signed;
use sha2::{Digest, Sha256};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ALL_VERSIONS, ClientConfig, RootCertStore, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{CertificateDer, ServerName},
    },
};
use tonic::Request;

use super::{
    honest::Honest,
    raw::{Raw, tcp},
};
use crate::{Davy, LONG, Metrics, Setup, davy_binary, wait_until};

/// The token of a viewer of everything.
pub const VIEWER: &str = "token-of-a-viewer-of-everything";
/// The token of those who mean well.
const DESK: &str = "token-of-the-control-room";
/// Tokens of accounts: name, token, role, scope.
const ACCOUNTS: [(&str, &str, &str, &str); 5] = [
    ("desk", DESK, "viewer", "*"),
    ("viewer", VIEWER, "viewer", "*"),
    ("operator", "token-of-an-operator-of-plant", "operator", "plant"),
    ("neighbour", "token-of-a-viewer-of-yard", "viewer", "yard"),
    ("caretaker", "token-of-an-admin", "admin", "*"),
];
/// The token of an account that has every role, everywhere.
pub(crate) const EVERYTHING: &str = "token-of-one-who-may-do-everything";
/// An account whose time is over, with every role.
const GUEST: &str = "token-of-a-guest-of-last-year";
/// Every role.
const ROLES: [&str; 9] =
    ["viewer", "operator", "shift_leader", "engineer", "approver", "vendor", "auditor", "admin", "link"];
/// Somebody who logs in, and the password.
pub(crate) const ANN: (&str, &str) = ("ann", "a password of Ann's own");
/// The site of those who mean well.
pub(crate) const PLANT: &str = "plant";
/// The site of the gateway that does not.
pub(crate) const YARD: &str = "yard";
/// Gateways that mean well: user name, client identifier and edge node are one.
pub(crate) const GATEWAYS: [&str; 2] = ["gw-1", "gw-2"];
/// The gateway that does not, and may speak for itself.
pub(crate) const VILLAIN: &str = "gw-9";
/// What a gateway's MQTT password is.
pub(crate) fn password(name: &str) -> String {
    format!("token-of-{name}")
}

/// The log's word for the most memory that Davy takes.
const BOUND: &str = "memory_max_mib=";

/// A Davy that is abused.
#[derive(Debug)]
pub struct House {
    /// The process.
    pub davy: Davy,
    /// MQTT without TLS.
    pub door: SocketAddr,
    /// MQTT by TLS.
    pub door_tls: SocketAddr,
    /// HTTP by TLS.
    pub http_tls: SocketAddr,
    certificate: CertificateDer<'static>,
    pid: u32,
    _setup: Setup,
}

fn hash(token: &str) -> String {
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn accounts() -> String {
    let account = |(name, token, role, scope): &(&str, &str, &str, &str)| {
        format!(
            "[[account]]\nname = {name:?}\ntoken_sha256 = \"{}\"\ngrants = [{{ role = {role:?}, scope = {scope:?} }}]\n",
            hash(token)
        )
    };
    let mut text: String = ACCOUNTS.iter().map(account).collect();
    let all = ROLES.map(|role| format!("{{ role = {role:?}, scope = \"*\" }}")).join(", ");
    for (name, token, more) in
        [("all", EVERYTHING, ""), ("guest", GUEST, "expires = \"2025-12-31T00:00:00Z\"\n")]
    {
        let hash = hash(token);
        writeln!(text, "[[account]]\nname = {name:?}\ntoken_sha256 = \"{hash}\"\n{more}grants = [{all}]")
            .expect("memory takes it");
    }
    let grants = "grants = [{ role = \"viewer\", scope = \"*\" }]";
    text + &format!("[[account]]\nname = {:?}\n{}{grants}\n", ANN.0, password_hash(ANN.1))
}

/// `password_argon2id = "…"`, as Davy makes it.
fn password_hash(password: &str) -> String {
    let mut command = Command::new(davy_binary());
    command.args(["accounts", "hash"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("davy runs");
    let line = format!("{password}\n");
    child.stdin.take().expect("piped").write_all(line.as_bytes()).expect("it reads");
    let out = child.wait_with_output().expect("it ends");
    String::from_utf8(out.stdout).expect("text")
}

/// A client's TLS that trusts that certificate, and no other.
pub(super) fn trusting(
    certificate: Option<&CertificateDer<'static>>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    if let Some(certificate) = certificate {
        roots.add(certificate.clone()).expect("a certificate");
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).expect("versions that there are");
    builder.with_root_certificates(roots).with_no_client_auth()
}

fn clients() -> String {
    let client = |name: &str, site: &str| {
        format!(
            "[[client]]\nname = {name:?}\ntoken_sha256 = \"{}\"\ngrants = [{{ site = {site:?}, edge_node = {name:?} }}]\n",
            hash(&password(name))
        )
    };
    GATEWAYS.iter().map(|name| client(name, PLANT)).chain([client(VILLAIN, YARD)]).collect()
}

fn site(setup: &mut Setup, name: &str, nodes: &[&str]) {
    let listed: Vec<String> = nodes.iter().map(|node| format!("{{id: {node}}}")).collect();
    let tag = |node: &&str| format!("T-{node},gas.ch4,ppm,{node}\n");
    let tags: String = nodes.iter().map(tag).collect();
    let rules = "rules:\n  - id: high\n    applies_to: {quantity: gas.ch4}\n    limit:\n\
                 \x20     - {name: H, tier: orange, at_or_above: 5 ppm}\n\
                 \x20   response: {action: Look, time_to_respond: 1m}\n";
    setup.site(
        name,
        &[
            ("site.yaml", &format!("site: {name}\nedge_nodes: [{}]\n", listed.join(", "))),
            ("tags.csv", &format!("tag,quantity,unit,edge_node\n{tags}")),
            ("rules/high.yaml", rules),
        ],
    );
}

const CONFIG: &str = "[http]\nlisten = \"127.0.0.1:0\"\ntls_listen = \"127.0.0.1:0\"\ncertificate_file = \"server.pem\"\nkey_file = \"server.key\"\n\
                      connections_max = 128\n\
                      [door]\nlisten = \"127.0.0.1:0\"\ntls_listen = \"127.0.0.1:0\"\ncertificate_file = \"server.pem\"\n\
                      key_file = \"server.key\"\nclients_file = \"clients.toml\"\nconnections_max = 400\n\
                      [access]\naccounts_file = \"accounts.toml\"\n";

impl House {
    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn open() -> House {
        let mut setup = Setup::new();
        site(&mut setup, PLANT, &GATEWAYS);
        site(&mut setup, YARD, &[VILLAIN]);
        let pair = generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a pair");
        setup.write("server.pem", &pair.cert.pem());
        setup.write("server.key", &pair.signing_key.serialize_pem());
        setup.write("accounts.toml", &accounts());
        setup.write("clients.toml", &clients());
        setup.configure(CONFIG);
        let davy = Davy::serve(&setup.config()).await;
        let door = davy.door().await;
        let door_tls = address(&davy, "mqtts://").await;
        let http_tls = address(&davy, "https://").await;
        let (pid, certificate) = (davy.pid(), pair.cert.der().clone());
        House { davy, door, door_tls, http_tls, certificate, pid, _setup: setup }
    }

    /// HTTP by TLS, with that protocol offered; none where it is empty.
    pub(super) async fn dial_tls(&self, protocol: &[u8]) -> io::Result<Raw> {
        let mut config = trusting(Some(&self.certificate), ALL_VERSIONS);
        config.alpn_protocols = if protocol.is_empty() { Vec::new() } else { vec![protocol.to_vec()] };
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp(self.http_tls).await).await;
        Ok(Raw::over(stream?))
    }

    /// Lets those who mean well begin.
    pub async fn honest(&self) -> Honest {
        Honest::begin(self.davy.http(), self.door).await
    }

    /// The figures, as a viewer of everything sees them.
    pub async fn metrics(&self) -> Metrics {
        Metrics::shown_to(self.davy.http(), VIEWER).await
    }

    /// The most memory that Davy takes, as it printed at its start; KiB.
    ///
    /// # Panics
    /// When Davy printed none.
    pub fn memory_bound_kib(&self) -> u64 {
        let log = self.davy.log();
        let figure = log.split_once(BOUND).and_then(|(_, rest)| {
            rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse::<u64>().ok()
        });
        figure.unwrap_or_else(|| panic!("no {BOUND} in the log")) * 1024
    }

    /// Checks what no abuse may change: the process is the same, its memory is within the bound that it printed, every reading is
    /// accounted for, and none of those who mean well was rejected or lost.
    ///
    /// # Panics
    /// When one of these does not hold.
    pub async fn check(&mut self, group: &str, acknowledged: u64) {
        assert!(!self.davy.has_ended() && self.davy.pid() == self.pid, "{group}: Davy went");
        let (peak, bound) = (self.davy.memory_peak_kib(), self.memory_bound_kib());
        assert!(peak <= bound, "{group}: {peak} KiB of {bound} KiB");
        for site in [PLANT, YARD] {
            let (received, fates) =
                wait_until(&format!("{group}: {site} has judged what came"), LONG, async || {
                    let (received, fates) = account(&self.metrics().await, site);
                    (received == fates).then_some((received, fates))
                })
                .await;
            println!("{group}: {site}: received {received} = accounted for {fates}");
        }
        let metrics = self.metrics().await;
        let judged = metrics.figure("davy_readings_judged_total", &[("site", PLANT)]);
        assert_eq!(judged, acknowledged as f64, "{group}: what was acknowledged is judged, once");
        println!("{group}: {peak} KiB at the most, {bound} KiB promised");
    }
}

/// What Davy says behind that at its start.
async fn address(davy: &Davy, scheme: &str) -> SocketAddr {
    wait_until(&format!("davy says where {scheme} is"), LONG, async || {
        let log = davy.log();
        let line = log.lines().find_map(|line| Some(line.split_once(scheme)?.1.to_owned()));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
    })
    .await
}

/// What was received for a site, and the sum of all that became of it.
fn account(metrics: &Metrics, site: &str) -> (f64, f64) {
    let of = |name: &str| metrics.sum(name, &[("site", site)]);
    let fates = of("davy_readings_judged_total")
        + of("davy_readings_rejected_total")
        + of("davy_readings_dropped_total")
        + of("davy_readings_not_judged_total");
    (of("davy_readings_received_total"), fates)
}

/// A request of those who mean well.
fn of_desk<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let token = format!("Bearer {DESK}").parse().expect("a header");
    request.metadata_mut().insert("authorization", token);
    request.set_timeout(Duration::from_secs(600));
    request
}

/// Everything that stands at the honest site.
pub(crate) fn list() -> Request<AlarmServiceListRequest> {
    of_desk(AlarmServiceListRequest { sites: vec![PLANT.to_owned()], ..Default::default() })
}

/// Every alert of the honest site from now on.
pub(crate) fn subscription() -> Request<AlertServiceSubscribeRequest> {
    of_desk(AlertServiceSubscribeRequest { sites: vec![PLANT.to_owned()], ..Default::default() })
}

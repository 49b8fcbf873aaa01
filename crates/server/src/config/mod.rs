//! `davy.toml` < `conf.d/*.toml` < `DAVY__SECTION__KEY` < flags, checked as a whole before anything starts.

mod access;
mod audit;
pub(crate) mod clients;
mod consumers;
mod exits;
mod file;
mod history;
mod hj212;
mod http;
mod journal;
mod link;
mod liveness;
mod oidc;
mod problem;
mod resolve;
mod sparkplug;
mod tls;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

pub use access::AccessConfig;
pub use audit::AuditConfig;
pub use consumers::ConsumerConfig;
pub use exits::{ExitConfig, ExitKind};
pub use file::Flags;
pub use history::{HistoryConfig, HistoryStore};
pub use http::{PortConfig, PortTls};
pub use link::{LinkConfig, LowerConfig};
pub use liveness::CanaryConfig;
pub use oidc::{KeysFrom, OidcConfig};
pub use problem::ConfigProblem;

use davy_access::{PasswordHash, Tree};
use davy_delivery::consumers::CONSUMERS_MAX;

use crate::{
    FolderPolicy, SiteSource,
    audit::BYTES_MAX as AUDIT_BYTES,
    certificates::{Certificates, ServedCertificate},
    live,
    retention::Retention,
    rpc::{FILES_BYTES_MAX, WATCHERS_MAX},
};

/// Everything a server is told at its start, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where journals are kept: one file a site.
    pub data_dir: PathBuf,
    /// The sites to serve.
    pub sites: Vec<SiteSource>,
    /// Where gRPC, `/metrics` and `/healthz` are served. Loopback only: this port has no TLS.
    pub http: SocketAddr,
    /// How much that port takes.
    pub port: PortConfig,
    /// Who may come in there. Without it only loopback is listened to, and whoever is there may do everything.
    pub access: Option<AccessConfig>,
    /// Where sites lie in the administrative tree.
    pub tree: Arc<Tree>,
    /// Davy's own MQTT door.
    pub door: Option<DoorConfig>,
    /// An external MQTT broker.
    pub broker: Option<davy_intake::broker::BrokerConfig>,
    /// Davy as a Sparkplug host application.
    pub sparkplug: davy_intake::sparkplug::SparkplugConfig,
    /// The listener for HJ 212 boxes.
    pub hj212: Option<davy_intake::hj212::Hj212Config>,
    /// How much of each site's record is kept.
    pub retention: Retention,
    /// What may wait in front of one site's writer, bytes; 1 KiB to 4 GiB.
    pub inbox_bytes: usize,
    /// Longest payload taken, bytes.
    pub payload_bytes_max: usize,
    /// What heartbeats call this Davy.
    pub node: String,
    /// How often a heartbeat goes down each site's alarm path.
    pub heartbeat_every: Duration,
    /// What becomes of files that somebody changed in a site's folder.
    pub folders: FolderPolicy,
    /// History; `None` when none is kept.
    pub history: Option<HistoryConfig>,
    /// How the audit log is kept.
    pub audit: AuditConfig,
    /// SHA-256 of the keys as they were read, in hex; empty when nothing was read.
    pub digest: String,
    /// The canary; `None` when it is switched off.
    pub canary: Option<CanaryConfig>,
    /// Where alerts are brought.
    pub exits: Vec<ExitConfig>,
    /// The Davy above.
    pub link: Option<LinkConfig>,
    /// The Davys below.
    pub lowers: Vec<LowerConfig>,
    /// Consumers that must listen.
    pub consumers: Vec<ConsumerConfig>,
}

/// Davy's own MQTT door.
#[derive(Clone, Debug)]
pub struct DoorConfig {
    /// Sockets and limits.
    pub door: davy_door::Config,
    /// The certificate of the socket that has TLS.
    pub certificate: Option<Arc<ServedCertificate>>,
    /// Who may come in.
    pub clients: davy_intake::rights::Clients,
    /// Where that is read, and read again; `None` when everybody may.
    pub clients_file: Option<PathBuf>,
    /// How much each of them may bring.
    pub quota: davy_intake::QuotaConfig,
}

impl Config {
    /// A server for these sites, on loopback, with everything else by default. Port 0 lets the system choose.
    pub fn on_loopback(data_dir: PathBuf, sites: Vec<SiteSource>, http_port: u16, door_port: u16) -> Config {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let door = DoorConfig {
            door: davy_door::Config::listen_on(loopback(door_port)),
            certificate: None,
            clients: davy_intake::rights::Clients::anyone(),
            clients_file: None,
            quota: davy_intake::QuotaConfig::default(),
        };
        Config {
            data_dir,
            sites,
            http: loopback(http_port),
            port: PortConfig::default(),
            access: None,
            tree: Arc::default(),
            door: Some(door),
            broker: None,
            sparkplug: davy_intake::sparkplug::SparkplugConfig::default(),
            hj212: None,
            retention: Retention::default(),
            inbox_bytes: DEFAULT_INBOX_BYTES,
            payload_bytes_max: davy_intake::PAYLOAD_BYTES_MAX,
            node: liveness::host_name(),
            heartbeat_every: liveness::HEARTBEAT_EVERY,
            folders: FolderPolicy::default(),
            history: Some(HistoryConfig::default()),
            audit: AuditConfig::default(),
            digest: String::new(),
            canary: Some(CanaryConfig::default()),
            exits: Vec::new(),
            link: None,
            lowers: Vec::new(),
            consumers: Vec::new(),
        }
    }

    /// Reads a configuration file and what stands above it.
    ///
    /// # Errors
    /// Every problem found, not only the first.
    pub fn load(path: Option<&std::path::Path>, flags: &Flags) -> Result<Config, Vec<ConfigProblem>> {
        let (raw, mut problems) = file::load(path, flags)?;
        match resolve::resolve(&raw) {
            Ok(config) if problems.is_empty() => Ok(config),
            Ok(_) => Err(problems),
            Err(more) => {
                problems.extend(more);
                Err(problems)
            }
        }
    }

    /// The certificates that are served with.
    pub(crate) fn certificates(&self) -> Certificates {
        let http = self.port.tls.as_ref().map(|tls| &tls.certificate);
        let door = self.door.as_ref().and_then(|door| door.certificate.as_ref());
        http.into_iter().chain(door).map(Arc::clone).collect()
    }

    /// The most memory that Davy can take, bytes, with all queues and connections full: printed at the start.
    pub fn memory_max_bytes(&self) -> usize {
        let door = self
            .door
            .as_ref()
            .map_or(0, |door| door.door.connections_max.saturating_mul(door.door.connection_len_max()));
        let per_site = self.inbox_bytes + (64 << 20) + (8 << 20) + live::BYTES_MAX;
        // The canary's site is one more.
        let sites = self.sites.len() + usize::from(self.canary.is_some());
        let history = if self.history.is_some() { HISTORY_BYTES } else { 0 };
        let hj212 = self.hj212.as_ref().map_or(0, |hj212| hj212.memory_max_bytes());
        let watchers = WATCHERS_MAX * WATCHER_BYTES;
        let exits = self.exits.len() * EXIT_BYTES;
        let port = self.port.limits.memory_max_bytes().saturating_add(FILES_BYTES_MAX);
        let lowers = self.lowers.len() * LOWER_BYTES + usize::from(self.link.is_some()) * LINK_BYTES;
        let forwarded = self.lowers.iter().map(|lower| lower.sites.len()).sum::<usize>() * FORWARDED_BYTES;
        let own = [PROGRAM_BYTES, PASSWORD_BYTES, AUDIT_BYTES, CONSUMERS_BYTES];
        let shared = [hj212, history, watchers, port, exits, lowers, forwarded]
            .into_iter()
            .chain(own)
            .fold(door, usize::saturating_add);
        shared.saturating_add(sites.saturating_mul(per_site))
    }
}

/// The program itself, bytes: its code, its threads and its tables. An idle debug build with the sample's sites was measured at 66
/// MiB, of which 49 are code.
const PROGRAM_BYTES: usize = 96 << 20;
/// The one password that is checked at a time, bytes.
const PASSWORD_BYTES: usize = (PasswordHash::memory_kib_max() as usize) << 10;

/// What is on its way to one who watches readings, bytes: two messages of a commit each.
const WATCHER_BYTES: usize = 8 << 20;

/// What durable consumers can take, bytes: each has as many runs that wait for the ledger as may be, and a place in each of
/// some sites.
const CONSUMERS_BYTES: usize = CONSUMERS_MAX * (32 << 10);

/// What is on its way to one receiver, bytes: twice 256 events, a tenth of the notes that wait, one alert and its answer.
const EXIT_BYTES: usize = 8 << 20;

/// What is on its way from one lower Davy, bytes: one message and its transitions.
const LOWER_BYTES: usize = 4 << 20;

/// What is on its way to the upper Davy, bytes: 4 messages, one that is made, and 256 events of subscription.
const LINK_BYTES: usize = 4 << 20;

/// What is held of a lower Davy's site, bytes: 4096 transitions for subscribers, and what its journal has in memory.
const FORWARDED_BYTES: usize = 12 << 20;

/// What is on its way to history at once, bytes: one batch of some 50,000 readings and 2,000 transitions, and the commits it is
/// made of.
const HISTORY_BYTES: usize = 64 << 20;

/// What may wait in front of one site's writer when nothing else is configured, bytes.
pub(crate) const DEFAULT_INBOX_BYTES: usize = 64 << 20;

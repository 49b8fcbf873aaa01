//! Config, wiring, the one clock, and the services.
//!
//! Promise: what the other rooms promise holds when they are put together: a reading is acknowledged when it is on disk,
//! what was judged is delivered, and what cannot start says everything that is wrong with it at once.
//!
//! It does not know: how alarms are decided, how bytes are laid out, how people like to read tables.

mod activation;
mod aside;
mod audit;
pub mod backtest;
mod beats;
mod canary;
mod certificates;
mod check;
mod clock;
mod commit_thread;
mod committer;
mod config;
mod consumers;
mod contract;
mod counted;
mod done;
mod exits;
mod failure;
pub mod guard;
mod hardened;
mod history;
mod http;
mod hub;
mod json;
mod keeper;
mod kept;
mod latest;
mod letters;
pub mod line;
mod link;
mod live;
mod load;
pub mod log;
mod metrics;
pub mod past;
mod pending;
mod port;
mod pulse;
mod recover;
pub mod replay;
mod retention;
mod revisions;
mod room;
pub mod rpc;
mod say;
mod server;
mod shown;
mod site;
mod snapshot;
mod source;
mod sources;
mod spoken;
mod summary;
mod watch;
mod write_thread;
mod writer;

#[cfg(test)]
#[path = "../../model/tests/raised/mod.rs"]
mod raised;

pub use certificates::{ClientCertificate, ServedCertificate, TlsFiles};
pub use check::{CheckReport, CheckedSite, check};
pub use config::{
    AccessConfig, AuditConfig, CanaryConfig, Config, ConfigProblem, ConsumerConfig, DoorConfig, ExitConfig,
    ExitKind, Flags, HistoryConfig, HistoryStore, KeysFrom, LinkConfig, LowerConfig, OidcConfig, PortConfig,
    PortTls,
};
pub use port::{Peer, PeerCertificate, PortLimits};
pub use recover::RecoverError;
pub use retention::Retention;
pub use revisions::{FolderPolicy, SettleError, StoreError};
pub use server::{Server, StartError};
pub use source::{Loaded, SiteSource, site_files};
pub use sources::sources;
pub use summary::{SiteSummary, Summary};

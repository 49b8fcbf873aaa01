//! Davy from outside: the binary as people start it, and clients that know the documents only.
//!
//! Promise: what a test expects is written down in the test or worked out there by the plainest arithmetic; no rule, engine
//! or journal code of Davy says what is right. Nothing is waited for by sleeping: every wait names a condition and a limit.
//! What a test starts ends with it, and tells its log when the test fails.
//!
//! It does not know: rules, the engine, the journal's layout.

pub mod abuse;
pub mod consumers;
mod davy;
mod grpc;
mod http;
mod mosquitto;
pub mod mqtt;
pub mod page;
mod paths;
mod place;
mod postgres;
pub mod proxy;
mod record;
mod setup;
mod stall;
mod strace;
mod verb;
mod wait;
mod watchdog;

pub use davy::Davy;
pub use grpc::{Grpc, Subscriber, alert_time};
pub use http::{Metrics, get, posted};
pub use mosquitto::{Mosquitto, has_mosquitto};
pub use paths::{buf, cargo_tool, davy_binary, must_have_everything, python, shared, skipped, workspace};
pub use place::{Place, places};
pub use postgres::Postgres;
pub use record::{Change, Record, Told, Transition, check_journal};
pub use setup::{Setup, copy_folder};
pub use stall::Stall;
pub use strace::{DURABLE_CALLS, Fault, calls_in, has_strace, strace};
pub use verb::{Said, davy, lines_of};
pub use wait::{LONG, wait_until};
pub use watchdog::{Watchdog, Word};

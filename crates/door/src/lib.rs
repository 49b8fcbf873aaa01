//! An MQTT 3.1.1 and 5 listener whose PUBACK means *durable*.
//!
//! Every message a client publishes goes to one [`Handler`], batch by batch, together with a [`Receipt`]. The client's PUBACKs are
//! written once the receipt is committed: not before, not out of order, and never if it is dropped instead.
//!
//! It is a door, not a broker. Clients publish to the handler and hear only from the [`DoorPublisher`], never from each other;
//! no session outlives its connection; retained messages are accepted (the flag is passed on) and nothing is stored; QoS 2,
//! subscription identifiers, shared subscriptions and the AUTH exchange are refused in the words of each version.
//!
//! It does not know what a payload means, what is done with it, or where it is kept.
//!
//! ```text
//! socket ─► codec ─► batch ─► Handler::submit ─► (durable) ─► Receipt::commit
//!    ▲                                                              │
//!    └────────── PUBACKs, in the order of arrival ◄─────────────────┘
//! ```
//!
//! Every queue is bounded ([`Config`]) and every drop counted ([`StatsSnapshot`]).

mod clients;
pub mod codec;
mod config;
mod door;
mod handler;
mod hub;
mod link;
mod listener;
mod live;
mod publisher;
mod rate;
mod receipt;
mod serve;
mod stats;
pub mod tls;
pub mod topic;
mod welcome;

pub use codec::{Qos, Version};
pub use config::{CONNECT_LEN_MAX, Config, ConnectRate, Listen};
pub use door::Door;
pub use handler::{Closed, ConnectInfo, Handler, Peer, PubackReason, Publish, Refusal};
pub use listener::TurnedAway;
pub use publisher::{DoorPublisher, NotATopic, Routed};
pub use rate::{RateLimit, network};
pub use receipt::{Outcome, Receipt, ReceiptWatch};
pub use stats::StatsSnapshot;

//! Sparkplug B, as a host application reads it (Sparkplug 3.0.0).
//!
//! A payload alone says little: names stand in births, data may name metrics by alias, and messages count on. So there
//! are two readers: [`SparkplugB`] takes one payload by itself, and a [`Session`] takes everything one edge node sends.
//!
//! Promise of a session: no metric is given under a wrong name; after a death nothing is good until the next birth; what
//! is missing is noticed within the reorder timeout, and the edge node is asked for its births. Its memory is bounded.
//!
//! It does not know: connections, sites, tags, what time it is. Deadlines are given back, never slept on.

mod again;
mod codec;
mod command;
mod datatype;
mod metric;
mod payload;
mod pending;
mod print;
mod properties;
mod reader;
mod session;
mod settings;
mod state;
mod table;
mod topic;

pub use again::Births;
pub use codec::SparkplugB;
pub use command::rebirth_command;
pub use datatype::DataType;
pub use session::{Counts, Host, Message, Session};
pub use settings::Settings;
pub use state::{HostState, decode_state, state_payload};
pub use topic::{ROOT, SparkplugTopic, Verb, group_filter, rebirth_topic, state_topic};

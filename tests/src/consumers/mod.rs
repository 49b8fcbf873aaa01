//! Durable consumers by the hundred, and the plant that alarms them.

mod crowd;
mod plant;

pub use crowd::Crowd;
pub use plant::{Gateway, SITES, confirm, durable, red_only, setup, told};

//! Transitions to whoever must act, live and from any point of the past, without a hole that is not announced.
//!
//! Promise: a subscriber gets every transition after its token exactly in order, from the journal first and live then,
//! under one gate of sequence numbers; one that reads slowly falls back to the journal and never holds anyone up.
//!
//! It does not know: rules, the engine, gRPC. What it hands out are model values.

mod book;
pub mod consumers;
pub mod exits;
mod feed;
mod follower;
mod recent;
mod site_feed;
mod subscription;
mod token;

pub use book::{Book, Entry};
pub use feed::Feed;
pub use follower::{Follower, Step};
pub use site_feed::{Delivered, Heartbeat, SiteFeed};
pub use subscription::{Event, GapReason, Start, Subscription};
pub use token::{Mark, Token, TokenError};

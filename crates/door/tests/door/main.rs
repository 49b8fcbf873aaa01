//! The door as its clients see it, with a handler that remembers everything.
#![allow(missing_docs, unreachable_pub)]

mod abuse;
mod cross_check;
mod flow;
mod foreign_clients;
mod fuzz;
mod handler;
mod leaving;
mod limits;
mod load;
mod outgoing;
mod packets;
mod raw;
mod shutdown;
mod tls;
mod welcome;

//! Exits, told as stories of receivers that are down, slow, lying and returning.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod alertmanager;
mod authority;
mod drafts;
mod each;
mod handshake;
mod hook;
mod hostile;
mod lying;
mod memory;
mod mqtt;
mod plant;
mod real_alertmanager;
mod real_broker;
mod receiver;
mod replay;
mod schema;
mod signed;
mod sites;
mod speech;
mod stand;
mod syslog;
mod tls;

//! Exits, told as stories of receivers that are down, slow, lying and returning.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod alertmanager;
mod drafts;
mod handshake;
mod hook;
mod lying;
mod memory;
mod mqtt;
mod plant;
mod real_alertmanager;
mod receiver;
mod signed;
mod syslog;

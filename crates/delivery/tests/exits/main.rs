//! Exits, told as stories of receivers that are down, slow, lying and returning.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod handshake;
mod lying;
mod memory;
mod plant;
mod receiver;
mod signed;

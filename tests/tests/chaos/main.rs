//!
//! Connections are cut after each byte, fall silent, are taken over; messages come again and again; the broker dies; consumers
//! do not read. What Davy acknowledged is in its journal, nothing is judged twice, and all is well again by itself.

mod broker_cuts;
mod broker_kills;
mod door_cuts;
mod fleet;
mod plant;
mod silence;
mod storms;
mod subscribers;

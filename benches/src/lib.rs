//! What the benches share: load from raw sockets, brokers and Davys as child processes, CPU as the system counts it.
//!
//! Promise: both sides of every ratio are measured in one run on one machine, in interleaved rounds; absolute figures are
//! printed, ratios are what counts.
//!
//! It does not know: what a good figure is. Each bench prints its budget beside what it measured.

pub mod davy;
pub mod load;
pub mod log;
pub mod mosquitto;
pub mod process;
pub mod table;

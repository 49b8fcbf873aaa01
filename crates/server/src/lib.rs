//! Config, wiring, the one clock, and the services.

pub mod rpc;

//! Abuse: what should not be sent, a row a case, sent to a live Davy while those who mean well go on with their work.

pub mod grpc;
mod honest;
mod house;
pub mod mqtt;
mod raw;
pub mod web;

pub use honest::{Honest, Waits};
pub use house::{House, VIEWER};
pub use raw::Raw;

//! The gRPC messages of Davy, and the only conversions between the wire and the model.
//!
//! Promise: every message of `proto/davy/v1` is [`v1`], and what the model can say crosses the wire and comes back the
//! same: times to the microsecond, every state, every quality.
//!
//! It does not know: connections, services (their stubs are made in `server`), clocks, files.

mod convert;
mod error;
mod json;

pub use convert::{
    alarm_of, alert_of, command_of, delay_of, duration_from_wire, duration_to_wire, seen_alarm_of,
    seen_reading_of, summary_of, time_from_wire, time_to_wire, verdict_of,
};
pub use error::WireError;
pub use json::alert_json;

/// Generated from `proto/davy/v1`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, rustdoc::all)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/davy.v1.rs"));
}

/// The compiled files of `proto/davy/v1` and what they import, as a `google.protobuf.FileDescriptorSet`: what gRPC
/// reflection serves.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/davy.v1.binpb"));

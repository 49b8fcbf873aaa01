//! The gRPC services, and the clients made from the same files.

/// Generated service stubs of `proto/davy/v1`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, rustdoc::all)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/davy.v1.rs"));
}

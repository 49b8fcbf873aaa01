//! A client certificate that the port has verified.

use crate::TokenHash;

/// What is in a client certificate that TLS has verified: who it says it is of, and which it is. The port puts it beside a
/// request; without TLS there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The common names and the DNS names.
    pub names: Vec<String>,
    /// The SHA-256 of the whole certificate (DER).
    pub fingerprint: TokenHash,
}

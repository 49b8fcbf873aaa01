//! Who is at the other end of a connection, for whoever decides what it may do.

use std::{net::SocketAddr, sync::Arc};

pub use davy_access::PeerCertificate;
use davy_intake::certificate_names;
use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256};

/// The other end of the connection that a request came by. Every request on the port carries it among its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where it comes from.
    pub addr: SocketAddr,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// The certificate that it showed, verified; `None` when it showed none.
    pub certificate: Option<Arc<PeerCertificate>>,
}

/// What a verified certificate says.
pub(super) fn read(certificate: &CertificateDer<'_>) -> PeerCertificate {
    PeerCertificate { names: certificate_names(certificate), fingerprint: Sha256::digest(certificate).into() }
}

//! The other end of a request's connection.

use std::{net::IpAddr, sync::Arc};

use axum::http::Extensions;
use davy_access::PeerCertificate;

/// Where a request comes from, and the certificate of its connection.
pub(super) struct Peer<'a> {
    address: Option<IpAddr>,
    pub(super) certificate: Option<&'a Arc<PeerCertificate>>,
}

impl<'a> Peer<'a> {
    pub(super) fn of(extensions: &'a Extensions) -> Peer<'a> {
        let peer: Option<&crate::port::Peer> = extensions.get();
        Peer {
            address: peer.map(|peer| peer.addr.ip()),
            certificate: peer.and_then(|peer| peer.certificate.as_ref()),
        }
    }

    /// Whether it is on this machine. What has no address is not.
    pub(super) fn is_here(&self) -> bool {
        self.address.is_some_and(|address| address.to_canonical().is_loopback())
    }

    /// The address as a word; what has none is one place.
    pub(super) fn word(&self) -> String {
        self.address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
    }
}

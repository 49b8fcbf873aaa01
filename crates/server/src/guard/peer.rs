//! The other end of a request's connection.

use std::{net::IpAddr, sync::Arc};

use axum::http::Extensions;
use davy_access::PeerCertificate;
use davy_door::network;

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

    /// By what wrong tries are counted: whoever has one IPv6 address has a whole network of them.
    pub(super) fn network(&self) -> String {
        self.address.map(|address| network(address).to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(address: &str) -> String {
        let addr = (address.parse::<IpAddr>().expect("an address"), 443).into();
        let mut extensions = Extensions::new();
        extensions.insert(crate::port::Peer { addr, tls: true, certificate: None });
        Peer::of(&extensions).network()
    }

    #[test]
    fn an_ipv6_network_tries_passwords_as_one() {
        assert_eq!(counted("2001:db8::1"), counted("2001:db8::ffff:2"));
        assert_ne!(counted("2001:db8::1"), counted("2001:db8:0:1::1"));
        assert_ne!(counted("203.0.113.5"), counted("203.0.113.6"));
        assert_eq!(counted("203.0.113.5"), counted("::ffff:203.0.113.5"));
        assert_eq!(Peer::of(&Extensions::new()).network(), "");
    }
}

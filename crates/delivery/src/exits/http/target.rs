//! Where an HTTP receiver is, and whom it must be.

use std::{fmt, net::IpAddr, sync::Arc};

use hyper::Uri;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::TlsConnector;

/// The address of a receiver, checked.
#[derive(Clone)]
pub struct HttpTarget {
    host: String,
    port: u16,
    authority: String,
    path: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is none.
    #[error("expected an address such as https://alarms.example/hook: {0:?}")]
    Address(String),
    /// It has a name or a password in it.
    #[error("no user and no password in an address: name a file that has the Authorization header")]
    Login,
    /// Nobody to trust is named.
    #[error("https needs ca_file, the authorities that may have signed the receiver's certificate")]
    Authorities,
    /// Alarms would go over a network as plain text.
    #[error("http is for this machine only: use https, or say plain = true where the network is trusted")]
    Plain,
}

impl HttpTarget {
    /// The receiver at `url`; `tls` is what an `https` one is checked with.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn new(
        url: &str,
        tls: Option<&Arc<ClientConfig>>,
        plain_is_trusted: bool,
    ) -> Result<HttpTarget, TargetError> {
        // What cannot be read as an address may have a password in it.
        let wrong = || match url.contains('@') {
            true => TargetError::Login,
            false => TargetError::Address(url.to_owned()),
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        if authority.as_str().contains('@') {
            return Err(TargetError::Login);
        }
        // Brackets of an IPv6 address are no part of it.
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(wrong());
        }
        let (port, tls) = match uri.scheme_str() {
            Some("http") if plain_is_trusted || is_loopback(&host) => (80, None),
            Some("http") => return Err(TargetError::Plain),
            Some("https") => {
                let config = tls.ok_or(TargetError::Authorities)?;
                let name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
                (443, Some((TlsConnector::from(Arc::clone(config)), name)))
            }
            _ => return Err(wrong()),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let port = authority.port_u16().unwrap_or(port);
        Ok(HttpTarget { host, port, authority: authority.to_string(), path, tls })
    }

    /// The same receiver under a path below this one: `/api/v2/alerts`.
    #[must_use]
    pub fn below(mut self, path: &str) -> HttpTarget {
        self.path = format!("{}{path}", self.path.trim_end_matches('/'));
        self
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn tls(&self) -> Option<&(TlsConnector, ServerName<'static>)> {
        self.tls.as_ref()
    }
}

/// Where it leads, for people. What follows a `?` may be a secret, and is left out.
impl fmt::Display for HttpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{scheme}://{}{path}", self.authority)
    }
}

impl fmt::Debug for HttpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpTarget({self})")
    }
}

/// Whether a host is this machine itself, as far as its name says.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// TLS 1.2 and 1.3 that trusts the authorities in `authorities_pem` and nobody else.
///
/// # Errors
/// Why it cannot be had, in words.
pub fn tls_client(authorities_pem: &[u8]) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authorities_pem) {
        let authority = authority.map_err(|error| format!("not PEM: {error}"))?;
        roots.add(authority).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("no certificate authority in it".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_on_this_machine_only_and_shows_no_secret() {
        let of = |url: &str, trusted| HttpTarget::new(url, None, trusted).map(|target| target.to_string());
        let fine = |text: &str| Ok(text.to_owned());
        assert_eq!(of("http://127.0.0.1:9000/hook?key=s3cret", false), fine("http://127.0.0.1:9000/hook"));
        assert_eq!(of("http://[::1]:9000", false), fine("http://[::1]:9000/"));
        assert_eq!(of("http://10.0.0.7/hook", true), fine("http://10.0.0.7/hook"));
        assert_eq!(of("http://10.0.0.7/hook", false), Err(TargetError::Plain));
        assert_eq!(of("http://127.0.0.1.evil.example/", false), Err(TargetError::Plain));
        assert_eq!(of("https://alarms.example/hook", false), Err(TargetError::Authorities));
        assert_eq!(of("http://ann:pw@localhost/", false), Err(TargetError::Login));
        for wrong in ["", "hook", "ftp://localhost/", "http://", "/hook"] {
            assert_eq!(of(wrong, false), Err(TargetError::Address(wrong.to_owned())), "{wrong}");
        }
    }

    #[test]
    fn a_path_below_keeps_the_prefix() {
        for (url, path) in
            [("http://localhost", "/api/v2/alerts"), ("http://localhost/am/", "/am/api/v2/alerts")]
        {
            let target = HttpTarget::new(url, None, false).unwrap().below("/api/v2/alerts");
            assert_eq!(target.path(), path);
        }
    }
}

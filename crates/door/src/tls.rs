//! TLS by rustls with the ring provider: from PEM to a server configuration.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem};

/// Whether clients show a certificate, and whose (PEM of the authorities).
#[derive(Debug, Clone, Copy)]
pub enum ClientCertificates<'a> {
    /// None is asked for.
    None,
    /// One is asked for and verified when shown; a client without one comes in with an empty chain.
    Optional(&'a [u8]),
    /// No certificate, no connection.
    Required(&'a [u8]),
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Not PEM, or not the PEM wanted.
    #[error("{what}: {source}")]
    Pem {
        /// Which of the inputs.
        what: &'static str,
        /// What the parser says.
        source: pem::Error,
    },
    /// No certificate in the PEM.
    #[error("{0}: no certificate in it")]
    Empty(&'static str),
    /// Certificate and key do not fit, or the provider refuses them.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    /// The client authorities cannot be used.
    #[error("client certificate authorities: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// Builds a server configuration for TLS 1.2 and 1.3 from a PEM chain (own certificate first) and its PEM key.
///
/// # Errors
/// See [`TlsError`].
pub fn server_config(
    chain_pem: &[u8],
    key_pem: &[u8],
    clients: ClientCertificates<'_>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates("certificate chain", chain_pem)?;
    let key = PrivateKeyDer::from_pem_slice(key_pem)
        .map_err(|source| TlsError::Pem { what: "private key", source })?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    let builder = match clients {
        ClientCertificates::None => builder.with_no_client_auth(),
        ClientCertificates::Optional(pem) => builder.with_client_cert_verifier(verifier(pem, true)?),
        ClientCertificates::Required(pem) => builder.with_client_cert_verifier(verifier(pem, false)?),
    };
    Ok(Arc::new(builder.with_single_cert(chain, key)?))
}

/// The configuration that new connections are met with. Another can be put in its place; who is connected already keeps what
/// was shaken hands on.
#[derive(Clone)]
pub struct Current(Arc<RwLock<Arc<ServerConfig>>>);

impl Current {
    /// Begins with this one.
    pub fn new(config: Arc<ServerConfig>) -> Current {
        Current(Arc::new(RwLock::new(config)))
    }

    /// The one that stands now.
    pub fn get(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.read())
    }

    /// Puts another in its place.
    pub fn set(&self, config: Arc<ServerConfig>) {
        *self.0.write() = config;
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").finish_non_exhaustive()
    }
}

fn verifier(authorities_pem: &[u8], optional: bool) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("client certificate authorities", authorities_pem)? {
        roots.add(certificate)?;
    }
    let provider = Arc::new(ring::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    Ok(if optional { builder.allow_unauthenticated().build()? } else { builder.build()? })
}

fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|source| TlsError::Pem { what, source })?;
    if chain.is_empty() { Err(TlsError::Empty(what)) } else { Ok(chain) }
}

//! TLS by rustls with the ring provider: from PEM to a server configuration.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::TLS13;
use rustls::{ALL_VERSIONS, RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem};

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

/// What TLS is set up with.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The certificate chain, PEM, one's own first.
    pub chain_pem: &'a [u8],
    /// Its key, PEM.
    pub key_pem: &'a [u8],
    /// Whether clients show a certificate.
    pub clients: ClientCertificates<'a>,
    /// Lists of the clients' certificates that hold no more (CRL, RFC 5280), PEM: one of every authority that signs clients. Their
    /// own expiry is not looked at: a list that was forgotten must not lock a plant out.
    pub revoked_pem: Option<&'a [u8]>,
    /// Whether TLS 1.2 is spoken beside 1.3, for old devices.
    pub tls_1_2: bool,
    /// The protocols that are spoken inside, the preferred first; none when that is not asked (ALPN, RFC 7301).
    pub protocols: &'a [&'a [u8]],
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
    /// No list in the PEM of revoked certificates.
    #[error("revoked certificates: no list (X509 CRL) in it")]
    NoList,
    /// Certificate and key do not fit, or the provider refuses them.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    /// The client authorities cannot be used.
    #[error("client certificate authorities: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// Builds a server configuration for TLS 1.3, and 1.2 where it is asked for.
///
/// # Errors
/// See [`TlsError`].
pub fn server_config(material: &Material<'_>) -> Result<Arc<ServerConfig>, TlsError> {
    static TLS_1_3: &[&SupportedProtocolVersion] = &[&TLS13];
    let chain = certificates("certificate chain", material.chain_pem)?;
    let key = PrivateKeyDer::from_pem_slice(material.key_pem)
        .map_err(|source| TlsError::Pem { what: "private key", source })?;
    let versions = if material.tls_1_2 { ALL_VERSIONS } else { TLS_1_3 };
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)?;
    let revoked = material.revoked_pem;
    let builder = match material.clients {
        ClientCertificates::None => builder.with_no_client_auth(),
        ClientCertificates::Optional(pem) => builder.with_client_cert_verifier(verifier(pem, revoked, true)?),
        ClientCertificates::Required(pem) => {
            builder.with_client_cert_verifier(verifier(pem, revoked, false)?)
        }
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = material.protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Arc::new(config))
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

fn verifier(
    authorities_pem: &[u8],
    revoked_pem: Option<&[u8]>,
    optional: bool,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("client certificate authorities", authorities_pem)? {
        roots.add(certificate)?;
    }
    let provider = Arc::new(ring::default_provider());
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    if let Some(pem) = revoked_pem {
        builder = builder.with_crls(lists(pem)?);
    }
    Ok(if optional { builder.allow_unauthenticated().build()? } else { builder.build()? })
}

fn lists(pem: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    const WHAT: &str = "revoked certificates";
    let lists: Vec<_> = CertificateRevocationListDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|source| TlsError::Pem { what: WHAT, source })?;
    if lists.is_empty() { Err(TlsError::NoList) } else { Ok(lists) }
}

fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|source| TlsError::Pem { what, source })?;
    if chain.is_empty() { Err(TlsError::Empty(what)) } else { Ok(chain) }
}

//! TLS towards a broker: rustls with ring, and only the authorities one names.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that is no PEM, or holds nothing of the kind.
    #[error("not PEM: {0}")]
    Pem(#[from] rustls_pki_types::pem::Error),
    /// No authority to trust.
    #[error("no certificate authority given")]
    NoAuthority,
    /// A certificate or key that cannot be used.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

/// TLS 1.2 and 1.3 that trusts the authorities in `authorities_pem`, and shows the certificate chain and key, both PEM, when
/// they are given.
///
/// # Errors
/// [`TlsError`].
pub fn tls_client(
    authorities_pem: &[u8],
    own_pem: Option<(&[u8], &[u8])>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authorities_pem) {
        roots.add(authority?)?;
    }
    if roots.is_empty() {
        return Err(TlsError::NoAuthority);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let config = match own_pem {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>()?;
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key)?)?
        }
    };
    Ok(Arc::new(config))
}

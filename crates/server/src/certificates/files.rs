//! The files of one certificate, and what they make.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use davy_door::tls::{ClientCertificates, Material, server_config};
use davy_intake::certificate_end_s;
use davy_model::Timestamp;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Whether clients show a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientCertificate {
    /// None is asked for.
    #[default]
    None,
    /// One is asked for, and verified when it is shown.
    Optional,
    /// No certificate, no connection.
    Required,
}

/// Where what TLS needs is kept, and how it is spoken.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The chain, PEM, one's own first.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// Who signs clients' certificates, PEM.
    pub client_ca: Option<PathBuf>,
    /// Which of these hold no more: lists (CRL), PEM.
    pub revoked: Option<PathBuf>,
    /// Whether clients show one.
    pub client_certificate: ClientCertificate,
    /// Whether TLS 1.2 is spoken too.
    pub tls_1_2: bool,
    /// What is spoken inside, as ALPN has it.
    pub protocols: &'static [&'static [u8]],
}

/// What files made.
pub(super) struct Made {
    pub(super) config: Arc<ServerConfig>,
    /// When the first certificate of it ends that nothing works without.
    pub(super) ends: Option<Timestamp>,
}

/// What is in the files.
pub(super) struct Contents {
    chain: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
    revoked: Option<Vec<u8>>,
}

impl Contents {
    /// Of all of it.
    pub(super) fn hash(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let none = Vec::new();
        for part in [
            &self.chain,
            &self.key,
            self.client_ca.as_ref().unwrap_or(&none),
            self.revoked.as_ref().unwrap_or(&none),
        ] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// The file that cannot be read, and why.
    pub(super) fn read(&self) -> Result<Contents, String> {
        Ok(Contents {
            chain: read(&self.certificate)?,
            key: read(&self.key)?,
            client_ca: self.client_ca.as_deref().map(read).transpose()?,
            revoked: self.revoked.as_deref().map(read).transpose()?,
        })
    }

    /// Makes of it what connections are met with.
    ///
    /// # Errors
    /// What does not fit.
    pub(super) fn make(&self, contents: &Contents) -> Result<Made, String> {
        let authorities = contents.client_ca.as_deref().unwrap_or_default();
        let clients = match self.client_certificate {
            ClientCertificate::None => ClientCertificates::None,
            ClientCertificate::Optional => ClientCertificates::Optional(authorities),
            ClientCertificate::Required => ClientCertificates::Required(authorities),
        };
        let material = Material {
            chain_pem: &contents.chain,
            key_pem: &contents.key,
            clients,
            revoked_pem: contents.revoked.as_deref(),
            tls_1_2: self.tls_1_2,
            protocols: self.protocols,
        };
        let config = server_config(&material).map_err(|error| error.to_string())?;
        let own = ends(&contents.chain).into_iter().next();
        // Of several authorities the old ones may end: a new one has taken their place.
        let last = ends(authorities).into_iter().max();
        Ok(Made { config, ends: own.into_iter().chain(last).min() })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// When each certificate ends.
fn ends(pem: &[u8]) -> Vec<Timestamp> {
    let certificates = CertificateDer::pem_slice_iter(pem).flatten();
    let seconds = certificates.filter_map(|certificate| certificate_end_s(&certificate));
    seconds.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000))).collect()
}

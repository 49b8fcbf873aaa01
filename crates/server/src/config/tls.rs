//! The keys of TLS, which the HTTP port and the door share.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::certificates::{ClientCertificate, ServedCertificate, TlsFiles};

/// As written, in whichever section.
pub(super) struct RawTls<'a> {
    /// The section: `http` or `door`.
    pub(super) section: &'static str,
    pub(super) certificate_file: Option<&'a PathBuf>,
    pub(super) key_file: Option<&'a PathBuf>,
    pub(super) client_ca_file: Option<&'a PathBuf>,
    pub(super) client_revoked_file: Option<&'a PathBuf>,
    pub(super) client_certificate: ClientCertificate,
    pub(super) tls_1_2: bool,
    pub(super) protocols: &'static [&'static [u8]],
}

/// Reads the files, and keeps them in sight.
///
/// # Errors
/// The key that is missing, or what is wrong with a file.
pub(super) fn served(raw: &RawTls<'_>, base: &Path) -> Result<Arc<ServedCertificate>, String> {
    let need = |path: Option<&PathBuf>, key: &str| {
        path.map(|path| base.join(path)).ok_or_else(|| format!("TLS needs {}.{key}", raw.section))
    };
    let shown = raw.client_certificate != ClientCertificate::None;
    if raw.client_revoked_file.is_some() && !shown {
        return Err(format!(
            "{0}.client_revoked_file means nothing while {0}.client_certificate is none",
            raw.section
        ));
    }
    let files = TlsFiles {
        certificate: need(raw.certificate_file, "certificate_file")?,
        key: need(raw.key_file, "key_file")?,
        client_ca: shown.then(|| need(raw.client_ca_file, "client_ca_file")).transpose()?,
        revoked: raw.client_revoked_file.map(|path| base.join(path)),
        client_certificate: raw.client_certificate,
        tls_1_2: raw.tls_1_2,
        protocols: raw.protocols,
    };
    ServedCertificate::open(raw.section, files).map(Arc::new)
}

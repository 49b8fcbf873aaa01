//! Who asks a running Davy, and how that is proved.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::Interceptor,
    transport::{Certificate, ClientTlsConfig, Identity, Uri},
};

use crate::kept_token;

/// Who asks, and whose word is taken for who answers.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Credentials {
    /// Who signed the server's certificate, PEM; without it, those whom this machine trusts
    #[arg(long, env = "DAVY_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Your own certificate, PEM, for a server that knows its callers by them
    #[arg(long, env = "DAVY_CERTIFICATE", value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, env = "DAVY_KEY", value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// A file with your token in it; without it, the one that davy login keeps
    #[arg(long, env = "DAVY_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Credentials {
    /// Refuses what would prove nothing, or give a secret away.
    pub(crate) fn check(&self, server: &Uri, encrypted: bool) -> anyhow::Result<()> {
        if encrypted {
            return Ok(());
        }
        if self.ca.is_some() || self.certificate.is_some() {
            bail!("--ca and --certificate mean something with https://HOST:PORT only");
        }
        if self.token_file.is_some() && !is_here(server) {
            bail!(
                "--token-file: a token goes by https:// or stays on this machine, since everybody on the way can read it"
            );
        }
        Ok(())
    }

    /// How a connection is encrypted.
    pub(crate) fn tls(&self) -> anyhow::Result<ClientTlsConfig> {
        let tls = ClientTlsConfig::new();
        let tls = match &self.ca {
            Some(ca) => tls.ca_certificate(Certificate::from_pem(read("--ca", ca)?)),
            None => tls.with_native_roots(),
        };
        let Some((certificate, key)) = self.certificate.as_ref().zip(self.key.as_ref()) else {
            return Ok(tls);
        };
        let identity = Identity::from_pem(read("--certificate", certificate)?, read("--key", key)?);
        Ok(tls.identity(identity))
    }

    /// What every call to that server carries: the token that is given, or else the one that `davy login` kept for it.
    pub(crate) fn bearer(&self, server: &str) -> anyhow::Result<Bearer> {
        let Some(path) = &self.token_file else {
            return kept_token::kept(server)?.map_or(Ok(Bearer::nothing()), |token| Bearer::of(&token));
        };
        let token = String::from_utf8_lossy(&read("--token-file", path)?).trim().to_owned();
        if token.is_empty() {
            bail!("--token-file {}: there is no token in it", path.display());
        }
        Bearer::of(&token).with_context(|| format!("--token-file {}: one line of ASCII", path.display()))
    }
}

/// Refuses to say a password where others read it.
pub(crate) fn check_password(server: &Uri) -> anyhow::Result<()> {
    if server.scheme_str() != Some("https") && !is_here(server) {
        bail!("a password goes by https:// or stays on this machine, since everybody on the way can read it");
    }
    Ok(())
}

fn is_here(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|addr| addr.is_loopback())
}

fn read(flag: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{flag} {}", path.display()))
}

/// Puts the caller's token into every call.
#[derive(Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    /// Of whoever is not known yet.
    pub(crate) fn nothing() -> Bearer {
        Bearer(None)
    }

    fn of(token: &str) -> anyhow::Result<Bearer> {
        let mut bearer: MetadataValue<Ascii> = format!("Bearer {token}").parse()?;
        bearer.set_sensitive(true);
        Ok(Bearer(Some(bearer)))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(bearer) = &self.0 {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_token(text: &str) -> (tempfile::TempDir, Credentials) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        fs::write(&path, text).expect("written");
        (folder, Credentials { token_file: Some(path), ..Credentials::default() })
    }

    #[test]
    fn a_token_is_carried_by_every_call_and_shown_to_nobody() {
        let (_folder, credentials) = with_token("s3cret\n");
        let request = credentials
            .bearer("http://127.0.0.1:1")
            .expect("a token")
            .call(Request::new(()))
            .expect("let through");
        let carried = request.metadata().get("authorization").expect("carried");
        assert_eq!(carried.to_str().ok(), Some("Bearer s3cret"));
        assert!(!format!("{carried:?}").contains("s3cret"));
        for empty in ["", " \n"] {
            let (_folder, credentials) = with_token(empty);
            assert!(credentials.bearer("http://127.0.0.1:1").is_err(), "{empty:?}");
        }
    }

    #[test]
    fn a_password_goes_to_this_machine_or_over_tls_alone() {
        for (server, fine) in [
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("https://davy.example:8443", true),
            ("http://davy.example:8080", false),
            ("http://localhost.example:8080", false),
        ] {
            assert_eq!(check_password(&server.parse().expect("an address")).is_ok(), fine, "{server}");
        }
    }

    #[test]
    fn a_secret_never_goes_where_others_read_it() {
        let (_folder, token) = with_token("s3cret");
        let ca = Credentials { ca: Some("ca.pem".into()), ..Credentials::default() };
        for (credentials, server, fine) in [
            (&token, "http://127.0.0.1:8080", true),
            (&token, "http://[::1]:8080", true),
            (&token, "http://localhost:8080", true),
            (&token, "https://davy.example:8443", true),
            (&token, "http://davy.example:8080", false),
            (&token, "http://127.0.0.1.example:8080", false),
            (&ca, "https://davy.example:8443", true),
            (&ca, "http://127.0.0.1:8080", false),
        ] {
            let uri: Uri = server.parse().expect("an address");
            assert_eq!(credentials.check(&uri, server.starts_with("https")).is_ok(), fine, "{server}");
        }
    }
}

//! The names in a client's certificate. The door has verified it; here it is only read.

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// The common names and the DNS names; empty when the certificate cannot be read.
pub fn certificate_names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    let mut names: Vec<String> = common.map(str::to_owned).collect();
    if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
        for name in &alternatives.value.general_names {
            if let GeneralName::DNSName(name) = name {
                names.push((*name).to_owned());
            }
        }
    }
    names
}

/// Until when the certificate holds, s since 1970; `None` when it cannot be read.
pub fn certificate_end_s(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(certificate.validity().not_after.timestamp())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    #[test]
    fn common_and_dns_names_are_read_and_rubbish_has_none() {
        let mut params = CertificateParams::new(vec!["gw-1.park".to_owned()]).expect("a DNS name");
        params.distinguished_name.push(DnType::CommonName, "gw-1");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        assert_eq!(certificate_names(certificate.der()), ["gw-1", "gw-1.park"]);
        // 4096-01-01, where nothing else is asked for.
        assert_eq!(certificate_end_s(certificate.der()), Some(67_090_118_400));
        assert_eq!(certificate_end_s(&CertificateDer::from(vec![0x30, 0x03, 1, 2, 3])), None);
        assert!(certificate_names(&CertificateDer::from(vec![0x30, 0x03, 1, 2, 3])).is_empty());
    }
}

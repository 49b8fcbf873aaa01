//! How a body is signed: `Davy-Signature: t=<unix seconds>,v1=<hex>`, where `v1` is HMAC-SHA256 (RFC 2104) over the time as it
//! is written, a dot, and the body as it was sent. While secrets change there is a `v1` of each.

use ring::hmac;

/// The header's name.
pub const HEADER: &str = "davy-signature";

/// The header's value for a body sent at `at_s`, seconds since 1970.
pub fn sign(secrets: &[Vec<u8>], at_s: i64, body: &[u8]) -> String {
    let mut value = format!("t={at_s}");
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut signing = hmac::Context::with_key(&key);
        signing.update(format!("{at_s}.").as_bytes());
        signing.update(body);
        value.push_str(",v1=");
        for byte in signing.sign().as_ref() {
            value.push_str(&format!("{byte:02x}"));
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl dgst -sha256 -hmac`.
    const KNOWN: &str = "t=1795420800,v1=15416c6dd015f52274d0ce8fa08598692741edf38527ce427d0792fbde1d8fa7";

    #[test]
    fn a_body_is_signed_with_its_time_by_every_secret() {
        let (old, new) = (b"old secret".to_vec(), b"new secret".to_vec());
        let body = br#"{"id":"park:h2s:AT-0412/h2s#1.1"}"#;
        let both = sign(&[new.clone(), old.clone()], 1_795_420_800, body);
        assert_eq!(sign(&[new], 1_795_420_800, body), KNOWN);
        assert!(both.starts_with(KNOWN) && both.matches(",v1=").count() == 2, "{both}");
        assert!(!both.contains(&sign(&[old], 1_795_420_801, body)[13..]), "the time is signed, too");
    }
}

//! What a request shows of who asks.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use davy_access::{Denied, PeerCertificate};

/// Bytes of a token that are looked at at most.
const TOKEN_LEN_MAX: usize = davy_access::jws::TOKEN_LEN_MAX;

/// What a request shows. A token comes before the certificate of its connection: who shows one that is wrong is not let in as
/// somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credentials<'a> {
    Nothing,
    Bearer(&'a str),
    Certificate(&'a PeerCertificate),
}

impl<'a> Credentials<'a> {
    pub(super) fn of(
        headers: &'a HeaderMap,
        certificate: Option<&'a PeerCertificate>,
    ) -> Result<Credentials<'a>, Denied> {
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        match (shown.next(), shown.next()) {
            (None, _) => Ok(certificate.map_or(Credentials::Nothing, Credentials::Certificate)),
            (Some(_), Some(_)) => Err(Denied::Unreadable),
            (Some(one), None) => bearer(one.as_bytes()).map(Credentials::Bearer),
        }
    }
}

/// The token of `Bearer token`; nothing around it and nothing behind it.
pub(super) fn bearer(value: &[u8]) -> Result<&str, Denied> {
    let text = std::str::from_utf8(value).map_err(|_| Denied::Unreadable)?;
    let (scheme, token) = text.split_once(' ').ok_or(Denied::Unreadable)?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let sound = scheme.eq_ignore_ascii_case("bearer")
        && !token.is_empty()
        && token.len() <= TOKEN_LEN_MAX
        && token.bytes().all(is_token);
    if sound { Ok(token) } else { Err(Denied::Unreadable) }
}

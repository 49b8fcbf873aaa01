//! Signed tokens: JWS in its compact form (RFC 7515), read as strictly as RFC 8725 asks.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    Keys,
    strict_json::{Members, members},
};

/// Bytes of a token at most. A longer one is not even read.
pub const TOKEN_LEN_MAX: usize = 8 * 1024;

/// How a token may be signed. There is no other: no `none`, and nothing whose key both sides share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; keys of 2048 to 8192 bits.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// EdDSA on Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every one.
    pub const ALL: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

    /// The word of RFC 7518 and RFC 8037.
    pub const fn word(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
        }
    }
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`TOKEN_LEN_MAX`].
    #[error("it is longer than 8 KiB")]
    Long,
    /// Not three parts of base64url.
    #[error("it is not three parts of base64url")]
    Form,
    /// A header that is no JSON object, or says something twice.
    #[error("its header cannot be read")]
    Header,
    /// An algorithm that is not one of the list.
    #[error("its algorithm is not allowed")]
    Algorithm,
    /// A header that brings its own key, or says where one is, or asks for what is not known.
    #[error("its header brings or names a key of its own")]
    OwnKey,
    /// No key of that name and algorithm.
    #[error("no key of the issuer's has that name and algorithm")]
    Key,
    /// A signature that is not the key's.
    #[error("its signature is wrong")]
    Signature,
    /// A body that is no JSON object, or says something twice.
    #[error("its body cannot be read")]
    Body,
}

/// Header parameters by which a token would bring its own key, or change how it is read (RFC 7515, 4.1; RFC 7797).
const REFUSED: [&str; 8] = ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64"];

/// The claims of a token whose signature is one of the keys'. They are not judged yet.
///
/// # Errors
/// [`JwsError`].
pub(crate) fn verified(token: &str, keys: &Keys) -> Result<Members, JwsError> {
    if token.len() > TOKEN_LEN_MAX {
        return Err(JwsError::Long);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(body), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwsError::Form);
    };
    let signed = &token[..header.len() + 1 + body.len()];
    let bytes = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Form);
    let (header, body, signature) = (bytes(header)?, bytes(body)?, bytes(signature)?);
    let (algorithm, key) = named(&members(&header).ok_or(JwsError::Header)?)?;
    keys.verify(algorithm, key.as_deref(), signed.as_bytes(), &signature)?;
    members(&body).ok_or(JwsError::Body)
}

/// What a header says of the signature.
fn named(header: &Members) -> Result<(Algorithm, Option<String>), JwsError> {
    if REFUSED.iter().any(|name| header.contains_key(*name)) {
        return Err(JwsError::OwnKey);
    }
    let text = |name: &str| match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(JwsError::Header),
    };
    let is_token =
        |kind: &str| matches!(kind.to_ascii_lowercase().as_str(), "jwt" | "at+jwt" | "application/at+jwt");
    if text("typ")?.is_some_and(|kind| !is_token(&kind)) {
        return Err(JwsError::Header);
    }
    // Nested tokens are not read.
    if text("cty")?.is_some() {
        return Err(JwsError::Header);
    }
    let word = text("alg")?.ok_or(JwsError::Header)?;
    let algorithm = Algorithm::ALL.into_iter().find(|algorithm| algorithm.word() == word);
    Ok((algorithm.ok_or(JwsError::Algorithm)?, text("kid")?))
}

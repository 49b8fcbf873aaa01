//! Tokens: long, random, and kept as their hashes alone.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// A SHA-256 of a token. Tokens are long and random, so a plain hash keeps them.
pub type TokenHash = [u8; 32];

/// A token as its holder keeps it: said once, and never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Makes a token of 256 random bits, told apart by what it begins with.
    pub(crate) fn new(beginning: &str, random: [u8; 32]) -> Secret {
        Secret(format!("{beginning}{}", BASE64_URL_SAFE_NO_PAD.encode(random)))
    }

    /// The text, for whoever it is for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The hash of a token.
pub fn token_hash(token: &[u8]) -> TokenHash {
    Sha256::digest(token).into()
}

/// Reads a hash as files write it: 64 hex digits.
pub fn parse_token_hash(hex: &str) -> Option<TokenHash> {
    let mut hash = TokenHash::default();
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        let digits = &hex[2 * place..2 * place + 2];
        // `from_str_radix` alone would take a sign.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(hash)
}

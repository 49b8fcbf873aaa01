//! An issuer's public keys: a JWK Set (RFC 7517).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

use crate::jws::{Algorithm, JwsError};

/// Keys of one set at most, and bytes of its text.
const KEYS_MAX: usize = 64;
const TEXT_LEN_MAX: usize = 256 * 1024;

/// An issuer's public keys, each for one algorithm.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    public: Public,
}

#[derive(Clone, Debug)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A JWK Set that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// No JWK Set.
    #[error("it is no JWK Set of at most 256 KiB and 64 keys: {0}")]
    Form(String),
    /// Nothing in it can verify a token of Davy's list.
    #[error("none of its keys is for RS256, ES256 or EdDSA")]
    None,
    /// Two keys of one name.
    #[error("two keys are called {0:?}")]
    Twice(String),
    /// A key that is not what it says.
    #[error("key {0:?} is not what it says it is")]
    Key(String),
}

#[derive(Deserialize)]
struct RawSet {
    keys: Vec<RawKey>,
}

#[derive(Deserialize)]
struct RawKey {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads a JWK Set. Keys for encryption or for other algorithms are left out.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn parse(text: &str) -> Result<Keys, KeysError> {
        if text.len() > TEXT_LEN_MAX {
            return Err(KeysError::Form("it is longer".to_owned()));
        }
        let set: RawSet = serde_json::from_str(text).map_err(|error| KeysError::Form(error.to_string()))?;
        if set.keys.len() > KEYS_MAX {
            return Err(KeysError::Form("it has more".to_owned()));
        }
        let mut keys: Vec<Key> = Vec::new();
        for raw in set.keys {
            let Some(algorithm) = raw.algorithm() else { continue };
            let name = raw.kid.clone();
            let public =
                raw.public(algorithm).ok_or_else(|| KeysError::Key(name.clone().unwrap_or_default()))?;
            if name.is_some() && keys.iter().any(|key| key.id == name) {
                return Err(KeysError::Twice(name.unwrap_or_default()));
            }
            keys.push(Key { id: name, public });
        }
        if keys.is_empty() { Err(KeysError::None) } else { Ok(Keys(keys)) }
    }

    /// Whether there is a key of that name: what a token names and nobody has may be of a newer set.
    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Verifies a signature with the key of that name; without one, with the only key that there is.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        id: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), JwsError> {
        let key = match (id, &self.0[..]) {
            (None, [only]) => only,
            (None, _) => return Err(JwsError::Key),
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)).ok_or(JwsError::Key)?,
        };
        key.public.verify(algorithm, signed, signature)
    }
}

impl Public {
    /// The key says which algorithm it is for; the token must agree.
    fn verify(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> Result<(), JwsError> {
        let good = match (self, algorithm) {
            (Public::Rsa { n, e }, Algorithm::Rs256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
            }
            (Public::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            (Public::Ed25519(point), Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, point).verify(signed, signature)
            }
            _ => return Err(JwsError::Key),
        };
        good.map_err(|_| JwsError::Signature)
    }
}

impl RawKey {
    /// Which algorithm it is for; `None` when it is for none of the list, or not for signatures.
    fn algorithm(&self) -> Option<Algorithm> {
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return None;
        }
        let by_kind = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Algorithm::Rs256,
            ("EC", Some("P-256")) => Algorithm::Es256,
            ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
            _ => return None,
        };
        self.alg.as_deref().is_none_or(|alg| alg == by_kind.word()).then_some(by_kind)
    }

    fn public(&self, algorithm: Algorithm) -> Option<Public> {
        let bytes = |part: &Option<String>| BASE64_URL_SAFE_NO_PAD.decode(part.as_deref()?).ok();
        match algorithm {
            Algorithm::Rs256 => {
                let (n, e) = (bytes(&self.n)?, bytes(&self.e)?);
                ((256..=1024).contains(&n.len()) && !e.is_empty()).then_some(Public::Rsa { n, e })
            }
            Algorithm::Es256 => {
                let (x, y) = (bytes(&self.x)?, bytes(&self.y)?);
                (x.len() == 32 && y.len() == 32).then(|| Public::P256([&[4], &x[..], &y[..]].concat()))
            }
            Algorithm::EdDsa => bytes(&self.x).filter(|x| x.len() == 32).map(Public::Ed25519),
        }
    }
}

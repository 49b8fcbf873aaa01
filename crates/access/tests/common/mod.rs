//! An issuer of tokens, and those who forge them.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use davy_access::{Caller, Denied, Grant, Keys, Role, Tree, oidc::Issuer};
use davy_model::Timestamp;
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA512, RsaKeyPair,
    },
};
use serde_json::{Value, json};

/// When everything happens: 2026-11-29T08:00:00Z, in seconds.
pub(crate) const NOW_S: i64 = 1_795_939_200;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(NOW_S * 1_000_000)
}

/// A key for tests, made once with openssl.
const RSA: &[u8] = include_bytes!("../keys/rsa-for-tests-only.der");

/// The issuer's private keys, and a thief's.
pub(crate) struct Signers {
    pub(crate) rsa: RsaKeyPair,
    pub(crate) p256: EcdsaKeyPair,
    pub(crate) ed25519: Ed25519KeyPair,
    pub(crate) thief: Ed25519KeyPair,
    random: SystemRandom,
}

impl Signers {
    pub(crate) fn new() -> Signers {
        let random = SystemRandom::new();
        let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let p256 = EcdsaKeyPair::generate_pkcs8(signing, &random).expect("a key");
        let ed25519 = || {
            let made = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
            Ed25519KeyPair::from_pkcs8(made.as_ref()).expect("a key")
        };
        Signers {
            rsa: RsaKeyPair::from_der(RSA).expect("a key"),
            p256: EcdsaKeyPair::from_pkcs8(signing, p256.as_ref(), &random).expect("a key"),
            ed25519: ed25519(),
            thief: ed25519(),
            random,
        }
    }

    /// The set that the issuer publishes.
    pub(crate) fn set(&self) -> Value {
        let parts: PublicKeyComponents<Vec<u8>> = self.rsa.public().into();
        let point = self.p256.public_key().as_ref();
        json!({"keys": [
            {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "rsa", "n": b64(&parts.n), "e": b64(&parts.e)},
            {"kty": "EC", "use": "sig", "crv": "P-256", "kid": "ec", "x": b64(&point[1..33]), "y": b64(&point[33..])},
            {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": b64(self.ed25519.public_key().as_ref())},
            {"kty": "RSA", "use": "enc", "kid": "not-for-signatures", "n": b64(&parts.n), "e": b64(&parts.e)},
        ]})
    }

    pub(crate) fn keys(&self) -> Keys {
        Keys::parse(&self.set().to_string()).expect("a set of keys")
    }

    pub(crate) fn rs256(&self, signed: &str) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        self.rsa.sign(&RSA_PKCS1_SHA256, &self.random, signed.as_bytes(), &mut signature).expect("signed");
        signature
    }

    pub(crate) fn rs512(&self, signed: &str) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        self.rsa.sign(&RSA_PKCS1_SHA512, &self.random, signed.as_bytes(), &mut signature).expect("signed");
        signature
    }

    pub(crate) fn es256(&self, signed: &str) -> Vec<u8> {
        self.p256.sign(&self.random, signed.as_bytes()).expect("signed").as_ref().to_vec()
    }

    pub(crate) fn ed(&self, signed: &str) -> Vec<u8> {
        self.ed25519.sign(signed.as_bytes()).as_ref().to_vec()
    }
}

pub(crate) fn b64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Header and claims as texts, so that they can be what no JSON library would write.
pub(crate) fn token(header: &str, claims: &str, sign: impl Fn(&str) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", b64(header.as_bytes()), b64(claims.as_bytes()));
    let signature = b64(&sign(&signed));
    format!("{signed}.{signature}")
}

pub(crate) fn header() -> Value {
    json!({"typ": "JWT", "alg": "EdDSA", "kid": "ed"})
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": "https://id.example", "aud": "davy", "sub": "u-17", "preferred_username": "li.wei",
        "iat": NOW_S - 60, "nbf": NOW_S - 60, "exp": NOW_S + 600,
        "realm_access": {"roles": ["davy-operator", "offline_access"]},
    })
}

pub(crate) fn issuer() -> Issuer {
    let grant = |role, scope: &str| Grant::new(role, scope.parse().expect("a scope"));
    Issuer {
        issuer: "https://id.example".to_owned(),
        audience: "davy".to_owned(),
        roles_claim: "realm_access.roles".to_owned(),
        name_claim: "preferred_username".to_owned(),
        grants: vec![
            ("davy-operator".to_owned(), grant(Role::Operator, "370000/370500")),
            ("davy-approver".to_owned(), grant(Role::Approver, "370000")),
        ],
    }
}

pub(crate) fn tree() -> Arc<Tree> {
    let mut tree = Tree::default();
    tree.put("park", "370000/370500/donggang").expect("a place");
    tree.put("other", "370000/370600").expect("a place");
    Arc::new(tree)
}

pub(crate) fn judge(token: &str, keys: &Keys) -> Result<Caller, Denied> {
    issuer().caller(token, keys, &tree(), now())
}

//! What Davy signs, so that nobody without its key can make another log of it.

use davy_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    key::{Key, PublicKey},
    line::{NUMBER_MAX, Tip, unhex},
};
use crate::hex;

/// How the log of a node stood at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whose log.
    pub node: String,
    /// When it was signed.
    pub time: Timestamp,
    /// The last entry then.
    pub tip: Tip,
    /// The last entry that was let go; [`Tip::first`] when none was.
    pub base: Tip,
}

/// A [`Statement`], its signature, and by which key. As JSON it stands in the log and in files of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Whose log.
    pub node: String,
    /// When it was signed, RFC 3339.
    pub time: String,
    /// The number of the last entry then.
    pub number: u64,
    /// Its hash, 64 digits.
    pub hash: String,
    /// The number of the last entry that was let go; 0 when none was.
    pub base_number: u64,
    /// Its hash, 64 digits.
    pub base_hash: String,
    /// The key, 64 digits.
    pub key: String,
    /// The signature of the text that [`Signed::text`] gives, 128 digits.
    pub signature: String,
}

impl Statement {
    /// Signs it.
    pub fn sign(&self, key: &Key) -> Signed {
        let mut signed = Signed {
            node: self.node.clone(),
            time: self.time.to_string(),
            number: self.tip.number,
            hash: hex(&self.tip.hash),
            base_number: self.base.number,
            base_hash: hex(&self.base.hash),
            key: key.public().to_string(),
            signature: String::new(),
        };
        signed.signature = key.sign(&signed.text());
        signed
    }
}

impl Signed {
    /// The text that is signed, for whoever checks a signature with another tool.
    pub fn text(&self) -> String {
        let Signed { node, time, number, hash, base_number, base_hash, .. } = self;
        format!(
            "davy audit checkpoint 1\nnumber {number}\nhash {hash}\ntime {time}\nbase {base_number} {base_hash}\nnode {node}\n"
        )
    }

    /// Which key says that it signed it.
    pub fn key(&self) -> Option<PublicKey> {
        PublicKey::parse(&self.key)
    }

    /// What was signed; nothing when that key did not sign it.
    pub(super) fn open(&self) -> Option<(Tip, Tip)> {
        let key = self.key()?;
        let tip = Tip { number: self.number, hash: unhex(self.hash.as_bytes())? };
        let base = Tip { number: self.base_number, hash: unhex(self.base_hash.as_bytes())? };
        let is_one = tip.number <= NUMBER_MAX && base.number <= tip.number;
        (is_one && key.signed(&self.text(), &self.signature)).then_some((tip, base))
    }
}

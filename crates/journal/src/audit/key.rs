//! The key that signs checkpoints, Ed25519 (RFC 8032), and its public half.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};

use super::line::unhex;
use crate::{
    error::{JournalError, Result},
    hex,
};

/// What stands before the 32 bytes of a key in a SubjectPublicKeyInfo (RFC 8410, section 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const LABELS: [&str; 2] = ["PRIVATE KEY", "PUBLIC KEY"];

/// Signs.
pub struct Key(Ed25519KeyPair);

/// Checks what was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key of {}", self.public())
    }
}

impl Key {
    /// The key in a file (PEM, PKCS #8), or a new one there that only its owner may read. Says whether it was made.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] when the file holds none, [`JournalError::Full`] when it cannot be read or written.
    pub fn load_or_make(path: &Path) -> Result<(Key, bool)> {
        match fs::read_to_string(path) {
            Ok(text) => Ok((Key::of_pem(&text, path)?, false)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((Key::make(path)?, true)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(no_key(path)),
            Err(error) => Err(error.into()),
        }
    }

    /// The key in a file.
    ///
    /// # Errors
    /// As [`Key::load_or_make`]; [`JournalError::Misuse`] when there is no such file.
    pub fn load(path: &Path) -> Result<Key> {
        Key::of_pem(&fs::read_to_string(path)?, path)
    }

    fn of_pem(text: &str, path: &Path) -> Result<Key> {
        let der = of_pem(text, LABELS[0]).ok_or_else(|| no_key(path))?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map(Key).map_err(|_| no_key(path))
    }

    fn make(path: &Path) -> Result<Key> {
        let drawn = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        let der = drawn.map_err(|_| JournalError::Full("the system draws no random number".to_owned()))?;
        let fresh = path.with_extension("key.new");
        // One of a start that was cut short is of no use, and could be anybody's.
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(pem(der.as_ref(), LABELS[0]).as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Key::load(path)
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref();
        PublicKey(bytes.try_into().expect("an Ed25519 key has 32 bytes"))
    }

    pub(super) fn sign(&self, text: &str) -> String {
        hex(self.0.sign(text.as_bytes()).as_ref())
    }
}

impl PublicKey {
    /// From PEM (`-----BEGIN PUBLIC KEY-----`), or from 64 digits.
    pub fn parse(text: &str) -> Option<PublicKey> {
        let text = text.trim();
        if let Some(bytes) = unhex(text.to_ascii_lowercase().as_bytes()) {
            return Some(PublicKey(bytes));
        }
        let der = of_pem(text, LABELS[1])?;
        der.strip_prefix(&SPKI)?.try_into().ok().map(PublicKey)
    }

    /// As `openssl pkey -pubin` reads it.
    pub fn pem(&self) -> String {
        pem(&[SPKI.as_slice(), &self.0].concat(), LABELS[1])
    }

    /// Whether the holder of the key signed this text. The signature is 128 digits.
    pub(super) fn signed(&self, text: &str, signature: &str) -> bool {
        let Some((first, second)) = signature.split_at_checked(64) else { return false };
        let halves = unhex(first.as_bytes()).zip(unhex(second.as_bytes()));
        let Some((first, second)) = halves else { return false };
        let signature = [first, second].concat();
        UnparsedPublicKey::new(&ED25519, self.0).verify(text.as_bytes(), &signature).is_ok()
    }
}

/// 64 digits.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

fn pem(der: &[u8], label: &str) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn of_pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.split_whitespace().collect();
    BASE64_STANDARD.decode(body).ok()
}

fn no_key(path: &Path) -> JournalError {
    JournalError::damaged(
        path.display().to_string(),
        "no Ed25519 key in PEM (PKCS #8): restore it from a copy, or move it away, and a new one is made",
    )
}

//! Passwords of people, kept as argon2id.

use std::{fmt, sync::LazyLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash as Phc, PasswordHasher, PasswordVerifier, SaltString},
};

use crate::{TokenHash, token_hash};

/// Memory of one verification at least and at most, KiB. The least is the first choice of OWASP's password storage cheat
/// sheet; the most is what [`PasswordHash::memory_kib_max`] promises.
const MEMORY_KIB: std::ops::RangeInclusive<u32> = 19 * 1024..=64 * 1024;
/// Passes at least and at most.
const PASSES: std::ops::RangeInclusive<u32> = 2..=10;
/// Lanes at most.
const LANES_MAX: u32 = 4;
/// Bytes of a password: fewer are guessed, more are no password.
const PASSWORD_LEN: std::ops::RangeInclusive<usize> = 12..=1024;

/// A password's argon2id hash, as the accounts file has it: `$argon2id$v=19$m=...,t=...,p=...$salt$hash`. To verify one takes
/// some tens of milliseconds of a core and up to 64 MiB: not for a thread that others wait for.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a hash or a password is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Not a hash at all, or not of argon2id.
    #[error("it is no argon2id hash: make one with davy accounts hash")]
    Form,
    /// Too cheap to guess against, or too dear to verify.
    #[error("m is to be 19456 to 65536, t 2 to 10, p 1 to 4: make one with davy accounts hash")]
    Cost,
    /// A password too short or too long.
    #[error("a password has 12 to 1024 bytes")]
    Length,
}

impl PasswordHash {
    /// Reads a hash.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub fn parse(text: &str) -> Result<PasswordHash, PasswordError> {
        let phc = Phc::new(text).map_err(|_| PasswordError::Form)?;
        let is_argon2id = Algorithm::try_from(phc.algorithm).is_ok_and(|found| found == Algorithm::Argon2id);
        let is_whole = phc.salt.is_some() && phc.hash.is_some_and(|hash| hash.len() >= 32);
        if !is_argon2id || !is_whole || phc.version.is_some_and(|version| version != 19) {
            return Err(PasswordError::Form);
        }
        let params = Params::try_from(&phc).map_err(|_| PasswordError::Cost)?;
        let is_sound = MEMORY_KIB.contains(&params.m_cost())
            && PASSES.contains(&params.t_cost())
            && params.p_cost() <= LANES_MAX;
        if is_sound { Ok(PasswordHash(text.to_owned())) } else { Err(PasswordError::Cost) }
    }

    /// Hashes a new password with a random salt, at 19 MiB and two passes.
    ///
    /// # Errors
    /// [`PasswordError::Length`].
    pub fn of(password: &[u8], salt: [u8; 16]) -> Result<PasswordHash, PasswordError> {
        if !PASSWORD_LEN.contains(&password.len()) {
            return Err(PasswordError::Length);
        }
        let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordError::Form)?;
        let hash = argon2().hash_password(password, &salt).map_err(|_| PasswordError::Form)?;
        Ok(PasswordHash(hash.to_string()))
    }

    /// Whether it is the hash of that password. A password of no possible length is not even tried.
    pub fn fits(&self, password: &[u8]) -> bool {
        if password.len() > *PASSWORD_LEN.end() {
            return false;
        }
        let phc = Phc::new(&self.0);
        phc.is_ok_and(|phc| argon2().verify_password(password, &phc).is_ok())
    }

    /// The hash of nobody's password: verified where no account has one.
    pub(crate) fn nobodys() -> &'static PasswordHash {
        static NOBODYS: LazyLock<PasswordHash> = LazyLock::new(|| {
            PasswordHash::of(b"this is the password of nobody", [0; 16]).expect("it is long enough")
        });
        &NOBODYS
    }

    /// What it is known again by: another password is another.
    pub(crate) fn mark(&self) -> TokenHash {
        token_hash(self.0.as_bytes())
    }

    /// Memory of one verification at most, KiB.
    pub const fn memory_kib_max() -> u32 {
        *MEMORY_KIB.end()
    }
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

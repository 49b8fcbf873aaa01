//! One who may come in, as the accounts file describes them.

use davy_model::Timestamp;

use crate::{CallerKind, Denied, Grant, PasswordHash, TokenHash};

/// One who may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name in the record.
    pub name: Box<str>,
    /// What people call them; may be empty.
    pub title: String,
    /// Whose it is: two accounts of one human share it. The name, where the file says nothing.
    pub subject: Box<str>,
    /// For a person.
    pub password: Option<PasswordHash>,
    /// For a machine.
    pub token: Option<TokenHash>,
    /// For a machine: the name in its certificate, or the fingerprint of it.
    pub certificate: Option<CertificateOf>,
    /// What they may do.
    pub grants: Vec<Grant>,
    /// Shut, without being forgotten.
    pub is_disabled: bool,
    /// From then on it is none.
    pub expires: Option<Timestamp>,
}

/// Which certificate is an account's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertificateOf {
    /// Any with that common name or DNS name, exactly.
    Name(Box<str>),
    /// That one alone.
    Fingerprint(TokenHash),
}

impl Account {
    /// Whether it may be used now.
    ///
    /// # Errors
    /// [`Denied::Disabled`], [`Denied::Expired`].
    pub fn is_open(&self, now: Timestamp) -> Result<(), Denied> {
        if self.is_disabled {
            return Err(Denied::Disabled);
        }
        if self.expires.is_some_and(|expires| now >= expires) { Err(Denied::Expired) } else { Ok(()) }
    }

    /// A person has a password; whoever has none is a machine.
    pub fn kind(&self) -> CallerKind {
        if self.password.is_some() { CallerKind::Person } else { CallerKind::Machine }
    }
}

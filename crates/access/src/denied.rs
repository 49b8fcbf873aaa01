//! Why somebody is not known. For the log alone: whoever asks hears that it failed, and not why.

use crate::{jws::JwsError, oidc::ClaimError};

/// Why somebody is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nothing was shown, and anonymous callers are not let in.
    #[error("no credentials")]
    Missing,
    /// More than one, or one that cannot be read.
    #[error("the credentials cannot be read")]
    Unreadable,
    /// No account, no session and no issuer knows it.
    #[error("the token is nobody's")]
    Token,
    /// No such name, or not its password.
    #[error("the name or the password is wrong")]
    Password,
    /// Too long for a name or a password.
    #[error("the name or the password is too long")]
    Length,
    /// Too many wrong tries, by name or by address.
    #[error("locked after too many wrong tries")]
    Locked,
    /// A genuine certificate that no account names.
    #[error("the certificate is nobody's")]
    Certificate,
    /// A certificate that two accounts may claim.
    #[error("the certificate is of more than one account")]
    Ambiguous,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The account, or the session, has expired.
    #[error("expired")]
    Expired,
    /// A signed token whose form or signature is wrong.
    #[error("signed token: {0}")]
    Jws(#[from] JwsError),
    /// A signed token that says the wrong thing.
    #[error("signed token: {0}")]
    Claim(#[from] ClaimError),
}

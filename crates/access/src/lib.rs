//! Who may do what.
//!
//! Promise: nobody gets a right that no line of the policy gives; what is not known, expired, or said in two ways at once is
//! refused, and the refusal does not say which part was wrong.
//!
//! It does not know: HTTP, gRPC, files, the clock, where random bytes come from. Time and random bytes are arguments.

mod account;
mod accounts;
mod accounts_file;
mod caller;
mod certificate;
mod countersignature;
mod denied;
mod grant;
pub mod jws;
mod keys;
mod lockout;
pub mod oidc;
mod password;
mod pattern;
mod permission;
mod policy;
mod role;
mod scope;
mod sessions;
mod strict_json;
mod token;
mod tree;

pub use account::Account;
pub use accounts::{Accounts, AccountsError};
pub use caller::{Caller, CallerKind};
pub use certificate::PeerCertificate;
pub use countersignature::{Countersignatures, Countersigned};
pub use denied::Denied;
pub use grant::Grant;
pub use keys::{Keys, KeysError};
pub use lockout::Lockout;
pub use password::{PasswordError, PasswordHash};
pub use pattern::Pattern;
pub use permission::Permission;
pub use policy::{permissions, roles_with};
pub use role::Role;
pub use scope::{Scope, ScopeError};
pub use sessions::{Session, Sessions};
pub use token::{Secret, TokenHash, parse_token_hash, token_hash};
pub use tree::Tree;

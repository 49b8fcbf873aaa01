//! Who asks, told to every call before anything looks at it; and whether they may ask at all.
//!
//! Here it is decided whether a caller has the permission anywhere. Whether they have it at the site they ask for is decided
//! where the site is looked up: [`crate::hub::Hub::sites_of`] and [`crate::hub::Hub::site_of`].

mod access;
mod account_changes;
mod admitted;
mod credentials;
mod issuer_keys;
mod layer;
mod peer;
mod policy;
mod watched;

pub(crate) use self::policy::wire_of;
pub use self::{access::AccessError, layer::Page, policy::permission_of};
pub(crate) use self::{
    access::{Access, Opened},
    admitted::Admitted,
    issuer_keys::IssuerKeys,
    layer::{Guard, TurnedAway, admit, page, recognize},
    watched::Lookout,
};
pub use crate::http::PAGES;

use davy_access::Caller;
use tonic::Request;

/// Who asks. Where the layer did not say, nobody does.
pub(crate) fn caller<T>(request: &Request<T>) -> Caller {
    request.extensions().get().cloned().unwrap_or_else(Caller::nobody)
}

/// Where a call comes from, as a word.
pub(crate) fn address<T>(request: &Request<T>) -> String {
    peer::Peer::of(request.extensions()).word()
}

/// The network that a call comes from, as a word.
pub(crate) fn network<T>(request: &Request<T>) -> String {
    peer::Peer::of(request.extensions()).network()
}

/// The token that a call shows, if it does.
pub(crate) fn token<T>(request: &Request<T>) -> Option<&str> {
    let shown = request.metadata().get("authorization")?;
    credentials::bearer(shown.as_encoded_bytes()).ok()
}

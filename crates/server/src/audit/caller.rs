//! Who calls, for as long as a call is dealt with.

use axum::{extract::Request, http::Extensions, middleware::Next, response::Response};
use davy_access::{Caller, CallerKind};
use davy_journal::audit::{Who, WhoKind};

use crate::port::Peer;

tokio::task_local! {
    static CALLER: Who;
}

/// Deals with a request while it is known who it is of.
pub(crate) async fn with_caller(request: Request, next: Next) -> Response {
    let who = known_of(request.extensions());
    CALLER.scope(who, next.run(request)).await
}

/// Who a request is of, as far as is known: without a name where nobody proved one.
pub(crate) fn known_of(extensions: &Extensions) -> Who {
    let from = extensions.get::<Peer>().map(|peer| peer.addr.to_string()).unwrap_or_default();
    let Some(caller) = extensions.get::<Caller>() else { return Who { from, ..Who::default() } };
    let kind = match caller.kind() {
        CallerKind::Local => WhoKind::Local,
        CallerKind::Nobody => WhoKind::Claimed,
        CallerKind::Person => WhoKind::Person,
        CallerKind::Machine => WhoKind::Machine,
    };
    if !caller.is_proven() {
        return Who { kind, from, ..Who::default() };
    }
    Who { name: caller.name().to_string(), kind, subject: caller.subject().to_string(), from }
}

/// The same caller's still, in whatever task it goes on.
pub(super) fn of_same_caller<F: Future>(work: F) -> impl Future<Output = F::Output> {
    CALLER.scope(CALLER.try_with(Who::clone).unwrap_or_default(), work)
}

/// Who calls: by the name that was proven, or else by the one that is given.
pub(super) fn caller(claimed: &str) -> Who {
    let who = CALLER.try_with(Who::clone).unwrap_or_default();
    if who.name.is_empty() { Who { name: claimed.to_owned(), ..who } } else { who }
}

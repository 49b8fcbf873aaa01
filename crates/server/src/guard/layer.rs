//! The layer that every call goes through.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::MethodRouter,
};
use davy_access::{Caller, Denied, Permission};
use tonic::Status;
use tracing::debug;

use super::{
    access::Access,
    credentials::Credentials,
    peer::Peer,
    policy::permission_of,
    watched::{Known, Watched},
};
use crate::{
    audit::{Audit, known_of},
    clock::Clock,
    hub::Hub,
    port::{self, PortStats},
    rpc::status,
};

/// A page that is no RPC, and the permission it asks for.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Where it is.
    pub path: &'static str,
    /// What it asks for.
    pub permission: Permission,
}

/// What the layer looks at.
#[derive(Clone)]
pub(crate) struct Guard {
    access: Arc<Access>,
    audit: Arc<Audit>,
    clock: Clock,
    stats: Arc<PortStats>,
}

/// A call that is turned away, with what it is told: known before anything of it is read.
#[derive(Clone)]
pub(crate) struct TurnedAway(Status);

impl TurnedAway {
    /// What a call is told, where it is turned away.
    pub(crate) fn of(request: &Request) -> Option<&Status> {
        request.extensions().get::<TurnedAway>().map(|TurnedAway(status)| status)
    }
}

/// Puts a page on the port, behind its permission: there is no other way to put one there.
pub(crate) fn page<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    page: Page,
    guard: &Guard,
    shows: MethodRouter<S, Infallible>,
) -> Router<S> {
    let guard = guard.clone();
    router.route(page.path, shows.layer(from_fn_with_state((guard, page.permission), admit_to_page)))
}

/// Puts the services behind the permissions of their methods.
pub(crate) fn admit(services: Router, guard: &Guard) -> Router {
    services.layer(from_fn_with_state(guard.clone(), admit_to_method))
}

/// Finds out who calls, before a call takes a place or any of its body is read: a stranger is nobody's burden.
pub(crate) async fn recognize(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    // What a browser asks before it lets a page call shows no credentials.
    if request.method() != Method::OPTIONS {
        guard.mark(&mut request);
    }
    next.run(request).await
}

async fn admit_to_page(
    State((guard, permission)): State<(Guard, Permission)>,
    mut request: Request,
    next: Next,
) -> Response {
    match guard.admitted(&request, permission) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(Refused::Unknown) => {
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"davy\"")];
            let what = "AUTH_FAILED: show a token that is good, or come with a certificate that is known\n";
            (StatusCode::UNAUTHORIZED, challenge, what).into_response()
        }
        Err(Refused::Forbidden) => {
            let what = format!("NOT_ALLOWED: no role of yours permits {}\n", permission.word());
            (StatusCode::FORBIDDEN, what).into_response()
        }
    }
}

async fn admit_to_method(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    if TurnedAway::of(&request).is_none() && request.extensions().get::<Caller>().is_none() {
        guard.mark(&mut request);
    }
    if let Some(status) = TurnedAway::of(&request) {
        return status.clone().into_http();
    }
    let caller = request.extensions().get::<Caller>().filter(|caller| caller.is_proven());
    let known = caller.map(|caller| Arc::new(guard.known(&request, caller)));
    let permission = permission_of(request.uri().path());
    request.extensions_mut().insert(permission);
    if let Some(known) = &known {
        request.extensions_mut().insert(Arc::clone(known));
    }
    let answer = next.run(request).await;
    match known {
        Some(known) => answer.map(|body| Body::new(Watched::new(body, known))),
        None => answer,
    }
}

/// Whether a page may have asked by a name that is not this machine's own. Whose page posts is known by its `Origin`; of one
/// that gets, its host's name is all that a browser says.
fn is_led_here(request: &Request) -> bool {
    [Method::GET, Method::HEAD].contains(request.method()) && !port::is_of_this_machine(request)
}

/// Why a call is not looked at.
enum Refused {
    Unknown,
    Forbidden,
}

impl Guard {
    pub(crate) fn of(hub: &Hub, stats: &Arc<PortStats>) -> Guard {
        let (access, audit) = (Arc::clone(&hub.access), Arc::clone(&hub.audit));
        Guard { access, audit, clock: hub.clock.clone(), stats: Arc::clone(stats) }
    }

    /// Puts down who calls, or that the call is turned away.
    fn mark(&self, request: &mut Request) {
        let permission = permission_of(request.uri().path());
        match self.admitted(request, permission) {
            Ok(caller) => drop(request.extensions_mut().insert(caller)),
            Err(Refused::Unknown) => drop(request.extensions_mut().insert(TurnedAway(status::auth_failed()))),
            Err(Refused::Forbidden) => {
                drop(request.extensions_mut().insert(TurnedAway(status::not_allowed(permission))));
            }
        }
    }

    /// What the caller showed, to look at it again.
    fn known(&self, request: &Request, caller: &Caller) -> Known {
        let token = match Credentials::of(request.headers(), None) {
            Ok(Credentials::Bearer(token)) => Some(token.to_owned()),
            _ => None,
        };
        let certificate = Peer::of(request.extensions()).certificate.cloned();
        let (access, clock) = (Arc::clone(&self.access), self.clock.clone());
        Known { access, clock, token, certificate, caller: caller.clone() }
    }

    fn admitted(&self, request: &Request, permission: Permission) -> Result<Caller, Refused> {
        let peer = Peer::of(request.extensions());
        let known = match self.access.is_kept() {
            true => Credentials::of(request.headers(), peer.certificate.map(|held| &**held))
                .and_then(|shown| self.access.caller(&shown, self.clock.now())),
            // Nobody is asked, so nobody from elsewhere is let in, whatever the port listens on; nor a page of elsewhere, in a browser
            // of this machine, whose host's name was made to lead here.
            false if peer.is_here() && !is_led_here(request) => Ok(Caller::local()),
            false => Err(Denied::Missing),
        };
        let caller = match known {
            Ok(caller) => caller,
            Err(_) if permission == Permission::Anyone => Caller::nobody(),
            Err(denied) => {
                debug!(%denied, address = peer.word(), path = request.uri().path(), "nobody known");
                let (who, path) = (known_of(request.extensions()), request.uri().path());
                self.audit.turned_away(who, path, "AUTH_FAILED", &denied.to_string());
                self.stats.refuse(port::Refused::Unknown);
                return Err(Refused::Unknown);
            }
        };
        if caller.may_somewhere(permission) {
            return Ok(caller);
        }
        debug!(caller = %caller.name(), path = request.uri().path(), "not allowed");
        let mut extensions = request.extensions().clone();
        extensions.insert(caller);
        let who = known_of(&extensions);
        self.audit.turned_away(who, request.uri().path(), "NOT_ALLOWED", permission.word());
        self.stats.refuse(port::Refused::NotAllowed);
        Err(Refused::Forbidden)
    }
}

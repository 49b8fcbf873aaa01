//! One port: gRPC, `/metrics` and `/healthz`.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::State,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state, map_response},
    response::{IntoResponse, Response},
    routing::get,
};
use davy_access::{Caller, Permission};
use tokio_util::sync::CancellationToken;
use tonic_web::GrpcWebLayer;

use crate::{
    audit::with_caller,
    canary::Standing,
    guard::{Guard, Page, admit, page, recognize},
    hardened::hardened,
    hub::Hub,
    json,
    metrics::Metrics,
    port::{Calls, Origins, PortStats, bounded, from_named, unmistakable},
    rpc,
    spoken::spoken,
};

/// The pages beside the services.
pub const PAGES: [Page; 3] = [METRICS, HEALTH, ERRORS];
const METRICS: Page = Page { path: "/metrics", permission: Permission::View };
const HEALTH: Page = Page { path: "/healthz", permission: Permission::Anyone };
const ERRORS: Page = Page { path: "/errors/{code}", permission: Permission::Anyone };

#[derive(Clone)]
struct Shown {
    hub: Arc<Hub>,
    metrics: Metrics,
    calls: Calls,
    port: Arc<PortStats>,
}

/// Everything that is served on the port. Streams that are open end with `stop`.
pub(crate) async fn app(
    hub: &Arc<Hub>,
    metrics: Metrics,
    (calls, origins, port): (Calls, Origins, &Arc<PortStats>),
    stop: &CancellationToken,
) -> Router {
    let shown = Shown { hub: Arc::clone(hub), metrics, calls: calls.clone(), port: Arc::clone(port) };
    let guard = Guard::of(hub, port);
    let own = page(Router::new(), METRICS, &guard, get(show_metrics));
    let own = page(own, HEALTH, &guard, get(show_health));
    let own = page(own, ERRORS, &guard, get(rpc::meaning::show)).with_state(shown);
    // From the inside out. What comes as gRPC-Web or in JSON is gRPC from there on.
    let services = rpc::routes(hub, stop).await.layer(from_fn(with_caller));
    let grpc = admit(services, &guard)
        .layer(from_fn_with_state(calls.clone(), bounded))
        .layer(map_response(rpc::complete))
        .layer(GrpcWebLayer::new())
        .layer(from_fn(spoken))
        .layer(from_fn_with_state(calls, json::mirror))
        .layer(from_fn_with_state(origins, from_named))
        .layer(from_fn_with_state(guard, recognize));
    own.merge(grpc).layer(from_fn(unmistakable)).layer(map_response(hardened))
}

/// The figures are of all sites, so whoever looks at them may look at all.
async fn show_metrics(State(shown): State<Shown>, Extension(caller): Extension<Caller>) -> Response {
    const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
    if !caller.may_everywhere(Permission::View) {
        let what = "NOT_ALLOWED: the figures are of all sites: a viewer's role with the scope * permits it\n";
        return (StatusCode::FORBIDDEN, what).into_response();
    }
    let text = shown.metrics.render(&shown.hub, &shown.port, &shown.calls);
    ([("content-type", CONTENT_TYPE)], text).into_response()
}

/// 200 while every site's journal can be written and its heartbeats come; 503 with the reasons otherwise. How the canary
/// is, is told either way: a restart, which is what some do on a 503, brings no broker back.
async fn show_health(State(shown): State<Shown>, Extension(caller): Extension<Caller>) -> Response {
    let hub = &shown.hub;
    let failing = hub.failing_sites();
    let mut reasons: Vec<String> = Vec::new();
    if !failing.is_empty() {
        reasons.push(format!("the journal fails: {}", failing.join(", ")));
    }
    reasons.extend(hub.pulse.stalled().into_iter().map(|(site, age)| {
        format!("the alarm path of {site} is stalled: no heartbeat for {} s", age.as_secs())
    }));
    let code = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if reasons.is_empty() {
        reasons.push("ok".to_owned());
    }
    match hub.canary.standing(hub.clock.now()) {
        Standing::Off => reasons.push("the canary is off: nobody proves that alarms come through".to_owned()),
        Standing::Overdue { why, .. } => reasons.push(format!("the canary is overdue: {why}")),
        Standing::Waiting | Standing::Ok => {}
    }
    // Which sites there are is not for everybody.
    if !caller.may_everywhere(Permission::View) {
        let word = if code == StatusCode::OK { "ok\n" } else { "not ok\n" };
        return (code, word).into_response();
    }
    (code, reasons.join("\n") + "\n").into_response()
}

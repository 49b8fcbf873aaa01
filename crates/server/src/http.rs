//! One port: gRPC, `/metrics` and `/healthz`.

use std::sync::Arc;

use axum::{
    Router, extract::State, http::StatusCode, middleware::from_fn_with_state, response::IntoResponse,
    routing::get,
};
use tokio_util::sync::CancellationToken;
use tonic_web::GrpcWebLayer;

use crate::{
    canary::Standing,
    hub::Hub,
    metrics::Metrics,
    port::{Calls, Origins, PortStats, bounded, from_named},
    rpc,
};

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
    let own = Router::new()
        .route("/metrics", get(show_metrics))
        .route("/healthz", get(show_health))
        .with_state(shown);
    // From the inside out. What comes as gRPC-Web is gRPC from there on.
    let grpc = rpc::routes(hub, stop)
        .await
        .layer(from_fn_with_state(calls, bounded))
        .layer(GrpcWebLayer::new())
        .layer(from_fn_with_state(origins, from_named));
    own.merge(grpc)
}

async fn show_metrics(State(shown): State<Shown>) -> impl IntoResponse {
    const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
    ([("content-type", CONTENT_TYPE)], shown.metrics.render(&shown.hub, &shown.port, &shown.calls))
}

/// 200 while every site's journal can be written and its heartbeats come; 503 with the reasons otherwise. How the canary
/// is, is told either way: a restart, which is what some do on a 503, brings no broker back.
async fn show_health(State(shown): State<Shown>) -> impl IntoResponse {
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
    (code, reasons.join("\n") + "\n")
}

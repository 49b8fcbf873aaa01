//! One port: gRPC, `/metrics` and `/healthz`.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router, extract::State, http::StatusCode, response::IntoResponse, routing::get, serve::ListenerExt,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::{canary::Standing, failure::Failure, hub::Hub, metrics::Metrics, rpc};

#[derive(Clone)]
struct Shown {
    hub: Arc<Hub>,
    metrics: Metrics,
}

/// Serves until `stop` is cancelled; open streams are ended by the same token.
pub(crate) async fn serve(
    addr: SocketAddr,
    hub: Arc<Hub>,
    metrics: Metrics,
    stop: CancellationToken,
    failed: Failure,
) -> std::io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(addr).await?;
    let addr = listener.local_addr()?;
    // The last part of a large message would wait for the acknowledgement of those before it: some 40 ms.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "a connection answers late");
        }
    });
    let shown = Shown { hub: Arc::clone(&hub), metrics };
    let own = Router::new()
        .route("/metrics", get(show_metrics))
        .route("/healthz", get(show_health))
        .with_state(shown);
    let app = own.merge(rpc::routes(&hub, &stop).await);
    let task = tokio::spawn(async move {
        let served = axum::serve(listener, app).with_graceful_shutdown(async move { stop.cancelled().await });
        if let Err(error) = served.await {
            failed.report(format!("the HTTP port: {error}"));
        }
    });
    Ok((addr, task))
}

async fn show_metrics(State(shown): State<Shown>) -> impl IntoResponse {
    const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
    ([("content-type", CONTENT_TYPE)], shown.metrics.render(&shown.hub))
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

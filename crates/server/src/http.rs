//! One port: gRPC, `/metrics` and `/healthz`.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{failure::Failure, hub::Hub, metrics::Metrics, rpc};

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

/// 200 while every site's journal can be written; 503 with the reasons otherwise.
async fn show_health(State(shown): State<Shown>) -> impl IntoResponse {
    let failing = shown.hub.failing_sites();
    if failing.is_empty() {
        (StatusCode::OK, "ok\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("the journal fails: {}\n", failing.join(", ")))
    }
}

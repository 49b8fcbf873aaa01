//! What every answer that a browser may show tells it: take it for what it says it is, run nothing of it, keep nothing of it.
//!
//! Names of devices and words of alarms come from whoever wrote them. There is no `Strict-Transport-Security`: it would hold
//! for every port of the machine, those of others too.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

const TOLD: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// The same answer, with these headers unless it is gRPC's, which no browser shows.
pub(crate) async fn hardened(mut response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
        return response;
    }
    for (name, value) in TOLD {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

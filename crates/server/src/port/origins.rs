//! Pages of other hosts: which of them a browser may let call.
//!
//! A browser says whose page calls (`Origin`); who is no browser does not. A page that is not named is refused whatever it asks,
//! also where its host's name leads here (DNS rebinding). Of what a page gets without wanting to read it, as a picture, a browser
//! says no more than whether it is another site's (`Sec-Fetch-Site`).

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::stats::{PortStats, Refused};

/// Whose page has something loaded: its own site's, another's, or nobody's, who typed the address.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What such a page may send besides what any may.
const REQUEST_FIELDS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, grpc-timeout, x-grpc-web, x-user-agent");
/// What it may read of an answer besides what any may.
const ANSWER_FIELDS: HeaderValue =
    HeaderValue::from_static("grpc-message, grpc-status, grpc-status-details-bin");
/// How long a browser may remember that it may, s.
const REMEMBERED_S: HeaderValue = HeaderValue::from_static("600");

/// The origins whose pages may call.
#[derive(Clone)]
pub(crate) struct Origins {
    allowed: Arc<[String]>,
    stats: Arc<PortStats>,
}

impl Origins {
    pub(crate) fn new(allowed: &[String], stats: &Arc<PortStats>) -> Origins {
        Origins { allowed: allowed.into(), stats: Arc::clone(stats) }
    }
}

/// Lets calls of no page, and of the pages named, through, before they take a place. A layer for gRPC alone.
pub(crate) async fn from_named(State(origins): State<Origins>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        if is_of_another_site(request.headers()) {
            origins.stats.refuse(Refused::Origin);
            let told =
                "what a page of another site loads is not answered; a page that may call says its origin\n";
            return (StatusCode::FORBIDDEN, told).into_response();
        }
        return next.run(request).await;
    };
    if !origins.allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
        origins.stats.refuse(Refused::Origin);
        let told =
            "pages of this origin may not call; http.allowed_origins in davy.toml names those that may\n";
        return (StatusCode::FORBIDDEN, told).into_response();
    }
    let mut response = if *request.method() == Method::OPTIONS {
        may_ask().into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_FIELDS);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

/// Whether a browser says so. Who is none, or an old one, says nothing.
fn is_of_another_site(headers: &HeaderMap) -> bool {
    let is_own = |site: &HeaderValue| ["same-origin", "none"].iter().any(|own| site == own);
    !headers.get_all(FETCH_SITE).iter().all(is_own)
}

/// What a browser is told that asks before it lets a page call.
fn may_ask() -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_FIELDS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_S);
    (StatusCode::NO_CONTENT, headers)
}

/// Whether it is written as a browser writes it: `https://console.example`, with a port where it is not the usual one.
pub(crate) fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let plain =
            |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && !b"/*@?#".contains(&byte);
        !host.is_empty() && host.bytes().all(plain)
    })
}

//! What is spoken at the port beside its pages: gRPC and gRPC-Web, by POST. Whatever else is asked is told so in HTTP's own words,
//! whoever asks, and whether there is something at that path or not.

use axum::{
    extract::Request,
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// What a body may be, before what is said of its charset.
const KINDS: [&str; 6] = [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
];

/// Passes calls on, and answers for all else.
pub(crate) async fn spoken(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if request.method() != Method::POST {
        return match path.starts_with("/davy.v1.") || path.starts_with("/grpc.") {
            true => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response(),
            false => (StatusCode::NOT_FOUND, "there is no such page\n").into_response(),
        };
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return next.run(request).await;
    }
    let told = "calls come as application/grpc or application/grpc-web, and questions as application/json\n";
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, told).into_response()
}

//! An error in JSON: the Connect protocol's `code`, `message` and `details`, with Davy's reason code and its Chinese beside them.

use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use prost::Message;
use prost_types::Any;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::rpc::meaning;

/// What gRPC's details are packed in.
#[derive(Message)]
struct Packed {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// The error as an answer of its own.
pub(super) fn response(status: &Status) -> Response {
    (code(status.code()).0, [(CONTENT_TYPE, "application/json")], text(status)).into_response()
}

/// The error as text.
pub(super) fn text(status: &Status) -> String {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.as_str()).unwrap_or_default();
    let zh = details.localized_message().map(|words| words.message.as_str()).unwrap_or_default();
    let packed = Packed::decode(status.details()).unwrap_or_default().details;
    let packed: Vec<Value> = packed
        .iter()
        .map(|one| {
            let kind = one.type_url.rsplit('/').next().unwrap_or_default();
            json!({"type": kind, "value": STANDARD_NO_PAD.encode(&one.value)})
        })
        .collect();
    let (_, code) = code(status.code());
    let help = meaning::address(reason);
    json!({"code": code, "reason": reason, "message": status.message(), "message_zh": zh, "help": help, "details": packed})
        .to_string()
}

/// The HTTP status and the word that the Connect protocol has for a code.
fn code(code: Code) -> (StatusCode, &'static str) {
    match code {
        Code::Ok => (StatusCode::OK, "ok"),
        Code::Cancelled => (StatusCode::REQUEST_TIMEOUT, "canceled"),
        Code::Unknown => (StatusCode::INTERNAL_SERVER_ERROR, "unknown"),
        Code::InvalidArgument => (StatusCode::BAD_REQUEST, "invalid_argument"),
        Code::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, "deadline_exceeded"),
        Code::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Code::AlreadyExists => (StatusCode::CONFLICT, "already_exists"),
        Code::PermissionDenied => (StatusCode::FORBIDDEN, "permission_denied"),
        Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "resource_exhausted"),
        Code::FailedPrecondition => (StatusCode::BAD_REQUEST, "failed_precondition"),
        Code::Aborted => (StatusCode::CONFLICT, "aborted"),
        Code::OutOfRange => (StatusCode::BAD_REQUEST, "out_of_range"),
        Code::Unimplemented => (StatusCode::NOT_IMPLEMENTED, "unimplemented"),
        Code::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Code::DataLoss => (StatusCode::INTERNAL_SERVER_ERROR, "data_loss"),
        Code::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
    }
}

//! The JSON mirror: every method that only reads can be asked in JSON, over plain HTTP, at the path it has in gRPC.
//!
//! One answer is one JSON object, as the Connect protocol has it; a stream comes as server-sent events. Nothing is decided here:
//! a call is put into gRPC, and goes the way of all calls. Its place among them is taken before it is read.

mod ask;
mod error;
mod frames;
mod methods;
mod stream;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{
        Method, StatusCode,
        header::{CONTENT_ENCODING, CONTENT_TYPE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use tonic::{Code, Status};

use self::methods::Mirrored;
use crate::{guard::TurnedAway, port::Calls, rpc::status};

/// Answers calls in JSON; passes all others on.
pub(crate) async fn mirror(State(calls): State<Calls>, mut request: Request, next: Next) -> Response {
    if !is_json(&request) {
        return next.run(request).await;
    }
    if let Some(status) = TurnedAway::of(&request) {
        return error::response(status);
    }
    let Some(method) = methods::find(request.uri().path()) else {
        let what = format!("{} is not mirrored: only what reads is", request.uri().path());
        return error::response(&status::status(Code::Unimplemented, "METHOD_UNKNOWN", what));
    };
    let held = match calls.enter(&mut request) {
        Ok(held) => held,
        Err(status) => return error::response(&status),
    };
    let read = held.in_time(ask::grpc(request, method)).await;
    let call = match read.unwrap_or_else(|| Err(status::completed(calls.late(&held)))) {
        Ok(call) => call,
        Err(status) => return error::response(&status),
    };
    drop(held);
    let answer = next.run(call).await;
    if answer.status() != StatusCode::OK {
        return answer;
    }
    match Status::from_header_map(answer.headers()).filter(|status| status.code() != Code::Ok) {
        Some(status) => error::response(&status),
        None if method.streams => stream::events(answer.into_body(), method.output.clone()).into_response(),
        None => one(answer.into_body(), method).await.unwrap_or_else(|status| error::response(&status)),
    }
}

/// Of one of Davy's methods, and in JSON as it is.
fn is_json(request: &Request) -> bool {
    let is_json = |kind: &str| kind.trim().eq_ignore_ascii_case("application/json");
    let named = |kind: &str| kind.split(';').next().is_some_and(is_json);
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let asks =
        request.method() == Method::GET || (request.method() == Method::POST && kind.is_some_and(named));
    // What is compressed is not read: a little would be a lot.
    asks && !request.headers().contains_key(CONTENT_ENCODING) && request.uri().path().starts_with("/davy.v1.")
}

/// The one message of an answer.
async fn one(body: Body, method: &Mirrored) -> Result<Response, Status> {
    let whole = body.collect().await.map_err(|_| broken())?;
    let status = whole.trailers().and_then(Status::from_header_map);
    if let Some(status) = status.filter(|status| status.code() != Code::Ok) {
        return Err(status);
    }
    let mut read = frames::Frames::default();
    read.push(&whole.to_bytes());
    let message = read.next_frame()?.ok_or_else(broken)?;
    let text = text(&method.output, &message)?;
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

/// A message as JSON, its fields called as in the contract.
fn text(kind: &MessageDescriptor, message: &[u8]) -> Result<String, Status> {
    let message = DynamicMessage::decode(kind.clone(), message).map_err(|_| broken())?;
    let options = SerializeOptions::new().use_proto_field_name(true);
    let mut out = Vec::new();
    let mut writer = serde_json::Serializer::new(&mut out);
    message.serialize_with_options(&mut writer, &options).map_err(|_| broken())?;
    String::from_utf8(out).map_err(|_| broken())
}

/// What Davy itself answered cannot be put into JSON.
fn broken() -> Status {
    status::status(Code::Internal, "INTERNAL", "the answer could not be made into JSON")
}

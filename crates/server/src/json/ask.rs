//! What is asked in JSON, as a gRPC call.

use axum::{
    body::Body,
    extract::{Query, Request},
    http::{
        HeaderName, HeaderValue, Method, Version,
        header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TE, TRANSFER_ENCODING},
    },
};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use prost::Message;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor, ReflectMessage, Value};
use serde::Deserialize;
use tonic::{Code, Status};

use super::{frames, methods::Mirrored};
use crate::rpc::status;

/// Longest question taken, bytes.
const ASKED_LEN_MAX: usize = 1 << 20;
/// Where an event stream that broke says what it had last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What stands behind the question mark of a GET, as in the Connect protocol.
#[derive(Deserialize)]
struct Asked {
    /// The request, as JSON; empty for one without fields.
    #[serde(default)]
    message: String,
}

/// The call, with the headers and all that is known of who calls.
pub(super) async fn grpc(request: Request, method: &Mirrored) -> Result<Request, Status> {
    let (mut parts, body) = request.into_parts();
    let json = if parts.method == Method::GET {
        let asked =
            Query::<Asked>::try_from_uri(&parts.uri).map_err(|error| status::invalid(error.to_string()))?;
        asked.0.message.into_bytes()
    } else {
        whole(body).await?
    };
    let mut message = message(&method.input, &json)?;
    if parts.method == Method::GET && method.streams && message.has_field_by_name("consumer") {
        // A page of anybody's can make a browser get something, and a consumer counts as connected.
        let what = "no consumer subscribes by GET: post it, or leave the name out and keep the token";
        return Err(status::invalid_field("consumer", what));
    }
    if let Some(last) = parts.headers.get(LAST_EVENT_ID).and_then(|last| last.to_str().ok()) {
        go_on_after(&mut message, last);
    }
    (parts.method, parts.version) = (Method::POST, Version::HTTP_2);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    parts.headers.insert(TE, HeaderValue::from_static("trailers"));
    for gone in [CONTENT_LENGTH, TRANSFER_ENCODING, ACCEPT_ENCODING] {
        parts.headers.remove(gone);
    }
    Ok(Request::from_parts(parts, Body::from(frames::frame(&message.encode_to_vec()))))
}

/// All of a body. What says that it is too long is not waited for.
async fn whole(body: Body) -> Result<Vec<u8>, Status> {
    let too_long = || {
        let what = format!("longer than {ASKED_LEN_MAX} bytes");
        status::status(Code::ResourceExhausted, "PAYLOAD_TOO_LARGE", what)
    };
    if body.size_hint().lower() > ASKED_LEN_MAX as u64 {
        return Err(too_long());
    }
    let read = Limited::new(body, ASKED_LEN_MAX).collect().await;
    read.map(|read| read.to_bytes().to_vec()).map_err(|error| match error.is::<LengthLimitError>() {
        true => too_long(),
        false => status::invalid(format!("the body cannot be read: {error}")),
    })
}

/// The request that the JSON says. An unknown field is an error that names it.
fn message(kind: &MessageDescriptor, json: &[u8]) -> Result<DynamicMessage, Status> {
    if json.iter().all(u8::is_ascii_whitespace) {
        return Ok(DynamicMessage::new(kind.clone()));
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(kind.clone(), &mut reader, &options);
    let message = message.and_then(|message| reader.end().map(|()| message));
    message.map_err(|error| status::invalid(format!("{}: {error}", kind.name())))
}

/// A browser whose event stream broke asks the same again, and says what it had last: that counts.
fn go_on_after(message: &mut DynamicMessage, token: &str) {
    let Some(field) = message.descriptor().get_field_by_name("after_token") else { return };
    message.set_field(&field, Value::String(token.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::methods::find;

    #[test]
    fn json_that_is_not_the_request_is_refused_in_words() {
        let kind = &find("/davy.v1.AlarmService/List").expect("it is mirrored").input;
        for (json, names) in [
            ("{\"sits\": []}", "sits"),
            ("{\"page_size\": \"many\"}", "AlarmServiceListRequest"),
            ("{} {}", "trailing"),
            ("[", "AlarmServiceListRequest"),
        ] {
            let status = message(kind, json.as_bytes()).expect_err(json);
            assert!(status.message().contains(names), "{json}: {}", status.message());
        }
        assert!(message(kind, b" \n").is_ok(), "nothing asked is everything asked");
    }

    #[test]
    fn an_event_stream_goes_on_after_what_its_reader_had() {
        let kind = &find("/davy.v1.AlertService/Subscribe").expect("it is mirrored").input;
        let mut message = message(kind, b"{\"snapshot\": true}").expect("a request");
        go_on_after(&mut message, "park=7");
        assert!(message.has_field_by_name("after_token") && !message.has_field_by_name("snapshot"));
    }
}

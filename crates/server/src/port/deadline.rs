//! Until when whoever asked wants to be answered.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

use super::calls::CallPlace;
use crate::rpc::status;

/// The header of a gRPC call that says how long its caller waits.
const GRPC_TIMEOUT: &str = "grpc-timeout";

/// How long the caller waits, where it says so: up to eight digits and a unit, as gRPC over HTTP/2 has it.
pub(super) fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let fine = (1..=8).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    let count: u64 = fine.then(|| digits.parse().ok())??;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

/// An answer that ends at its caller's deadline, with the status that gRPC has for it, and holds its call's place until then.
pub(super) struct Answer {
    body: Body,
    until: Option<Pin<Box<Sleep>>>,
    /// Given back with the answer's end, however it comes.
    place: Option<Arc<CallPlace>>,
}

impl Answer {
    pub(super) fn new(body: Body, until: Option<Instant>, place: Arc<CallPlace>) -> Answer {
        Answer { body, until: until.map(|until| Box::pin(sleep_until(until))), place: Some(place) }
    }

    fn end(&mut self) {
        self.place = None;
        self.until = None;
        self.body = Body::empty();
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let due = self.until.as_mut().is_some_and(|until| until.as_mut().poll(cx).is_ready());
        if due {
            self.end();
            let mut trailers = HeaderMap::new();
            // What cannot be said in a header is left out; the code always can.
            let _ = passed().add_header(&mut trailers);
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) {
            self.end();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn passed() -> Status {
    status::completed(Status::deadline_exceeded("the deadline that was asked for has passed"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_timeout_is_digits_and_a_unit_and_anything_else_is_none() {
        for (text, due) in [
            ("1H", Some(Duration::from_secs(3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("30S", Some(Duration::from_secs(30))),
            ("250m", Some(Duration::from_millis(250))),
            ("99999999u", Some(Duration::from_micros(99_999_999))),
            ("7n", Some(Duration::from_nanos(7))),
            ("0S", Some(Duration::ZERO)),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
            ("100000000S", None),
            ("S", None),
            ("", None),
            ("-1S", None),
            ("+1S", None),
            ("1.5S", None),
            ("10", None),
            ("10s", None),
            ("1é", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(GRPC_TIMEOUT, HeaderValue::from_bytes(text.as_bytes()).expect("a value"));
            assert_eq!(asked(&headers), due, "{text:?}");
        }
        assert_eq!(asked(&HeaderMap::new()), None);
    }
}

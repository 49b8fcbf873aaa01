//! A stream of messages as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use http_body_util::BodyExt;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tonic::{Code, Status};

use super::{broken, error, frames::Frames, text};

/// How often a comment is sent where nothing else is: what stands between must not take the stream for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What is read from, until it ends.
struct Reading {
    body: Body,
    frames: Frames,
    kind: MessageDescriptor,
    ended: bool,
}

/// One event a message; its id is the message's token, where it has one. An error is an event of that name, and the last.
pub(super) fn events(
    body: Body,
    kind: MessageDescriptor,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let reading = Reading { body, frames: Frames::default(), kind, ended: false };
    let events = stream::unfold(reading, |mut reading| async move {
        let event = reading.next().await?;
        Some((Ok(event), reading))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

impl Reading {
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        match self.message().await {
            Ok(event) => event,
            Err(status) => {
                self.ended = true;
                Some(Event::default().event("error").data(error::text(&status)))
            }
        }
    }

    async fn message(&mut self) -> Result<Option<Event>, Status> {
        loop {
            if let Some(message) = self.frames.next_frame()? {
                return self.event(&message).map(Some);
            }
            let Some(frame) = self.body.frame().await else {
                self.ended = true;
                return Ok(None);
            };
            let frame = frame.map_err(|_| broken())?;
            if let Some(piece) = frame.data_ref() {
                self.frames.push(piece);
            }
            let status = frame.trailers_ref().and_then(Status::from_header_map);
            if let Some(status) = status.filter(|status| status.code() != Code::Ok) {
                return Err(status);
            }
        }
    }

    fn event(&self, message: &[u8]) -> Result<Event, Status> {
        let event = Event::default().data(text(&self.kind, message)?);
        let whole = DynamicMessage::decode(self.kind.clone(), message).map_err(|_| broken())?;
        let token = whole.get_field_by_name("token");
        let token = token.as_ref().and_then(|token| token.as_str()).filter(|token| !token.is_empty());
        Ok(match token {
            Some(token) => event.id(token),
            None => event,
        })
    }
}

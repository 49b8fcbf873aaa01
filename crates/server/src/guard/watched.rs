//! An answer that ends when its caller is no longer who they were.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, http::HeaderMap};
use bytes::Bytes;
use davy_access::{Caller, PeerCertificate};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::{access::Access, credentials::Credentials};
use crate::{clock::Clock, rpc::status};

/// How often a stream's caller is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// The answer to one call. While it lasts, its caller is looked at again and again: a session that was ended, an account that
/// was shut, a grant that was taken away ends the stream. An open stream counts as use of its session.
pub(super) struct Watched {
    body: Body,
    ticks: Interval,
    known: Known,
    /// Ended from here.
    cut: bool,
}

/// What a caller showed, and who they were by it.
pub(super) struct Known {
    pub(super) access: Arc<Access>,
    pub(super) clock: Clock,
    pub(super) token: Option<String>,
    pub(super) certificate: Option<Arc<PeerCertificate>>,
    pub(super) caller: Caller,
}

impl Known {
    /// Whether they are who they were, with the same grants.
    fn is_same(&self) -> bool {
        let shown = match (&self.token, &self.certificate) {
            (Some(token), _) => Credentials::Bearer(token),
            (None, Some(certificate)) => Credentials::Certificate(certificate),
            (None, None) => Credentials::Nothing,
        };
        let now = self.access.caller(&shown, self.clock.now());
        now.is_ok_and(|now| now.subject() == self.caller.subject() && now.grants() == self.caller.grants())
    }
}

impl Watched {
    pub(super) fn new(body: Body, known: Known) -> Watched {
        let mut ticks = interval_at(Instant::now() + EVERY, EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Watched { body, ticks, known, cut: false }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.cut {
            return Poll::Ready(None);
        }
        if self.ticks.poll_tick(context).is_ready() {
            if !self.known.is_same() {
                self.cut = true;
                let mut trailers = HeaderMap::new();
                // What cannot be said in a header is left out; the code always can.
                let _ = status::auth_failed().add_header(&mut trailers);
                return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
            }
            // The next tick has to wake it.
            while self.ticks.poll_tick(context).is_ready() {}
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.cut || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

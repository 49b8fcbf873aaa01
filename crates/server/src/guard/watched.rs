//! Streams that end when their caller is no longer who they were: an answer, and what a caller has to say.

use std::{
    future::poll_fn,
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
use tonic::{Request, Status};

use super::{access::Access, credentials::Credentials};
use crate::{clock::Clock, rpc::status};

/// How often a stream's caller is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// The answer to one call, which ends when its caller is no longer who they were.
pub(super) struct Watched {
    body: Body,
    lookout: Lookout,
    /// Ended from here.
    cut: bool,
}

/// Looks at a caller again and again, for as long as a stream lasts: a session that was ended, an account that was shut, a grant
/// that was taken away is seen. An open stream counts as use of its session.
pub(crate) struct Lookout {
    ticks: Interval,
    known: Arc<Known>,
}

/// What a caller showed, and who they were by it.
pub(crate) struct Known {
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

impl Lookout {
    pub(super) fn new(known: Arc<Known>) -> Lookout {
        let mut ticks = interval_at(Instant::now() + EVERY, EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Lookout { ticks, known }
    }

    /// For a call that is a stream of its caller's: its answer, which would be watched, comes last. `None` where nobody is asked
    /// who they are.
    pub(crate) fn of<T>(request: &Request<T>) -> Option<Lookout> {
        request.extensions().get().map(|known| Lookout::new(Arc::clone(known)))
    }

    /// Comes back with what to tell them, once they are no longer who they were.
    pub(crate) async fn shut_out(&mut self) -> Status {
        poll_fn(|context| self.poll_shut_out(context)).await
    }

    fn poll_shut_out(&mut self, context: &mut Context<'_>) -> Poll<Status> {
        // The next tick has to wake it.
        while self.ticks.poll_tick(context).is_ready() {
            if !self.known.is_same() {
                return Poll::Ready(status::auth_failed());
            }
        }
        Poll::Pending
    }
}

impl Watched {
    pub(super) fn new(body: Body, known: Arc<Known>) -> Watched {
        Watched { body, lookout: Lookout::new(known), cut: false }
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
        if let Poll::Ready(status) = self.lookout.poll_shut_out(context) {
            self.cut = true;
            let mut trailers = HeaderMap::new();
            // What cannot be said in a header is left out; the code always can.
            let _ = status.add_header(&mut trailers);
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
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

//! Calls: so many at once, and none for longer than it may take.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tokio::time::{Instant, timeout_at};
use tonic::Status;

use super::{
    deadline::{self, Answer},
    limits::PortLimits,
    peer::Peer,
    places::{NoPlace, Places},
    stats::{PortStats, Refused},
};
use crate::{guard::TurnedAway, rpc::too_many_calls};

/// Calls that judge a journal or a site's files, and may take their time.
const JUDGES: &str = "/davy.v1.RuleService/";

/// The calls at once.
#[derive(Clone)]
pub(crate) struct Calls {
    limits: PortLimits,
    /// Those that take a stream: when they are answered is for their callers to say.
    streams: Arc<BTreeSet<String>>,
    places: Arc<Places>,
    stats: Arc<PortStats>,
}

impl Calls {
    /// `streams`: the paths of calls that take a stream.
    pub(crate) fn new(limits: PortLimits, streams: BTreeSet<String>, stats: &Arc<PortStats>) -> Calls {
        let places = Places::new(limits.calls_max, limits.address_calls_max);
        Calls { limits, streams: Arc::new(streams), places, stats: Arc::clone(stats) }
    }

    /// How many there are.
    pub(crate) fn taken(&self) -> usize {
        self.places.taken()
    }

    fn answer_timeout(&self, path: &str) -> Option<Duration> {
        let within =
            if path.starts_with(JUDGES) { self.limits.judged_timeout } else { self.limits.answer_timeout };
        (!self.streams.contains(path)).then_some(within)
    }

    fn refuse(&self, no_place: NoPlace) -> Response {
        let (why, most, whose) = match no_place {
            NoPlace::Full => (Refused::CallsFull, self.limits.calls_max, ""),
            NoPlace::Address => (Refused::CallsOfAddress, self.limits.address_calls_max, " of one address"),
        };
        self.stats.refuse(why);
        too_many_calls(most, whose).into_http()
    }
}

/// Lets a call in where there is a place for it, and answers for it when it takes too long. A layer for gRPC alone.
///
/// A call that is turned away takes no place: strangers would use up those of whoever is known.
pub(crate) async fn bounded(State(calls): State<Calls>, request: Request, next: Next) -> Response {
    if TurnedAway::of(&request).is_some() {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<Peer>().map(|peer| peer.addr.ip());
    let place = match calls.places.take(peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))) {
        Ok(place) => place,
        Err(no_place) => return calls.refuse(no_place),
    };
    let now = Instant::now();
    let asked = deadline::asked(request.headers());
    let until = asked.and_then(|asked| now.checked_add(asked));
    let within = [calls.answer_timeout(request.uri().path()), asked].into_iter().flatten().min();
    let answered = match within.and_then(|within| now.checked_add(within)) {
        Some(due) => timeout_at(due, next.run(request)).await.ok(),
        None => Some(next.run(request).await),
    };
    let Some(response) = answered else {
        calls.stats.refuse(Refused::Deadline);
        let within = within.unwrap_or_default();
        let what = format!("no answer within {within:?}: ask for less, or wait longer");
        return Status::deadline_exceeded(what).into_http();
    };
    response.map(|body| Body::new(Answer::new(body, until, place)))
}

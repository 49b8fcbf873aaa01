//! Calls: so many at once, and none for longer than it may take.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use davy_access::Caller;
use tokio::time::{Instant, timeout_at};
use tonic::Status;

use super::{
    deadline::{self, Answer},
    limits::PortLimits,
    peer::Peer,
    places::{NoPlace, Place, Places, counted},
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
    places: Arc<Places<IpAddr>>,
    callers: Arc<Places<Arc<str>>>,
    stats: Arc<PortStats>,
}

impl Calls {
    /// `streams`: the paths of calls that take a stream.
    pub(crate) fn new(limits: PortLimits, streams: BTreeSet<String>, stats: &Arc<PortStats>) -> Calls {
        let places = Places::new(limits.calls_max, limits.address_calls_max);
        let callers = Places::new(usize::MAX, limits.caller_calls_max);
        Calls { limits, streams: Arc::new(streams), places, callers, stats: Arc::clone(stats) }
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

    /// Lets a call in, where there is a place for it, before any of it is read: by when that must be done is told, and counts for
    /// the answer too.
    pub(crate) fn enter(&self, request: &mut Request) -> Result<Held, Status> {
        let place = self.place(request)?;
        let now = Instant::now();
        let asked = deadline::asked(request.headers());
        let within = [self.answer_timeout(request.uri().path()), asked].into_iter().flatten().min();
        let held = Held {
            place: Arc::new(place),
            within,
            due: within.and_then(|within| now.checked_add(within)),
            until: asked.and_then(|asked| now.checked_add(asked)),
        };
        request.extensions_mut().insert(held.clone());
        Ok(held)
    }

    /// Among all, among those of its address, and among those of its caller, where that is known.
    fn place(&self, request: &Request) -> Result<CallPlace, Status> {
        let peer = request.extensions().get::<Peer>();
        let address = peer.and_then(|peer| counted(peer.addr.ip()));
        let caller = request.extensions().get::<Caller>().filter(|caller| caller.is_proven());
        let of_caller = caller.map(|caller| self.callers.take(Some(Arc::clone(caller.name()))));
        let of_caller = of_caller.transpose().map_err(|_| {
            self.refuse(Refused::CallsOfCaller, self.limits.caller_calls_max, " of one caller")
        })?;
        let of_all = self.places.take(address).map_err(|no_place| match no_place {
            NoPlace::Full => self.refuse(Refused::CallsFull, self.limits.calls_max, ""),
            NoPlace::Each => {
                self.refuse(Refused::CallsOfAddress, self.limits.address_calls_max, " of one address")
            }
        })?;
        Ok(CallPlace { _of_all: of_all, _of_caller: of_caller })
    }

    fn refuse(&self, why: Refused, most: usize, whose: &str) -> Status {
        self.stats.refuse(why);
        too_many_calls(most, whose)
    }

    /// What a call is told whose time is over.
    pub(crate) fn late(&self, held: &Held) -> Status {
        self.stats.refuse(Refused::Deadline);
        let within = held.within.unwrap_or_default();
        Status::deadline_exceeded(format!("no answer within {within:?}: ask for less, or wait longer"))
    }
}

/// The places of one call, given back when it is dropped.
pub(super) struct CallPlace {
    _of_all: Place<IpAddr>,
    _of_caller: Option<Place<Arc<str>>>,
}

tokio::task_local! {
    static PLACE: Arc<CallPlace>;
}

/// The call that is dealt with here has its place until this is done, too, in whatever task it goes on.
pub(crate) fn in_its_place<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let place = PLACE.try_with(Arc::clone).ok();
    async move {
        let _place = place;
        work.await
    }
}

/// A call that was let in, and its times.
#[derive(Clone)]
pub(crate) struct Held {
    place: Arc<CallPlace>,
    within: Option<Duration>,
    /// When it must be answered.
    due: Option<Instant>,
    /// When its caller wants nothing more.
    until: Option<Instant>,
}

impl Held {
    /// What comes of it, unless its time is over before: then it is not even begun.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.due {
            Some(due) if due <= Instant::now() => None,
            Some(due) => timeout_at(due, work).await.ok(),
            None => Some(work.await),
        }
    }
}

/// Lets a call in where there is a place for it, and answers for it when it takes too long. A layer for gRPC alone.
///
/// A call that is turned away takes no place: strangers would use up those of whoever is known.
pub(crate) async fn bounded(State(calls): State<Calls>, mut request: Request, next: Next) -> Response {
    if TurnedAway::of(&request).is_some() {
        return next.run(request).await;
    }
    let entered = match request.extensions_mut().remove::<Held>() {
        Some(held) => Ok(held),
        None => calls.enter(&mut request),
    };
    let held = match entered {
        Ok(held) => held,
        Err(status) => return status.into_http(),
    };
    // It is the answer's to hold, not the request's.
    request.extensions_mut().remove::<Held>();
    let work = PLACE.scope(Arc::clone(&held.place), next.run(request));
    match held.in_time(work).await {
        Some(response) => response.map(|body| Body::new(Answer::new(body, held.until, held.place))),
        None => calls.late(&held).into_http(),
    }
}

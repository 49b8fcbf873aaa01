//! `TelemetryService`: tags as they are now, readings as they come, and readings that history keeps.

mod asked;
mod form;
mod list;
mod look;
mod now;
mod page;
mod publish;
mod token;
mod watch;

use std::{pin::Pin, sync::Arc};

use davy_access::Caller;
use davy_proto::v1 as wire;
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{status, v1::telemetry_service_server::TelemetryService};
use crate::{
    guard::{Admitted, Lookout},
    hub::Hub,
    port::{NoPlace, Place, Places},
};

/// How many may watch readings at once, of all sites.
pub(crate) const WATCHERS_MAX: usize = 64;
/// How many streams of these one caller may have, where callers are known.
const CALLER_WATCHERS_MAX: usize = 16;

pub(crate) struct Telemetry {
    hub: Arc<Hub>,
    /// Room for those who watch.
    room: Arc<Places<Arc<str>>>,
    stop: CancellationToken,
}

impl Telemetry {
    pub(crate) fn new(hub: &Arc<Hub>, stop: &CancellationToken) -> Telemetry {
        let room = Places::new(WATCHERS_MAX, CALLER_WATCHERS_MAX);
        Telemetry { hub: Arc::clone(hub), room, stop: stop.clone() }
    }

    /// A place for a stream of readings.
    fn place(&self, caller: &Caller) -> Result<Place<Arc<str>>, Status> {
        let whose = caller.is_proven().then(|| Arc::clone(caller.name()));
        self.room.take(whose).map_err(|no_place| match no_place {
            NoPlace::Full => status::too_many_watchers(WATCHERS_MAX, ""),
            NoPlace::Each => status::too_many_watchers(CALLER_WATCHERS_MAX, " of one caller"),
        })
    }
}

#[tonic::async_trait]
impl TelemetryService for Telemetry {
    type WatchStream =
        Pin<Box<dyn Stream<Item = Result<wire::TelemetryServiceWatchResponse, Status>> + Send>>;

    async fn query(
        &self,
        request: Request<wire::TelemetryServiceQueryRequest>,
    ) -> Result<Response<wire::TelemetryServiceQueryResponse>, Status> {
        let (by, request) = Admitted::of(request);
        look::query(&self.hub, &by, &request).await.map(Response::new)
    }

    async fn list_latest(
        &self,
        request: Request<wire::TelemetryServiceListLatestRequest>,
    ) -> Result<Response<wire::TelemetryServiceListLatestResponse>, Status> {
        let (by, request) = Admitted::of(request);
        list::list(&self.hub, &by, &request).map(Response::new)
    }

    async fn watch(
        &self,
        request: Request<wire::TelemetryServiceWatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let (by, request) = Admitted::of(request);
        let wire::TelemetryServiceWatchRequest { selector, snapshot } = request;
        let place = self.place(&by.caller)?;
        // One message waits for the client: what is more waits for all, in the site's ring.
        let (sender, receiver) = mpsc::channel(1);
        let teller = watch::Teller::new(&self.hub, &by, selector, sender, &self.stop, place)?;
        tokio::spawn(async move {
            // A client that is gone is no error.
            let _ = teller.tell(snapshot).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn publish(
        &self,
        request: Request<Streaming<wire::TelemetryServicePublishRequest>>,
    ) -> Result<Response<wire::TelemetryServicePublishResponse>, Status> {
        let lookout = Lookout::of(&request);
        let (by, said) = Admitted::of(request);
        let publisher = publish::Publisher::new(&self.hub, by, lookout, said, &self.stop);
        // A task of its own, so that a caller who is gone is told from one who has come to an end.
        let answer = tokio::spawn(publisher.run()).await;
        answer.map_err(|_| status::stopping())?.map(Response::new)
    }
}

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

use davy_proto::v1 as wire;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{status, v1::telemetry_service_server::TelemetryService};
use crate::{
    guard::{Admitted, Lookout},
    hub::Hub,
};

/// How many may watch readings at once, of all sites.
pub(crate) const WATCHERS_MAX: usize = 64;

pub(crate) struct Telemetry {
    hub: Arc<Hub>,
    /// Room for those who watch.
    room: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Telemetry {
    pub(crate) fn new(hub: &Arc<Hub>, stop: &CancellationToken) -> Telemetry {
        let room = Arc::new(Semaphore::new(WATCHERS_MAX));
        Telemetry { hub: Arc::clone(hub), room, stop: stop.clone() }
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
        let permit = Arc::clone(&self.room).try_acquire_owned();
        let permit = permit.map_err(|_| status::too_many_watchers(WATCHERS_MAX))?;
        // One message waits for the client: what is more waits for all, in the site's ring.
        let (sender, receiver) = mpsc::channel(1);
        let teller = watch::Teller::new(&self.hub, &by, selector, sender, &self.stop, permit)?;
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

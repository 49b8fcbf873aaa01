//! `AlertService`: transitions as they happen, after a token, or on top of a snapshot.

mod cursors;
mod look;
mod shown;
mod teller;
mod told;
mod wanted;

use std::{pin::Pin, sync::Arc};

use davy_delivery::Token;
use davy_proto::v1 as wire;
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use wire::alert_service_subscribe_request::Start as WireStart;

pub(crate) use self::teller::heartbeat;
use self::{teller::Teller, told::Told, wanted::Wanted};
use super::{status, v1::alert_service_server::AlertService};
use crate::{
    guard::{Admitted, caller},
    hub::Hub,
};

pub(crate) struct Alerts {
    pub(crate) hub: Arc<Hub>,
    pub(crate) stop: CancellationToken,
}

/// How many messages wait for one client: then it is read from the journal as fast as the client takes it.
const QUEUE_LEN_MAX: usize = 256;

#[tonic::async_trait]
impl AlertService for Alerts {
    type SubscribeStream =
        Pin<Box<dyn Stream<Item = Result<wire::AlertServiceSubscribeResponse, Status>> + Send>>;

    async fn subscribe(
        &self,
        request: Request<wire::AlertServiceSubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let (by, request) = Admitted::of(request);
        let wanted = Wanted::of(&self.hub, &by, &request)?;
        let listening = cursors::listen(&self.hub, &by.caller, &request, &wanted)?;
        let confirmed = || {
            let consumer = listening.as_ref()?.consumer();
            cursors::confirmed(&self.hub, consumer, &wanted.sites)
        };
        let (mut token, snapshot) = match &request.start {
            Some(WireStart::AfterToken(token)) => {
                (token.parse().map_err(|_| status::wrong_token(token))?, false)
            }
            Some(WireStart::FromNow(_)) => (Token::default(), false),
            Some(WireStart::Snapshot(_)) => (Token::default(), true),
            None => match confirmed() {
                Some(token) => (token, false),
                // Whoever does not say, and was never here, wants to know how things stand.
                None => (Token::default(), true),
            },
        };
        self.begin_elsewhere_now(&mut token, &wanted.sites);
        let (sender, receiver) = mpsc::channel(QUEUE_LEN_MAX);
        let teller = Teller::new(&self.hub, wanted, token, sender);
        let stop = self.stop.clone();
        tokio::spawn(async move {
            // A client that is gone is no error.
            let _ = teller.tell(snapshot, stop).await;
        });
        Ok(Response::new(Box::pin(Told { messages: ReceiverStream::new(receiver), listening })))
    }

    async fn confirm(
        &self,
        request: Request<wire::AlertServiceConfirmRequest>,
    ) -> Result<Response<wire::AlertServiceConfirmResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let token: Token = request.token.parse().map_err(|_| status::wrong_token(&request.token))?;
        cursors::confirm(&self.hub, &by, &request.consumer, &token).await?;
        Ok(Response::new(wire::AlertServiceConfirmResponse { token: token.to_string() }))
    }

    async fn list_consumers(
        &self,
        request: Request<wire::AlertServiceListConsumersRequest>,
    ) -> Result<Response<wire::AlertServiceListConsumersResponse>, Status> {
        let caller = caller(&request);
        look::list(&self.hub, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn get_consumer(
        &self,
        request: Request<wire::AlertServiceGetConsumerRequest>,
    ) -> Result<Response<wire::AlertServiceGetConsumerResponse>, Status> {
        let caller = caller(&request);
        look::get(&self.hub, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn delete_consumer(
        &self,
        request: Request<wire::AlertServiceDeleteConsumerRequest>,
    ) -> Result<Response<wire::AlertServiceDeleteConsumerResponse>, Status> {
        let caller = caller(&request);
        look::delete(&self.hub, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn list_deliveries(
        &self,
        request: Request<wire::AlertServiceListDeliveriesRequest>,
    ) -> Result<Response<wire::AlertServiceListDeliveriesResponse>, Status> {
        let caller = caller(&request);
        look::deliveries(&self.hub, &caller, request.into_inner()).await.map(Response::new)
    }
}

impl Alerts {
    /// A site that the token does not speak of begins with what comes next. From here on the token speaks of it: whoever
    /// resumes later misses nothing of what came meanwhile.
    fn begin_elsewhere_now(&self, token: &mut Token, sites: &[Arc<str>]) {
        for feed in sites.iter().filter_map(|site| self.hub.feed.site(site)) {
            if token.seen(feed.site()).is_none() {
                token.see(feed.site(), feed.durable_mark());
            }
        }
    }
}

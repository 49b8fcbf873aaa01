//! One round of the canary: out as a gateway sends, back as a consumer hears.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use davy_delivery::SiteFeed;
use davy_intake::broker::{BrokerConfig, Caller, LinkError};
use davy_model::Condition;
use davy_proto::v1::{
    AlertServiceSubscribeRequest, AlertServiceSubscribeResponse, TransitionKind,
    alert_service_subscribe_request::Start, alert_service_subscribe_response::Event,
};
use tokio::time::Instant;
use tonic::{Request, Status, Streaming, metadata::AsciiMetadataValue, transport::Endpoint};

use super::site;
use crate::rpc::v1::alert_service_client::AlertServiceClient;

/// Values that raise are above this, and numbered; their negatives clear.
const FIRST_VALUE: i64 = 1000;
/// After this many rounds the numbers begin anew.
const NUMBERS: i64 = 1_000_000;

/// Where the canary flies out and comes in.
pub(crate) struct Ends {
    /// How its gateway gets in.
    pub(crate) gateway: BrokerConfig,
    /// Where alerts are subscribed to.
    pub(crate) http: SocketAddr,
    /// What it is known by there, where whoever comes has to be known.
    pub(crate) token: Option<AsciiMetadataValue>,
    /// Its site's feed, to see whether its alarm still stands from a round that broke off.
    pub(crate) feed: Arc<SiteFeed>,
    /// Number of the last round.
    pub(crate) number: i64,
}

/// How long a round took.
pub(super) struct Took {
    /// Until its alarm was heard raised.
    pub(super) raised_in: Duration,
    /// Until its alarm was heard cleared.
    pub(super) cleared_in: Duration,
}

/// Why a round broke off.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("readings: {0}")]
    Out(#[from] LinkError),
    #[error("alerts: {0}")]
    Connect(#[from] tonic::transport::Error),
    #[error("alerts: {}", .0.message())]
    Back(#[from] Status),
    #[error("alerts: the stream ended")]
    Ended,
}

impl Ends {
    /// Raises the alarm and clears it again. Waits for as long as it takes: the caller has a deadline.
    pub(super) async fn round(&mut self) -> Result<Took, Broken> {
        let mut alerts = self.subscribe().await?;
        let topic = site::topic();
        let started = Instant::now();
        let mut gateway = Caller::connect(&self.gateway).await?;
        if self.still_stands() {
            let value = self.next_value();
            gateway.publish(&topic, site::message(-value)).await?;
            hear(&mut alerts, TransitionKind::Cleared, -value).await?;
        }
        let value = self.next_value();
        gateway.publish(&topic, site::message(value)).await?;
        hear(&mut alerts, TransitionKind::Raised, value).await?;
        let raised_in = started.elapsed();
        gateway.publish(&topic, site::message(-value)).await?;
        hear(&mut alerts, TransitionKind::Cleared, -value).await?;
        let cleared_in = started.elapsed();
        gateway.goodbye().await?;
        Ok(Took { raised_in, cleared_in })
    }

    fn still_stands(&self) -> bool {
        let entry = self.feed.book().get(&site::alarm());
        entry.is_some_and(|entry| entry.last.facts.condition == Condition::Active)
    }

    fn next_value(&mut self) -> i64 {
        self.number = (self.number + 1) % NUMBERS;
        FIRST_VALUE + self.number
    }

    async fn subscribe(&self) -> Result<Streaming<AlertServiceSubscribeResponse>, Broken> {
        let channel = Endpoint::from_shared(format!("http://{}", self.http))?.connect().await?;
        let request = AlertServiceSubscribeRequest {
            start: Some(Start::FromNow(true)),
            sites: vec![site::id().to_string()],
            ..AlertServiceSubscribeRequest::default()
        };
        let mut request = Request::new(request);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(AlertServiceClient::new(channel).subscribe(request).await?.into_inner())
    }
}

/// Waits for the transition that this very value made, durable. A stranger's reading, or one of a round before, is not it.
async fn hear(
    alerts: &mut Streaming<AlertServiceSubscribeResponse>,
    kind: TransitionKind,
    value: i64,
) -> Result<(), Broken> {
    while let Some(message) = alerts.message().await? {
        if let Some(Event::Alert(alert)) = message.event
            && alert.transition() == kind
            && alert.value == Some(value as f64)
            && alert.durable
        {
            return Ok(());
        }
    }
    Err(Broken::Ended)
}

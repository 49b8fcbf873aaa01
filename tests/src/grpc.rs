//! A gRPC client of a running Davy.

use std::{net::SocketAddr, time::Duration};

use davy_proto::v1::{
    Alarm, AlarmServiceListRequest, Alert, AlertServiceSubscribeRequest, AlertServiceSubscribeResponse,
    CanaryStatus, DeadLetter, DeadLetterServiceListRequest, HistoryStatus, SiteStatus,
    SystemServiceGetStatusRequest, SystemServiceGetStatusResponse, SystemServiceWatchHeartbeatRequest,
    SystemServiceWatchHeartbeatResponse, alert_service_subscribe_request::Start,
    alert_service_subscribe_response::Event,
};
use davy_server::rpc::v1::{
    alarm_service_client::AlarmServiceClient, alert_service_client::AlertServiceClient,
    audit_service_client::AuditServiceClient, dead_letter_service_client::DeadLetterServiceClient,
    link_service_client::LinkServiceClient, rule_service_client::RuleServiceClient,
    system_service_client::SystemServiceClient, telemetry_service_client::TelemetryServiceClient,
};
use jiff::Timestamp;
use tokio::time::timeout;
use tonic::{
    Status, Streaming,
    transport::{Channel, Endpoint},
};

use crate::{LONG, wait_until};

/// A connection.
#[derive(Clone, Debug)]
pub struct Grpc {
    channel: Channel,
}

/// A stream of alerts.
#[derive(Debug)]
pub struct Subscriber {
    stream: Streaming<AlertServiceSubscribeResponse>,
    /// Resume after this; empty before the first.
    pub token: String,
}

impl Grpc {
    /// Connects once Davy answers.
    ///
    /// # Panics
    /// When it does not within a minute.
    pub async fn connect(addr: SocketAddr) -> Grpc {
        wait_until("davy answers over gRPC", LONG, async || {
            let grpc = Grpc::try_connect(addr).await.ok()?;
            grpc.sites().await.is_ok().then_some(grpc)
        })
        .await
    }

    /// Connects now, or says why not.
    ///
    /// # Errors
    /// What the transport says.
    pub async fn try_connect(addr: SocketAddr) -> Result<Grpc, tonic::transport::Error> {
        let endpoint =
            Endpoint::from_shared(format!("http://{addr}"))?.connect_timeout(Duration::from_secs(5));
        Ok(Grpc { channel: endpoint.connect().await? })
    }

    /// Alarms.
    pub fn alarms(&self) -> AlarmServiceClient<Channel> {
        AlarmServiceClient::new(self.channel.clone())
    }

    /// Alerts.
    pub fn alerts(&self) -> AlertServiceClient<Channel> {
        AlertServiceClient::new(self.channel.clone())
    }

    /// Who did what.
    pub fn audit(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.channel.clone())
    }

    /// Readings.
    pub fn telemetry(&self) -> TelemetryServiceClient<Channel> {
        TelemetryServiceClient::new(self.channel.clone())
    }

    /// The Davys above and below.
    pub fn links(&self) -> LinkServiceClient<Channel> {
        LinkServiceClient::new(self.channel.clone())
    }

    /// Rules and their revisions.
    pub fn rules(&self) -> RuleServiceClient<Channel> {
        RuleServiceClient::new(self.channel.clone())
    }

    /// How the sites are.
    ///
    /// # Errors
    /// What the server says.
    pub async fn sites(&self) -> Result<Vec<SiteStatus>, Status> {
        let mut client = SystemServiceClient::new(self.channel.clone());
        Ok(client.get_status(SystemServiceGetStatusRequest {}).await?.into_inner().sites)
    }

    /// How one site is.
    ///
    /// # Panics
    /// When there is no such site, or no answer.
    pub async fn site(&self, site: &str) -> SiteStatus {
        let sites = self.sites().await.unwrap_or_else(|status| panic!("GetStatus: {status}"));
        sites.into_iter().find(|found| found.site == site).unwrap_or_else(|| panic!("no site {site}"))
    }

    /// How Davy's canary is.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn canary(&self) -> CanaryStatus {
        self.status().await.canary.expect("every Davy says how its canary is")
    }

    /// How history is kept.
    ///
    /// # Panics
    /// When none is, or there is no answer.
    pub async fn history(&self) -> HistoryStatus {
        self.status().await.history.expect("history is kept")
    }

    /// How it is, altogether.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn status(&self) -> SystemServiceGetStatusResponse {
        let mut client = SystemServiceClient::new(self.channel.clone());
        let answer = client.get_status(SystemServiceGetStatusRequest {}).await;
        answer.unwrap_or_else(|status| panic!("GetStatus: {status}")).into_inner()
    }

    /// Heartbeats of these sites, or of all.
    ///
    /// # Panics
    /// When the server does not let it.
    pub async fn heartbeats(&self, sites: &[&str]) -> Streaming<SystemServiceWatchHeartbeatResponse> {
        let mut client = SystemServiceClient::new(self.channel.clone());
        let sites = sites.iter().map(|site| (*site).to_owned()).collect();
        let stream = client.watch_heartbeat(SystemServiceWatchHeartbeatRequest { sites }).await;
        stream.unwrap_or_else(|status| panic!("WatchHeartbeat: {status}")).into_inner()
    }

    /// Every alarm of a site that stands.
    ///
    /// # Panics
    /// When there is no answer, or more than a page of them.
    pub async fn standing(&self, site: &str) -> Vec<Alarm> {
        let request =
            AlarmServiceListRequest { sites: vec![site.to_owned()], page_size: 1000, ..Default::default() };
        let answer = self.alarms().list(request).await.unwrap_or_else(|status| panic!("List: {status}"));
        let answer = answer.into_inner();
        assert!(answer.next_page_token.is_empty(), "more alarms than a page holds: {}", answer.total);
        answer.alarms
    }

    /// A site's dead letters, the latest first.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn dead_letters(&self, site: &str) -> Vec<DeadLetter> {
        let mut client = DeadLetterServiceClient::new(self.channel.clone());
        let request =
            DeadLetterServiceListRequest { site: site.to_owned(), page_size: 500, ..Default::default() };
        let answer = client.list(request).await.unwrap_or_else(|status| panic!("List: {status}"));
        answer.into_inner().dead_letters
    }

    /// Alerts from there on, of all sites.
    ///
    /// # Errors
    /// What the server says.
    pub async fn subscribe(&self, start: Start) -> Result<Subscriber, Status> {
        self.subscribe_as(AlertServiceSubscribeRequest { start: Some(start), ..Default::default() }).await
    }

    /// Alerts as asked for.
    ///
    /// # Errors
    /// What the server says.
    pub async fn subscribe_as(&self, request: AlertServiceSubscribeRequest) -> Result<Subscriber, Status> {
        let stream = self.alerts().subscribe(request).await?.into_inner();
        Ok(Subscriber { stream, token: String::new() })
    }

    /// Alerts of these sites from now on.
    ///
    /// # Panics
    /// When the server does not let it.
    pub async fn subscribe_to(&self, sites: &[&str]) -> Subscriber {
        let request = AlertServiceSubscribeRequest {
            start: Some(Start::FromNow(true)),
            sites: sites.iter().map(|site| (*site).to_owned()).collect(),
            ..Default::default()
        };
        self.subscribe_as(request).await.unwrap_or_else(|status| panic!("Subscribe: {status}"))
    }

    /// Alerts from now on: everything that is published after this is heard.
    ///
    /// # Panics
    /// When the server does not let it.
    pub async fn subscribe_from_now(&self) -> Subscriber {
        self.subscribe(Start::FromNow(true)).await.unwrap_or_else(|status| panic!("Subscribe: {status}"))
    }
}

impl Subscriber {
    /// The next thing on the stream; `None` when it was closed.
    ///
    /// # Errors
    /// What the server says.
    pub async fn next(&mut self) -> Result<Option<Event>, Status> {
        let Some(message) = self.stream.message().await? else { return Ok(None) };
        if !message.token.is_empty() {
            self.token = message.token;
        }
        Ok(message.event)
    }

    /// The next alert that is wanted, and what came before it is let go.
    ///
    /// # Panics
    /// When none comes within `limit`; `what` says what was waited for.
    pub async fn alert(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Alert) -> bool) -> Alert {
        let mut others = Vec::new();
        let found = timeout(limit, async {
            loop {
                match self.next().await {
                    Ok(Some(Event::Alert(alert))) if wanted(&alert) => return alert,
                    Ok(Some(Event::Alert(other))) => others.push(other.id),
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("{what}: the stream was closed; before: {others:?}"),
                    Err(status) => panic!("{what}: {status}; before: {others:?}"),
                }
            }
        })
        .await;
        found.unwrap_or_else(|_| panic!("waited {limit:?} in vain: {what}; others came: {others:?}"))
    }
}

/// When an alert became true, on the tag's clock.
///
/// # Panics
/// When it does not say.
pub fn alert_time(alert: &Alert) -> Timestamp {
    let time = alert.source_time.as_ref().unwrap_or_else(|| panic!("{}: no source time", alert.id));
    Timestamp::new(time.seconds, time.nanos).unwrap_or_else(|error| panic!("{}: {error}", alert.id))
}

//! Calls to a running Davy.

use std::time::Duration;

use anyhow::{Context, bail};
use davy_server::rpc::v1::{
    alarm_service_client::AlarmServiceClient, alert_service_client::AlertServiceClient,
    audit_service_client::AuditServiceClient, dead_letter_service_client::DeadLetterServiceClient,
    device_service_client::DeviceServiceClient, exit_service_client::ExitServiceClient,
    link_service_client::LinkServiceClient, rule_service_client::RuleServiceClient,
    session_service_client::SessionServiceClient, system_service_client::SystemServiceClient,
    telemetry_service_client::TelemetryServiceClient,
};
use tonic::{
    service::interceptor::InterceptedService,
    transport::{Channel, Endpoint},
};

use crate::credentials::{Bearer, Credentials, check_password};

/// How long a server may take to answer the knock.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a server may take to answer a question.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a server may take that judges a journal first.
const JUDGED_TIMEOUT: Duration = Duration::from_secs(300);
/// A connection this quiet is asked whether it still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// An answer larger than this is refused, bytes: a page of dead letters carries payloads.
const ANSWER_LEN_MAX: usize = 256 << 20;

/// A connection over which every call carries its caller's token, where there is one.
pub(crate) type Connection = InterceptedService<Channel, Bearer>;

/// Which Davy to ask, and who asks.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// Where Davy listens for gRPC: http://HOST:PORT or https://HOST:PORT
    #[arg(
        long,
        visible_alias = "url",
        env = "DAVY_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    server: String,
    #[command(flatten)]
    credentials: Credentials,
}

impl ServerArgs {
    /// The Davy at `url`, on this machine.
    pub(crate) fn at(url: String) -> ServerArgs {
        ServerArgs { server: url, credentials: Credentials::default() }
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.server
    }

    /// A connection for questions.
    pub(crate) async fn channel(&self) -> anyhow::Result<Connection> {
        self.connect(self.endpoint()?.timeout(ANSWER_TIMEOUT)).await
    }

    /// A connection for streams that never end.
    pub(crate) async fn stream_channel(&self) -> anyhow::Result<Connection> {
        let endpoint = self.endpoint()?;
        self.connect(endpoint.http2_keep_alive_interval(KEEP_ALIVE).keep_alive_while_idle(true)).await
    }

    /// A client for alarms.
    pub(crate) async fn alarms(&self) -> anyhow::Result<AlarmServiceClient<Connection>> {
        Ok(AlarmServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for the stream of alerts.
    pub(crate) async fn alerts(&self) -> anyhow::Result<AlertServiceClient<Connection>> {
        Ok(AlertServiceClient::new(self.stream_channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for who did what.
    pub(crate) async fn audit(&self) -> anyhow::Result<AuditServiceClient<Connection>> {
        Ok(AuditServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for refused messages.
    pub(crate) async fn dead_letters(&self) -> anyhow::Result<DeadLetterServiceClient<Connection>> {
        Ok(DeadLetterServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for ways out.
    pub(crate) async fn exits(&self) -> anyhow::Result<ExitServiceClient<Connection>> {
        Ok(ExitServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for the Davys above and below.
    pub(crate) async fn links(&self) -> anyhow::Result<LinkServiceClient<Connection>> {
        Ok(LinkServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for who publishes.
    pub(crate) async fn devices(&self) -> anyhow::Result<DeviceServiceClient<Connection>> {
        Ok(DeviceServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for rules and their revisions. What it asks for may take its time: a journal is judged.
    pub(crate) async fn rules(&self) -> anyhow::Result<RuleServiceClient<Connection>> {
        let channel = self.connect(self.endpoint()?.timeout(JUDGED_TIMEOUT)).await?;
        Ok(RuleServiceClient::new(channel).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for readings, to ask with.
    pub(crate) async fn telemetry(&self) -> anyhow::Result<TelemetryServiceClient<Connection>> {
        Ok(TelemetryServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for the stream of readings.
    pub(crate) async fn readings(&self) -> anyhow::Result<TelemetryServiceClient<Connection>> {
        let channel = self.stream_channel().await?;
        Ok(TelemetryServiceClient::new(channel).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for how Davy is.
    pub(crate) async fn system(&self) -> anyhow::Result<SystemServiceClient<Connection>> {
        Ok(SystemServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for who one is.
    pub(crate) async fn sessions(&self) -> anyhow::Result<SessionServiceClient<Connection>> {
        Ok(SessionServiceClient::new(self.channel().await?))
    }

    /// The same, to say a password: a token of before is not shown.
    pub(crate) async fn log_in(&self) -> anyhow::Result<SessionServiceClient<Connection>> {
        let endpoint = self.endpoint()?.timeout(ANSWER_TIMEOUT);
        check_password(endpoint.uri()).with_context(|| format!("--server {}", self.server))?;
        let channel = self.knock(endpoint).await?;
        Ok(SessionServiceClient::new(InterceptedService::new(channel, Bearer::nothing())))
    }

    fn endpoint(&self) -> anyhow::Result<Endpoint> {
        let url = self.server.as_str();
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let expected = || format!("--server {}: expected http://HOST:PORT or https://HOST:PORT", self.server);
        let encrypted = url.starts_with("https://");
        if !encrypted && !url.starts_with("http://") {
            bail!(expected());
        }
        let endpoint = Endpoint::from_shared(url).with_context(expected)?;
        let endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT).tcp_nodelay(true);
        self.credentials.check(endpoint.uri(), encrypted)?;
        if encrypted { Ok(endpoint.tls_config(self.credentials.tls()?)?) } else { Ok(endpoint) }
    }

    async fn connect(&self, endpoint: Endpoint) -> anyhow::Result<Connection> {
        let bearer = self.credentials.bearer(&self.server)?;
        Ok(InterceptedService::new(self.knock(endpoint).await?, bearer))
    }

    async fn knock(&self, endpoint: Endpoint) -> anyhow::Result<Channel> {
        endpoint.connect().await.with_context(|| {
            let server = &self.server;
            let why = if server.starts_with("https://") {
                "is `davy serve` running there, does --ca name who signed its certificate, and does it want one of yours (--certificate, --key)?"
            } else {
                "is `davy serve` or `davy demo` running there?"
            };
            format!("no Davy answers at {server}: {why} (--server URL or DAVY_SERVER)")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_its_scheme_out_and_is_refused_with_an_example() {
        for good in ["http://127.0.0.1:8080", "127.0.0.1:8080", "http://davy:8080/", "https://davy:8443"] {
            assert!(ServerArgs::at(good.to_owned()).endpoint().is_ok(), "{good}");
        }
        for bad in ["mqtt://127.0.0.1:1883", "http://", "two words"] {
            let told = ServerArgs::at(bad.to_owned()).endpoint().expect_err(bad).to_string();
            assert!(told.contains("http://HOST:PORT"), "{told}");
        }
    }
}

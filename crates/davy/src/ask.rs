//! Calls to a running Davy.

use std::time::Duration;

use anyhow::{Context, bail};
use davy_server::rpc::v1::{
    alarm_service_client::AlarmServiceClient, alert_service_client::AlertServiceClient,
    dead_letter_service_client::DeadLetterServiceClient, device_service_client::DeviceServiceClient,
    rule_service_client::RuleServiceClient, system_service_client::SystemServiceClient,
    telemetry_service_client::TelemetryServiceClient,
};
use tonic::transport::{Channel, Endpoint};

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

/// Which Davy to ask.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// Where Davy listens for gRPC
    #[arg(
        long,
        visible_alias = "url",
        env = "DAVY_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    server: String,
}

impl ServerArgs {
    /// The Davy at `url`.
    pub(crate) fn at(url: String) -> ServerArgs {
        ServerArgs { server: url }
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.server
    }

    /// A connection for questions.
    pub(crate) async fn channel(&self) -> anyhow::Result<Channel> {
        self.connect(self.endpoint()?.timeout(ANSWER_TIMEOUT)).await
    }

    /// A connection for streams that never end.
    pub(crate) async fn stream_channel(&self) -> anyhow::Result<Channel> {
        let endpoint = self.endpoint()?;
        self.connect(endpoint.http2_keep_alive_interval(KEEP_ALIVE).keep_alive_while_idle(true)).await
    }

    /// A client for alarms.
    pub(crate) async fn alarms(&self) -> anyhow::Result<AlarmServiceClient<Channel>> {
        Ok(AlarmServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for the stream of alerts.
    pub(crate) async fn alerts(&self) -> anyhow::Result<AlertServiceClient<Channel>> {
        Ok(AlertServiceClient::new(self.stream_channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for refused messages.
    pub(crate) async fn dead_letters(&self) -> anyhow::Result<DeadLetterServiceClient<Channel>> {
        Ok(DeadLetterServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for who publishes.
    pub(crate) async fn devices(&self) -> anyhow::Result<DeviceServiceClient<Channel>> {
        Ok(DeviceServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for rules and their revisions. What it asks for may take its time: a journal is judged.
    pub(crate) async fn rules(&self) -> anyhow::Result<RuleServiceClient<Channel>> {
        let channel = self.connect(self.endpoint()?.timeout(JUDGED_TIMEOUT)).await?;
        Ok(RuleServiceClient::new(channel).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for readings, to ask with.
    pub(crate) async fn telemetry(&self) -> anyhow::Result<TelemetryServiceClient<Channel>> {
        Ok(TelemetryServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for the stream of readings.
    pub(crate) async fn readings(&self) -> anyhow::Result<TelemetryServiceClient<Channel>> {
        let channel = self.stream_channel().await?;
        Ok(TelemetryServiceClient::new(channel).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    /// A client for how Davy is.
    pub(crate) async fn system(&self) -> anyhow::Result<SystemServiceClient<Channel>> {
        Ok(SystemServiceClient::new(self.channel().await?).max_decoding_message_size(ANSWER_LEN_MAX))
    }

    fn endpoint(&self) -> anyhow::Result<Endpoint> {
        let url = self.server.as_str();
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        if !url.starts_with("http://") {
            bail!("--server {}: expected http://HOST:PORT", self.server);
        }
        let endpoint = Endpoint::from_shared(url)
            .with_context(|| format!("--server {}: expected http://HOST:PORT", self.server))?;
        Ok(endpoint.connect_timeout(CONNECT_TIMEOUT).tcp_nodelay(true))
    }

    async fn connect(&self, endpoint: Endpoint) -> anyhow::Result<Channel> {
        endpoint.connect().await.with_context(|| {
            let server = &self.server;
            format!("no Davy answers at {server}: is `davy serve` or `davy demo` running there? (--server URL or DAVY_SERVER)")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_its_scheme_out_and_is_refused_with_an_example() {
        for good in ["http://127.0.0.1:8080", "127.0.0.1:8080", "http://davy:8080/"] {
            assert!(ServerArgs::at(good.to_owned()).endpoint().is_ok(), "{good}");
        }
        for bad in ["mqtt://127.0.0.1:1883", "http://", "two words"] {
            let told = ServerArgs::at(bad.to_owned()).endpoint().expect_err(bad).to_string();
            assert!(told.contains("http://HOST:PORT"), "{told}");
        }
    }
}

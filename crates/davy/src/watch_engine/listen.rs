//! Hears heartbeats over any number of connections.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use davy_proto::v1::{Heartbeat, SystemServiceGetStatusRequest, SystemServiceWatchHeartbeatRequest};
use davy_server::rpc::v1::system_service_client::SystemServiceClient;
use tokio::sync::mpsc::Sender;

use crate::{ask::ServerArgs, refusal::Refusal};

/// The longest pause between two tries: an all-clear should not be late by more.
const RETRY_MAX: Duration = Duration::from_secs(2);

/// What was heard.
#[derive(Debug)]
pub(super) enum Heard {
    /// Which sites there are.
    Sites(Vec<String>),
    /// A heartbeat.
    Beat(Box<Heartbeat>),
    /// The connection broke, or there was none; it is tried again.
    Trouble(String),
}

/// Nobody listens any more.
struct Gone;

/// Listens to `sites`, or to all when none is named, for as long as somebody takes what is heard.
pub(super) async fn listen(server: ServerArgs, sites: Vec<String>, heard: Sender<Heard>) {
    let pauses = ExponentialBuilder::default().with_min_delay(Duration::from_millis(200));
    let pauses = pauses.with_max_delay(RETRY_MAX).with_jitter().without_max_times();
    let mut pause = pauses.build();
    loop {
        let mut any = false;
        let why = match connection(&server, &sites, &heard, &mut any).await {
            Ok(Gone) => return,
            Err(error) => format!("{error:#}"),
        };
        if any {
            pause = pauses.build();
        }
        if heard.send(Heard::Trouble(why)).await.is_err() {
            return;
        }
        tokio::time::sleep(pause.next().unwrap_or(RETRY_MAX)).await;
    }
}

async fn connection(
    server: &ServerArgs,
    sites: &[String],
    heard: &Sender<Heard>,
    any: &mut bool,
) -> anyhow::Result<Gone> {
    let refused = |status: tonic::Status| anyhow::Error::from(Refusal::from(&status));
    let status = server.system().await?.get_status(SystemServiceGetStatusRequest {}).await;
    let served = status.map_err(refused)?.into_inner().sites.into_iter().map(|site| site.site);
    let expected: Vec<String> = if sites.is_empty() { served.collect() } else { sites.to_vec() };
    if heard.send(Heard::Sites(expected)).await.is_err() {
        return Ok(Gone);
    }
    let mut client = SystemServiceClient::new(server.stream_channel().await?);
    let request = SystemServiceWatchHeartbeatRequest { sites: sites.to_vec() };
    let mut stream = client.watch_heartbeat(request).await.map_err(refused)?.into_inner();
    while let Some(message) = stream.message().await.map_err(refused)? {
        let Some(beat) = message.heartbeat else { continue };
        *any = true;
        if heard.send(Heard::Beat(Box::new(beat))).await.is_err() {
            return Ok(Gone);
        }
    }
    anyhow::bail!("Davy ended the stream")
}

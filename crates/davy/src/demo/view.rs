//! The demo as its own client: follows the alerts and asks how Davy is, over gRPC like anybody.

use davy_proto::v1::{
    SystemServiceGetStatusRequest, SystemServiceGetStatusResponse, alert_service_subscribe_request::Start,
    alert_service_subscribe_response::Event,
};
use davy_server::rpc::v1::system_service_client::SystemServiceClient;
use tokio::{sync::mpsc, task::JoinHandle};

use super::tally::Tally;
use crate::{
    ask::{Connection, ServerArgs},
    follow::{Follow, Seen, Wanted},
    refusal::Refusal,
};

/// What waits for the screen.
const WAITING_MAX: usize = 1024;

/// What is seen of Davy from outside.
pub(super) struct View {
    server: ServerArgs,
    system: Option<SystemServiceClient<Connection>>,
    seen: mpsc::Receiver<Result<Seen, Refusal>>,
    follower: JoinHandle<()>,
    tally: Tally,
    heartbeats: u64,
}

impl Drop for View {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

impl View {
    /// Begins to follow.
    pub(super) fn open(server: &ServerArgs) -> View {
        let wanted = Wanted {
            start: Start::Snapshot(true),
            sites: Vec::new(),
            scopes: Vec::new(),
            tier_at_least: None,
        };
        let mut follow = Follow::new(server.clone(), wanted);
        let (found, seen) = mpsc::channel(WAITING_MAX);
        // A task of its own: a connection under way must not be given up whenever something else comes first.
        let follower = tokio::spawn(async move {
            loop {
                let next = follow.next().await;
                let last = next.is_err();
                if found.send(next).await.is_err() || last {
                    return;
                }
            }
        });
        View { server: server.clone(), system: None, seen, follower, tally: Tally::default(), heartbeats: 0 }
    }

    /// The next thing seen.
    pub(super) async fn next(&mut self) -> anyhow::Result<Seen> {
        match self.seen.recv().await {
            Some(seen) => Ok(seen?),
            None => anyhow::bail!("the stream of alerts has ended"),
        }
    }

    /// Counts it.
    pub(super) fn count(&mut self, seen: &Seen) {
        let Seen::Event(event) = seen else { return };
        match &**event {
            Event::Alert(alert) => self.tally.alert(alert),
            Event::Heartbeat(_) => self.heartbeats += 1,
            Event::SnapshotBegin(_)
            | Event::Alarm(_)
            | Event::SnapshotEnd(_)
            | Event::Gap(_)
            | Event::Bookmark(_) => {}
        }
    }

    /// How Davy is; nothing, when it does not answer.
    pub(super) async fn status(&mut self) -> Option<SystemServiceGetStatusResponse> {
        if self.system.is_none() {
            self.system = self.server.system().await.ok();
        }
        let answer = self.system.as_mut()?.get_status(SystemServiceGetStatusRequest {}).await;
        if answer.is_err() {
            self.system = None;
        }
        answer.ok().map(tonic::Response::into_inner)
    }

    /// Takes note of where the journals stand: what is in them already is not missed.
    pub(super) async fn begin(&mut self) {
        let status = self.status().await.unwrap_or_default();
        for site in status.sites {
            self.tally.begin(&site.site, site.last_sequence);
        }
    }

    /// How many transitions stand in the journals and were not seen yet; nothing, when Davy does not answer.
    pub(super) async fn missing(&mut self) -> Option<u64> {
        let status = self.status().await?;
        let missing = |site: &davy_proto::v1::SiteStatus| {
            site.last_sequence.saturating_sub(self.tally.last_sequence(&site.site))
        };
        Some(status.sites.iter().map(missing).sum())
    }

    /// Heartbeats that came the alarms' way.
    pub(super) fn heartbeats(&self) -> u64 {
        self.heartbeats
    }

    /// What was counted.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }
}

//! A console that resumes after its last token, however often Davy goes away.

use std::time::Duration;

use davy_proto::v1::{alert_service_subscribe_request::Start, alert_service_subscribe_response::Event};
use davy_tests::{Grpc, wait_until};
use tokio::{sync::watch, task::JoinHandle};

use crate::{Ports, next_ports, until_elsewhere};

/// Numbers and ids, as they came.
type Heard = Vec<(u64, String)>;

/// How long the last alerts may take.
const LAST: Duration = Duration::from_secs(60);

/// The console, at work.
pub(crate) struct Subscriber {
    heard: watch::Receiver<Heard>,
    task: JoinHandle<()>,
}

struct Console {
    seen: watch::Receiver<Option<Ports>>,
    heard: watch::Sender<Heard>,
    token: Option<String>,
}

impl Subscriber {
    /// Subscribes before anything happens.
    pub(crate) async fn start(seen: watch::Receiver<Option<Ports>>) -> Subscriber {
        let (written, heard) = watch::channel(Vec::new());
        let (ready, mut is_ready) = watch::channel(false);
        let console = Console { seen, heard: written, token: None };
        let task = tokio::spawn(console.run(ready));
        is_ready.wait_for(|ready| *ready).await.expect("the console runs");
        Subscriber { heard, task }
    }

    /// Everything heard, once the last number was.
    pub(crate) async fn finish(self, last: u64) -> Heard {
        wait_until("the subscriber hears the last alert", LAST, async || {
            let heard = self.heard.borrow();
            heard.last().is_some_and(|(sequence, _)| *sequence >= last).then_some(())
        })
        .await;
        self.task.abort();
        self.heard.borrow().clone()
    }
}

impl Console {
    async fn run(mut self, ready: watch::Sender<bool>) {
        loop {
            let ports = next_ports(&mut self.seen).await;
            // Whatever went wrong, it is that Davy was killed.
            if self.follow(ports, &ready).await.is_none() {
                until_elsewhere(&mut self.seen, ports).await;
            }
        }
    }

    /// Follows until the connection is lost.
    async fn follow(&mut self, ports: Ports, ready: &watch::Sender<bool>) -> Option<()> {
        let grpc = Grpc::try_connect(ports.http).await.ok()?;
        let start = self.token.clone().map_or(Start::Snapshot(true), Start::AfterToken);
        let mut alerts = grpc.subscribe(start).await.ok()?;
        loop {
            let event = alerts.next().await.ok()??;
            // A token that comes with an alert covers it: both are taken, or neither.
            self.token = Some(alerts.token.clone()).filter(|token| !token.is_empty()).or(self.token.take());
            match event {
                Event::Alert(alert) => {
                    assert!(alert.durable, "{}: not durable, and the disk is well", alert.id);
                    self.heard.send_modify(|heard| heard.push((alert.sequence, alert.id)));
                }
                Event::SnapshotEnd(_) => drop(ready.send_replace(true)),
                Event::Gap(gap) => panic!("a gap: {gap:?}"),
                Event::SnapshotBegin(_) | Event::Alarm(_) | Event::Heartbeat(_) | Event::Bookmark(_) => {}
            }
        }
    }
}

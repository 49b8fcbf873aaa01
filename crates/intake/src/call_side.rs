//! Behind a call: what an edge node publishes over gRPC, message after message.

use std::sync::Arc;

use bytes::Bytes;
use davy_door::{Outcome as Written, Receipt, ReceiptWatch};
use davy_model::NodeChange;
use tokio::time::Instant;

use crate::batch::{Batch, Waiting};
use crate::desk::{Desk, say_lost};
use crate::feedback::{Publisher, Route};
use crate::message::Message;
use crate::quota::{Quota, QuotaConfig, Quotas, Whose};
use crate::topic::readings_topic;
use crate::{Intake, Rejection};

/// What takes the calls of those who publish over gRPC.
#[derive(Debug)]
pub struct CallIntake {
    intake: Arc<Intake>,
    quotas: Quotas,
    route: Route,
}

/// One call: the messages of one edge node, in their order.
#[derive(Debug)]
pub struct Publication {
    calls: Arc<CallIntake>,
    desk: Desk,
    quota: Arc<Quota>,
    topic: String,
    receipt: Receipt,
    written: ReceiptWatch,
}

/// What came of one message.
#[derive(Debug)]
pub struct Taken<'a> {
    /// Readings that are on their way to the journal.
    pub accepted: u64,
    /// Readings that were refused.
    pub rejected: u64,
    /// What was refused or odd, and why.
    pub findings: &'a [Rejection],
}

/// Why nothing can be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPublished {
    /// There is no such site.
    #[error("SITE_UNKNOWN: there is no such site")]
    NoSuchSite,
    /// The site has no such edge node.
    #[error("DEVICE_UNKNOWN: the site has no such edge node")]
    NoSuchNode,
}

impl CallIntake {
    /// Takes calls for the sites of `intake`. Each caller may bring what `quota` says, in all its calls together.
    pub fn new(intake: Arc<Intake>, quota: QuotaConfig) -> Arc<CallIntake> {
        let route = intake.feedback.route();
        intake.feedback.connect(route, Arc::new(ByTheAnswer));
        Arc::new(CallIntake { intake, quotas: Quotas::new(quota), route })
    }

    /// Begins a call of `caller`, who publishes for that edge node.
    ///
    /// # Errors
    /// [`NotPublished`].
    pub fn begin(
        self: &Arc<CallIntake>,
        caller: &Arc<str>,
        site: &str,
        edge_node: &str,
    ) -> Result<Publication, NotPublished> {
        let door = self.intake.directory.site(site).ok_or(NotPublished::NoSuchSite)?;
        door.site.node_index(edge_node).ok_or(NotPublished::NoSuchNode)?;
        let (receipt, written) = Receipt::detached();
        Ok(Publication {
            calls: Arc::clone(self),
            desk: Desk::new(Arc::clone(&self.intake), self.route, Some((site, edge_node))),
            quota: self.quotas.of(&Whose::Client(Arc::clone(caller)), Instant::now()),
            topic: readings_topic(site, edge_node),
            receipt,
            written,
        })
    }
}

impl Publication {
    /// Takes one message, a `ReadingBatch` or the same in JSON. Waits while the caller has brought more than its quota, and
    /// for room in the site's inbox.
    pub async fn take(&mut self, payload: &[u8]) -> Taken<'_> {
        self.calls.quotas.admit(&self.quota).await;
        let mut batch = Batch::default();
        let message = Message {
            topic: &self.topic,
            payload,
            arrival: self.calls.intake.now(),
            redelivered: false,
            is_stored: false,
            offline_means: NodeChange::Offline,
        };
        let (accepted, rejected) = self.desk.take_readings(&message, &mut batch);
        self.quota.take(payload.len() as u64, batch.received());
        batch.deliver(Waiting::Door(self.receipt.clone())).await;
        Taken { accepted, rejected, findings: self.desk.findings() }
    }

    /// The caller has come to an end: waits until all that was taken is on disk. False when something of it never will be.
    pub async fn finish(mut self) -> bool {
        self.desk.end(|_, _| true);
        self.receipt.commit();
        self.written.decided().await == Written::Committed
    }

    /// The call broke off: the edge node is lost, unless it is Davy that stops, or somebody else speaks for it.
    pub async fn break_off(mut self, davy_stops: bool) {
        say_lost(self.desk.end(|_, _| davy_stops)).await;
    }
}

/// Whoever publishes by a call hears by its answer what there is to mend.
struct ByTheAnswer;

impl Publisher for ByTheAnswer {
    fn publish(&self, _: &str, _: Bytes) -> bool {
        true
    }

    fn command(&self, _: &str, _: Bytes) -> bool {
        false
    }
}

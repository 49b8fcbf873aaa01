//! Reads what one link brings, for as long as Davy runs: it outlives connections, and so does what it has learned.

use std::sync::Arc;

use davy_model::NodeChange;
use tokio::sync::mpsc;

use super::shared::{Delivery, Shared};
use crate::batch::{Batch, Waiting};
use crate::desk::{Desk, Message};
use crate::feedback::Route;

/// Messages read into one batch.
const BATCH_MAX: usize = 1024;

/// Runs until the link is gone.
pub(super) async fn work(
    shared: Arc<Shared>,
    mut deliveries: mpsc::UnboundedReceiver<Delivery>,
    route: Route,
) {
    let mut desk = Desk::new(Arc::clone(&shared.intake), route, None);
    let mut some = Vec::with_capacity(BATCH_MAX);
    while deliveries.recv_many(&mut some, BATCH_MAX).await > 0 {
        for run in some.chunk_by(same_run) {
            let mut batch = Batch::default();
            for delivery in run {
                take(&mut desk, delivery, &mut batch);
            }
            match (run[0].place, run[run.len() - 1].place) {
                (Some(first), Some(last)) => {
                    let receipt = run[0].acks.receipt(first, last);
                    batch.deliver(Waiting::Broker(receipt)).await;
                }
                (None, _) | (_, None) => batch.deliver_or_drop(&shared.intake.feedback, route).await,
            }
            // After the hand-over: until then the messages are held.
            shared.backlog.release(run.iter().map(Delivery::weight_bytes).sum());
        }
        some.clear();
    }
}

/// Messages of one connection and one QoS are handed over together.
fn same_run(a: &Delivery, b: &Delivery) -> bool {
    Arc::ptr_eq(&a.acks, &b.acks) && a.place.is_some() == b.place.is_some()
}

fn take(desk: &mut Desk, delivery: &Delivery, batch: &mut Batch) {
    let publish = &delivery.publish;
    let message = Message {
        // A topic that is no UTF-8 is no topic of ours: it is kept among the strays.
        topic: std::str::from_utf8(&publish.topic).unwrap_or_default(),
        payload: &publish.payload,
        arrival: delivery.arrival,
        redelivered: publish.dup || publish.retain,
        // A broker does not say whether a will speaks. Taken for a goodbye, a loss would be heard too late.
        offline_means: NodeChange::Lost,
    };
    desk.take(&message, batch);
}

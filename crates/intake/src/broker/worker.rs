//! Reads what one link brings, for as long as Davy runs: it outlives connections, and so does what it has learned.

use std::sync::Arc;

use davy_model::NodeChange;
use tokio::sync::mpsc;

use super::asked::Asked;
use super::shared::{Delivery, Event, Shared};
use crate::batch::{Batch, Waiting};
use crate::desk::{Desk, Stray};
use crate::feedback::Route;
use crate::message::Message;

/// Messages read into one batch.
const BATCH_MAX: usize = 1024;

/// Runs until the link is gone.
pub(super) async fn work(shared: Arc<Shared>, mut events: mpsc::UnboundedReceiver<Event>, route: Route) {
    let mut desk = Desk::new(Arc::clone(&shared.intake), route, None);
    let mut asked = Asked::default();
    let mut some = Vec::with_capacity(BATCH_MAX);
    let mut deliveries = Vec::with_capacity(BATCH_MAX);
    while events.recv_many(&mut some, BATCH_MAX).await > 0 {
        for event in some.drain(..) {
            match event {
                Event::Message(delivery) => deliveries.push(delivery),
                Event::Subscribed | Event::Lost => {
                    read(&shared, &mut desk, &mut asked, &mut deliveries, route).await;
                    stand(&shared, &event, route).await;
                }
            }
        }
        read(&shared, &mut desk, &mut asked, &mut deliveries, route).await;
    }
}

/// Sparkplug's sessions live by the connection: they are asked for when it stands, and unknown when it is lost.
async fn stand(shared: &Shared, event: &Event, route: Route) {
    if !shared.config.sparkplug {
        return;
    }
    let (intake, host) = (&*shared.intake, &shared.intake.sparkplug);
    let batch = match event {
        Event::Subscribed => host.way_opened(intake, route, &intake.directory),
        Event::Lost => host.way_closed(intake, route),
        Event::Message(_) => return,
    };
    batch.deliver_or_drop(&intake.feedback, route).await;
}

/// Reads what has come, and hands it over.
async fn read(
    shared: &Shared,
    desk: &mut Desk,
    asked: &mut Asked,
    deliveries: &mut Vec<Delivery>,
    route: Route,
) {
    for run in deliveries.chunk_by(same_run) {
        let mut batch = Batch::default();
        for delivery in run {
            take(shared, desk, asked, delivery, &mut batch);
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
    deliveries.clear();
}

/// Messages of one connection and one QoS are handed over together.
fn same_run(a: &Delivery, b: &Delivery) -> bool {
    Arc::ptr_eq(&a.acks, &b.acks) && a.place.is_some() == b.place.is_some()
}

fn take(shared: &Shared, desk: &mut Desk, asked: &mut Asked, delivery: &Delivery, batch: &mut Batch) {
    let publish = &delivery.publish;
    // A topic that is no UTF-8 is no topic of ours: it is kept among the strays.
    let topic = std::str::from_utf8(&publish.topic).unwrap_or_default();
    // A broker speaks for everybody, but only of what it was asked for.
    if !asked.has(shared, topic) {
        let stray = Stray { topic, payload: &publish.payload, arrival: delivery.arrival, client: None };
        return desk.refuse(&stray);
    }
    let message = Message {
        topic,
        payload: &publish.payload,
        arrival: delivery.arrival,
        redelivered: publish.dup || publish.retain,
        is_stored: publish.retain,
        // A broker does not say whether a will speaks. Taken for a goodbye, a loss would be heard too late.
        offline_means: NodeChange::Lost,
    };
    desk.take(&message, batch);
}

//! Alarms said over the door: whoever subscribes to `davy/v1/{site}/alarms/{tier}` hears each alert as JSON.

use std::sync::Arc;

use davy_delivery::{Event, Start, Subscription};
use davy_door::{DoorPublisher, Qos};
use davy_proto::{alert_json, alert_of};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::hub::Hub;

/// Says alerts until `stop` is cancelled. A client that reads slowly loses messages, which the door counts: whoever must not
/// lose any subscribes over gRPC.
pub(crate) async fn say_alarms(hub: Arc<Hub>, publisher: DoorPublisher, stop: CancellationToken) {
    let sites: Vec<Arc<str>> = hub.sites.keys().map(Arc::clone).collect();
    let mut subscription = Subscription::start(&hub.feed, &sites, &Start::Now, &stop);
    while let Some(event) = subscription.next().await {
        let Event::Alert(delivered) = event else { continue };
        let transition = &delivered.transition;
        let topic = format!("davy/v1/{}/alarms/{}", transition.alarm.site, transition.facts.tier);
        let payload = alert_json(&alert_of(transition, delivered.durable));
        if publisher.publish(&topic, payload, Qos::AtLeastOnce).is_err() {
            warn!(topic, "no topic for an alarm");
        }
    }
}

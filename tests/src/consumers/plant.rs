//! Two sites in one city and one in another, each with a tag that raises an orange alarm past its limit.

use davy_proto::v1::{
    AlertServiceConfirmRequest, AlertServiceListDeliveriesRequest, AlertServiceSubscribeRequest, Delivery,
    Tier,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Davy, Grpc, Setup,
    mqtt::{Login, Mqtt, Packet, Version},
};

/// `park` and `mine` lie at 370000/370500, `gas` at 370000/370600.
pub const SITES: [(&str, &str); 3] =
    [("park", "370000/370500"), ("mine", "370000/370500"), ("gas", "370000/370600")];

/// A configuration with these sites, and whatever `more` says.
pub fn setup(more: &str) -> Setup {
    let mut setup = Setup::new();
    let rules = "rules:\n  - id: high\n    applies_to: {quantity: gas.ch4}\n    limit:\n\
                 \x20     - {name: H, tier: orange, at_or_above: 5 ppm}\n\
                 \x20   response: {action: Look, time_to_respond: 1m}\n";
    for (site, _) in SITES {
        let about = format!("site: {site}\nedge_nodes: [{{id: gw}}]\n");
        let tags = "tag,quantity,unit,interval,edge_node\nT,gas.ch4,ppm,1s,gw\n";
        setup.site(site, &[("site.yaml", &about), ("tags.csv", tags), ("rules/high.yaml", rules)]);
    }
    let tree: String = SITES.iter().map(|(site, below)| format!("{site} = \"{below}\"\n")).collect();
    setup.configure(&format!("[heartbeat]\nevery = \"1s\"\n[canary]\nenabled = false\n[tree]\n{tree}{more}"));
    setup
}

/// The gateway of a site.
#[derive(Debug)]
pub struct Gateway {
    mqtt: Mqtt,
    topic: String,
    sent: u64,
    last: Timestamp,
}

impl Gateway {
    /// It connects.
    ///
    /// # Panics
    /// When it is not let in.
    pub async fn of(server: &Davy, site: &str) -> Gateway {
        let login = Login { id: &format!("{site}-gw"), user: None };
        let mqtt = Mqtt::connect(server.door().await, Version::V311, login).await.expect("let in");
        let topic = format!("davy/v1/{site}/gw/readings");
        Gateway { mqtt, topic, sent: 0, last: Timestamp::UNIX_EPOCH }
    }

    /// So many readings that each raise or clear, in one message; durable when it returns.
    ///
    /// # Panics
    /// When it is not acknowledged.
    pub async fn changes(&mut self, changes: usize) {
        let step = SignedDuration::from_micros(20);
        let mut at = (Timestamp::now() - step * i32::try_from(changes).expect("few")).max(self.last + step);
        let mut lines = Vec::new();
        for _ in 0..changes {
            let value = if self.sent.is_multiple_of(2) { 10 } else { 1 };
            lines.push(format!(r#"{{"tag":"T","value":{value},"unit":"ppm","ts":"{at:.6}"}}"#));
            (self.sent, self.last) = (self.sent + 1, at);
            at += step;
        }
        let payload = format!(r#"{{"readings":[{}]}}"#, lines.join(","));
        let id = self.mqtt.publish(&self.topic, payload.as_bytes()).await.expect("sent");
        loop {
            match self.mqtt.next().await.expect("the door stands") {
                Packet::PubAck { id: found, code: 0 } if found == id => return,
                Packet::PubAck { code: 0, .. } | Packet::Publish { .. } => {}
                other => panic!("no PUBACK: {other:?}"),
            }
        }
    }
}

/// A stream of a durable consumer.
pub fn durable(name: &str) -> AlertServiceSubscribeRequest {
    AlertServiceSubscribeRequest { consumer: name.to_owned(), ..Default::default() }
}

/// A stream that nothing passes: no alarm here is red.
pub fn red_only(name: &str) -> AlertServiceSubscribeRequest {
    AlertServiceSubscribeRequest { tier_at_least: Tier::Red.into(), ..durable(name) }
}

/// Says that a consumer has dealt with everything up to there.
///
/// # Panics
/// When it may not.
pub async fn confirm(grpc: &Grpc, consumer: &str, token: &str) {
    let request = AlertServiceConfirmRequest { consumer: consumer.to_owned(), token: token.to_owned() };
    grpc.alerts().confirm(request).await.unwrap_or_else(|status| panic!("Confirm {token}: {status}"));
}

/// What the ledger says of a transition of `park`.
///
/// # Panics
/// When there is no answer.
pub async fn told(grpc: &Grpc, consumer: &str, sequence: u64) -> Vec<Delivery> {
    let request = AlertServiceListDeliveriesRequest {
        consumer: consumer.to_owned(),
        site: "park".to_owned(),
        sequence,
        ..Default::default()
    };
    let answer = grpc.alerts().list_deliveries(request).await;
    answer.unwrap_or_else(|status| panic!("ListDeliveries: {status}")).into_inner().deliveries
}

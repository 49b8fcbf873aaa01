//! What somebody who looks is told over gRPC: tags as they are now, readings as they come, and, looking back, readings, buckets
//! and alarms; and what Davy says when it keeps no history.

mod alarms;
mod latest;
mod readings;
mod verbs;
mod watch;
mod without;

use davy_history::Retention;
use davy_proto::v1::AuditServiceListRequest;
use davy_tests::mqtt::{Login, Mqtt, Packet, Version};
use davy_tests::{Davy, Grpc, LONG, Place, Setup, places, wait_until};
use jiff::{Timestamp, ToSpan};
use tonic::Status;
use tonic_types::StatusExt;

const SITE: &str = "site: park\nedge_nodes: [{id: gw-1}]\nareas:\n  - {id: north}\n  - {id: n1, parent: north}\n  - {id: south}\n";
const TAGS: &str = "tag,quantity,unit,interval,edge_node,area\nAT-1/h2s,gas.h2s,ppm,1s,gw-1,n1\nAT-2/h2s,gas.h2s,ppm,1s,gw-1,south\nTK-1/level,level,m,1s,gw-1,north\n";
const RULES: &str = "rules:\n  - id: h2s\n    applies_to: {quantity: gas.h2s}\n    limit:\n      - {name: L1, tier: orange, at_or_above: 100 ppm}\n      - {name: L2, tier: red, at_or_above: 200 ppm}\n    response: {action: Leave the area, time_to_respond: 1m}\n";

/// A park whose history is kept.
struct Park {
    server: Davy,
    grpc: Grpc,
    gateway: Mqtt,
    setup: Setup,
    place: Option<Place>,
}

fn setup(history: &str) -> Setup {
    let mut setup = Setup::new();
    setup.site("park", &[("site.yaml", SITE), ("tags.csv", TAGS), ("rules/h2s.yaml", RULES)]);
    setup.configure(history);
    setup
}

impl Park {
    /// One with the SQLite file that every Davy has, one with PostgreSQL where it is installed, and one with the TimescaleDB that is
    /// named.
    async fn of_each_store() -> Vec<Park> {
        let mut parks = vec![Park::start("", None).await];
        for place in places("park").await {
            place.migrated(Retention::default()).await;
            parks.push(Park::start(&place.section(), Some(place)).await);
        }
        parks
    }

    async fn start(history: &str, place: Option<Place>) -> Park {
        Park::of(setup(history), place).await
    }

    async fn of(setup: Setup, place: Option<Place>) -> Park {
        let server = Davy::serve(&setup.config()).await;
        let grpc = Grpc::connect(server.http()).await;
        let login = Login { id: "gw-1", user: None };
        let gateway = Mqtt::connect(server.door().await, Version::V5, login).await.expect("the door is open");
        Park { server, grpc, gateway, setup, place }
    }

    /// Sends readings of a tag and waits until they are acknowledged: on disk.
    async fn send(&mut self, tag: &str, readings: &[(Timestamp, f64, &str)]) {
        for some in readings.chunks(1000) {
            let list: Vec<String> = some
                .iter()
                .map(|(at, value, quality)| {
                    format!(r#"{{"tag":"{tag}","value":{value},"ts":"{at}","quality":"{quality}"}}"#)
                })
                .collect();
            let payload = format!(r#"{{"readings":[{}]}}"#, list.join(","));
            self.gateway
                .publish("davy/v1/park/gw-1/readings", payload.as_bytes())
                .await
                .expect("it is taken");
            let told = self.gateway.next().await.expect("an answer");
            assert!(matches!(told, Packet::PubAck { .. }), "{told:?}");
        }
    }

    /// On what the audit log says that history was taken out.
    async fn exports(&self) -> Vec<String> {
        let asked = AuditServiceListRequest { what: vec!["export".to_owned()], ..Default::default() };
        let answer = self.grpc.audit().list(asked).await.expect("an answer").into_inner();
        answer.entries.into_iter().map(|entry| entry.on).collect()
    }

    /// Waits until history has what the journal has now.
    async fn settle(&self) {
        let head = self.grpc.site("park").await.last_commit;
        wait_until("history has the whole journal", LONG, async || {
            let history = self.grpc.site("park").await.history.expect("history is kept");
            (history.last_commit >= head).then_some(())
        })
        .await;
    }
}

/// A whole minute, a little while ago.
fn a_while_ago() -> Timestamp {
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now - now % 3600).expect("a time") - 2.hours()
}

fn wire(time: Timestamp) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() })
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

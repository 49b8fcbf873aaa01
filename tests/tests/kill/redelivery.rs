//! PUBACKs that were lost: a gateway sends again what Davy has long judged.

use davy_tests::mqtt::{Login, Mqtt, Packet, Version};
use davy_tests::{Davy, Grpc, LONG, wait_until};
use jiff::{SignedDuration, Timestamp};

use crate::setup;

/// As a gateway sends that measures a hundred times a second.
const APART: SignedDuration = SignedDuration::from_millis(10);
const READINGS: usize = 20;

/// Normal at both ends, past the limit in between.
fn value(place: usize) -> f64 {
    if (5..15).contains(&place) { 10.0 } else { 1.0 }
}

#[tokio::test]
async fn what_is_sent_again_is_counted_and_changes_nothing() {
    let setup = setup();
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let began = Timestamp::now() - SignedDuration::from_secs(1);
    send_all(&server, began, false).await;
    let first = counted(&grpc, READINGS).await;
    assert_eq!(first.last_sequence, 2, "raised and cleared");

    send_all(&server, began, true).await;
    let second = counted(&grpc, 2 * READINGS).await;
    let alarms: Vec<String> = grpc.standing("kill").await.into_iter().map(|alarm| alarm.id).collect();
    assert_eq!(second.last_sequence, 2, "readings sent again changed something; what stands: {alarms:?}");
    let (first, second) = (first.readings.expect("counts"), second.readings.expect("counts"));
    assert_eq!(second.evaluated, first.evaluated, "readings sent again were judged again: {second:?}");
    assert_eq!(second.dropped, READINGS as u64, "{second:?}");
}

/// All readings on a connection of their own, until all are acknowledged.
async fn send_all(server: &Davy, began: Timestamp, again: bool) {
    let login = Login { id: "gw-1", user: None };
    let mut mqtt = Mqtt::connect(server.door().await, Version::V311, login).await.expect("let in");
    let mut bytes = Vec::new();
    for place in 0..READINGS {
        let (ts, value) = (began + APART * place as i32, value(place));
        let payload =
            format!(r#"{{"seq":{place},"readings":[{{"tag":"T-00","value":{value},"ts":"{ts}"}}]}}"#);
        mqtt.write_publish(&mut bytes, "davy/v1/kill/gw-1/readings", payload.as_bytes(), again);
    }
    mqtt.send(&bytes).await.expect("it goes out");
    for _ in 0..READINGS {
        let packet = mqtt.next().await.expect("a PUBACK");
        assert!(matches!(packet, Packet::PubAck { code: 0, .. }), "{packet:?}");
    }
}

/// How the site is, once so many readings are accounted for.
async fn counted(grpc: &Grpc, readings: usize) -> davy_proto::v1::SiteStatus {
    wait_until("every reading is accounted for", LONG, async || {
        let site = grpc.site("kill").await;
        let counts = site.readings.as_ref().expect("counts");
        (counts.evaluated + counts.rejected + counts.dropped == readings as u64).then_some(site)
    })
    .await
}

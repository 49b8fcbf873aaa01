//! Connections on which nothing comes any more, and nobody says so.

use std::time::Duration;

use davy_proto::v1::{Alert, TransitionKind};
use davy_tests::{
    Davy, Grpc, Mosquitto,
    mqtt::{Login, Mqtt, Version},
    proxy::{How, Proxy},
    wait_until,
};

use crate::plant::{Plant, SITE, Sender, end_well, judged, message, tag_name, topic};

const PLANT: Plant = Plant { nodes: 1, tags_each: 1 };
/// Longer than the broker link's keep-alive of 30 s, one and a half times.
const BROKER_FOUND: Duration = Duration::from_secs(90);

#[tokio::test]
async fn a_gateway_that_hangs_is_found_by_its_keep_alive() {
    let setup = PLANT.setup("");
    let stale = "rules:\n  - id: nodata\n    applies_to: {quantity: gas.ch4}\n    stale: {after: 10m, tier: yellow}\n\
                 \x20   response: {action: Look, time_to_respond: 10m}\n";
    setup.write(&format!("{SITE}/rules/stale.yaml"), stale);
    let server = Davy::serve(&setup.config()).await;
    let proxy = Proxy::start(server.door().await).await;
    let mut subscriber = Grpc::connect(server.http()).await.subscribe_from_now().await;
    let login = Login { id: "gw-0", user: None };
    let mut mqtt = Mqtt::connect_with(proxy.addr(), Version::V311, login, 1).await.expect("let in");
    let (payload, told) = message(1, &[(0, 1.0)]);
    mqtt.publish(&topic(0), payload.as_bytes()).await.expect("sent");
    mqtt.next().await.expect("a PUBACK");
    proxy.end_all(How::Hole);
    // One and a half of a second, and the grace of three in which it might come back; not the ten minutes of the rule.
    let alarm = format!("{SITE}:nodata:{}", tag_name(0));
    let wanted = |alert: &Alert| alert.alarm == alarm && alert.transition() == TransitionKind::Raised;
    subscriber.alert("the tag of a gateway that hangs is stale", Duration::from_secs(30), wanted).await;
    end_well(server, &setup, &PLANT, &told).await;
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_found_and_left() {
    let Some(broker) = Mosquitto::start("").await else { return };
    let proxy = Proxy::start(broker.addr()).await;
    let setup = PLANT.setup(&format!("[broker]\nurl = \"{}\"\nclient_id = \"davy\"\n", proxy.url()));
    let server = Davy::serve(&setup.config()).await;
    let times = |word: &str| server.log().matches(word).count();
    wait_until("davy has subscribed", BROKER_FOUND, async || (times("subscribed") > 0).then_some(())).await;
    let mut gateway = Sender::new(broker.addr(), Version::V311, 0);
    gateway.deliver(0).await;
    judged(&server, 1).await;
    proxy.end_all(How::Hole);
    gateway.deliver(0).await;
    wait_until("davy has subscribed again", BROKER_FOUND, async || (times("subscribed") > 1).then_some(()))
        .await;
    judged(&server, 2).await;
    end_well(server, &setup, &PLANT, &gateway.acknowledged).await;
}

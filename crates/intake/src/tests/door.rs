//! A gateway at the door.

use std::net::{Ipv4Addr, SocketAddr};

use davy_door::{Config, Door, DoorPublisher};
use davy_model::{NodeChange, NodeIndex, Quality, QualityReason, Reason};
use rumqttc::v5::mqttbytes::v5::LastWill;

use super::*;
use crate::rights::{Client, Clients, Grant, Pattern, token_hash};
use crate::{Cause, DoorIntake};

struct Open {
    setting: Setting,
    door: Door<DoorIntake>,
}

impl Open {
    fn new(inbox_bytes: usize, clients: Clients) -> Open {
        let setting = Setting::new(inbox_bytes);
        let publisher = DoorPublisher::new();
        let handler = Arc::new(DoorIntake::new(Arc::clone(&setting.intake), clients, publisher.clone()));
        let config = Config::listen_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let door = Door::start_with(config, handler, publisher).expect("a free port");
        Open { setting, door }
    }

    fn port(&self) -> u16 {
        self.door.local_addr().port()
    }

    async fn gateway(&self, name: &str) -> Gateway {
        Gateway::connect(options(name, self.port())).await
    }
}

fn node(parcel: &Parcel) -> Option<(NodeIndex, NodeChange)> {
    match parcel.input {
        Input::Node { node, change } => Some((node, change)),
        _ => None,
    }
}

#[tokio::test]
async fn a_puback_comes_after_the_commit_and_not_before() {
    let mut open = Open::new(1 << 20, Clients::anyone());
    let mut gateway = open.gateway("gw").await;
    gateway.publish(READINGS, QoS::AtLeastOnce, r#"{"seq":7,"values":{"AT-1/h2s":12.4}}"#).await;
    let (first, block) = open.setting.writer.readings().await;
    assert_eq!((block.messages[0].seq, block.readings[0].value), (Some(7), 12.4));
    assert_eq!((&*first.revision, block.readings[0].source_time), ("rev-1", NOW));
    // By the time the second is here, a PUBACK for the first would be, too.
    gateway.publish(READINGS, QoS::AtMostOnce, r#"{"values":{"AT-1/h2s":12.5}}"#).await;
    let (second, _) = open.setting.writer.readings().await;
    assert!(!gateway.has_puback());
    first.committed();
    assert_eq!(gateway.puback().await, PubAckReason::Success);
    second.committed();
    assert!(open.setting.door.account.totals().intake_balances());
}

#[tokio::test]
async fn good_readings_pass_beside_bad_ones_and_the_sender_is_told() {
    let mut open = Open::new(1 << 20, Clients::anyone());
    let mut gateway = open.gateway("gw").await;
    gateway.client.subscribe("davy/v1/park/gw-1/feedback", QoS::AtLeastOnce).await.expect("runs");
    gateway.hear(|packet| matches!(packet, Packet::SubAck(_)).then_some(())).await;
    let payload = r#"{"seq":1,"readings":[
        {"tag":"AT-1/h2s","value":150},
        {"tag":"AT-9/h2s","value":1},
        {"tag":"TK-1/level","value":"7.31"},
        {"tag":"TK-1/level","value":7.31,"unit":"kPa"},
        {"tag":"TK-1/level","value":7.31}]}"#;
    gateway.publish(READINGS, QoS::AtLeastOnce, payload).await;
    let (parcel, block) = open.setting.writer.readings().await;
    let got: Vec<_> = block.readings.iter().map(|reading| (reading.value, reading.quality)).collect();
    assert_eq!(got, [(150.0, Quality::Uncertain(QualityReason::OverRange)), (7.31, Quality::Good)]);
    parcel.committed();
    assert_eq!(gateway.puback().await, PubAckReason::Success);

    let totals = open.setting.door.account.totals();
    assert_eq!((totals.received, totals.accepted, totals.rejected_sum()), (5, 2, 3));
    assert!(totals.intake_balances());
    assert_eq!(totals.warned, [(Reason::OutOfSensorRange, 1)]);
    let letters = open.setting.door.dead_letters.list(&crate::LetterFilter::default(), 10);
    assert_eq!(letters.len(), 4);
    open.setting.intake.feedback.flush();
    let told = gateway
        .hear(|packet| match packet {
            Packet::Publish(publish) => Some(publish.payload.clone()),
            _ => None,
        })
        .await;
    let document: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
    assert_eq!((&document["accepted"], &document["rejected"]), (&2.into(), &3.into()));
    let problems = document["problems"].as_array().expect("a list");
    let said: Vec<_> = problems.iter().map(|p| (p["code"].as_str(), p["pointer"].as_str())).collect();
    for wanted in [
        (Some("OUT_OF_SENSOR_RANGE"), Some("/readings/0/value")),
        (Some("POINT_UNKNOWN"), Some("/readings/1/tag")),
        (Some("FIELD_TYPE"), Some("/readings/2/value")),
        (Some("UNIT_MISMATCH"), Some("/readings/3/unit")),
    ] {
        assert!(said.contains(&wanted), "{wanted:?} in {said:?}");
    }
}

#[tokio::test]
async fn a_will_and_a_broken_socket_make_one_loss_after_the_data() {
    for with_will in [true, false] {
        let mut open = Open::new(1 << 20, Clients::anyone());
        let mut options = options("gw", open.port());
        if with_will {
            options.set_last_will(LastWill::new(STATUS, "offline", QoS::AtLeastOnce, true, None));
        }
        let mut gateway = Gateway::connect(options).await;
        gateway.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
        let online = open.setting.writer.next().await;
        assert_eq!(node(&online), Some((NodeIndex(0), NodeChange::Online)));
        online.committed();
        open.setting.writer.readings().await.0.committed();
        gateway.puback().await;
        gateway.die().await;
        let lost = open.setting.writer.next().await;
        assert_eq!(node(&lost), Some((NodeIndex(0), NodeChange::Lost)), "with a will: {with_will}");
        lost.committed();
        // Nothing more is said of it: the next word is that it is back.
        let again = open.gateway("gw").await;
        again.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
        let back = open.setting.writer.next().await;
        assert_eq!(node(&back), Some((NodeIndex(0), NodeChange::Online)));
    }
}

#[tokio::test]
async fn a_goodbye_is_no_loss_and_another_connection_may_still_speak_for_a_node() {
    let mut open = Open::new(1 << 20, Clients::anyone());
    let mut one = open.gateway("one").await;
    let mut two = open.gateway("two").await;
    for gateway in [&mut one, &mut two] {
        gateway.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
        open.setting.writer.readings().await.0.committed();
        gateway.puback().await;
    }
    one.die().await;
    until("the door notices", || open.door.stats().connections == 1).await;
    two.client.publish(STATUS, QoS::AtLeastOnce, false, "offline").await.expect("runs");
    // The first word after the readings is the goodbye, not a loss.
    let parcel = open.setting.writer.next().await;
    assert_eq!(node(&parcel), Some((NodeIndex(0), NodeChange::Offline)));
    parcel.committed();
    two.puback().await;
    two.client.disconnect().await.expect("runs");
    until("the door notices", || open.door.stats().connections == 0).await;
    assert_eq!(open.setting.door.presence.node(&"gw-1".into()).state(), Some(NodeChange::Offline));
}

#[tokio::test]
async fn what_may_not_be_published_is_refused_in_the_puback_and_kept() {
    let grant = Grant {
        site: Pattern::parse("park").expect("a pattern"),
        edge_node: Pattern::parse("*").expect("a pattern"),
    };
    let client = Client {
        name: "east".into(),
        token: Some(token_hash(b"secret")),
        certificate: None,
        grants: vec![grant],
    };
    let open = Open::new(1 << 20, Clients::new(vec![client], None).expect("one client"));
    let mut options = options("gw", open.port());
    options.set_credentials("east", "secret");
    let mut gateway = Gateway::connect(options).await;
    let Open { setting, door: _door } = open;
    let mut writer = setting.writer;
    let committing = tokio::spawn(async move {
        while let Some(parcel) = writer.0.recv().await {
            parcel.committed();
        }
    });
    for (topic, payload, want) in [
        ("davy/v1/mine/gw-1/readings", "{}", PubAckReason::NotAuthorized),
        ("elsewhere", "{}", PubAckReason::NotAuthorized),
        ("davy/v1/park/gw-9/readings", "{}", PubAckReason::NotAuthorized),
        (READINGS, r#"{"values":"#, PubAckReason::PayloadFormatInvalid),
        (STATUS, "hello", PubAckReason::PayloadFormatInvalid),
    ] {
        gateway.publish(topic, QoS::AtLeastOnce, payload).await;
        assert_eq!(gateway.puback().await, want, "{topic}");
    }
    committing.abort();
    let totals = setting.door.account.totals();
    assert!(totals.rejected.contains(&(Reason::DeviceUnknown, 1)), "{totals:?}");
    assert!(totals.intake_balances(), "{totals:?}");
    let strays = setting.intake.strays.account.totals();
    assert_eq!((strays.rejected, strays.received), (vec![(Reason::TopicNotAllowed, 2)], 2));
}

#[tokio::test]
async fn what_cannot_be_made_durable_is_not_acknowledged() {
    let mut open = Open::new(1 << 20, Clients::anyone());
    let mut gateway = open.gateway("gw").await;
    gateway.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
    drop(open.setting.writer.readings().await);
    let closed =
        async { while gateway.heard.recv().await.is_some_and(|p| !matches!(p, Packet::PubAck(_))) {} };
    timeout(DEADLINE, closed).await.expect("the door closes the connection");
    assert!(!gateway.has_puback());
}

#[tokio::test]
async fn at_qos_0_a_full_inbox_drops_counts_and_says_so() {
    let mut open = Open::new(1024, Clients::anyone());
    let gateway = open.gateway("gw").await;
    for number in 0..10 {
        let payload = format!(r#"{{"seq":{number},"values":{{"AT-1/h2s":1}}}}"#);
        gateway.publish(READINGS, QoS::AtMostOnce, &payload).await;
    }
    let account = Arc::clone(&open.setting.door.account);
    until("all ten are accounted for", || {
        let totals = account.totals();
        totals.received == 10 && totals.intake_balances()
    })
    .await;
    let totals = account.totals();
    assert_eq!(totals.dropped, [(Cause::Qos0Full, 10 - totals.accepted)]);
    assert!(totals.accepted < 10, "{totals:?}");
    open.setting.writer.readings().await.0.committed();
}

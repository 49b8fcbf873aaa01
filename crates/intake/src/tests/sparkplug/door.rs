//! Edge nodes at Davy's own door.

use std::net::{Ipv4Addr, SocketAddr};

use davy_door::{Config, Door, DoorPublisher};
use davy_model::Reason;

use super::*;
use crate::QuotaConfig;
use crate::rights::{Client, Clients, Grant, Pattern, token_hash};

fn open(stage: &Stage, clients: Clients) -> (Door<DoorIntake>, Arc<DoorIntake>) {
    let publisher = DoorPublisher::new();
    let intake = Arc::clone(&stage.intake);
    let handler = Arc::new(DoorIntake::new(intake, clients, QuotaConfig::default(), publisher.clone()));
    let config = Config::listen_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    (Door::start_with(config, Arc::clone(&handler), publisher).expect("a free port"), handler)
}

#[tokio::test]
async fn an_edge_node_is_asked_for_births_measured_and_lost() {
    let mut stage = Stage::new();
    let (door, handler) = open(&stage, Clients::anyone());
    let mut node = edge_node();
    let mut gateway = edge(&node, door.local_addr().port()).await;
    let state = gateway.heard(STATE).await;
    assert_eq!(&state.payload[..], br#"{"online":true,"timestamp":1795420800000}"#);

    // Data before any birth.
    let mut silent = node.clone();
    births(&mut silent);
    let early = silent.ddata("gas-01", ch4(0.4));
    gateway.say(&early).await;
    let asked = gateway.heard(NCMD).await;
    assert_eq!((asked.qos, asked.retain), (QoS::AtMostOnce, false));

    for birth in births(&mut node) {
        gateway.say(&birth).await;
    }
    let data = node.ddata("gas-01", ch4(0.6));
    gateway.say(&data).await;
    assert_eq!(stage.told(5).await, ["lost", "online", "volt=12", "gas-01/ch4=0.5", "gas-01/ch4=0.6"]);
    let death = node.ddeath("gas-01");
    gateway.say(&death).await;
    assert_eq!(stage.told(1).await, ["gas-01/ch4=none!"]);

    let totals = stage.door.account.totals();
    assert_eq!(totals.rejected, [(Reason::SparkplugNoBirth, 1)]);
    assert!(totals.intake_balances(), "{totals:?}");
    assert!(stage.door.dead_letters.list(&Default::default(), 9).iter().any(|letter| {
        &*letter.topic == "spBv1.0/plant/DDATA/gw-1/gas-01" && &*letter.edge_node == "gw-1"
    }));
    stage.intake.feedback.flush();

    gateway.die().await;
    assert_eq!(stage.told(1).await, [is(NodeChange::Lost)]);
    handler.say_goodbye();
}

#[tokio::test]
async fn who_leaves_without_a_death_is_lost_as_well() {
    let mut stage = Stage::new();
    let (door, _handler) = open(&stage, Clients::anyone());
    let mut node = edge_node();
    let gateway = Gateway::connect(options("no-will", door.local_addr().port())).await;
    for birth in births(&mut node) {
        gateway.say(&birth).await;
    }
    assert_eq!(stage.told(4).await, ["lost", "online", "volt=12", "gas-01/ch4=0.5"]);
    gateway.client.disconnect().await.expect("the client runs");
    assert_eq!(stage.told(1).await, ["lost"], "a Sparkplug session is its connection's");
}

#[tokio::test]
async fn what_is_missing_is_noticed_by_the_clock_alone() {
    let mut stage = Stage::new();
    let (door, _handler) = open(&stage, Clients::anyone());
    let mut node = edge_node();
    let mut gateway = edge(&node, door.local_addr().port()).await;
    for birth in births(&mut node) {
        gateway.say(&birth).await;
    }
    assert_eq!(stage.told(4).await.len(), 4);
    let _missing = node.ddata("gas-01", ch4(0.6));
    let early = node.ddata("gas-01", ch4(0.7));
    gateway.say(&early).await;
    // It has been read once a message at QoS 1 behind it is acknowledged.
    gateway.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
    assert!(stage.told(1).await.iter().all(|told| told == "AT-1/h2s=1" || told == "online"));
    stage.pass(5_000);
    while stage.told(1).await != ["lost"] {}
    assert_eq!(gateway.heard(NCMD).await.payload.len(), 42);
    for birth in births(&mut node) {
        gateway.say(&birth).await;
    }
    assert_eq!(stage.told(3).await, ["online", "volt=12", "gas-01/ch4=0.5"]);
    assert_eq!(stage.door.account.totals().rejected, [(Reason::SparkplugSeqGap, 1)]);
}

#[tokio::test]
async fn commands_are_heard_by_those_who_speak_for_the_edge_node_and_state_by_all() {
    let stage = Stage::new();
    let grant = Grant { site: Pattern::Exactly("park".into()), edge_node: Pattern::Exactly("gw-1".into()) };
    let client = Client {
        name: "acme".into(),
        token: Some(token_hash(b"secret")),
        certificate: None,
        grants: vec![grant],
        hears_alarms: Vec::new(),
    };
    let (door, _handler) = open(&stage, Clients::new(vec![client], None).expect("good clients"));
    let mut options = options("acme", door.local_addr().port());
    options.set_credentials("acme", "secret");
    let mut gateway = Gateway::connect(options).await;
    for (filter, granted) in [
        (NCMD, true),
        ("spBv1.0/plant/DCMD/gw-1/gas-01", true),
        ("spBv1.0/plant/DCMD/gw-1/+", true),
        (STATE, true),
        ("spBv1.0/STATE/+", true),
        ("spBv1.0/plant/NCMD/Node-2", false),
        ("spBv1.0/plant/NCMD/+", false),
        ("spBv1.0/other/NCMD/gw-1", false),
        ("spBv1.0/plant/NDATA/gw-1", false),
        ("spBv1.0/plant/#", false),
    ] {
        gateway.client.subscribe(filter, QoS::AtLeastOnce).await.expect("the client runs");
        let code = gateway
            .hear(|packet| match packet {
                Packet::SubAck(suback) => Some(suback.return_codes[0]),
                _ => None,
            })
            .await;
        let is_granted = matches!(code, rumqttc::v5::mqttbytes::v5::SubscribeReasonCode::Success(_));
        assert_eq!(is_granted, granted, "{filter}: {code:?}");
    }
    let mut node = edge_node();
    let birth = node.nbirth(vec![named("volt", 1, 12.0)]);
    let publish = |id: &str| (topic_of(id, &birth), birth.payload.clone());
    for (id, reason) in [("gw-1", PubAckReason::Success), ("Node-2", PubAckReason::NotAuthorized)] {
        let (topic, payload) = publish(id);
        gateway.client.publish(topic, QoS::AtLeastOnce, false, payload).await.expect("the client runs");
        if id == "gw-1" {
            // Its readings are committed by nobody here, so its PUBACK is not waited for.
            continue;
        }
        until("it is refused", || stage.door.account.totals().rejected_sum() > 0).await;
        assert_ne!(reason, PubAckReason::Success);
    }
    assert_eq!(stage.door.account.totals().rejected, [(Reason::TopicNotAllowed, 1)]);
}

//! The same through a real Mosquitto.

use super::mosquitto::Mosquitto;
use super::*;
use crate::broker::{BrokerConfig, BrokerLink, LinkState};

fn config(broker: &Mosquitto) -> BrokerConfig {
    let mut config = BrokerConfig::new("127.0.0.1", broker.port, "davy");
    config.retry_min = Duration::from_millis(20);
    config.retry_max = Duration::from_millis(200);
    config
}

async fn subscribed(link: &BrokerLink) {
    until("subscribed", || matches!(link.state(), LinkState::Subscribed { .. })).await;
}

fn payload(seq: u64) -> String {
    format!(r#"{{"seq":{seq},"values":{{"AT-1/h2s":{seq}}}}}"#)
}

/// Takes readings until `count` messages have come; gives their numbers and whether they are said to come again.
async fn take(writer: &mut Writer, count: usize, commit: bool) -> Vec<(Option<u64>, bool)> {
    let mut heads = Vec::new();
    while heads.len() < count {
        let (parcel, block) = writer.readings().await;
        heads.extend(block.messages.iter().map(|head| (head.seq, head.redelivered)));
        if commit {
            parcel.committed();
        } else {
            // Neither committed nor given up: the writer is still at it when Davy dies.
            std::mem::forget(parcel);
        }
    }
    heads
}

#[tokio::test]
async fn what_was_not_committed_comes_again_and_what_was_does_not() {
    let Some(mut broker) = Mosquitto::prepare() else { return };
    broker.start().await;
    let mut setting = Setting::new(1 << 20);
    let link = BrokerLink::start(config(&broker), &setting.intake);
    subscribed(&link).await;
    let mut gateway = Gateway::connect(options("gw", broker.port)).await;
    for seq in 1..=3 {
        gateway.publish(READINGS, QoS::AtLeastOnce, &payload(seq)).await;
        gateway.puback().await;
    }
    assert_eq!(take(&mut setting.writer, 3, true).await.len(), 3);
    until("the three are acknowledged", || link.stats().acknowledged == 3).await;
    for seq in 4..=5 {
        gateway.publish(READINGS, QoS::AtLeastOnce, &payload(seq)).await;
        gateway.puback().await;
    }
    take(&mut setting.writer, 2, false).await;
    drop(link);

    let mut after = Setting::new(1 << 20);
    let link = BrokerLink::start(config(&broker), &after.intake);
    assert_eq!(take(&mut after.writer, 2, true).await, [(Some(4), true), (Some(5), true)]);
    until("both are acknowledged", || link.stats().acknowledged == 2).await;
    drop(link);

    let mut later = Setting::new(1 << 20);
    let link = BrokerLink::start(config(&broker), &later.intake);
    subscribed(&link).await;
    gateway.publish(READINGS, QoS::AtLeastOnce, &payload(6)).await;
    assert_eq!(take(&mut later.writer, 1, true).await, [(Some(6), false)]);
}

#[tokio::test]
async fn a_broker_that_is_down_at_the_start_is_waited_for() {
    let Some(mut broker) = Mosquitto::prepare() else { return };
    let mut setting = Setting::new(1 << 20);
    let link = BrokerLink::start(config(&broker), &setting.intake);
    until("it says that it is lost", || matches!(link.state(), LinkState::Lost { .. })).await;
    broker.start().await;
    subscribed(&link).await;
    let gateway = Gateway::connect(options("gw", broker.port)).await;
    gateway.publish(READINGS, QoS::AtLeastOnce, &payload(1)).await;
    assert_eq!(take(&mut setting.writer, 1, true).await, [(Some(1), false)]);
    link.stop(DEADLINE).await;
}

#[tokio::test]
async fn a_broker_killed_and_started_again_delivers_what_it_had_kept() {
    let Some(mut broker) = Mosquitto::prepare() else { return };
    broker.start().await;
    let mut setting = Setting::new(1 << 20);
    let link = BrokerLink::start(config(&broker), &setting.intake);
    subscribed(&link).await;
    let gateway = Gateway::connect(options("gw", broker.port)).await;
    gateway.publish(READINGS, QoS::AtLeastOnce, &payload(41_207)).await;
    take(&mut setting.writer, 1, false).await;
    broker.save();
    until("the broker has saved it", || broker.has_saved("41207")).await;
    broker.kill();
    until("the loss is noticed", || matches!(link.state(), LinkState::Lost { .. })).await;
    broker.start().await;
    assert_eq!(take(&mut setting.writer, 1, true).await, [(Some(41_207), true)]);
    until("it is acknowledged", || link.stats().acknowledged == 1).await;
    assert_eq!((link.stats().connections, link.stats().sessions_lost), (2, 0));
}

#[tokio::test]
async fn a_retained_status_and_a_will_tell_who_is_there() {
    let Some(mut broker) = Mosquitto::prepare() else { return };
    broker.start().await;
    let mut options = options("gw", broker.port);
    let will = rumqttc::v5::mqttbytes::v5::LastWill::new(STATUS, "offline", QoS::AtLeastOnce, true, None);
    options.set_last_will(will);
    let mut gateway = Gateway::connect(options).await;
    gateway.client.publish(STATUS, QoS::AtLeastOnce, true, "online").await.expect("runs");
    gateway.puback().await;
    let mut setting = Setting::new(1 << 20);
    let _link = BrokerLink::start(config(&broker), &setting.intake);
    let mut changes = Vec::new();
    for die in [false, true] {
        if die {
            gateway.task.abort();
        }
        let parcel = setting.writer.next().await;
        if let Input::Node { change, .. } = parcel.input {
            changes.push(change);
        }
        parcel.committed();
    }
    assert_eq!(changes, [davy_model::NodeChange::Online, davy_model::NodeChange::Lost]);
}

#[tokio::test]
async fn feedback_goes_back_through_the_broker() {
    let Some(mut broker) = Mosquitto::prepare() else { return };
    broker.start().await;
    let mut setting = Setting::new(1 << 20);
    let link = BrokerLink::start(config(&broker), &setting.intake);
    subscribed(&link).await;
    let mut gateway = Gateway::connect(options("gw", broker.port)).await;
    gateway.client.subscribe("davy/v1/park/gw-1/feedback", QoS::AtLeastOnce).await.expect("runs");
    gateway.hear(|packet| matches!(packet, Packet::SubAck(_)).then_some(())).await;
    gateway.publish(READINGS, QoS::AtLeastOnce, &payload(1)).await;
    take(&mut setting.writer, 1, true).await;
    setting.intake.feedback.flush();
    let told = gateway
        .hear(|packet| match packet {
            Packet::Publish(publish) => Some(publish.payload.clone()),
            _ => None,
        })
        .await;
    let document: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
    assert_eq!((&document["accepted"], &document["rejected"]), (&1.into(), &0.into()));
}

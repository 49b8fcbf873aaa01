//! Edge nodes by way of a real Mosquitto.

use super::super::mosquitto::Mosquitto;
use super::*;
use crate::broker::{BrokerConfig, BrokerLink, LinkState};

fn config(broker: &Mosquitto) -> BrokerConfig {
    let mut config = BrokerConfig::new("127.0.0.1", broker.port, "davy").for_sparkplug();
    (config.retry_min, config.retry_max) = (Duration::from_millis(20), Duration::from_millis(200));
    config
}

async fn subscribed(link: &BrokerLink) {
    until("subscribed", || matches!(link.state(), LinkState::Subscribed { .. })).await;
}

#[tokio::test]
async fn births_data_and_a_will_come_through_and_state_is_kept_by_the_broker() {
    let Some(mut broker) = Mosquitto::prepare() else { return };
    broker.start().await;
    let mut stage = Stage::new();
    let link = BrokerLink::start(config(&broker), &stage.intake);
    subscribed(&link).await;

    let mut node = edge_node();
    let mut gateway = edge(&node, broker.port).await;
    let state = gateway.heard(STATE).await;
    assert!(state.retain, "kept for whoever comes later");
    assert_eq!(&state.payload[..], br#"{"online":true,"timestamp":1795420800000}"#);
    for birth in births(&mut node) {
        gateway.say(&birth).await;
    }
    let data = node.ddata("gas-01", ch4(0.6));
    gateway.say(&data).await;
    assert_eq!(stage.told(5).await, ["lost", "online", "volt=12", "gas-01/ch4=0.5", "gas-01/ch4=0.6"]);
    // The process dies: the broker sends its will.
    gateway.die().await;
    assert_eq!(stage.told(1).await, ["lost"]);

    // Davy dies without a word: the broker says so.
    let mut other = edge(&edge_node(), broker.port).await;
    drop(link);
    loop {
        let state = other.heard(STATE).await;
        if !state.retain {
            assert_eq!(&state.payload[..], br#"{"online":false,"timestamp":1795420800000}"#);
            break;
        }
    }
}

#[tokio::test]
async fn a_lost_broker_makes_its_edge_nodes_lost_and_births_are_asked_for_after_it() {
    let Some(mut broker) = Mosquitto::prepare() else { return };
    broker.start().await;
    let mut stage = Stage::new();
    let link = BrokerLink::start(config(&broker), &stage.intake);
    subscribed(&link).await;
    let mut node = edge_node();
    let gateway = edge(&node, broker.port).await;
    for birth in births(&mut node) {
        gateway.say(&birth).await;
    }
    assert_eq!(stage.told(4).await, ["lost", "online", "volt=12", "gas-01/ch4=0.5"]);
    broker.kill();
    assert_eq!(stage.told(1).await, ["lost"]);
    stage.pass(10_000);
    broker.start().await;
    node.bd_seq += 1;
    let mut gateway = edge(&node, broker.port).await;
    // Davy may have been there first, or not: data without a birth asks for one.
    let mut silent = node.clone();
    births(&mut silent);
    let early = silent.ddata("gas-01", ch4(0.4));
    until("subscribed again", || link.stats().connections >= 2).await;
    subscribed(&link).await;
    stage.pass(10_000);
    gateway.say(&early).await;
    gateway.heard(NCMD).await;
    for birth in births(&mut node) {
        gateway.say(&birth).await;
    }
    assert_eq!(stage.told(3).await, ["online", "volt=12", "gas-01/ch4=0.5"]);
}

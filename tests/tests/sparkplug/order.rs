//! Messages that are missing, and births that are asked for.

use davy_proto::v1::TransitionKind;
use davy_simulators::sparkplug::{Act, EdgeNode};
use davy_tests::{Davy, Grpc, Mosquitto};

use crate::plant::{
    Scene, act, born, changes, config, count, every_tag_says, figure, nodes, online, says, set, stands,
    until, works,
};

#[tokio::test]
async fn after_a_gap_nothing_is_believed_births_are_asked_for_and_the_data_goes_on() {
    let Some(Scene { broker: _broker, setup, mut davy, mut alerts, node }) = Scene::begin().await else {
        return;
    };
    let asked = until(&node, "born", |seen| seen.births > 0).await.rebirths;
    // One message never comes: the next ones wait for it, in vain.
    act(&node, Act::Gap).await;
    set(&node, 60.0).await;
    set(&node, 61.0).await;
    figure(&davy, "davy_sparkplug_gaps_total", &[], 1.0).await;
    figure(&davy, "davy_sparkplug_messages_refused_total", &[("code", "SPARKPLUG_SEQ_GAP")], 2.0).await;
    until(&node, "births are asked for", |seen| seen.rebirths > asked).await;
    // The births say what is, and data by alias goes on behind them.
    let raised = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Raised).await;
    assert_eq!(raised.value, Some(61.0));
    set(&node, 10.0).await;
    let cleared = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Cleared).await;
    assert_eq!(cleared.value, Some(10.0));
    assert_eq!(nodes(&davy).await, [1.0, 0.0, 0.0]);
    assert!(count(&davy, "davy_sparkplug_rebirths_asked_total").await >= 1.0);
    assert_eq!(davy.stop().await, 0);
    davy.check_account();
    assert_eq!(changes(&setup), ["raised 61.0", "cleared 10.0"], "what was behind the gap raised nothing");
}

#[tokio::test]
async fn messages_that_change_places_on_the_way_are_read_in_their_order() {
    let Some(Scene { broker: _broker, setup, mut davy, mut alerts, node }) = Scene::begin().await else {
        return;
    };
    act(&node, Act::Swap).await;
    set(&node, 60.0).await;
    set(&node, 10.0).await;
    let cleared = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Cleared).await;
    assert_eq!(cleared.value, Some(10.0));
    figure(&davy, "davy_sparkplug_reordered_total", &[], 1.0).await;
    assert_eq!(count(&davy, "davy_sparkplug_gaps_total").await, 0.0);
    assert_eq!(davy.stop().await, 0);
    davy.check_account();
    assert_eq!(changes(&setup), ["raised 60.0", "cleared 10.0"]);
}

#[tokio::test]
async fn gaps_that_follow_each_other_are_asked_about_no_oftener_than_may_be() {
    let Some(broker) = Mosquitto::start("").await else { return };
    let davy = Davy::serve(&works(&broker).config()).await;
    let node = EdgeNode::start(config(&broker));
    online(&davy).await;
    for gap in 1..=3 {
        act(&node, Act::Gap).await;
        set(&node, 10.0 + f64::from(gap)).await;
        figure(&davy, "davy_sparkplug_gaps_total", &[], f64::from(gap)).await;
        online(&davy).await;
    }
    let (asked, held) = (
        count(&davy, "davy_sparkplug_rebirths_asked_total").await,
        count(&davy, "davy_sparkplug_rebirths_held_total").await,
    );
    // A gap takes 0.3 s to be known, and births may be asked for once a second: of three, one had to wait at least.
    assert!(asked >= 3.0 && held >= 1.0, "{asked} asked, {held} held");
    assert!(count(&davy, "davy_sparkplug_births_total").await >= 4.0);
}

#[tokio::test]
async fn a_davy_that_is_killed_asks_for_births_when_it_is_back_and_goes_on_with_aliases() {
    let Some(broker) = Mosquitto::start("").await else { return };
    let setup = works(&broker);
    let mut davy = Davy::serve(&setup.config()).await;
    let node = EdgeNode::start(config(&broker));
    online(&davy).await;
    let mut alerts = Grpc::connect(davy.http()).await.subscribe_from_now().await;
    set(&node, 60.0).await;
    says(&mut alerts, "high:gas-01/ch4", TransitionKind::Raised).await;
    davy.kill();
    // Said to nobody.
    set(&node, 62.0).await;
    let before = node.seen();
    let mut davy = Davy::serve(&setup.config()).await;
    let mut alerts = Grpc::connect(davy.http()).await.subscribe_from_now().await;
    until(&node, "births are asked for", |seen| seen.rebirths > before.rebirths).await;
    online(&davy).await;
    assert_eq!(node.seen().sessions, before.sessions, "its connection stood all the time");
    set(&node, 10.0).await;
    let cleared = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Cleared).await;
    assert_eq!((cleared.value, cleared.occurrence), (Some(10.0), 1));
    assert_eq!(davy.stop().await, 0);
    davy.check_account();
    assert_eq!(changes(&setup), ["raised 60.0", "cleared 10.0"], "one alarm over both lives");
}

#[tokio::test]
async fn a_broker_that_is_away_alarms_and_when_it_is_back_all_goes_on() {
    let Some(mut broker) = Mosquitto::start("").await else { return };
    let setup = works(&broker);
    let mut davy = Davy::serve(&setup.config()).await;
    let mut alerts = Grpc::connect(davy.http()).await.subscribe_from_now().await;
    let node = EdgeNode::start(config(&broker));
    online(&davy).await;
    // What was never heard is not missed at once.
    figure(&davy, "davy_readings_judged_total", &[], 3.0).await;
    let sessions = node.seen().sessions;
    // Killed, it sends no will: that the edge node is lost, Davy has to know by itself.
    broker.kill();
    every_tag_says(&mut alerts, TransitionKind::Raised).await;
    // Both connections are gone, and both say so; which comes first is no matter.
    let grpc = Grpc::connect(davy.http()).await;
    for part in ["broker", "broker-sparkplug"] {
        stands(&grpc, part, true).await;
    }
    broker.start_again().await;
    for part in ["broker", "broker-sparkplug"] {
        stands(&grpc, part, false).await;
    }
    until(&node, "a new session", |seen| seen.sessions > sessions).await;
    born(&node).await;
    online(&davy).await;
    set(&node, 60.0).await;
    let raised = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Raised).await;
    assert_eq!(raised.value, Some(60.0));
    assert_eq!(davy.stop().await, 0);
    davy.check_account();
}

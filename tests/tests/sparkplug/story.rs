//! What an operator sees of an edge node: its values, its alarms, its end.

use std::time::Duration;

use davy_proto::v1::TransitionKind;
use davy_simulators::sparkplug::{Act, EdgeNode, Standing};
use davy_tests::{Davy, Grpc, Mosquitto, Setup};

use crate::{
    plant::{
        CH4, Scene, act, changes, config, count, every_tag_says, export, figure, nodes, online, says, set,
        until, works,
    },
    program::Program,
};

#[tokio::test]
async fn data_past_a_limit_is_an_alarm_and_a_killed_edge_node_leaves_no_tag_that_is_believed() {
    let Some(broker) = Mosquitto::start("").await else { return };
    let davy = Davy::serve(&works(&broker).config()).await;
    let mut alerts = Grpc::connect(davy.http()).await.subscribe_from_now().await;
    assert_eq!(nodes(&davy).await, [0.0, 0.0, 1.0]);
    let mut node = Program::start(&["--still", "--broker", &broker.url()]);
    online(&davy).await;
    node.type_line("set gas-01/ch4 60");
    let raised = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Raised).await;
    assert_eq!((raised.value, &*raised.unit, &raised.tags[..]), (Some(60.0), "%LEL", &[CH4.to_owned()][..]));
    assert!(raised.sounds && !raised.late);

    // The will of a session long over says nothing about this one.
    node.type_line("old-death");
    figure(&davy, "davy_sparkplug_stale_deaths_total", &[], 1.0).await;
    assert_eq!(nodes(&davy).await, [1.0, 0.0, 0.0], "it lives");
    node.type_line("set gas-01/ch4 10");
    let cleared = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Cleared).await;
    assert_eq!(cleared.value, Some(10.0), "and is believed");

    node.kill();
    every_tag_says(&mut alerts, TransitionKind::Raised).await;
    assert_eq!(nodes(&davy).await, [0.0, 1.0, 0.0]);
    assert_eq!(count(&davy, "davy_sparkplug_deaths_total").await, 1.0);
    assert!(count(&davy, "davy_sparkplug_births_total").await >= 1.0);

    let _node = Program::start(&["--still", "--broker", &broker.url()]);
    every_tag_says(&mut alerts, TransitionKind::Cleared).await;
    assert_eq!(nodes(&davy).await, [1.0, 0.0, 0.0]);
}

#[tokio::test]
async fn a_dead_device_and_a_null_clear_nothing() {
    let Some(Scene { broker: _broker, setup, mut davy, mut alerts, node }) = Scene::begin().await else {
        return;
    };
    set(&node, 60.0).await;
    says(&mut alerts, "high:gas-01/ch4", TransitionKind::Raised).await;
    let judged = "davy_readings_judged_total";
    let mut before = count(&davy, judged).await;
    for quiet in [Act::Null { metric: CH4.to_owned() }, Act::DeviceDeath("gas-01".to_owned())] {
        act(&node, quiet).await;
        figure(&davy, judged, &[], before + 1.0).await;
        before = count(&davy, judged).await;
    }
    assert_eq!(nodes(&davy).await, [1.0, 0.0, 0.0], "the edge node lives on");
    // Down again while nobody could hear it: the birth says so.
    set(&node, 5.0).await;
    act(&node, Act::DeviceBirth("gas-01".to_owned())).await;
    let cleared = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Cleared).await;
    assert_eq!(cleared.value, Some(5.0));
    assert_eq!(davy.stop().await, 0);
    davy.check_account();
    assert_eq!(changes(&setup), ["raised 60.0", "cleared 5.0"]);
}

/// How often a value is in the journal.
fn kept(setup: &Setup, value: f64) -> usize {
    let blocks = export(setup).into_iter().filter(|line| line["input"] == "readings");
    let readings = blocks.flat_map(|line| line["value"]["readings"].as_array().cloned().unwrap_or_default());
    readings.filter(|reading| reading["value"] == value).count()
}

#[tokio::test]
async fn history_is_kept_and_never_sounds() {
    let Some(Scene { broker: _broker, setup, mut davy, mut alerts, node }) = Scene::begin().await else {
        return;
    };
    // What it measured while it was away: past the limit, and back.
    let history = |values: &[f64]| Act::History {
        metric: CH4.to_owned(),
        ago: Duration::from_secs(60),
        values: values.to_vec(),
    };
    act(&node, history(&[70.0, 80.0, 6.0])).await;
    // The next live one past the limit is the first that anybody hears of.
    set(&node, 60.0).await;
    let raised = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Raised).await;
    assert_eq!((raised.value, raised.sounds, raised.late), (Some(60.0), true, false));
    assert_eq!(davy.stop().await, 0);
    davy.check_account();
    let found = [70.0, 80.0, 6.0, 60.0].map(|value| kept(&setup, value));
    assert_eq!(found, [1, 1, 1, 1], "all are in the journal");
    assert_eq!(changes(&setup), ["raised 60.0"]);
}

#[tokio::test]
async fn history_of_a_tag_that_nobody_had_heard_yet_alarms_late_and_without_a_sound() {
    let Some(broker) = Mosquitto::start("").await else { return };
    let setup = works(&broker);
    let node = EdgeNode::start(config(&broker).waiting_for("davy").expect("a host"));
    until(&node, "waits", |seen| seen.standing == Standing::WaitingForHost).await;
    // Born without a value: what it kept is the first that is known, however recent.
    act(&node, Act::Null { metric: CH4.to_owned() }).await;
    let mut davy = Davy::serve(&setup.config()).await;
    let mut alerts = Grpc::connect(davy.http()).await.subscribe_from_now().await;
    online(&davy).await;
    let ago = Duration::from_secs(1);
    act(&node, Act::History { metric: CH4.to_owned(), ago, values: vec![70.0, 80.0, 6.0] }).await;
    let raised = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Raised).await;
    assert_eq!((raised.value, raised.sounds, raised.late), (Some(70.0), false, true));
    let cleared = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Cleared).await;
    assert_eq!((cleared.value, cleared.sounds, cleared.late), (Some(6.0), false, true));
    set(&node, 60.0).await;
    let raised = says(&mut alerts, "high:gas-01/ch4", TransitionKind::Raised).await;
    assert_eq!((raised.value, raised.sounds, raised.late), (Some(60.0), true, false));
    assert_eq!(davy.stop().await, 0);
    davy.check_account();
    assert_eq!(changes(&setup), ["raised 70.0", "cleared 6.0", "raised 60.0"]);
}

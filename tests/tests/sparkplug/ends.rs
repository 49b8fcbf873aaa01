//! What a Davy that comes and goes leaves behind at the broker: its STATE.

use davy_simulators::sparkplug::{EdgeNode, Standing};
use davy_tests::{Davy, Grpc, LONG, Mosquitto, Setup, wait_until};

use crate::plant::{config, export, online, stands, state, until, until_state, works};

#[tokio::test]
async fn state_is_true_while_davy_runs_and_after_any_end_and_edge_nodes_act_on_it() {
    let Some(broker) = Mosquitto::start("").await else { return };
    let setup = works(&broker);
    let node = EdgeNode::start(config(&broker).waiting_for("davy").expect("a host"));
    until(&node, "waits", |seen| seen.standing == Standing::WaitingForHost).await;
    let mut davy = Davy::serve(&setup.config()).await;
    let first = until_state(broker.addr(), true).await;
    until(&node, "born for its host", |seen| seen.standing == Standing::Born).await;
    online(&davy).await;
    assert_eq!(state(broker.addr()).await, Some((true, first)), "said once, and kept");

    assert_eq!(davy.stop().await, 0);
    let (is_online, stopped) = state(broker.addr()).await.expect("kept");
    assert!(!is_online && stopped >= first, "{stopped} after {first}");
    until(&node, "waits again", |seen| seen.standing == Standing::WaitingForHost).await;

    let mut davy = Davy::serve(&setup.config()).await;
    let second = until_state(broker.addr(), true).await;
    assert!(second >= stopped, "{second} after {stopped}");
    let before = node.seen().births;
    until(&node, "born for it again", |seen| seen.standing == Standing::Born && seen.births >= before.max(2))
        .await;
    online(&davy).await;

    davy.kill();
    // The will, with the time of the connection that it belongs to.
    assert_eq!(until_state(broker.addr(), false).await, second);
    until(&node, "waits once more", |seen| seen.standing == Standing::WaitingForHost).await;
}

/// What became of Davy's alarms about its broker, in the order of the journal.
fn of_the_broker(setup: &Setup) -> Vec<String> {
    let told = |line: &serde_json::Value| {
        let (alarm, kind) = (line["transition"]["alarm"].as_str()?, line["transition"]["kind"].as_str()?);
        let part = alarm.strip_prefix("works:davy-fault:")?;
        Some(format!("{part} {kind}"))
    };
    let mut all: Vec<String> = export(setup).iter().filter_map(told).collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_broker_that_is_away_over_a_restart_is_one_alarm_and_one_that_is_no_longer_wanted_is_none() {
    const PARTS: [&str; 2] = ["broker", "broker-sparkplug"];
    let Some(mut broker) = Mosquitto::start("").await else { return };
    let setup = works(&broker);
    let mut davy = Davy::serve(&setup.config()).await;
    broker.kill();
    let stand = async |davy: &Davy, active: bool| {
        let grpc = Grpc::connect(davy.http()).await;
        for part in PARTS {
            stands(&grpc, part, active).await;
        }
    };
    stand(&davy, true).await;
    assert_eq!(davy.stop().await, 0);
    // Still away, and it takes its time to say so: until then the alarms stand as they stood.
    let silence = std::net::TcpListener::bind(broker.addr()).expect("the broker's port is free");
    let mut davy = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(davy.http()).await;
    let begun = grpc.site("works").await.last_commit;
    wait_until("davy has looked some times", LONG, async || {
        (grpc.site("works").await.last_commit >= begun + 5).then_some(())
    })
    .await;
    stand(&davy, true).await;
    drop(silence);
    broker.start_again().await;
    stand(&davy, false).await;
    broker.kill();
    stand(&davy, true).await;
    assert_eq!(davy.stop().await, 0);
    let twice = [
        "broker cleared",
        "broker raised",
        "broker raised",
        "broker-sparkplug cleared",
        "broker-sparkplug raised",
        "broker-sparkplug raised",
    ];
    assert_eq!(of_the_broker(&setup), twice, "the restart between is no news");
    // Davy's own door is enough: nobody waits for a broker any more.
    setup.configure("[heartbeat]\nevery = \"200ms\"\n[canary]\nenabled = false\n");
    let davy = Davy::serve(&setup.config()).await;
    stand(&davy, false).await;
}

//! What a Davy that comes and goes leaves behind at the broker: its STATE.

use davy_simulators::sparkplug::{EdgeNode, Standing};
use davy_tests::{Davy, Mosquitto};

use crate::plant::{config, online, state, until, until_state, works};

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

//! An exit that does not get its alerts out is an alarm of Davy's own, until it does.

use std::{collections::HashSet, time::Duration};

use davy_proto::v1::{Alert, Tier, TransitionKind, alert_service_subscribe_request::Start};
use davy_tests::{
    Davy, Grpc, LONG, Setup, Subscriber, davy,
    mqtt::{Login, Mqtt, Packet, Version},
    wait_until,
};

use crate::receiver::Receiver;

/// Longer than a receiver may be away before that is told.
const PATIENCE: Duration = Duration::from_secs(120);

fn setup(url: &str) -> Setup {
    let mut setup = Setup::new();
    let rules = "rules:\n  - id: high\n    applies_to: {quantity: gas.ch4}\n    limit:\n\
                 \x20     - {name: H, tier: orange, at_or_above: 5 ppm}\n\
                 \x20   response: {action: Look, time_to_respond: 1m}\n";
    let about = "site: park\nedge_nodes: [{id: gw}]\n";
    let tags = "tag,quantity,unit,interval,edge_node\nT,gas.ch4,ppm,1s,gw\n";
    setup.site("park", &[("site.yaml", about), ("tags.csv", tags), ("rules/high.yaml", rules)]);
    setup.configure(&format!(
        "[canary]\nenabled = false\n[[exit]]\nname = \"desk\"\nkind = \"webhook\"\nurl = \"{url}\"\ntimeout = \"1s\"\n"
    ));
    setup
}

/// A reading, durable when it returns.
async fn reading(server: &Davy, value: u32) {
    let login = Login { id: "gw", user: None };
    let mut gateway = Mqtt::connect(server.door().await, Version::V311, login).await.expect("let in");
    let payload = format!(r#"{{"readings":[{{"tag":"T","value":{value},"unit":"ppm"}}]}}"#);
    let id = gateway.publish("davy/v1/park/gw/readings", payload.as_bytes()).await.expect("sent");
    loop {
        match gateway.next().await.expect("the door stands") {
            Packet::PubAck { id: found, code: 0 } if found == id => return,
            Packet::PubAck { .. } | Packet::Publish { .. } => {}
            other => panic!("no PUBACK: {other:?}"),
        }
    }
}

/// What becomes of the alarm about the exit.
async fn fault(watcher: &mut Subscriber, what: &str, kind: TransitionKind) -> Alert {
    let is_it = |alert: &Alert| {
        alert.rule == "davy-fault" && alert.subject == "exit-desk" && alert.transition() == kind
    };
    watcher.alert(what, PATIENCE, is_it).await
}

fn message(alert: &Alert) -> String {
    alert.message.as_ref().map(|text| format!("{} {}", text.en, text.zh)).unwrap_or_default()
}

/// Waits until the receiver took as much as there is, and gives how much.
async fn has_everything(receiver: &Receiver, grpc: &Grpc) -> u64 {
    let last = grpc.site("park").await.last_sequence;
    wait_until("it has everything", LONG, async || (receiver.taken().len() as u64 >= last).then_some(()))
        .await;
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_away_is_missed_and_gets_everything_once_when_it_returns() {
    let mut receiver = Receiver::down();
    let setup = setup(&receiver.url());
    let mut server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let mut watcher = grpc.subscribe(Start::Snapshot(true)).await.expect("let in");
    reading(&server, 10).await;
    let raised = fault(&mut watcher, "it is missed", TransitionKind::Raised).await;
    assert_eq!(raised.tier(), Tier::Orange);
    let told = message(&raised);
    assert!(told.contains("no connection") && told.contains("报警无法送达 desk"), "{told}");

    receiver.comes_up().await;
    davy(["exits", "resume", "desk", "--server", &server.url()]).await.ended(0);
    fault(&mut watcher, "it is back", TransitionKind::Cleared).await;
    // What says so is told to it too; refused, it would be told of nowhere, for it is about the exit itself.
    has_everything(&receiver, &grpc).await;

    // One alert is refused: that is told too, and stands until nothing was refused for a while.
    receiver.will_answer(422);
    reading(&server, 1).await;
    let raised = fault(&mut watcher, "it refuses", TransitionKind::Raised).await;
    assert_eq!(raised.tier(), Tier::Yellow);
    assert!(message(&raised).contains("davy exits dead-letters"), "{}", message(&raised));
    davy(["exits", "replay", "desk", "--all", "--server", &server.url()]).await.ended(0);

    let last = has_everything(&receiver, &grpc).await;
    let taken = receiver.taken();
    let ids: HashSet<&String> = taken.iter().collect();
    assert_eq!((ids.len(), taken.len() as u64), (taken.len(), last), "{taken:?}");
    assert_eq!(server.stop().await, 0);
}

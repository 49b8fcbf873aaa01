//! The sample plants through their gateways.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{Broker, next};
use davy_simulators::{Simulation, SimulationConfig};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_edge_nodes_of_all_sites_speak_and_what_they_said_is_acknowledged() {
    let Some(broker) = Broker::start().await else { return };
    let mut heard = broker.listen().await;
    let config = SimulationConfig { speed: 100.0, ..SimulationConfig::samples(broker.url(), 7) };
    let simulation = Simulation::start(config).expect("names");
    let (mut nodes, mut tags) = (BTreeSet::new(), BTreeSet::new());
    while nodes.len() < 6 || tags.len() < 36 {
        next(&mut heard, |message| {
            if message.topic.ends_with("/readings") {
                nodes.insert(message.topic.clone());
                let document: serde_json::Value = serde_json::from_str(&message.payload).expect("JSON");
                for reading in document["readings"].as_array().expect("readings") {
                    tags.insert((message.topic.clone(), reading["tag"].to_string()));
                }
            }
            Some(())
        })
        .await;
    }
    // The tank farm's gateway falls off at 225 s of plant time, and its last will says so.
    let lost = next(&mut heard, |message| {
        (message.topic == "davy/v1/park/gw-2/status" && message.payload.contains("false")).then_some(())
    });
    lost.await;
    let back = next(&mut heard, |message| {
        (message.topic == "davy/v1/park/gw-2/status" && message.payload.contains("true")).then_some(())
    });
    back.await;
    // What speaks only when it changes speaks when its edge node is back.
    let spoke_again = next(&mut heard, |message| {
        let is_readings = message.topic == "davy/v1/park/gw-2/readings";
        (is_readings && message.payload.contains("TK-101/maintenance")).then_some(())
    });
    spoke_again.await;
    let truth = simulation.truth();
    assert!(truth.iter().any(|(truth, start, end)| truth.episode.name == "gw-2-lost" && start < end));
    let totals = simulation.stop().await;
    assert_eq!((totals.messages, totals.unacknowledged), (totals.acknowledged, 0), "{totals:?}");
    assert!(totals.readings > totals.messages && totals.problems.is_empty(), "{totals:?}");
}

#[tokio::test]
async fn it_stops_when_nobody_listens() {
    let url = "mqtt://127.0.0.1:1".parse().expect("a URL");
    let simulation = Simulation::start(SimulationConfig::samples(url, 7)).expect("names");
    let stopped = tokio::time::timeout(Duration::from_secs(10), simulation.stop()).await;
    let totals = stopped.expect("it stops");
    assert_eq!(totals.acknowledged, 0);
}

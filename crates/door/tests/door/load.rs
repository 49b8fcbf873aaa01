//! Many clients at once, by another's implementation of MQTT.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use davy_door::{Closed, Config, ConnectInfo, Door, Handler, Peer, PubackReason, Publish, Receipt, Refusal};
use parking_lot::Mutex;
use rumqttc::{AsyncClient, Event, MqttOptions, Outgoing, Packet, QoS};
use tokio::sync::mpsc;

const CLIENTS: usize = 6;
const MESSAGES: u32 = 3_000;

type Record = (Arc<String>, Vec<Publish>, Receipt);

/// Hands batches to one committer, as a journal would.
struct Journal {
    queue: mpsc::Sender<Record>,
}

impl Handler for Journal {
    type Session = String;

    async fn authenticate(&self, connect: &ConnectInfo, _: &Peer) -> Result<String, Refusal> {
        Ok(connect.client_id.to_string())
    }

    fn may_publish(&self, _: &String, _: &str) -> bool {
        true
    }

    fn may_subscribe(&self, _: &String, _: &str) -> bool {
        true
    }

    async fn submit(&self, client: &Arc<String>, batch: Vec<Publish>, receipt: Receipt) -> Vec<PubackReason> {
        self.queue.send((Arc::clone(client), batch, receipt)).await.expect("the journal outlives the door");
        Vec::new()
    }

    fn refused(&self, _: &Arc<String>, _: &str, _: &Bytes) {}

    async fn closed(&self, _: &Arc<String>, _: Closed) {}
}

/// Takes batches in groups, writes them down, and only then commits, last one first: the worst order there is.
async fn write_down(mut queue: mpsc::Receiver<Record>, written: Arc<Mutex<HashMap<String, Vec<u32>>>>) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, 16).await > 0 {
        for (client, batch, _) in &group {
            let mut written = written.lock();
            let numbers = written.entry(client.to_string()).or_default();
            for message in batch {
                let number = message.payload[..4].try_into().expect("four bytes");
                numbers.push(u32::from_be_bytes(number));
            }
        }
        tokio::task::yield_now().await;
        group.drain(..).rev().for_each(|(_, _, receipt)| receipt.commit());
    }
}

/// Publishes and returns the packet identifiers as they were sent and as they were acknowledged.
async fn publish_all(port: u16, name: String) -> (Vec<u16>, Vec<u16>) {
    let mut options = MqttOptions::new(name, "127.0.0.1", port);
    options.set_inflight(200).set_max_packet_size(1 << 20, 1 << 20);
    let (client, mut events) = AsyncClient::new(options, 100);
    let publisher = tokio::spawn(async move {
        for number in 0..MESSAGES {
            let mut payload = number.to_be_bytes().to_vec();
            payload.resize(4 + (number as usize * 37) % 900, b'x');
            client.publish("plant/readings", QoS::AtLeastOnce, false, payload).await.expect("queued");
        }
        client
    });
    let (mut sent, mut acknowledged) = (Vec::new(), Vec::new());
    while acknowledged.len() < MESSAGES as usize {
        match events.poll().await.expect("the connection holds") {
            Event::Outgoing(Outgoing::Publish(id)) => sent.push(id),
            Event::Incoming(Packet::PubAck(ack)) => acknowledged.push(ack.pkid),
            _ => {}
        }
    }
    drop(publisher.await.expect("no panic"));
    (sent, acknowledged)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_the_written_order_is_the_order_of_arrival_and_so_are_the_pubacks() {
    let (queue, records) = mpsc::channel(64);
    let written = Arc::new(Mutex::default());
    let journal = tokio::spawn(write_down(records, Arc::clone(&written)));
    let config = Config { receive_max: 150, ..Config::listen_on(([127, 0, 0, 1], 0).into()) };
    let door = Door::start(config, Arc::new(Journal { queue })).expect("a free port");
    let port = door.local_addr().port();
    let clients: Vec<_> = (0..CLIENTS).map(|n| tokio::spawn(publish_all(port, format!("g{n}")))).collect();
    for client in clients {
        let (sent, acknowledged) = client.await.expect("no panic");
        assert_eq!(sent, acknowledged);
    }
    let expected: Vec<u32> = (0..MESSAGES).collect();
    let by_client = written.lock().clone();
    assert_eq!(by_client.len(), CLIENTS);
    for (client, numbers) in by_client {
        assert!(numbers == expected, "{client} out of order");
    }
    let stats = door.stats();
    let all = CLIENTS as u64 * u64::from(MESSAGES);
    assert_eq!((stats.received, stats.submitted, stats.acknowledged), (all, all, all));
    assert_eq!(door.shutdown(Duration::from_secs(10)).await, 0);
    journal.await.expect("the journal ends with the door");
}

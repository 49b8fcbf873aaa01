//! A consumer whose stream is cut after the n-th alert, for every n, some confirmed and some not, with Davy killed at times:
//! nothing is lost, and nothing is dealt with twice by one that keeps ids.

use std::{collections::BTreeSet, time::Duration};

use davy_proto::v1::{
    AlertServiceSubscribeRequest, alert_service_subscribe_request::Start,
    alert_service_subscribe_response::Event,
};
use davy_tests::{
    Davy, Grpc,
    consumers::{Gateway, confirm, durable, setup},
};
use tokio::time::timeout;

/// Transitions, after each of which a stream is cut.
const CUTS: u64 = 500;
/// At every so many Davy is killed, too.
const KILL_EVERY: u64 = 125;
const PATIENCE: Duration = Duration::from_secs(20);

/// A consumer that keeps ids beside what it does.
#[derive(Default)]
struct Desk {
    /// What it did, once each, in order.
    done: Vec<u64>,
    ids: BTreeSet<String>,
    /// What came again.
    again: usize,
    confirmed: u64,
}

impl Desk {
    /// Takes alerts until the n-th was dealt with; the stream is then cut by whoever drops it.
    async fn take_until(&mut self, grpc: &Grpc, last: u64) -> String {
        let mut stream = grpc.subscribe_as(durable("desk")).await.expect("let in");
        let mut is_first = true;
        loop {
            let next = timeout(PATIENCE, stream.next()).await;
            let event = next.unwrap_or_else(|_| panic!("nothing after {:?} of {last}", self.done.last()));
            match event.expect("the stream stands").expect("the stream stands") {
                Event::Alert(alert) => {
                    if std::mem::take(&mut is_first) {
                        assert_eq!(alert.sequence, self.confirmed + 1, "it goes on after what it confirmed");
                    }
                    if self.ids.insert(alert.id) {
                        self.done.push(alert.sequence);
                    } else {
                        self.again += 1;
                    }
                    if alert.sequence == last {
                        return stream.token.clone();
                    }
                }
                Event::Heartbeat(_) | Event::Bookmark(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_cut_after_every_alert_loses_none_and_does_none_twice() {
    let setup = setup("");
    let mut server = Davy::serve(&setup.config()).await;
    let mut grpc = Grpc::connect(server.http()).await;
    let from_now = AlertServiceSubscribeRequest { start: Some(Start::FromNow(true)), ..durable("desk") };
    let mut stream = grpc.subscribe_as(from_now).await.expect("let in");
    let Some(Event::Bookmark(_)) = stream.next().await.expect("a first bookmark") else {
        panic!("a bookmark")
    };
    confirm(&grpc, "desk", &stream.token).await;
    drop(stream);
    let mut gateway = Gateway::of(&server, "park").await;
    for _ in 0..CUTS / 50 {
        gateway.changes(50).await;
    }
    let mut desk = Desk::default();
    let mut kills = 0;
    for last in 1..=CUTS {
        let token = desk.take_until(&grpc, last).await;
        // Two in three are confirmed; the others come again.
        if last % 3 != 0 {
            confirm(&grpc, "desk", &token).await;
            desk.confirmed = last;
        }
        if last.is_multiple_of(KILL_EVERY) {
            server.kill();
            server = Davy::serve(&setup.config()).await;
            grpc = Grpc::connect(server.http()).await;
            kills += 1;
        }
    }
    assert_eq!(desk.done, (1..=CUTS).collect::<Vec<_>>(), "each once, in order");
    assert_eq!(desk.again as u64, CUTS / 3, "what was not confirmed came again, and nothing else");
    println!("consumers: cut after each of {CUTS} alerts, {} came again, {kills} kills", desk.again);
}

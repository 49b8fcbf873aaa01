//! Davy is killed again and again while it tells a webhook, and the webhook has every transition, in order, once by id.

use std::{collections::HashSet, net::SocketAddr, sync::Arc, time::Duration};

use davy_tests::{LONG, Record, posted, wait_until};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{Mutex, watch},
    time::sleep,
};

use crate::{TAGS, publisher::Publisher, seed, setup_with, started, tag_name};

/// How often it is killed.
const KILLS: usize = 20;

type Heard = Arc<Mutex<Vec<(u64, String)>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_has_everything_in_order_however_often_davy_is_killed() {
    println!("DAVY_SEED={}", seed());
    let (addr, heard) = webhook().await;
    let exit = format!(
        "[[exit]]\nname = \"desk\"\nkind = \"webhook\"\nurl = \"http://{addr}/\"\ntimeout = \"500ms\"\n"
    );
    let setup = setup_with(&exit);
    let (ports, seen) = watch::channel(None);
    let mut server = started(&setup, &ports).await;
    let publisher = Publisher::start(seen);
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..KILLS {
        sleep(Duration::from_millis(random.random_range(100..700))).await;
        server.kill();
        ports.send_replace(None);
        server = started(&setup, &ports).await;
    }
    publisher.finish().await;
    // What came last is told before it ends.
    let grpc = davy_tests::Grpc::connect(server.http()).await;
    let last = wait_until("the site is at rest", LONG, async || {
        let before = grpc.site("kill").await.last_sequence;
        sleep(Duration::from_secs(2)).await;
        (grpc.site("kill").await.last_sequence == before).then_some(before)
    })
    .await;
    wait_until("the webhook has it all", LONG, async || {
        heard.lock().await.iter().any(|(sequence, _)| *sequence == last).then_some(())
    })
    .await;
    assert_eq!(server.stop().await, 0, "a stop that was asked for is no failure");
    check(&heard.lock().await, &Record::read(&setup.journal("kill")), last);
}

/// Every transition by its id, each first heard after the one before it.
fn check(heard: &[(u64, String)], record: &Record, last: u64) {
    let mut first = Vec::new();
    let mut ids = HashSet::new();
    for (sequence, id) in heard {
        if ids.insert(id) {
            first.push(*sequence);
        }
    }
    assert_eq!(first, (1..=last).collect::<Vec<u64>>(), "none is missing, and none is out of order");
    assert!(heard.len() as u64 >= last);
    let changes: usize =
        (0..TAGS).map(|tag| record.changes(&format!("kill:high:{}", tag_name(tag))).len()).sum();
    assert!(changes > 0, "alarms were told");
    println!("{} told, {} again after kills", last, heard.len() as u64 - last);
}

/// A webhook that fails now and then.
async fn webhook() -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (addr, heard) = (listener.local_addr().expect("bound"), Heard::default());
    let book = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&book)));
        }
    });
    (addr, heard)
}

async fn serve(mut stream: TcpStream, heard: Heard) -> Option<()> {
    for place in 1.. {
        let body = posted(&mut stream).await?;
        let event: Value = serde_json::from_slice(&body).ok()?;
        let sequence = event["sequence"].as_str()?.parse().ok()?;
        // Each of these comes again: one that was not taken, and one whose answer got lost.
        if place % 17 == 0 {
            stream
                .write_all(b"HTTP/1.1 503 Busy\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n")
                .await
                .ok()?;
            continue;
        }
        heard.lock().await.push((sequence, event["id"].as_str()?.to_owned()));
        if place % 23 == 0 {
            return None;
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.ok()?;
    }
    None
}

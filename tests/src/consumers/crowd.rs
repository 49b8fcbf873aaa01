//! Consumers of which some read and some never do.

use std::time::Duration;

use davy_proto::v1::{
    AlertServiceSubscribeRequest, alert_service_subscribe_request::Start,
    alert_service_subscribe_response::Event,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::durable;
use crate::{Davy, Grpc, Subscriber};

/// How long those who read may take to have everything.
const PATIENCE: Duration = Duration::from_secs(120);

/// Consumers of one Davy, each by a connection of its own. What comes must be alerts of one site that has told none before.
#[derive(Debug)]
pub struct Crowd {
    readers: Vec<Reader>,
    dead: Vec<Subscriber>,
}

#[derive(Debug)]
struct Reader {
    task: JoinHandle<()>,
    heard: watch::Receiver<Vec<Instant>>,
}

impl Crowd {
    /// Subscribes them, from now on; those who never read first.
    ///
    /// # Panics
    /// When one of them is not let in.
    pub async fn gather(server: &Davy, readers: usize, dead: usize) -> Crowd {
        let mut crowd = Crowd { readers: Vec::new(), dead: Vec::new() };
        for number in 0..dead {
            crowd.dead.push(listen(server, &format!("dead-{number}")).await);
        }
        for number in 0..readers {
            let stream = listen(server, &format!("reader-{number}")).await;
            let (tell, heard) = watch::channel(Vec::new());
            crowd.readers.push(Reader { task: tokio::spawn(read_on(stream, tell)), heard });
        }
        crowd
    }

    /// Waits until everyone who reads has heard the alert of that sequence.
    ///
    /// # Panics
    /// When somebody has not in time, or heard one twice, or in disorder, or was cut off.
    pub async fn has_heard(&mut self, sequence: u64) {
        for reader in &mut self.readers {
            let here = reader.heard.wait_for(|heard| heard.len() as u64 >= sequence);
            let here = timeout(PATIENCE, here).await.expect("everyone hears it in time").map(drop);
            assert!(here.is_ok(), "a reader ended: {:?}", (&mut reader.task).await);
        }
    }

    /// When each of them heard the alert of that sequence; those that have not yet are left out.
    pub fn heard_at(&self, sequence: u64) -> impl Iterator<Item = Instant> {
        let place = usize::try_from(sequence).expect("few") - 1;
        self.readers.iter().filter_map(move |reader| reader.heard.borrow().get(place).copied())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for reader in &self.readers {
            reader.task.abort();
        }
    }
}

async fn listen(server: &Davy, name: &str) -> Subscriber {
    let request = AlertServiceSubscribeRequest { start: Some(Start::FromNow(true)), ..durable(name) };
    Grpc::connect(server.http()).await.subscribe_as(request).await.expect("let in")
}

/// Reads on and on; each alert must come once and in order.
async fn read_on(mut stream: Subscriber, heard: watch::Sender<Vec<Instant>>) {
    loop {
        match stream.next().await.expect("the stream stands").expect("the stream stands") {
            Event::Alert(alert) => {
                assert_eq!(alert.sequence, heard.borrow().len() as u64 + 1, "once and in order");
                heard.send_modify(|heard| heard.push(Instant::now()));
            }
            Event::Bookmark(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

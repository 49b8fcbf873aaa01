//! Live tests: real sockets, a door, a real broker, and a writer that commits when it is told to.

mod broker_fake;
mod broker_real;
mod call;
mod door;
mod hj212;
mod hostile;
mod measure;
mod mosquitto;
mod senders;
mod sparkplug;

use std::sync::Arc;
use std::time::Duration;

use davy_model::{Input, ReadingBlock};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAckReason};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::testing::{NOW, park_door};
use crate::{Directory, InboxReceiver, Intake, PAYLOAD_BYTES_MAX, Parcel, SiteDoor};

/// Long enough for a machine that does much else; a test that waits this long has failed.
const DEADLINE: Duration = Duration::from_secs(60);
const READINGS: &str = "davy/v1/park/gw-1/readings";
const STATUS: &str = "davy/v1/park/gw-1/status";

/// An intake for `park`, and the writer's end.
struct Setting {
    intake: Arc<Intake>,
    door: Arc<SiteDoor>,
    writer: Writer,
}

/// Takes parcels, and commits them when the test says so.
struct Writer(InboxReceiver);

impl Setting {
    fn new(inbox_bytes: usize) -> Setting {
        let (door, receiver) = park_door(inbox_bytes);
        let directory = Directory::new([Arc::clone(&door)]);
        let intake = Intake::new(directory, Arc::new(|| NOW), PAYLOAD_BYTES_MAX);
        Setting { intake, door, writer: Writer(receiver) }
    }
}

impl Writer {
    async fn next(&mut self) -> Parcel {
        timeout(DEADLINE, self.0.recv()).await.expect("a parcel in time").expect("the site is open")
    }

    /// The next parcel of readings; those that say who is there are committed on the way.
    async fn readings(&mut self) -> (Parcel, ReadingBlock) {
        loop {
            let parcel = self.next().await;
            match parcel.input.clone() {
                Input::Readings(block) => return (parcel, block),
                _ => parcel.committed(),
            }
        }
    }
}

/// A gateway: a client that publishes, and what it hears.
struct Gateway {
    client: AsyncClient,
    heard: mpsc::UnboundedReceiver<Packet>,
    task: JoinHandle<()>,
}

impl Gateway {
    async fn connect(options: MqttOptions) -> Gateway {
        let (client, events) = AsyncClient::new(options, 100);
        let (tell, heard) = mpsc::unbounded_channel();
        let task = tokio::spawn(listen(events, tell));
        let mut gateway = Gateway { client, heard, task };
        gateway.hear(|packet| matches!(packet, Packet::ConnAck(_)).then_some(())).await;
        gateway
    }

    async fn publish(&self, topic: &str, qos: QoS, payload: &str) {
        self.client.publish(topic, qos, false, payload.to_owned()).await.expect("the client runs");
    }

    /// Waits for a packet that `wanted` knows.
    async fn hear<T>(&mut self, wanted: impl Fn(&Packet) -> Option<T>) -> T {
        let hear = async {
            loop {
                let packet = self.heard.recv().await.expect("the connection stands");
                if let Some(found) = wanted(&packet) {
                    return found;
                }
            }
        };
        timeout(DEADLINE, hear).await.expect("heard in time")
    }

    async fn puback(&mut self) -> PubAckReason {
        self.hear(|packet| match packet {
            Packet::PubAck(puback) => Some(puback.reason),
            _ => None,
        })
        .await
    }

    /// Whether a PUBACK has come by now.
    fn has_puback(&mut self) -> bool {
        std::iter::from_fn(|| self.heard.try_recv().ok()).any(|packet| matches!(packet, Packet::PubAck(_)))
    }

    /// The process dies: the socket closes without a word.
    async fn die(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|error| error.is_cancelled()));
    }
}

async fn listen(mut events: EventLoop, tell: mpsc::UnboundedSender<Packet>) {
    while let Ok(event) = events.poll().await {
        if let Event::Incoming(packet) = event
            && tell.send(packet).is_err()
        {
            return;
        }
    }
}

fn options(client_id: &str, port: u16) -> MqttOptions {
    let mut options = MqttOptions::new(client_id, "127.0.0.1", port);
    options.set_keep_alive(Duration::from_secs(30));
    options
}

/// Waits until something has become so.
async fn until(what: &str, so: impl Fn() -> bool) {
    let wait = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, wait).await.unwrap_or_else(|_| panic!("{what}: not in time"));
}

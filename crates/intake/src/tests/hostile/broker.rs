//! The broker, act by act.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::broker::BrokerConfig;

/// What it does next on a connection; after the last it waits until Davy leaves.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Reads until Davy has said so much: CONNECT is one packet, SUBSCRIBE the next.
    Hears(usize),
    /// Sends these packets.
    Says(Vec<Packet>),
    /// Sends these bytes, whatever they are.
    Sends(Vec<u8>),
    /// Closes.
    Closes,
}

pub(super) struct Hostile {
    listener: TcpListener,
}

/// One connection to it.
pub(super) struct Talk {
    socket: TcpStream,
    incoming: BytesMut,
    pub(super) heard: Vec<Packet>,
}

impl Hostile {
    pub(super) async fn new() -> Hostile {
        Hostile { listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port") }
    }

    /// A link to it that is quick to lose patience.
    pub(super) fn config(&self) -> BrokerConfig {
        let port = self.listener.local_addr().expect("bound").port();
        let mut config = BrokerConfig::new("127.0.0.1", port, "davy");
        config.retry_min = Duration::from_millis(10);
        config.retry_max = Duration::from_millis(50);
        config.keep_alive = Duration::from_secs(1);
        config.packet_bytes_max = 4096;
        config
    }

    pub(super) async fn talk(&self) -> Talk {
        let (socket, _) =
            timeout(DEADLINE, self.listener.accept()).await.expect("in time").expect("a connection");
        Talk { socket, incoming: BytesMut::new(), heard: Vec::new() }
    }

    /// Does these acts on the next connection.
    pub(super) async fn act(&self, acts: &[Act]) -> Option<Talk> {
        let mut talk = self.talk().await;
        for act in acts {
            match act {
                Act::Hears(packets) => talk.hear(*packets).await,
                Act::Says(packets) => talk.send(&bytes_of(packets)).await,
                Act::Sends(bytes) => talk.send(bytes).await,
                Act::Closes => return None,
            }
        }
        Some(talk)
    }

    /// Lets Davy in and grants what it asks, until a connection stands.
    pub(super) async fn is_honest(&self) -> Talk {
        let mut talk = self.talk().await;
        talk.hear(1).await;
        talk.send(&bytes_of(&[welcome(|_| {})])).await;
        talk.hear(2).await;
        let Packet::Subscribe(Subscribe { filters, .. }) = &talk.heard[1] else { panic!("{:?}", talk.heard) };
        let suback = granted(filters.len());
        talk.send(&bytes_of(&[suback])).await;
        talk
    }
}

impl Talk {
    /// Reads until so many packets have been heard in all.
    pub(super) async fn hear(&mut self, packets: usize) {
        while self.heard.len() < packets {
            match Packet::read(&mut self.incoming, None) {
                Ok(packet) => self.heard.push(packet),
                Err(_) => {
                    let read = timeout(DEADLINE, self.socket.read_buf(&mut self.incoming)).await;
                    assert_ne!(read.expect("in time").expect("readable"), 0, "Davy left: {:?}", self.heard);
                }
            }
        }
    }

    /// Waits for the PUBACK of this message.
    pub(super) async fn puback(&mut self, packet_id: u16) {
        let is_due = |packet: &Packet| matches!(packet, Packet::PubAck(ack) if ack.pkid == packet_id);
        while !self.heard.iter().any(is_due) {
            self.hear(self.heard.len() + 1).await;
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        // Davy may have left by now, as it should.
        let _ = self.socket.write_all(bytes).await;
    }

    /// Waits until Davy leaves.
    pub(super) async fn left(&mut self) {
        let read =
            async { while self.socket.read_buf(&mut self.incoming).await.is_ok_and(|read| read > 0) {} };
        timeout(DEADLINE, read).await.expect("Davy leaves");
    }
}

//! An MQTT client small enough to see every byte of: 3.1.1 and 5, QoS 1, nothing by itself.
//!
//! Libraries send again, reconnect and reorder as they see fit. Here the test does, so it knows what was acknowledged.

mod packet;

use std::{io, net::SocketAddr};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub use packet::{Packet, Version};

/// One connection.
#[derive(Debug)]
pub struct Mqtt {
    version: Version,
    stream: TcpStream,
    read: BytesMut,
    next_id: u16,
}

/// Who connects.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// The client identifier.
    pub id: &'a str,
    /// User name and password, if any.
    pub user: Option<(&'a str, &'a str)>,
}

impl Mqtt {
    /// Connects with a clean session and waits for the CONNACK. No keep-alive: a test that is slow is not gone.
    ///
    /// # Errors
    /// What the socket says, or the refusal.
    pub async fn connect(addr: SocketAddr, version: Version, login: Login<'_>) -> io::Result<Mqtt> {
        Mqtt::connect_with(addr, version, login, 0).await
    }

    /// As [`Mqtt::connect`], with a promise to be heard every `keep_alive_s` seconds.
    ///
    /// # Errors
    /// What the socket says, or the refusal.
    pub async fn connect_with(
        addr: SocketAddr,
        version: Version,
        login: Login<'_>,
        keep_alive_s: u16,
    ) -> io::Result<Mqtt> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let mut mqtt = Mqtt { version, stream, read: BytesMut::with_capacity(1 << 16), next_id: 0 };
        mqtt.send(&packet::connect(version, login.id, login.user, keep_alive_s)).await?;
        match mqtt.next().await? {
            Packet::ConnAck { code: 0 } => Ok(mqtt),
            other => Err(io::Error::new(io::ErrorKind::ConnectionRefused, format!("{other:?}"))),
        }
    }

    /// Subscribes at QoS 1 and waits for the SUBACK.
    ///
    /// # Errors
    /// What the socket says, or the refusal.
    pub async fn subscribe(&mut self, filter: &str) -> io::Result<()> {
        let id = self.take_id();
        self.send(&packet::subscribe(self.version, id, filter)).await?;
        match self.next().await? {
            Packet::SubAck { code: 0..=2, .. } => Ok(()),
            other => Err(io::Error::other(format!("subscribing to {filter}: {other:?}"))),
        }
    }

    /// Publishes at QoS 1 and gives the packet identifier, without waiting for the PUBACK.
    ///
    /// # Errors
    /// What the socket says.
    pub async fn publish(&mut self, topic: &str, payload: &[u8]) -> io::Result<u16> {
        let mut bytes = Vec::new();
        let id = self.write_publish(&mut bytes, topic, payload, false);
        self.send(&bytes).await?;
        Ok(id)
    }

    /// Publishes at QoS 1, for everybody who comes later too.
    ///
    /// # Errors
    /// What the socket says.
    pub async fn publish_retained(&mut self, topic: &str, payload: &[u8]) -> io::Result<u16> {
        let mut bytes = Vec::new();
        let id = self.write_publish(&mut bytes, topic, payload, false);
        bytes[0] |= packet::RETAIN;
        self.send(&bytes).await?;
        Ok(id)
    }

    /// Writes a PUBLISH of QoS 1 behind what is in `bytes`, to be [sent](Mqtt::send) with others.
    pub fn write_publish(&mut self, bytes: &mut Vec<u8>, topic: &str, payload: &[u8], again: bool) -> u16 {
        let id = self.take_id();
        packet::publish(bytes, self.version, id, topic, payload, again);
        id
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// What the socket says.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next packet. A PUBLISH is acknowledged before it is given. May be dropped and called again: nothing is lost.
    ///
    /// # Errors
    /// What the socket says; the end of the connection is one.
    pub async fn next(&mut self) -> io::Result<Packet> {
        loop {
            if let Some((packet, len)) = packet::read(self.version, &self.read)? {
                self.read.advance(len);
                if let Packet::Publish { id: Some(id), .. } = &packet {
                    self.stream.write_all(&packet::puback(*id)).await?;
                }
                return Ok(packet);
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn take_id(&mut self) -> u16 {
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        self.next_id
    }
}

//! One connection to a broker: rumqttc's MQTT 5 packets over a socket of ours.
//!
//! rumqttc's own event loop acknowledges one message a write. Here everything that is ready goes out in one, and everything
//! that has arrived is decoded from one read (docs/decisions/0005-broker-acknowledgements.md).

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, Connect, ConnectProperties, ConnectReturnCode, DisconnectReasonCode, Filter, LastWill, Login,
    Packet, PubAckReason, RetainForwardRule, Subscribe, SubscribeReasonCode, Unsubscribe,
};
use rumqttc::v5::mqttbytes::{Error as CodecError, QoS};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::BrokerConfig;
use super::answers::{check_connack, short_goodbye};

/// Room made before each read, bytes: what is taken from the socket at once.
const READ_BYTES: usize = 64 * 1024;
/// Filters in one SUBSCRIBE: brokers bound its size.
const FILTERS_MAX: usize = 64;

/// Why a connection ended, or never began.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The network.
    #[error("network: {0}")]
    Io(#[from] io::Error),
    /// What the broker sent is no MQTT 5, or too long.
    #[error("the broker sent what cannot be read: {0}")]
    Codec(#[from] CodecError),
    /// The broker does not let Davy in. Another one that it names is not asked: where readings come from is configured.
    #[error("the broker refused the connection: {reason:?}{said}")]
    Refused {
        /// Why.
        reason: ConnectReturnCode,
        /// What it adds, in brackets; empty when it adds nothing.
        said: String,
    },
    /// The broker does not let Davy hear a site.
    #[error("the broker refused the subscription to {filter}: {reason:?}")]
    Subscription {
        /// To what.
        filter: String,
        /// Why.
        reason: SubscribeReasonCode,
    },
    /// A message of Davy's own was acknowledged with a reason against it.
    #[error("what was published to {topic} was not taken: {reason:?}")]
    NotTaken {
        /// Where it was published.
        topic: String,
        /// Why.
        reason: PubAckReason,
    },
    /// The host is no name TLS could check.
    #[error("{0:?} is not a name a certificate can have")]
    ServerName(String),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// Nothing came for one and a half times the keep-alive, not even an answer to a ping.
    #[error("the broker has been silent for {0:?}")]
    Silent(Duration),
    /// The broker sent a packet that does not belong here.
    #[error("the broker broke the protocol: {0}")]
    Protocol(&'static str),
    /// What Davy has to say does not fit.
    #[error("the broker takes packets of {len_max} bytes at most, and {len} are needed")]
    TooLarge {
        /// What is needed, bytes.
        len: u32,
        /// What the broker takes, bytes.
        len_max: u32,
    },
    /// The broker closed without a word.
    #[error("the broker closed the connection")]
    Closed,
    /// The broker said goodbye.
    #[error("the broker ended the connection: {0:?}")]
    Ended(DisconnectReasonCode),
    /// Something could not be made durable, so it must be delivered again.
    #[error("messages could not be made durable; the broker will deliver them again")]
    NotDurable,
}

/// The packet id of every UNSUBSCRIBE: above those of subscriptions, below those of publishes.
const UNSUBSCRIBE_ID: u16 = 999;

/// A socket, plain or TLS.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

/// One connection, after CONNACK.
pub(super) struct Wire {
    socket: Box<dyn Socket>,
    incoming: BytesMut,
    outgoing: BytesMut,
    packet_bytes_max: u32,
    outgoing_bytes_max: Option<u32>,
}

impl Wire {
    /// Connects and says who we are; `will` is what the broker says, retained, when the connection breaks.
    pub(super) async fn open(
        config: &BrokerConfig,
        will: Option<(String, Vec<u8>)>,
    ) -> Result<(Wire, ConnAck), LinkError> {
        let tcp = TcpStream::connect((config.host.as_str(), config.port)).await?;
        tcp.set_nodelay(true)?;
        let socket: Box<dyn Socket> = match &config.tls {
            None => Box::new(tcp),
            Some(tls) => {
                let name = ServerName::try_from(config.host.clone())
                    .map_err(|_| LinkError::ServerName(config.host.clone()))?;
                Box::new(TlsConnector::from(tls.clone()).connect(name, tcp).await?)
            }
        };
        let mut wire = Wire {
            socket,
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
            packet_bytes_max: config.packet_bytes_max,
            outgoing_bytes_max: None,
        };
        wire.put(&connect_packet(config, will))?;
        wire.flush().await?;
        let Packet::ConnAck(connack) = wire.next().await? else {
            return Err(LinkError::Protocol("the first packet is not a CONNACK"));
        };
        check_connack(&connack, config.sparkplug)?;
        wire.outgoing_bytes_max = connack.properties.as_ref().and_then(|granted| granted.max_packet_size);
        Ok((wire, connack))
    }

    /// Puts SUBSCRIBE packets for these filters; `asked` keeps what is to be granted, by packet id.
    pub(super) fn put_subscriptions(
        &mut self,
        filters: &[String],
        as_published: bool,
        asked: &mut BTreeMap<u16, Vec<String>>,
    ) -> Result<(), LinkError> {
        for some in filters.chunks(FILTERS_MAX) {
            let list = some.iter().map(|path| Filter {
                path: path.clone(),
                qos: QoS::AtLeastOnce,
                nolocal: true,
                // Kept as published, the flag tells what was sent to be kept; else, what is not being said now.
                preserve_retain: as_published,
                retain_forward_rule: RetainForwardRule::OnEverySubscribe,
            });
            let mut subscribe = Subscribe::new_many(list, None);
            subscribe.pkid = asked.last_key_value().map_or(1, |(last, _)| last + 1);
            asked.insert(subscribe.pkid, some.to_vec());
            self.put(&Packet::Subscribe(subscribe))?;
        }
        Ok(())
    }

    /// Puts an UNSUBSCRIBE for filters nobody wants any more. Its answer tells nothing worth waiting for.
    pub(super) fn put_unsubscriptions(&mut self, filters: &[String]) -> Result<(), LinkError> {
        for some in filters.chunks(FILTERS_MAX) {
            let unsubscribe = Unsubscribe { pkid: UNSUBSCRIBE_ID, filters: some.to_vec(), properties: None };
            self.put(&Packet::Unsubscribe(unsubscribe))?;
        }
        Ok(())
    }

    /// Writes a packet into the buffer; [`flush`](Wire::flush) sends it.
    pub(super) fn put(&mut self, packet: &Packet) -> Result<(), LinkError> {
        match packet.write(&mut self.outgoing, self.outgoing_bytes_max) {
            Ok(_) => Ok(()),
            Err(CodecError::OutgoingPacketTooLarge { pkt_size: len, max: len_max }) => {
                Err(LinkError::TooLarge { len, len_max })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sends everything put so far. Cancelled, it goes on where it was.
    pub(super) async fn flush(&mut self) -> Result<(), LinkError> {
        while !self.outgoing.is_empty() {
            if self.socket.write_buf(&mut self.outgoing).await? == 0 {
                return Err(LinkError::Closed);
            }
        }
        self.socket.flush().await?;
        Ok(())
    }

    /// Waits for bytes; gives how many came. Cancelled, nothing is lost.
    pub(super) async fn read(&mut self) -> Result<usize, LinkError> {
        self.incoming.reserve(READ_BYTES);
        match self.socket.read_buf(&mut self.incoming).await? {
            0 => Err(LinkError::Closed),
            bytes => Ok(bytes),
        }
    }

    /// The next whole packet of what has been read.
    pub(super) fn decode(&mut self) -> Result<Option<Packet>, LinkError> {
        if let Some(reason) = short_goodbye(&self.incoming) {
            return Err(LinkError::Ended(reason));
        }
        let len = self.incoming.len();
        match Packet::read(&mut self.incoming, Some(self.packet_bytes_max)) {
            Ok(packet) => Ok(Some(packet)),
            Err(CodecError::InsufficientBytes(_)) if self.incoming.len() == len => Ok(None),
            // The decoder has let go of a whole packet in which something ends too early.
            Err(CodecError::InsufficientBytes(_)) => {
                Err(LinkError::Protocol("a packet with its end missing"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The next whole packet, waited for.
    pub(super) async fn next(&mut self) -> Result<Packet, LinkError> {
        loop {
            if let Some(packet) = self.decode()? {
                return Ok(packet);
            }
            self.read().await?;
        }
    }
}

fn connect_packet(config: &BrokerConfig, will: Option<(String, Vec<u8>)>) -> Packet {
    let properties = ConnectProperties {
        session_expiry_interval: Some(config.session_expiry_s),
        receive_maximum: Some(config.receive_max.max(1)),
        max_packet_size: Some(config.packet_bytes_max),
        // Aliases would need a table of ours, and save little on short topics.
        topic_alias_max: None,
        request_response_info: None,
        request_problem_info: None,
        user_properties: Vec::new(),
        authentication_method: None,
        authentication_data: None,
    };
    let connect = Connect {
        keep_alive: u16::try_from(config.keep_alive.as_secs()).unwrap_or(u16::MAX),
        client_id: config.client_id.clone(),
        clean_start: config.sparkplug,
        properties: Some(properties),
    };
    let login = config.login.as_ref().map(|(user, password)| Login::new(user, password));
    let will = will.map(|(topic, state)| LastWill::new(topic, state, QoS::AtLeastOnce, true, None));
    Packet::Connect(connect, will, login)
}

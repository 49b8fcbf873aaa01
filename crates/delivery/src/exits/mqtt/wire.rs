//! One connection to a broker, on which one alert at a time is published and waited for.
//!
//! It promises no keep-alive: between two alarms nothing need be said. A connection that died meanwhile is found by TCP's own, or by
//! the next alarm.

use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::{
    Error as CodecError, QoS,
    v5::{
        ConnAck, Connect, ConnectProperties, ConnectReturnCode, DisconnectReasonCode, Login, Packet, PubAck,
        Publish,
    },
};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::{MqttConfig, Said};
use crate::exits::tcp;

/// The longest packet taken, bytes: a broker has little to say.
const PACKET_LEN_MAX: u32 = 64 << 10;
/// The first byte of a DISCONNECT.
const DISCONNECT: u8 = 0xe0;

trait Socket: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Socket for T {}

pub(super) struct Wire {
    socket: Box<dyn Socket>,
    incoming: BytesMut,
    next_id: u16,
    terms: Terms,
}

/// What a broker takes.
struct Terms {
    /// Publishes without a PUBACK, 1 or more.
    receive_max: usize,
    /// The longest packet, bytes; any when `None`.
    packet_len_max: Option<u32>,
}

impl Wire {
    /// Connects, and waits until the broker lets the exit in.
    ///
    /// # Errors
    /// Why it does not, in words.
    pub(super) async fn open(config: &MqttConfig) -> Result<Wire, String> {
        let tcp = tcp::connect(&config.host, config.port, config.timeout).await;
        let tcp = tcp.map_err(|error| format!("no connection: {error}"))?;
        let socket: Box<dyn Socket> = match &config.tls {
            None => Box::new(tcp),
            Some(tls) => {
                let name = ServerName::try_from(config.host.clone()).map_err(|error| error.to_string())?;
                let connected = TlsConnector::from(tls.clone()).connect(name, tcp).await;
                Box::new(connected.map_err(|error| format!("no connection: {error}"))?)
            }
        };
        let terms = Terms { receive_max: 1, packet_len_max: None };
        let mut wire = Wire { socket, incoming: BytesMut::new(), next_id: 1, terms };
        wire.send(&[connect(config)]).await?;
        let Packet::ConnAck(answer) = wire.next().await? else {
            return Err("the broker breaks the protocol: its first packet is no CONNACK".to_owned());
        };
        wire.terms = terms_of(&answer)?;
        Ok(wire)
    }

    /// Publishes at QoS 1, and waits for every PUBACK.
    ///
    /// # Errors
    /// Why one of them does not come.
    pub(super) async fn publish(&mut self, said: &[Said]) -> Result<Vec<PubAck>, String> {
        let mut answers = Vec::new();
        for some in said.chunks(self.terms.receive_max) {
            self.publish_some(some, &mut answers).await?;
        }
        Ok(answers)
    }

    async fn publish_some(&mut self, said: &[Said], answers: &mut Vec<PubAck>) -> Result<(), String> {
        let mut waits = Vec::new();
        let mut packets = Vec::new();
        for Said { topic, payload, retain } in said {
            let payload = Bytes::copy_from_slice(payload.as_bytes());
            let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload, None);
            publish.pkid = self.next_id;
            publish.retain = *retain;
            waits.push(self.next_id);
            self.next_id = self.next_id.checked_add(1).unwrap_or(1);
            packets.push(Packet::Publish(publish));
        }
        self.send(&packets).await?;
        while !waits.is_empty() {
            match self.next().await? {
                Packet::PubAck(answer) => {
                    if let Some(place) = waits.iter().position(|id| *id == answer.pkid) {
                        waits.swap_remove(place);
                        answers.push(answer);
                    }
                }
                Packet::Disconnect(gone) => {
                    return Err(format!("the broker ends the connection: {:?}", gone.reason_code));
                }
                Packet::PingResp(_) => {}
                _ => return Err("the broker breaks the protocol: a packet that nobody asked for".to_owned()),
            }
        }
        Ok(())
    }

    async fn send(&mut self, packets: &[Packet]) -> Result<(), String> {
        let mut bytes = BytesMut::new();
        for packet in packets {
            packet.write(&mut bytes, self.terms.packet_len_max).map_err(|error| match error {
                CodecError::OutgoingPacketTooLarge { pkt_size, max } => {
                    format!("the broker takes packets of {max} bytes at most, and {pkt_size} are needed")
                }
                other => other.to_string(),
            })?;
        }
        self.socket.write_all(&bytes).await.map_err(|error| error.to_string())?;
        self.socket.flush().await.map_err(|error| error.to_string())
    }

    async fn next(&mut self) -> Result<Packet, String> {
        loop {
            if let Some(reason) = short_goodbye(&self.incoming) {
                return Err(format!("the broker ends the connection: {reason:?}"));
            }
            let len = self.incoming.len();
            match Packet::read(&mut self.incoming, Some(PACKET_LEN_MAX)) {
                Ok(packet) => return Ok(packet),
                Err(CodecError::InsufficientBytes(_)) if self.incoming.len() == len => {}
                // The decoder has let go of a whole packet in which something ends too early.
                Err(CodecError::InsufficientBytes(_)) => {
                    return Err("the broker breaks the protocol: a packet with its end missing".to_owned());
                }
                Err(error) => return Err(format!("the broker sends what cannot be read: {error}")),
            }
            match self.socket.read_buf(&mut self.incoming).await {
                Ok(0) => return Err("the broker closes the connection".to_owned()),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

/// What the broker takes, when it lets the exit in and takes what the exit has to say.
fn terms_of(answer: &ConnAck) -> Result<Terms, String> {
    let granted = answer.properties.as_ref();
    if answer.code != ConnectReturnCode::Success {
        let said = granted.and_then(|granted| granted.reason_string.as_deref()).unwrap_or_default();
        // Where alarms go is configured: another broker that this one names is not asked.
        let elsewhere = granted.and_then(|granted| granted.server_reference.as_deref()).unwrap_or_default();
        let more = [said, elsewhere].join(" ");
        let why = format!("the broker refuses the connection: {:?} {}", answer.code, more.trim());
        return Err(why.trim_end().to_owned());
    }
    if answer.session_present {
        return Err("the broker breaks the protocol: a session, where a new one was asked for".to_owned());
    }
    let Some(granted) = granted else {
        return Ok(Terms { receive_max: usize::from(u16::MAX), packet_len_max: None });
    };
    let wrong = [
        (granted.receive_max == Some(0), "it takes no message: a receive maximum of 0"),
        (granted.max_packet_size == Some(0), "it takes no message: a maximum packet size of 0"),
        (granted.max_qos == Some(0), "it acknowledges nothing: QoS 1 is needed"),
        (granted.retain_available == Some(0), "it keeps nothing: retained messages are needed"),
    ];
    match wrong.iter().find(|(is_so, _)| *is_so) {
        Some((_, why)) => Err(format!("the broker cannot be used: {why}")),
        None => Ok(Terms {
            receive_max: granted.receive_max.unwrap_or(u16::MAX).into(),
            packet_len_max: granted.max_packet_size,
        }),
    }
}

/// The reason of a DISCONNECT without properties, which this decoder takes for an error.
fn short_goodbye(incoming: &[u8]) -> Option<DisconnectReasonCode> {
    match incoming {
        [DISCONNECT, 0, ..] => Some(DisconnectReasonCode::NormalDisconnection),
        [DISCONNECT, 1, reason, ..] => DisconnectReasonCode::try_from(*reason).ok(),
        _ => None,
    }
}

fn connect(config: &MqttConfig) -> Packet {
    let properties = ConnectProperties {
        session_expiry_interval: None,
        receive_maximum: None,
        max_packet_size: Some(PACKET_LEN_MAX),
        topic_alias_max: None,
        request_response_info: None,
        request_problem_info: None,
        user_properties: Vec::new(),
        authentication_method: None,
        authentication_data: None,
    };
    let connect = Connect {
        keep_alive: 0,
        client_id: config.client_id.clone(),
        clean_start: true,
        properties: Some(properties),
    };
    let login = config.login.as_ref().map(|(user, password)| Login::new(user, &password.0));
    Packet::Connect(connect, None, login)
}

//! One connection to a broker, on which one alert at a time is published and waited for.
//!
//! It promises no keep-alive: between two alarms nothing need be said, and a connection that died meanwhile is found by the next.

use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::{
    Error as CodecError, QoS,
    v5::{Connect, ConnectProperties, ConnectReturnCode, Login, Packet, PubAck, Publish},
};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{MqttConfig, Said};

/// The longest packet taken, bytes: a broker has little to say.
const PACKET_LEN_MAX: u32 = 64 << 10;

trait Socket: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Socket for T {}

pub(super) struct Wire {
    socket: Box<dyn Socket>,
    incoming: BytesMut,
    next_id: u16,
}

impl Wire {
    /// Connects, and waits until the broker lets the exit in.
    ///
    /// # Errors
    /// Why it does not, in words.
    pub(super) async fn open(config: &MqttConfig) -> Result<Wire, String> {
        let tcp = TcpStream::connect((config.host.as_str(), config.port)).await;
        let tcp = tcp.map_err(|error| format!("no connection: {error}"))?;
        tcp.set_nodelay(true).map_err(|error| error.to_string())?;
        let socket: Box<dyn Socket> = match &config.tls {
            None => Box::new(tcp),
            Some(tls) => {
                let name = ServerName::try_from(config.host.clone()).map_err(|error| error.to_string())?;
                let connected = TlsConnector::from(tls.clone()).connect(name, tcp).await;
                Box::new(connected.map_err(|error| format!("no connection: {error}"))?)
            }
        };
        let mut wire = Wire { socket, incoming: BytesMut::new(), next_id: 1 };
        wire.send(&[connect(config)]).await?;
        match wire.next().await? {
            Packet::ConnAck(answer) if answer.code == ConnectReturnCode::Success => Ok(wire),
            Packet::ConnAck(answer) => Err(format!("the broker refuses the connection: {:?}", answer.code)),
            _ => Err("the broker breaks the protocol: its first packet is no CONNACK".to_owned()),
        }
    }

    /// Publishes at QoS 1, and waits for every PUBACK.
    ///
    /// # Errors
    /// Why one of them does not come.
    pub(super) async fn publish(&mut self, said: &[Said]) -> Result<Vec<PubAck>, String> {
        let mut ids = Vec::new();
        let mut packets = Vec::new();
        for Said { topic, payload, retain } in said {
            let payload = Bytes::copy_from_slice(payload.as_bytes());
            let mut publish = Publish::new(topic, QoS::AtLeastOnce, payload, None);
            publish.pkid = self.next_id;
            publish.retain = *retain;
            ids.push(self.next_id);
            self.next_id = self.next_id.checked_add(1).unwrap_or(1);
            packets.push(Packet::Publish(publish));
        }
        self.send(&packets).await?;
        let mut answers = Vec::new();
        while answers.len() < ids.len() {
            match self.next().await? {
                Packet::PubAck(answer) => {
                    if let Some(place) = ids.iter().position(|id| *id == answer.pkid) {
                        ids[place] = 0;
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
        Ok(answers)
    }

    async fn send(&mut self, packets: &[Packet]) -> Result<(), String> {
        let mut bytes = BytesMut::new();
        for packet in packets {
            packet.write(&mut bytes, None).map_err(|error| error.to_string())?;
        }
        self.socket.write_all(&bytes).await.map_err(|error| error.to_string())?;
        self.socket.flush().await.map_err(|error| error.to_string())
    }

    async fn next(&mut self) -> Result<Packet, String> {
        loop {
            match Packet::read(&mut self.incoming, Some(PACKET_LEN_MAX)) {
                Ok(packet) => return Ok(packet),
                Err(CodecError::InsufficientBytes(_)) => {}
                // A DISCONNECT may be two bytes long, which this decoder takes for an error.
                Err(CodecError::PayloadRequired) => return Err("the broker ends the connection".to_owned()),
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

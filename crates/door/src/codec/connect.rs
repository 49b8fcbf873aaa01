//! CONNECT: who knocks, and what they leave behind.

use std::fmt;

use bytes::Bytes;

use super::properties::{self as property, allow};
use super::read::Reader;
use super::{DecodeError, Qos, Version};

const ALLOWED: u64 = allow(&[
    property::SESSION_EXPIRY,
    property::RECEIVE_MAX,
    property::PACKET_SIZE_MAX,
    property::TOPIC_ALIAS_MAX,
    property::REQUEST_RESPONSE_INFO,
    property::REQUEST_PROBLEM_INFO,
    property::USER_PROPERTY,
    property::AUTH_METHOD,
    property::AUTH_DATA,
]);

const ALLOWED_IN_WILL: u64 = allow(&[
    property::WILL_DELAY,
    property::PAYLOAD_FORMAT,
    property::MESSAGE_EXPIRY,
    property::CONTENT_TYPE,
    property::RESPONSE_TOPIC,
    property::CORRELATION_DATA,
    property::USER_PROPERTY,
]);

/// A client's opening packet, owned: it outlives the buffer it came in.
#[derive(Clone, PartialEq, Eq)]
pub struct Connect {
    /// The protocol it speaks.
    pub version: Version,
    /// Whether it starts anew. The door keeps no sessions, so it always does.
    pub clean_start: bool,
    /// Longest silence it promises, s; 0 promises nothing.
    pub keep_alive_s: u16,
    /// Its identifier; empty when it wants one made.
    pub client_id: String,
    /// The message to take when it is lost.
    pub will: Option<Will>,
    /// User name.
    pub username: Option<String>,
    /// Password, any bytes.
    pub password: Option<Bytes>,
    /// Session expiry asked for, s.
    pub session_expiry_s: u32,
    /// Unacknowledged QoS 1 messages it takes at once, not 0.
    pub receive_max: u16,
    /// Longest packet it takes, bytes, not 0.
    pub packet_size_max: u32,
}

impl fmt::Debug for Connect {
    /// Everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("version", &self.version)
            .field("client_id", &self.client_id)
            .field("username", &self.username)
            .field("keep_alive_s", &self.keep_alive_s)
            .field("will", &self.will)
            .finish_non_exhaustive()
    }
}

/// A last will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    /// Its topic, not yet checked for wildcards.
    pub topic: String,
    /// Its payload.
    pub payload: Bytes,
    /// Its QoS.
    pub qos: Qos,
    /// Its retain flag.
    pub retain: bool,
    /// How long to wait for the client to come back before it is due, s.
    pub delay_s: u32,
}

/// The flag byte, taken apart.
#[derive(Clone, Copy)]
struct Flags(u8);

impl Flags {
    fn check(self, version: Version) -> Result<Self, DecodeError> {
        if self.0 & 1 != 0 {
            return Err(DecodeError::Malformed("reserved CONNECT flag"));
        }
        if !self.has_will() && self.0 & 0x38 != 0 {
            return Err(DecodeError::Malformed("will flags without a will"));
        }
        if version == Version::V3 && self.has_password() && !self.has_username() {
            return Err(DecodeError::Malformed("password without user name"));
        }
        Ok(self)
    }

    fn clean_start(self) -> bool {
        self.0 & 0x02 != 0
    }

    fn has_will(self) -> bool {
        self.0 & 0x04 != 0
    }

    fn will_qos(self) -> Result<Qos, DecodeError> {
        Qos::from_bits((self.0 >> 3) & 3)
    }

    fn will_retain(self) -> bool {
        self.0 & 0x20 != 0
    }

    fn has_password(self) -> bool {
        self.0 & 0x40 != 0
    }

    fn has_username(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// Which protocol a CONNECT body speaks, so that a refusal can be told in it.
///
/// # Errors
/// Not MQTT at all, or a level other than 4 and 5.
fn version(from: &mut Reader<'_>) -> Result<Version, DecodeError> {
    let name = from.binary()?;
    let level = from.u8()?;
    match (name, level) {
        (b"MQTT", 4) => Ok(Version::V3),
        (b"MQTT", 5) => Ok(Version::V5),
        (b"MQTT" | b"MQIsdp", level) => Err(DecodeError::UnsupportedVersion { level }),
        _ => Err(DecodeError::Malformed("not MQTT")),
    }
}

impl Connect {
    /// Decodes the body of a CONNECT.
    ///
    /// # Errors
    /// With the version to answer in, as far as it is known: `None` means close without a word.
    pub fn decode(body: &[u8]) -> Result<Self, (Option<Version>, DecodeError)> {
        let mut from = Reader::new(body);
        let version = version(&mut from).map_err(|error| match error {
            // 3.1.1 clients understand a 3.1.1 answer, those of the future a version 5 one.
            DecodeError::UnsupportedVersion { level: 0..=3 } => (Some(Version::V3), error),
            DecodeError::UnsupportedVersion { .. } => (Some(Version::V5), error),
            _ => (None, error),
        })?;
        Self::decode_rest(version, &mut from).map_err(|error| (Some(version), error))
    }

    fn decode_rest(version: Version, from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags = Flags(from.u8()?).check(version)?;
        let mut connect = Self {
            version,
            clean_start: flags.clean_start(),
            keep_alive_s: from.u16()?,
            client_id: String::new(),
            will: None,
            username: None,
            password: None,
            session_expiry_s: 0,
            receive_max: u16::MAX,
            packet_size_max: u32::MAX,
        };
        if version == Version::V5 {
            connect.read_properties(from)?;
        }
        from.string()?.clone_into(&mut connect.client_id);
        if version == Version::V3 && connect.client_id.is_empty() && !connect.clean_start {
            return Err(DecodeError::ClientIdInvalid);
        }
        if flags.has_will() {
            connect.will = Some(Will::read(version, flags, from)?);
        }
        if flags.has_username() {
            connect.username = Some(from.string()?.to_owned());
        }
        if flags.has_password() {
            connect.password = Some(Bytes::copy_from_slice(from.binary()?));
        }
        from.end()?;
        Ok(connect)
    }

    fn read_properties(&mut self, from: &mut Reader<'_>) -> Result<(), DecodeError> {
        property::read(from, ALLOWED, |id, value| {
            match id {
                property::SESSION_EXPIRY => self.session_expiry_s = value.number(),
                property::RECEIVE_MAX if value.number() == 0 => {
                    return Err(DecodeError::Protocol("receive maximum 0"));
                }
                property::RECEIVE_MAX => self.receive_max = value.short(),
                property::PACKET_SIZE_MAX if value.number() == 0 => {
                    return Err(DecodeError::Protocol("maximum packet size 0"));
                }
                property::PACKET_SIZE_MAX => self.packet_size_max = value.number(),
                property::REQUEST_RESPONSE_INFO | property::REQUEST_PROBLEM_INFO => _ = value.flag()?,
                property::AUTH_METHOD => return Err(DecodeError::AuthMethodUnsupported),
                property::AUTH_DATA => return Err(DecodeError::Protocol("authentication data alone")),
                _ => {}
            }
            Ok(())
        })
    }
}

impl Will {
    fn read(version: Version, flags: Flags, from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let qos = flags.will_qos()?;
        let mut delay_s = 0;
        if version == Version::V5 {
            property::read(from, ALLOWED_IN_WILL, |id, value| {
                match id {
                    property::WILL_DELAY => delay_s = value.number(),
                    property::PAYLOAD_FORMAT => _ = value.flag()?,
                    _ => {}
                }
                Ok(())
            })?;
        }
        let topic = from.string()?.to_owned();
        let payload = Bytes::copy_from_slice(from.binary()?);
        Ok(Self { topic, payload, qos, retain: flags.will_retain(), delay_s })
    }
}

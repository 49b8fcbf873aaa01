//! Packets as a client writes them, by hand.

use davy_door::Version;

/// A packet with its fixed header.
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    let mut rest = body.len();
    loop {
        let low = (rest % 128) as u8;
        rest /= 128;
        out.push(if rest > 0 { low | 128 } else { low });
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(body);
    out
}

/// Two length bytes and the text.
pub fn text(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    let len = u16::try_from(text.len()).expect("a short text");
    [&len.to_be_bytes()[..], text].concat()
}

/// A property block. Blocks here are short.
fn block(properties: &[u8]) -> Vec<u8> {
    let len = u8::try_from(properties.len()).expect("few properties");
    assert!(len < 128);
    [&[len], properties].concat()
}

/// A CONNECT, from its parts.
#[derive(Clone)]
pub struct Connect {
    pub name: &'static str,
    pub level: u8,
    pub flags: u8,
    pub keep_alive_s: u16,
    pub properties: Vec<u8>,
    pub client_id: String,
    pub will: Option<(Vec<u8>, String, String)>,
    pub username: Option<&'static str>,
    pub password: Option<&'static str>,
}

/// A plain CONNECT: clean start, keep-alive 60 s.
pub fn connect(version: Version, client_id: &str) -> Connect {
    Connect {
        name: "MQTT",
        level: if version == Version::V5 { 5 } else { 4 },
        flags: 2,
        keep_alive_s: 60,
        properties: Vec::new(),
        client_id: client_id.into(),
        will: None,
        username: None,
        password: None,
    }
}

impl Connect {
    pub fn keep_alive(mut self, keep_alive_s: u16) -> Self {
        self.keep_alive_s = keep_alive_s;
        self
    }

    pub fn property(mut self, property: &[u8]) -> Self {
        self.properties.extend_from_slice(property);
        self
    }

    pub fn will(self, topic: &str, payload: &str) -> Self {
        self.will_with(0x04 | 0x08, &[], topic, payload)
    }

    pub fn will_with(mut self, flags: u8, properties: &[u8], topic: &str, payload: &str) -> Self {
        self.flags |= flags;
        self.will = Some((properties.to_vec(), topic.into(), payload.into()));
        self
    }

    pub fn user(mut self, username: &'static str) -> Self {
        self.flags |= 0x80;
        self.username = Some(username);
        self
    }

    pub fn password(mut self, password: &'static str) -> Self {
        self.flags |= 0x40;
        self.password = Some(password);
        self
    }

    pub fn flags(mut self, flags: u8) -> Self {
        self.flags = flags;
        self
    }

    pub fn level(mut self, name: &'static str, level: u8) -> Self {
        self.name = name;
        self.level = level;
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut body = text(self.name);
        body.extend([self.level, self.flags]);
        body.extend(self.keep_alive_s.to_be_bytes());
        if self.level == 5 {
            body.extend(block(&self.properties));
        }
        body.extend(text(&self.client_id));
        if let Some((properties, topic, payload)) = &self.will {
            if self.level == 5 {
                body.extend(block(properties));
            }
            body.extend(text(topic));
            body.extend(text(payload));
        }
        for field in [self.username, self.password].into_iter().flatten() {
            body.extend(text(field));
        }
        packet(0x10, &body)
    }
}

/// A QoS 1 PUBLISH.
pub fn publish(version: Version, packet_id: u16, topic: &str, payload: impl AsRef<[u8]>) -> Vec<u8> {
    publish_with(version, 0x32, packet_id, topic, &[], payload)
}

/// A QoS 0 PUBLISH.
pub fn publish_qos0(version: Version, topic: &str, payload: impl AsRef<[u8]>) -> Vec<u8> {
    publish_with(version, 0x30, 0, topic, &[], payload)
}

pub fn publish_with(
    version: Version,
    first: u8,
    packet_id: u16,
    topic: impl AsRef<[u8]>,
    properties: &[u8],
    payload: impl AsRef<[u8]>,
) -> Vec<u8> {
    let mut body = text(topic);
    if first & 6 != 0 {
        body.extend(packet_id.to_be_bytes());
    }
    if version == Version::V5 {
        body.extend(block(properties));
    }
    body.extend(payload.as_ref());
    packet(first, &body)
}

pub fn puback(packet_id: u16) -> Vec<u8> {
    packet(0x40, &packet_id.to_be_bytes())
}

pub fn subscribe(version: Version, packet_id: u16, filters: &[(&str, u8)]) -> Vec<u8> {
    let mut body = packet_id.to_be_bytes().to_vec();
    if version == Version::V5 {
        body.push(0);
    }
    for (filter, options) in filters {
        body.extend(text(filter));
        body.push(*options);
    }
    packet(0x82, &body)
}

pub fn unsubscribe(version: Version, packet_id: u16, filters: &[&str]) -> Vec<u8> {
    let mut body = packet_id.to_be_bytes().to_vec();
    if version == Version::V5 {
        body.push(0);
    }
    for filter in filters {
        body.extend(text(filter));
    }
    packet(0xA2, &body)
}

pub const PINGREQ: [u8; 2] = [0xC0, 0];
pub const PINGRESP: [u8; 2] = [0xD0, 0];
pub const DISCONNECT: [u8; 2] = [0xE0, 0];

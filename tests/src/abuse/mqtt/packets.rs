//! Packets as a client writes them, by hand.

/// A packet with its fixed header.
pub(super) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
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
pub(super) fn text(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    let len = u16::try_from(text.len()).expect("a short text");
    [&len.to_be_bytes()[..], text].concat()
}

/// The properties of MQTT 5, or nothing. Blocks here are short.
fn block(v5: bool, properties: &[u8]) -> Vec<u8> {
    let len = u8::try_from(properties.len()).ok().filter(|len| *len < 128).expect("few properties");
    if v5 { [&[len], properties].concat() } else { Vec::new() }
}

/// A CONNECT, from its parts.
#[derive(Clone)]
pub(super) struct Connect {
    pub(super) v5: bool,
    pub(super) name: &'static str,
    pub(super) level: u8,
    pub(super) flags: u8,
    pub(super) keep_alive_s: u16,
    pub(super) properties: Vec<u8>,
    pub(super) id: String,
    pub(super) will: Option<(u8, Vec<u8>, Vec<u8>)>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    /// Bytes behind the end.
    pub(super) trailing: Vec<u8>,
}

impl Connect {
    /// Clean start, keep-alive 60 s, and nobody's.
    pub(super) fn of(v5: bool, id: &str) -> Connect {
        Connect {
            v5,
            name: "MQTT",
            level: if v5 { 5 } else { 4 },
            flags: 2,
            keep_alive_s: 60,
            properties: Vec::new(),
            id: id.into(),
            will: None,
            user: None,
            password: None,
            trailing: Vec::new(),
        }
    }

    pub(super) fn by(mut self, user: &str, password: &str) -> Connect {
        self.flags |= 0xC0;
        (self.user, self.password) = (Some(user.into()), Some(password.into()));
        self
    }

    pub(super) fn flags(mut self, flags: u8) -> Connect {
        self.flags |= flags;
        self
    }

    pub(super) fn trailing(mut self, bytes: &[u8]) -> Connect {
        self.trailing = bytes.to_vec();
        self
    }

    pub(super) fn level(mut self, name: &'static str, level: u8) -> Connect {
        (self.name, self.level) = (name, level);
        self
    }

    pub(super) fn property(mut self, property: &[u8]) -> Connect {
        self.properties.extend(property);
        self
    }

    /// With a will at QoS 1, and properties of its own.
    pub(super) fn will(mut self, topic: &[u8], properties: &[u8]) -> Connect {
        self.will = Some((0x0C, properties.to_vec(), topic.to_vec()));
        self.flags |= 0x0C;
        self
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut body = text(self.name);
        body.extend([self.level, self.flags]);
        body.extend(self.keep_alive_s.to_be_bytes());
        body.extend(block(self.v5, &self.properties));
        body.extend(text(&self.id));
        if let Some((_, properties, topic)) = &self.will {
            body.extend(block(self.v5, properties));
            body.extend(text(topic));
            body.extend(text("x"));
        }
        for field in [&self.user, &self.password].into_iter().flatten() {
            body.extend(text(field));
        }
        body.extend(&self.trailing);
        packet(0x10, &body)
    }
}

pub(super) fn publish(
    v5: bool,
    first: u8,
    id: u16,
    topic: &[u8],
    properties: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let mut body = text(topic);
    if first & 6 != 0 {
        body.extend(id.to_be_bytes());
    }
    body.extend(block(v5, properties));
    body.extend(payload);
    packet(first, &body)
}

pub(super) fn subscribe(v5: bool, id: u16, filter: &str, options: u8) -> Vec<u8> {
    let head = [&id.to_be_bytes()[..], &block(v5, &[])].concat();
    packet(0x82, &[head, text(filter), vec![options]].concat())
}

pub(super) fn unsubscribe(v5: bool, id: u16, filter: &str) -> Vec<u8> {
    packet(0xA2, &[&id.to_be_bytes()[..], &block(v5, &[]), &text(filter)].concat())
}

pub(super) const PINGREQ: [u8; 2] = [0xC0, 0];
pub(super) const PINGRESP: [u8; 2] = [0xD0, 0];

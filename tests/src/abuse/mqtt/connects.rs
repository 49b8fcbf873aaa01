//! CONNECTs that are none: cut short at every byte, of other protocols, with flags that contradict each other.

use super::{
    Case, Want, good,
    packets::{Connect, packet},
    word,
};

/// CONNACK of a refusal.
pub(super) fn refused(v5: bool, code: u8) -> Want {
    match (v5, code) {
        (true, _) => Want::Told(vec![0x20, 3, 0, code, 0]),
        // 3.1.1 has no word for a malformed packet.
        (false, 0x80..) => Want::Silence,
        (false, code) => Want::Told(vec![0x20, 2, 0, code]),
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for v5 in [false, true] {
        all.extend(cuts(v5));
        all.extend(flags(v5));
        all.extend(protocols(v5));
    }
    all
}

/// Every length that is too short: the header says so, and the packet is whole by it.
fn cuts(v5: bool) -> Vec<Case> {
    let mut whole = good(v5).will(b"davy/v1/yard/gw-9/status", &[]);
    whole.properties = if v5 { vec![0x21, 0, 9] } else { Vec::new() };
    let body = whole.bytes()[2..].to_vec();
    let cut = |len: usize| {
        // Before the version is read, no version's answer is known.
        let want = if len < 7 { Want::Silence } else { refused(v5, 0x81) };
        Case::knock(&format!("{}/CONNECT cut to {len} bytes", word(v5)), packet(0x10, &body[..len]), want)
    };
    (0..body.len()).map(cut).collect()
}

fn flags(v5: bool) -> Vec<Case> {
    let plain = || Connect::of(v5, "stranger");
    let will = |flags| plain().will(b"a", &[]).flags(flags);
    let row = |name: &str, connect: Connect, want: Want| {
        Case::knock(&format!("{}/{name}", word(v5)), connect.bytes(), want)
    };
    let mut all = vec![
        row("reserved CONNECT flag", plain().flags(1), refused(v5, 0x81)),
        row("will QoS 1 without a will", plain().flags(0x08), refused(v5, 0x81)),
        row("will QoS 2 without a will", plain().flags(0x10), refused(v5, 0x81)),
        row("will retain without a will", plain().flags(0x20), refused(v5, 0x81)),
        row("will QoS 3", will(0x18), refused(v5, 0x81)),
        row("a will that is not there", plain().flags(0x04), refused(v5, 0x81)),
        row("a user name that is not there", plain().flags(0x80), refused(v5, 0x81)),
        row("a password that is not there", good(v5).without_password(), refused(v5, 0x81)),
        row("NUL in the identifier", Connect::of(v5, "a\0b"), refused(v5, 0x81)),
        row(
            "an identifier of 1025 bytes",
            Connect::of(v5, &"x".repeat(1025)),
            refused(v5, if v5 { 0x85 } else { 2 }),
        ),
        row("a byte behind the end", plain().trailing(b"x"), refused(v5, 0x81)),
    ];
    if !v5 {
        let mut no_user = plain();
        (no_user.flags, no_user.password) = (0x42, Some("x".into()));
        all.push(row("a password without a user name", no_user, Want::Silence));
        let mut nameless = Connect::of(false, "");
        nameless.flags = 0;
        all.push(row("no identifier and no clean session", nameless, refused(false, 2)));
    }
    all
}

fn protocols(v5: bool) -> Vec<Case> {
    let row = |name: &'static str, level: u8, want: Want| {
        let connect = Connect::of(v5, "stranger").level(name, level);
        Case::knock(&format!("{}/protocol {name:?} level {level}", word(v5)), connect.bytes(), want)
    };
    let mut all = vec![
        row("", 4, Want::Silence),
        row("MQTQ", 4, Want::Silence),
        row("mqtt", 4, Want::Silence),
        row("AMQP", 4, Want::Silence),
        row("MQIsdp", 3, Want::Told(vec![0x20, 2, 0, 1])),
    ];
    for level in [0, 1, 2, 3] {
        all.push(row("MQTT", level, Want::Told(vec![0x20, 2, 0, 1])));
    }
    for level in [6, 7, 0x7F, 0x84, 0xFF] {
        all.push(row("MQTT", level, refused(true, 0x84)));
    }
    all
}

impl Connect {
    fn without_password(mut self) -> Connect {
        self.password = None;
        self
    }
}

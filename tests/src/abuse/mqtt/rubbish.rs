//! What is no MQTT at all, at the door without TLS and at the one with it.

use super::{Case, Want, good};

pub(super) fn cases() -> Vec<Case> {
    let silent = |(name, bytes): &(&str, &[u8])| {
        Case::knock(&format!("rubbish/{name}"), bytes.to_vec(), Want::Silence)
    };
    let plain: [(&str, &[u8]); 8] = [
        ("HTTP", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("TLS", &[0x16, 3, 1, 2, 0, 1]),
        ("SSH", b"SSH-2.0-x\r\n"),
        ("PROXY", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"),
        ("HJ 212", b"##0101QN=20260101000000000;ST=32;CN=2011;PW=123456;MN=1;Flag=5;CP=&&&&0000\r\n"),
        ("zeroes", &[0; 64]),
        ("ones", &[0xFF; 64]),
    ];
    plain.iter().map(silent).chain(by_tls()).collect()
}

/// Whoever speaks no TLS where TLS is spoken is closed, with an alert or without; nothing of MQTT is ever answered.
fn by_tls() -> Vec<Case> {
    let alert = |code: u8| Want::Told(vec![0x15, 3, 3, 0, 2, 2, code]);
    let rows: [(&str, Vec<u8>, Want); 9] = [
        ("CONNECT in plain", good(true).bytes(), alert(50)),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec(), alert(50)),
        ("SSL 2", vec![0x80, 0x2E, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10], alert(50)),
        ("a record of data before any handshake", vec![0x17, 3, 3, 0, 1, 0], alert(10)),
        ("a record of 64 KiB", vec![0x16, 3, 1, 0xFF, 0xFF, 1], alert(50)),
        ("a ClientHello that is none", vec![0x16, 3, 1, 0, 4, 1, 0, 0, 0], alert(50)),
        ("a ServerHello", vec![0x16, 3, 3, 0, 4, 2, 0, 0, 0], alert(50)),
        ("a fatal alert", vec![0x15, 3, 3, 0, 2, 2, 40], Want::Silence),
        ("a record of nothing", vec![0x16, 3, 1, 0, 0], alert(50)),
    ];
    let row = |(name, bytes, want): (&str, Vec<u8>, Want)| {
        let name = format!("mqtt/tls/{name}");
        Case { name, tls: true, welcome: None, bytes, want }
    };
    rows.map(row).to_vec()
}

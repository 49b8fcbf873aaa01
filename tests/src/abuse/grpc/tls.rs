//! Whoever speaks something else than TLS where TLS is spoken, and other TLS than is spoken.

use std::sync::Arc;

use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, SupportedProtocolVersion, pki_types::ServerName, version,
};

use super::{
    fields::health,
    frame_case::{FrameCase, OK, Want, Way},
    frames::{beginning, get},
};
use crate::abuse::house::trusting;

/// Alerts of TLS (RFC 8446, 6).
const UNEXPECTED_MESSAGE: u8 = 10;
const DECODE_ERROR: u8 = 50;
const PROTOCOL_VERSION: u8 = 70;

pub(super) fn cases() -> Vec<FrameCase> {
    [strangers(), half_open(), inside()].concat()
}

fn row(name: &str, bytes: Vec<u8>, want: Want) -> FrameCase {
    FrameCase { way: Way::TlsPort, ..FrameCase::knock(name, bytes, want) }
}

/// A ClientHello, as whoever means well says it.
fn hello(versions: &[&'static SupportedProtocolVersion], protocols: &[&[u8]]) -> Vec<u8> {
    let mut config: ClientConfig = trusting(None, versions);
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let name = ServerName::try_from("localhost").expect("a name");
    let mut client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let mut hello = Vec::new();
    client.write_tls(&mut hello).expect("memory takes it");
    hello
}

fn strangers() -> Vec<FrameCase> {
    let mut lying = hello(&[&version::TLS13], &[b"h2"]);
    lying[3..5].copy_from_slice(&[0xFF, 0xFF]);
    vec![
        row(
            "HTTP/1.1 to the TLS port",
            b"GET /healthz HTTP/1.1\r\nhost: davy\r\n\r\n".to_vec(),
            Want::Alert(DECODE_ERROR),
        ),
        row("HTTP/2 to the TLS port", [beginning(), get(1, &health())].concat(), Want::Alert(DECODE_ERROR)),
        row("a record of 65,535 bytes", lying, Want::Alert(DECODE_ERROR)),
        row("a record of nothing", vec![22, 3, 1, 0, 0], Want::Alert(DECODE_ERROR)),
        row(
            "application data first",
            [&[23, 3, 3, 0, 32], &[7; 32][..]].concat(),
            Want::Alert(UNEXPECTED_MESSAGE),
        ),
        row(
            "a ClientHello of SSL 2",
            [&[0x80, 0x2e, 1, 0, 2], &[0; 41][..]].concat(),
            Want::Alert(DECODE_ERROR),
        ),
        row("a ClientHello of nothing", vec![22, 3, 1, 0, 4, 1, 0, 0, 0], Want::Alert(DECODE_ERROR)),
        row(
            "a ClientHello that is longer than it says",
            vec![22, 3, 1, 0, 5, 1, 0, 0, 0, 9],
            Want::Alert(DECODE_ERROR),
        ),
        row("TLS 1.2", hello(&[&version::TLS12], &[b"h2"]), Want::Alert(PROTOCOL_VERSION)),
    ]
}

fn half_open() -> Vec<FrameCase> {
    let hello = hello(&[&version::TLS13], &[b"h2"]);
    let lens = [0, 1, 5, 6, 44, hello.len() / 2, hello.len() - 1];
    let cut = |len: usize| {
        row(&format!("a ClientHello that ends at byte {len}"), hello[..len].to_vec(), Want::Closed).finished()
    };
    lens.into_iter().map(cut).collect()
}

fn inside() -> Vec<FrameCase> {
    let within = |name: &str, protocol: &'static [u8], bytes: Vec<u8>, want: Want| FrameCase {
        way: Way::Tls(protocol),
        ..FrameCase::knock(&format!("within TLS {name}"), bytes, want)
    };
    let ask = || [beginning(), get(1, &health())].concat();
    vec![
        within("HTTP/2, as agreed", b"h2", ask(), OK),
        within("HTTP/2, nothing agreed", b"", ask(), OK),
        within("rubbish, HTTP/2 agreed", b"h2", vec![0xFF; 100], Want::Http1("400")),
        within("MQTT, as is not agreed", b"mqtt", ask(), Want::NoTls),
        within("HTTP/2 unencrypted, as is not agreed", b"h2c", ask(), Want::NoTls),
        within("HTTP/1.0, as is not agreed", b"http/1.0", ask(), Want::NoTls),
        within("nothing, and an end", b"h2", Vec::new(), Want::Closed).finished(),
    ]
}

//! How a connection begins, and how it should not.

use super::{
    fields::health,
    frame_case::{FrameCase, OK, Want},
    frames::{
        ACK, DATA, FRAME_SIZE_ERROR, PING, PREFACE, PROTOCOL_ERROR, RST_STREAM, SETTINGS, WINDOW_UPDATE,
        beginning, frame, get, settings,
    },
};

pub(super) fn cases() -> Vec<FrameCase> {
    [cuts(), flips(), firsts(), rubbish()].concat()
}

/// Every length that is too short, and nothing more.
fn cuts() -> Vec<FrameCase> {
    let cut = |len: usize| {
        // A whole line is no line of HTTP/1.1.
        let want = if len < 18 { Want::Closed } else { Want::Http1("400") };
        FrameCase::knock(&format!("preface cut to {len} bytes"), PREFACE[..len].to_vec(), want).finished()
    };
    (0..PREFACE.len()).map(cut).collect()
}

/// Every byte that is wrong: it is HTTP/1.1 then, and bad.
fn flips() -> Vec<FrameCase> {
    let flip = |place: usize| {
        let mut bytes = beginning();
        bytes[place] ^= 0x20;
        FrameCase::knock(&format!("preface with byte {place} flipped"), bytes, Want::Http1("400"))
    };
    (0..PREFACE.len()).map(flip).collect()
}

fn firsts() -> Vec<FrameCase> {
    let first = |name: &str, frame: Vec<u8>, want: Want| {
        FrameCase::knock(&format!("first of all {name}"), [PREFACE, &frame].concat(), want)
    };
    let bad = || Want::GoAway(PROTOCOL_ERROR);
    vec![
        // Settings that do not come first are waited for no longer than whoever asks waits.
        first("a request", get(1, &health()), OK),
        first("PING", frame(PING, 0, 0, &[0; 8]), Want::Nothing),
        first("DATA", frame(DATA, 1, 1, b"x"), bad()),
        first("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]), Want::Nothing),
        first("RST_STREAM", frame(RST_STREAM, 0, 1, &[0; 4]), bad()),
        first("an unknown frame", frame(0xAA, 0, 0, b"x"), Want::Nothing),
        first("an acknowledgement of nothing", frame(SETTINGS, ACK, 0, b""), Want::Nothing),
        first("another preface", PREFACE.to_vec(), Want::GoAway(FRAME_SIZE_ERROR)),
        first(
            "HTTP/1.1",
            b"GET /healthz HTTP/1.1\r\nhost: davy\r\n\r\n".to_vec(),
            Want::GoAway(FRAME_SIZE_ERROR),
        ),
        first("SETTINGS twice", [settings(&[]), settings(&[]), get(1, &health())].concat(), OK),
    ]
}

fn rubbish() -> Vec<FrameCase> {
    let row = |name: &str, bytes: &[u8], want: Want| FrameCase::knock(name, bytes.to_vec(), want);
    let bad = || Want::Http1("400");
    vec![
        row("nothing but NUL", &[0; 100], bad()),
        row("nothing but 0xFF", &[0xFF; 100], bad()),
        row(
            "a ClientHello at the plain port",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaa",
            bad(),
        ),
        row("MQTT", b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02ab\r\n\r\n", bad()),
        row("SSH", b"SSH-2.0-OpenSSH_9.9\r\n\r\n", bad()),
        row("PROXY protocol", b"PROXY TCP4 203.0.113.5 127.0.0.1 1 2\r\n", bad()),
        row(
            "PROXY protocol 2",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\0\x01\0\x02",
            bad(),
        ),
    ]
}

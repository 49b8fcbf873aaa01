//! Messages that are none: what stands before them lies, and what is in them cannot be read.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use tonic::Code;

use super::call_case::{CallCase, FINE, Told, framed};

const LIST: &str = "/davy.v1.AlarmService/List";
const LOGIN: &str = "/davy.v1.SessionService/Login";

pub(super) fn cases() -> Vec<CallCase> {
    [prefixes(), compressed(), protobuf(), too_long()].concat()
}

fn row(name: &str, body: Vec<u8>, want: Told) -> CallCase {
    CallCase::of(name, LIST, want).body(body)
}

fn invalid() -> Told {
    Told::Grpc(Code::InvalidArgument, "REQUEST_INVALID")
}

fn too_large() -> Told {
    Told::Grpc(Code::ResourceExhausted, "PAYLOAD_TOO_LARGE")
}

/// A byte, a length, and what follows.
fn said(flag: u8, len: u32, message: &[u8]) -> Vec<u8> {
    [&[flag], &len.to_be_bytes()[..], message].concat()
}

fn prefixes() -> Vec<CallCase> {
    vec![
        row("no message", Vec::new(), invalid()),
        row("a byte", vec![0], invalid()),
        row("four bytes of a prefix", vec![0, 0, 0, 0], invalid()),
        row("a message that is shorter than it says", said(0, 9, b"\x20\x01"), invalid()),
        row("a message of which nothing comes", said(0, 2, b""), invalid()),
        row("a message that is longer than it says", said(0, 2, b"\x20\x01\x20"), invalid()),
        // A second one is not looked at.
        row("two messages", [framed(b""), framed(b"")].concat(), FINE),
        row("a message and a byte", [framed(b""), vec![0]].concat(), invalid()),
        row("a message of 4 GiB, as it says", said(0, u32::MAX, b"x"), too_large()),
        row("a message of 1 MiB and a byte, as it says", said(0, (1 << 20) + 1, b"x"), too_large()),
    ]
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(bytes).expect("memory takes it");
    writer.finish().expect("memory takes it")
}

fn compressed() -> Vec<CallCase> {
    let bomb = zipped(&vec![0; 64 << 20]);
    let len = u32::try_from(bomb.len()).expect("short");
    let body = said(1, len, &bomb);
    let unknown = || Told::Grpc(Code::Unimplemented, "REQUEST_INVALID");
    let by = |name: &str, encoding: &str, body: Vec<u8>, want: Told| {
        row(name, body, want).also("grpc-encoding", encoding)
    };
    let mut all = vec![
        row("compressed, by nothing it says", said(1, 0, b""), invalid()),
        row("64 MiB of zeros compressed, by nothing it says", body.clone(), invalid()),
        by("compressed, by itself as it is", "identity", said(1, 0, b""), invalid()),
        by("64 MiB of zeros by gzip", "gzip", body, unknown()),
        by("an encoding that there is not", "snappy", framed(b""), unknown()),
        by("an encoding of 8 KiB", &"x".repeat(8 << 10), framed(b""), unknown()),
        by("an encoding of bytes", "\u{fffd}", framed(b""), unknown()),
        by("nothing by identity", "identity", framed(b""), FINE),
        row("answers wanted in what there is not", framed(b""), FINE)
            .also("grpc-accept-encoding", "snappy,,;q=9"),
    ];
    for flag in [2, 127, 255] {
        all.push(row(&format!("a flag of {flag}"), said(flag, 0, b""), invalid()));
    }
    all
}

fn protobuf() -> Vec<CallCase> {
    let deep = |levels: usize| {
        // A group within a group, which no message has, and which a reader may follow down.
        [vec![0x7b; levels], vec![0x7c; levels]].concat()
    };
    let rows: [(&str, Vec<u8>); 18] = [
        ("a field of number 0", vec![0x00, 0x01]),
        ("a wire type of 6", vec![0x0e, 0x01]),
        ("a wire type of 7", vec![0x0f, 0x01]),
        ("a tag without end", vec![0xFF; 11]),
        ("a tag that is cut off", vec![0x80]),
        ("a number without end", [vec![0x20], vec![0x80; 11]].concat()),
        ("a number that is cut off", vec![0x20, 0x80]),
        ("a length past the end", vec![0x0a, 0x7f, b'x']),
        ("a length of 2^64 - 1", [vec![0x0a], vec![0xFF; 9], vec![0x01]].concat()),
        ("a length that is cut off", vec![0x0a, 0xFF]),
        ("a name that is no UTF-8", vec![0x0a, 0x02, 0xC3, 0x28]),
        ("a name of half a letter", vec![0x0a, 0x01, 0xE2]),
        ("a name as a number", vec![0x08, 0x01]),
        ("a number as a name", vec![0x22, 0x01, b'x']),
        ("a number as 64 bits", vec![0x21, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("a group without end", vec![0x7b]),
        ("an end without a group", vec![0x7c]),
        ("groups a thousand deep", deep(1000)),
    ];
    let bad = rows.into_iter().map(|(name, message)| row(name, framed(&message), invalid()));
    let fine = [
        ("fields that there are not", vec![0xf8, 0x07, 0x01, 0xfa, 0x07, 0x01, b'x']),
        ("one field twice", vec![0x20, 0x01, 0x20, 0x02]),
    ];
    bad.chain(fine.map(|(name, message)| row(name, framed(&message), FINE))).collect()
}

fn too_long() -> Vec<CallCase> {
    let message = |len: usize| framed(&[vec![0x3a], length(len), vec![b'x'; len]].concat());
    let login = |name: &str, body: Vec<u8>, want: Told| {
        CallCase::of(name, LOGIN, want).body(body).without("authorization")
    };
    vec![
        row("a message of 1 MiB and some", message(1 << 20), too_large()),
        row("a message of 3 MiB", message(3 << 20), too_large()),
        login("a log-in of 17 KiB", message(17 << 10), too_large()),
        login("a log-in of 4 GiB, as it says", said(0, u32::MAX, b""), too_large()),
    ]
}

fn length(len: usize) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), len);
    while rest >= 128 {
        out.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    out.push(rest as u8);
    out
}

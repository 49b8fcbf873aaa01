//! What pages of other hosts have a browser send, and gRPC-Web that is none.

use super::case::{Case, Then, of_nobody, of_viewer};

const LIST: &str = "/davy.v1.AlarmService/List";

pub(super) fn cases() -> Vec<Case> {
    [origins(), frames(), text(), cookies()].concat()
}

fn origins() -> Vec<Case> {
    let from = |name: &str, line: &str, fields: &str| {
        let row = Case::of(name, of_viewer(line, fields, ""), 403, Then::Open);
        row.lacks("access-control-allow").lacks("evil")
    };
    let get = format!("GET {LIST}");
    let ask = format!("OPTIONS {LIST}");
    let mut all: Vec<Case> = [
        "http://evil.example",
        "https://evil.example:8443",
        "null",
        "",
        "http://localhost",
        "http://davy",
        "file://",
        "chrome-extension://abcdef",
        "http://evil.example\tx",
        "*",
    ]
    .map(|origin| from(&format!("a page of {origin:?}"), &get, &format!("origin: {origin}\r\n")))
    .into();
    all.push(from("a page asks whether it may", &ask, "origin: http://evil.example\r\naccess-control-request-method: POST\r\naccess-control-request-headers: authorization\r\n"));
    all.push(from(
        "a page asks for the private network",
        &ask,
        "origin: http://evil.example\r\naccess-control-request-private-network: true\r\n",
    ));
    all.push(from("two origins", &get, "origin: http://davy\r\norigin: http://evil.example\r\n"));
    all.push(from(
        "a form of another host",
        &format!("POST {LIST}"),
        "origin: http://evil.example\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n",
    ));
    all.push(from(
        "gRPC-Web of another host",
        &format!("POST {LIST}"),
        "origin: http://evil.example\r\ncontent-type: application/grpc-web+proto\r\ncontent-length: 0\r\n",
    ));
    all
}

/// A frame of gRPC-Web.
fn frame(flag: u8, len: u32, message: &[u8]) -> Vec<u8> {
    [&[flag], &len.to_be_bytes()[..], message].concat()
}

fn web(name: &str, kind: &str, body: &[u8]) -> Case {
    let fields = format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len());
    let head = of_viewer(&format!("POST {LIST}"), &fields, "");
    Case::of(&format!("gRPC-Web with {name}"), [head.as_bytes(), body].concat(), 200, Then::Open)
}

const INVALID: &str = "grpc-status: 3";

fn frames() -> Vec<Case> {
    let row = |name: &str, body: &[u8]| web(name, "application/grpc-web+proto", body);
    vec![
        row("a message", &frame(0, 0, b"")).has("grpc-status:0"),
        row("no message", b"").has(INVALID),
        row("half a prefix", b"\0\0").has(INVALID),
        row("a message that is shorter than it says", &frame(0, 9, b"x")).has(INVALID),
        row("a message that is longer than it says", &frame(0, 0, b"xyz")).has(INVALID),
        row("a message of 4 GiB, as it says", &frame(0, u32::MAX, b"x")).has("grpc-status: 8"),
        row("trailers of a caller's", &frame(0x80, 16, b"grpc-status: 0\r\n")).has(INVALID),
        row("trailers of 4 GiB, as they say", &frame(0x80, u32::MAX, b"x")).has(INVALID),
        row("a compressed message", &frame(1, 0, b"")).has(INVALID),
        row("a flag of 0x7F", &frame(0x7F, 0, b"")).has(INVALID),
        row("two messages", &[frame(0, 0, b""), frame(0, 0, b"")].concat()),
    ]
}

fn text() -> Vec<Case> {
    let row = |name: &str, body: &str| web(name, "application/grpc-web-text", body.as_bytes());
    vec![
        row("base64", "AAAAAAA="),
        row("base64 of nothing", "").has(INVALID),
        row("what is no base64", "%%%%").has(INVALID),
        row("base64 that is cut short", "AAAAA").has(INVALID),
        row("base64 of another alphabet", "-_-_-_-_").has(INVALID),
        row("base64 with lines", "AAAA\r\nAAA=").has(INVALID),
        row("base64 with NUL", "AAAA\0AAA").has(INVALID),
        row("base64 behind its end", "AAAAAAA=AAAA").has(INVALID),
        web("another kind", "application/grpc-web+json", b"{}").told(415),
        web("another kind of text", "application/grpc-web-text+thrift", b"AAAA").told(415),
    ]
}

/// There are no cookies: what a browser adds by itself makes nobody known.
fn cookies() -> Vec<Case> {
    let nobody = |name: &str, fields: &str| {
        let row = Case::of(name, of_nobody(&format!("GET {LIST}"), fields, ""), 401, Then::Open);
        row.has("AUTH_FAILED").lacks("www-authenticate: basic")
    };
    vec![
        nobody("a token as a cookie", "cookie: token=token-of-a-viewer-of-everything\r\n"),
        nobody(
            "a session as a cookie",
            "cookie: session=davy_s_0000; authorization=Bearer token-of-a-viewer-of-everything\r\n",
        ),
        nobody(
            "a password that a browser keeps",
            "authorization: Basic YW5uOmEgcGFzc3dvcmQgb2YgQW5uJ3Mgb3du\r\n",
        ),
        nobody("a digest", "authorization: Digest username=\"ann\"\r\n"),
        nobody("a negotiation", "authorization: Negotiate AAAA\r\n"),
        nobody(
            "two tokens",
            "authorization: Bearer token-of-a-viewer-of-everything\r\nauthorization: Bearer token-of-a-viewer-of-everything\r\n",
        ),
        nobody("a forged session", "authorization: Bearer davy_s_00000000000000000000000000000000\r\n"),
        nobody(
            "a proxy that says who it is",
            "x-forwarded-for: 127.0.0.1\r\nx-remote-user: caretaker\r\nx-real-ip: 127.0.0.1\r\n",
        ),
    ]
}

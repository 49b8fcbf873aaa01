//! Where a body ends: whoever says it in two ways, or in none, and hides a second request behind it (RFC 9112, 6).

use super::case::{Case, Then, of_nobody, of_viewer};

const LIST: &str = "POST /davy.v1.AlarmService/List";
const JSON: &str = "content-type: application/json\r\n";
/// What is hidden: it must never be answered.
const HIDDEN: &str = "GET /errors/AUTH_FAILED HTTP/1.1\r\nhost: davy\r\n\r\n";

pub(super) fn cases() -> Vec<Case> {
    [lengths(), encodings(), chunks(), unwanted()].concat()
}

fn lengths() -> Vec<Case> {
    let row = |name: &str, fields: &str, body: &str| {
        Case::of(name, of_viewer(LIST, &format!("{JSON}{fields}"), body), 400, Then::Closed)
    };
    let length = |value: &str| {
        row(&format!("content-length {value:?}"), &format!("content-length: {value}\r\n"), HIDDEN)
    };
    let mut all: Vec<Case> =
        ["", "+2", "-2", "0x2", "2.0", "2, 3", "2,2", "two", "18446744073709551616", "2 2", "2\t3", "2;"]
            .map(length)
            .into();
    all.push(row("two lengths that differ", "content-length: 2\r\ncontent-length: 4\r\n", "{}"));
    all.push(row("two lengths, one of them hidden", "content-length: 2\r\ncontent-length : 4\r\n", "{}"));
    all.push(Case::of(
        "two lengths that are the same",
        of_viewer(LIST, &format!("{JSON}content-length: 2\r\ncontent-length: 2\r\n"), "{}"),
        200,
        Then::Open,
    ));
    all.push(Case::of(
        "a length with zeros before it",
        of_viewer(LIST, &format!("{JSON}content-length: 0000002\r\n"), "{}"),
        200,
        Then::Open,
    ));
    all.push(
        Case::of(
            "a length of 4 GiB",
            of_viewer(LIST, &format!("{JSON}content-length: 4294967296\r\n"), "{}"),
            429,
            Then::Closed,
        )
        .has("PAYLOAD_TOO_LARGE"),
    );
    all
}

fn encodings() -> Vec<Case> {
    let row = |name: &str, fields: &str, body: &str| {
        Case::of(name, of_viewer(LIST, &format!("{JSON}{fields}"), body), 400, Then::Closed)
    };
    let chunked = format!("0\r\n\r\n{HIDDEN}");
    let by = |value: &str| {
        row(&format!("transfer-encoding {value:?}"), &format!("transfer-encoding: {value}\r\n"), &chunked)
    };
    let mut all: Vec<Case> =
        ["identity", "xchunked", "chunked, identity", "gzip", "chunked;x=y", "\u{b}chunked", "chunked\u{b}"]
            .map(by)
            .into();
    // Chunks count, and nothing that follows is a request.
    for both in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
    ] {
        let name = format!("both {}", both.replace("\r\n", " "));
        all.push(Case::of(
            name.trim(),
            of_viewer(LIST, &format!("{JSON}{both}"), &chunked),
            200,
            Then::Closed,
        ));
    }
    all.push(row("chunks, twice", "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", &chunked));
    all.push(row(
        "chunks, and then as they are",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        &chunked,
    ));
    all.push(row("chunks, a blank before the colon", "transfer-encoding : chunked\r\n", &chunked));
    all.push(row("chunks over two lines", "transfer-encoding:\r\n chunked\r\n", &chunked));
    let old = of_viewer(LIST, &format!("{JSON}transfer-encoding: chunked\r\n"), &chunked)
        .replace("HTTP/1.1\r\nhost", "HTTP/1.0\r\nhost");
    all.push(Case::of("chunks in HTTP/1.0", old, 400, Then::Closed));
    all
}

fn chunks() -> Vec<Case> {
    let head = format!("{JSON}transfer-encoding: chunked\r\n");
    let row = |name: &str, body: &str, status: u16, then: Then| {
        Case::of(name, of_viewer(LIST, &head, body), status, then)
    };
    let bad = |name: &str, body: &str| row(name, body, 400, Then::Closed);
    let one = "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n";
    vec![
        row("a byte a chunk", one, 200, Then::Open),
        row("chunks with a word behind their length", "2;x=y\r\n{}\r\n0\r\n\r\n", 200, Then::Open),
        row(
            "chunks with a field behind them",
            "2\r\n{}\r\n0\r\nauthorization: Bearer guess\r\n\r\n",
            200,
            Then::Open,
        ),
        bad("a chunk's length that is no number", "zz\r\n{}\r\n0\r\n\r\n"),
        bad("a chunk's length that is less than nothing", "-2\r\n{}\r\n0\r\n\r\n"),
        bad("a chunk's length as 0x", "0x2\r\n{}\r\n0\r\n\r\n"),
        bad("a chunk's length of 2^68", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        bad("a chunk that is longer than it says", "2\r\n{}{}\r\n0\r\n\r\n"),
        bad("a chunk's length without its end", "2\n{}\r\n0\r\n\r\n"),
        bad("a chunk without its end", "2\r\n{}0\r\n\r\n"),
        bad("a chunk's word of 20 KiB", &format!("2;x={}\r\n{{}}\r\n0\r\n\r\n", "y".repeat(20 << 10))),
        bad(
            "fields of 20 KiB behind the chunks",
            &format!("2\r\n{{}}\r\n0\r\nx: {}\r\n\r\n", "y".repeat(20 << 10)),
        ),
        row("chunks of 2 MiB", &format!("200000\r\n{}\r\n0\r\n\r\n", " ".repeat(2 << 20)), 429, Then::Closed)
            .has("PAYLOAD_TOO_LARGE"),
    ]
}

/// A body where none is asked for, and a second request behind the first.
fn unwanted() -> Vec<Case> {
    let with = |name: &str, line: &str, body: &str, status: u16, then: Then| {
        Case::of(name, of_nobody(line, &format!("content-length: {}\r\n", body.len()), body), status, then)
    };
    vec![
        with("a body to a page that takes none", "GET /healthz", HIDDEN, 200, Then::Open),
        with(
            "a body of 2 MiB to a page that takes none",
            "GET /healthz",
            &"x".repeat(2 << 20),
            200,
            Then::Closed,
        ),
        with("a body to where nothing is", "POST /upload", HIDDEN, 415, Then::Open),
        with("a body of a stranger's", LIST, HIDDEN, 415, Then::Open),
    ]
}

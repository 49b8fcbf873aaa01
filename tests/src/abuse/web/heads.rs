//! First lines and fields that are none, or too many, or too long (RFC 9112).

use super::case::{Case, Then, of_nobody};

pub(super) fn cases() -> Vec<Case> {
    [lines(), fields(), hosts(), methods(), upgrades()].concat()
}

fn bad(name: &str, head: &str) -> Case {
    Case::of(name, head, 400, Then::Closed)
}

fn lines() -> Vec<Case> {
    let line = |line: &str| bad(&format!("line {line:?}"), &format!("{line}\r\nhost: davy\r\n\r\n"));
    let mut all: Vec<Case> = [
        "GET /healthz",
        "GET /healthz HTTP/0.9",
        "GET /healthz HTTP/1.2",
        "GET /healthz HTTP/2.0",
        "GET /healthz HTTP/11.1",
        "GET /healthz http/1.1",
        "GET /healthz HTTP/1.1 x",
        "GET  /healthz HTTP/1.1",
        "GET\t/healthz HTTP/1.1",
        "GET /health z HTTP/1.1",
        "GET /\0 HTTP/1.1",
        "GET /\u{1} HTTP/1.1",
        "G(T /healthz HTTP/1.1",
        " GET /healthz HTTP/1.1",
        "/healthz GET HTTP/1.1",
        "GET",
        "HTTP/1.1 200 OK",
    ]
    .map(line)
    .into();
    all.push(Case::of("a host for a path", of_nobody("GET healthz", "", ""), 404, Then::Open));
    all.push(Case::closed("no head", ""));
    all.push(Case::closed("half a line", "GET /hea"));
    all.push(Case::closed("half a head", "GET /healthz HTTP/1.1\r\nhost: da"));
    all.push(Case::of(
        "empty lines first",
        "\r\n\r\nGET /healthz HTTP/1.1\r\nhost: davy\r\n\r\n",
        200,
        Then::Open,
    ));
    all.push(Case::of("HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n", 200, Then::Closed));
    let long = |len: usize| format!("GET /{} HTTP/1.1\r\nhost: davy\r\n\r\n", "x".repeat(len));
    all.push(Case::of("a path of 10 KiB", long(10 << 10), 404, Then::Open));
    all.push(Case::of("a path of 20 KiB", long(20 << 10), 431, Then::Closed));
    all.push(Case::of("a path of 70 KiB", long(70 << 10), 431, Then::Closed));
    all.push(bad("a method of 10 KiB", &format!("{} / HTTP/1.1\r\n\r\n", "X".repeat(10 << 10))));
    all
}

fn fields() -> Vec<Case> {
    let with = |name: &str, field: &str| bad(name, &of_nobody("GET /healthz", field, ""));
    let row = |name: &str, fields: &str, status: u16, then: Then| {
        Case::of(name, of_nobody("GET /healthz", fields, ""), status, then)
    };
    let many = |count: usize| (0..count).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
    vec![
        with("a field without a colon", "davy\r\n"),
        with("a field without a name", ": y\r\n"),
        with("a blank before a colon", "x : y\r\n"),
        with("a blank before a name", " x: y\r\n"),
        with("a field over two lines", "x: y\r\n z\r\n"),
        with("NUL in a value", "x: a\0b\r\n"),
        with("a line's half end in a value", "x: a\rb: c\r\n"),
        with("NUL in a name", "x\0: y\r\n"),
        with("letters in a name that are none", "naïve: y\r\n"),
        row("bytes in a value", "x: naïve\r\n", 200, Then::Open),
        row("60 fields", &many(60), 200, Then::Open),
        row("65 fields", &many(65), 431, Then::Closed),
        row("10,000 fields", &many(10_000), 431, Then::Closed),
        row("a field of 10 KiB", &format!("x: {}\r\n", "y".repeat(10 << 10)), 200, Then::Open),
        row("a field of 20 KiB", &format!("x: {}\r\n", "y".repeat(20 << 10)), 431, Then::Closed),
        row("a name of 20 KiB", &format!("{}: y\r\n", "x".repeat(20 << 10)), 431, Then::Closed),
        row(
            "a connection that is to be closed and kept",
            "connection: close, keep-alive\r\n",
            200,
            Then::Closed,
        ),
        row(
            "a field that the connection is to forget",
            "connection: host, authorization\r\n",
            200,
            Then::Open,
        ),
        row(
            "If-None-Match nonsense",
            "if-none-match: W/\"\"\"\", *, \u{0}1\r\n".replace('\0', "").as_str(),
            200,
            Then::Open,
        ),
        row("If-Modified-Since nonsense", "if-modified-since: yesterday\r\n", 200, Then::Open),
        row("Range past everything", "range: bytes=0-0,-1,99999999999999999999-,5-2\r\n", 200, Then::Open),
        row("Accept nonsense", "accept: */*;q=9, ,;;,%\r\naccept-encoding: br;q=x, *\r\n", 200, Then::Open),
        row("Accept-Language nonsense", "accept-language: ../../etc/passwd, <script>\r\n", 200, Then::Open),
        row(
            "a path in another field",
            "x-original-url: /metrics\r\nx-rewrite-url: /metrics\r\n",
            200,
            Then::Open,
        )
        .lacks("davy_"),
        row("a method in another field", "x-http-method-override: DELETE\r\n", 200, Then::Open),
        row("Max-Forwards 0", "max-forwards: 0\r\n", 200, Then::Open),
    ]
}

/// Whoever asks by another name is answered alike: no answer is made of what a request calls its host.
fn hosts() -> Vec<Case> {
    let host =
        |name: &str, head: &str| Case::of(name, format!("{head}\r\n\r\n"), 200, Then::Open).lacks("evil");
    vec![
        host("a host that is another", "GET /healthz HTTP/1.1\r\nhost: evil.example"),
        host("a host of a script", "GET /healthz HTTP/1.1\r\nhost: <script>evil</script>"),
        host(
            "a host and another forwarded",
            "GET /healthz HTTP/1.1\r\nhost: davy\r\nx-forwarded-host: evil.example\r\nforwarded: host=evil.example",
        ),
        host("the whole address of another", "GET http://evil.example/healthz HTTP/1.1\r\nhost: davy"),
        bad("no host", "GET /healthz HTTP/1.1\r\n\r\n"),
        bad("two hosts", "GET /healthz HTTP/1.1\r\nhost: davy\r\nhost: evil.example\r\n\r\n"),
    ]
}

fn methods() -> Vec<Case> {
    let row = |line: &str, status: u16, then: Then| {
        Case::of(&format!("{line} by nobody"), of_nobody(line, "", ""), status, then)
    };
    let mut all: Vec<Case> =
        ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND", "get", "BREW"]
            .map(|method| row(&format!("{method} /healthz"), 405, Then::Open))
            .into();
    all.push(row("HEAD /healthz", 200, Then::Open));
    all.push(row("HEAD /metrics", 401, Then::Open));
    all.push(row("POST /metrics", 401, Then::Open));
    all.push(row("TRACE /metrics", 401, Then::Open));
    all.push(row("OPTIONS *", 404, Then::Open));
    all.push(row("CONNECT evil.example:443", 404, Then::Open));
    all.push(row("CONNECT /healthz", 405, Then::Open));
    all
}

/// Nobody is led over to another protocol.
fn upgrades() -> Vec<Case> {
    let row = |name: &str, fields: &str, status: u16, then: Then| {
        Case::of(name, of_nobody("GET /healthz", fields, ""), status, then)
    };
    vec![
        row(
            "upgrade to h2c",
            "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n",
            200,
            Then::Open,
        ),
        row(
            "upgrade to websocket",
            "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n",
            200,
            Then::Open,
        ),
        row("upgrade to TLS", "connection: upgrade\r\nupgrade: TLS/1.3\r\n", 200, Then::Open),
        row("Expect of nonsense", "expect: the-unexpected\r\n", 200, Then::Open),
    ]
}

//! Requests that are none (RFC 9113, 8): the stream is reset and the connection goes on, unless a field is none.

use super::{
    fields::{block, call, field, health},
    frame_case::{BAD, FrameCase, NOT_FOUND, OK, Want},
    frames::{DATA, END_STREAM, PROTOCOL_ERROR, frame, get, post},
};

const MALFORMED: Want = Want::Reset(PROTOCOL_ERROR);
/// What can be no field at all ends the connection: the table that both sides keep may differ from there on.
const BROKEN: Want = Want::GoAway(PROTOCOL_ERROR);

pub(super) fn cases() -> Vec<FrameCase> {
    [pseudo(), fields(), lengths(), paths()].concat()
}

fn row(name: &str, fields: &[(&str, &str)], want: Want) -> FrameCase {
    FrameCase::after(name, &get(1, &block(fields)), want)
}

const METHOD: (&str, &str) = (":method", "GET");
const SCHEME: (&str, &str) = (":scheme", "http");
const PATH: (&str, &str) = (":path", "/healthz");
const HOST: (&str, &str) = (":authority", "davy");

fn pseudo() -> Vec<FrameCase> {
    vec![
        row("no :method", &[SCHEME, PATH, HOST], MALFORMED),
        row("no :scheme", &[METHOD, PATH, HOST], MALFORMED),
        row("no :path", &[METHOD, SCHEME, HOST], MALFORMED),
        row("an empty :path", &[METHOD, SCHEME, (":path", ""), HOST], MALFORMED),
        row("two :path", &[METHOD, SCHEME, PATH, (":path", "/metrics")], MALFORMED),
        row("two :method", &[METHOD, (":method", "POST"), SCHEME, PATH], MALFORMED),
        row("two :authority", &[METHOD, SCHEME, PATH, HOST, (":authority", "evil")], MALFORMED),
        row("an unknown pseudo-field", &[METHOD, SCHEME, PATH, (":davy", "1")], BROKEN),
        row(":status of a request", &[METHOD, SCHEME, PATH, (":status", "200")], MALFORMED),
        row(":path behind a field", &[METHOD, SCHEME, ("x", "y"), PATH], MALFORMED),
        row(":Path", &[METHOD, SCHEME, (":Path", "/healthz")], BROKEN),
        row("an empty :method", &[(":method", ""), SCHEME, PATH], BROKEN),
        row("a :method of two words", &[(":method", "GET /metrics"), SCHEME, PATH], BROKEN),
        row("CONNECT without an authority", &[(":method", "CONNECT")], NOT_FOUND),
        row("CONNECT with a path", &[(":method", "CONNECT"), SCHEME, PATH, HOST], MALFORMED),
        row(
            ":protocol that is not served",
            &[(":method", "CONNECT"), SCHEME, PATH, HOST, (":protocol", "websocket")],
            MALFORMED,
        ),
    ]
}

fn fields() -> Vec<FrameCase> {
    let with = |name: &str, one: Vec<u8>, want: Want| {
        FrameCase::after(name, &get(1, &[health(), one].concat()), want)
    };
    let mut all = vec![
        with("a field in upper case", field("X-Davy", "1"), BROKEN),
        with("a field without a name", field("", "1"), BROKEN),
        with("a blank in a name", field("a b", "1"), BROKEN),
        with("a colon in a name", field("a:b", "1"), BROKEN),
        with("a line in a name", field("a\r\nb", "1"), BROKEN),
        with("a line in a value", field("a", "1\r\nset-cookie: a=b"), BROKEN),
        with("NUL in a value", field("a", "1\0"), BROKEN),
        with("bytes in a value", field("a", b"\xFF\xFE"), OK),
        with("te: gzip", field("te", "gzip"), MALFORMED),
        with("te: trailers", field("te", "trailers"), OK),
    ];
    // What HTTP/1.1 says of its connection means nothing here, and is no way round whoever reads it.
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        all.push(with(&format!("{name} in HTTP/2"), field(name, "close"), MALFORMED));
    }
    all
}

fn lengths() -> Vec<FrameCase> {
    let with = |name: &str, lens: &[&str], body: &[u8], want: Want| {
        let said: Vec<u8> = lens.iter().flat_map(|len| field("content-length", len)).collect();
        let list = call("/davy.v1.AlarmService/List");
        let bytes = [post(1, &[list, said].concat()), frame(DATA, END_STREAM, 1, body)].concat();
        FrameCase::after(name, &bytes, want)
    };
    let empty = [0; 5];
    vec![
        with("content-length that is true", &["5"], &empty, OK),
        with("content-length of less than comes", &["4"], &empty, MALFORMED),
        with("content-length of more than comes", &["6"], &empty, MALFORMED),
        with("content-length of a word", &["five"], &empty, MALFORMED),
        with("content-length of less than nothing", &["-5"], &empty, MALFORMED),
        with("content-length of 2^64", &["18446744073709551616"], &empty, MALFORMED),
        with("two content-lengths", &["5", "4"], &empty, MALFORMED),
    ]
}

fn paths() -> Vec<FrameCase> {
    let at = |path: &'static str, want: Want| {
        row(&format!(":path {path}"), &[METHOD, SCHEME, (":path", path), HOST], want)
    };
    let of = |authority: &'static str, want: Want| {
        row(&format!(":authority {authority}"), &[METHOD, SCHEME, PATH, (":authority", authority)], want)
    };
    vec![
        at("healthz", MALFORMED),
        at("*", NOT_FOUND),
        at("/", NOT_FOUND),
        at("//healthz", NOT_FOUND),
        at("/./healthz", NOT_FOUND),
        at("/x/../healthz", NOT_FOUND),
        at("/%68ealthz", NOT_FOUND),
        at("/errors/..%2f..%2fetc%2fpasswd", NOT_FOUND),
        at("/errors/%ff", BAD),
        at("/healthz?x=%zz", OK),
        at("/healthz#x", OK),
        at("/a b", MALFORMED),
        of("davy:99999", OK),
        of("user:password@davy", OK),
        of("davy/path", MALFORMED),
        of("", MALFORMED),
        row(":scheme javascript", &[METHOD, (":scheme", "javascript"), PATH, HOST], OK),
    ]
}

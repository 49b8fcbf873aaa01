//! Frames of the wrong length, on the wrong stream, at the wrong time.

use super::{
    fields::{block, health},
    frame_case::{FrameCase, OK, Want},
    frames::{
        ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_SIZE_ERROR, GOAWAY, HEADERS, PADDED, PING,
        PRIORITY, PROTOCOL_ERROR, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, WITH_PRIORITY, frame,
        get, lying, post,
    },
};

pub(super) fn cases() -> Vec<FrameCase> {
    [lengths(), zero(), idle(), headers(), continuations(), data(), harmless()].concat()
}

fn row(name: &str, bytes: &[u8], want: Want) -> FrameCase {
    FrameCase::after(name, bytes, want)
}

const BAD: Want = Want::GoAway(PROTOCOL_ERROR);
const SIZE: Want = Want::GoAway(FRAME_SIZE_ERROR);

/// The most that a frame may have is 16,384 bytes. Of any other length that is wrong, no more is said than that it is.
fn lengths() -> Vec<FrameCase> {
    let mut all = vec![
        row("a frame of 16,385 bytes", &lying(16_385, DATA, 0, 1, b""), SIZE),
        row("a frame of 16 MiB", &lying(0xFF_FFFF, HEADERS, END_HEADERS, 1, b""), SIZE),
        row("an unknown frame of 16 MiB", &lying(0xFF_FFFF, 0xAA, 0, 0, b""), SIZE),
        row("SETTINGS that acknowledge with a payload", &frame(SETTINGS, ACK, 0, &[0; 6]), BAD),
    ];
    let wrong: [(&str, u8, u32, &[usize]); 6] = [
        ("SETTINGS", SETTINGS, 0, &[1, 5, 7]),
        ("PING", PING, 0, &[0, 7, 9]),
        ("PRIORITY", PRIORITY, 1, &[0, 4, 6]),
        ("RST_STREAM", RST_STREAM, 1, &[0, 3, 5]),
        ("WINDOW_UPDATE", WINDOW_UPDATE, 0, &[0, 3, 5]),
        ("GOAWAY", GOAWAY, 0, &[0, 7]),
    ];
    for (name, kind, stream, lens) in wrong {
        all.extend(
            lens.iter().map(|len| {
                row(&format!("{name} of {len} bytes"), &frame(kind, 0, stream, &vec![0; *len]), BAD)
            }),
        );
    }
    all
}

/// What is of a stream on none, and what is of the connection on one.
fn zero() -> Vec<FrameCase> {
    vec![
        row("DATA on stream 0", &frame(DATA, 0, 0, b"x"), BAD),
        row("HEADERS on stream 0", &get(0, &health()), BAD),
        row("PRIORITY on stream 0", &frame(PRIORITY, 0, 0, &[0, 0, 0, 1, 0]), BAD),
        row("RST_STREAM on stream 0", &frame(RST_STREAM, 0, 0, &[0; 4]), BAD),
        row("CONTINUATION on stream 0", &frame(CONTINUATION, END_HEADERS, 0, &health()), BAD),
        row("SETTINGS on stream 1", &frame(SETTINGS, 0, 1, b""), BAD),
        row("PING on stream 1", &frame(PING, 0, 1, &[0; 8]), BAD),
        row("GOAWAY on stream 1", &frame(GOAWAY, 0, 1, &[0; 8]), BAD),
    ]
}

/// On a stream that nobody opened, or that the server alone may open.
fn idle() -> Vec<FrameCase> {
    let update = |stream| frame(WINDOW_UPDATE, 0, stream, &[0, 0, 0, 1]);
    vec![
        row("DATA on an idle stream", &frame(DATA, 0, 1, b"x"), BAD),
        row("RST_STREAM of an idle stream", &frame(RST_STREAM, 0, 1, &[0; 4]), BAD),
        row("WINDOW_UPDATE of an idle stream", &update(1), BAD),
        row("HEADERS on an even stream", &get(2, &health()), BAD),
        row("DATA on an even stream", &frame(DATA, 0, 2, b"x"), BAD),
        row("RST_STREAM of an even stream", &frame(RST_STREAM, 0, 2, &[0; 4]), BAD),
        row("WINDOW_UPDATE of an even stream", &update(2), BAD),
        row("a stream before the last", &[get(5, &health()), get(3, &health())].concat(), BAD),
        row(
            "PUSH_PROMISE of a client",
            &frame(PUSH_PROMISE, END_HEADERS, 1, &[&[0, 0, 0, 2], &health()[..]].concat()),
            BAD,
        ),
    ]
}

fn headers() -> Vec<FrameCase> {
    let with = |flags: u8, payload: &[u8]| frame(HEADERS, END_STREAM | END_HEADERS | flags, 1, payload);
    let on_itself = [&[0, 0, 0, 1, 16], &health()[..]].concat();
    let all_padding = [&[255], &health()[..]].concat();
    vec![
        row("HEADERS with nothing but padding", &with(PADDED, &[5, 0, 0, 0, 0, 0]), RESET),
        row("HEADERS with more padding than there is", &with(PADDED, &all_padding), BAD),
        row("padded HEADERS without a length", &with(PADDED, b""), BAD),
        row("HEADERS that depend on their own stream", &with(WITH_PRIORITY, &on_itself), RESET),
        row("HEADERS with half a priority", &with(WITH_PRIORITY, &[0, 0, 0]), BAD),
        row("PRIORITY of a stream on itself", &frame(PRIORITY, 0, 1, &[0, 0, 0, 1, 0]), RESET),
        row("HEADERS twice, the stream not ended", &[post(1, &health()), post(1, &health())].concat(), RESET),
        row("HEADERS on a stream that is ended", &[get(1, &health()), get(1, &health())].concat(), BAD),
        row("HEADERS without fields", &get(1, b""), RESET),
        row(
            "trailers with a pseudo-field",
            &[post(1, &health()), get(1, &block(&[(":path", "/metrics")]))].concat(),
            OK,
        ),
    ]
}

const RESET: Want = Want::Reset(PROTOCOL_ERROR);

/// A block of fields that goes on is interrupted by nothing.
fn continuations() -> Vec<FrameCase> {
    let begun = frame(HEADERS, END_STREAM, 1, &health()[..10]);
    let rest = frame(CONTINUATION, END_HEADERS, 1, &health()[10..]);
    let between = |name: &str, frame: &[u8]| {
        row(&format!("{name} within a block of fields"), &[&begun, frame, &rest].concat(), BAD)
    };
    vec![
        between("PING", &frame(PING, 0, 0, &[0; 8])),
        between("SETTINGS", &frame(SETTINGS, 0, 0, b"")),
        between("DATA", &frame(DATA, 0, 1, b"x")),
        between("HEADERS", &get(3, &health())),
        between("RST_STREAM", &frame(RST_STREAM, 0, 1, &[0; 4])),
        between("an unknown frame", &frame(0xAA, 0, 1, b"x")),
        between("CONTINUATION of another stream", &frame(CONTINUATION, 0, 3, b"")),
        row("CONTINUATION of nothing", &frame(CONTINUATION, END_HEADERS, 1, &health()), BAD),
        row("CONTINUATION behind the end", &[get(1, &health()), rest.clone()].concat(), BAD),
        row("a block of fields in two", &[begun.clone(), rest.clone()].concat(), OK),
    ]
}

fn data() -> Vec<FrameCase> {
    let open = || post(1, &health());
    let ended = || get(1, &health());
    vec![
        row("DATA on a stream that is ended", &[ended(), frame(DATA, 0, 1, b"x")].concat(), BAD),
        row(
            "DATA with more padding than there is",
            &[open(), frame(DATA, PADDED, 1, &[9, b'x'])].concat(),
            BAD,
        ),
        row("padded DATA without a length", &[open(), frame(DATA, PADDED, 1, b"")].concat(), BAD),
        row(
            "DATA of nothing but padding",
            &[open(), frame(DATA, PADDED | END_STREAM, 1, &[3, 0, 0, 0])].concat(),
            OK,
        ),
    ]
}

/// What a peer has to take no notice of.
fn harmless() -> Vec<FrameCase> {
    let ask = || get(1, &health());
    let reserved = frame(HEADERS, END_STREAM | END_HEADERS, 0x8000_0001, &health());
    vec![
        row("a reserved bit before the stream", &reserved, OK),
        row("flags that there are not", &[frame(PING, 0xFE, 0, &[1; 8]), ask()].concat(), OK),
        row(
            "unknown frames",
            &[frame(0xAA, 0xFF, 0, &[0; 1000]), frame(0xFF, 0, 9, b""), ask()].concat(),
            OK,
        ),
        row("PING that answers nothing", &[frame(PING, ACK, 0, &[7; 8]), ask()].concat(), OK),
        row(
            "RST_STREAM with an unknown code",
            &[post(1, &health()), frame(RST_STREAM, 0, 1, &[0xFF; 4])].concat(),
            Want::Nothing,
        ),
        row(
            "WINDOW_UPDATE of a stream that is over",
            &[ask(), frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]), frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])]
                .concat(),
            Want::Nothing,
        ),
        row(
            "PRIORITY of streams that come later",
            &[frame(PRIORITY, 0, 99, &[0, 0, 0, 0, 0]), ask()].concat(),
            OK,
        ),
    ]
}

//! Settings and windows that make no sense.

use super::{
    fields::health,
    frame_case::{FrameCase, OK, Want},
    frames::{FLOW_CONTROL_ERROR, PROTOCOL_ERROR, WINDOW_UPDATE, frame, get, post, settings},
};

const HEADER_TABLE_SIZE: u16 = 1;
const ENABLE_PUSH: u16 = 2;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;
const MAX_FRAME_SIZE: u16 = 5;
const MAX_HEADER_LIST_SIZE: u16 = 6;
const ENABLE_CONNECT_PROTOCOL: u16 = 8;

const BAD: Want = Want::GoAway(PROTOCOL_ERROR);
const FLOW: Want = Want::GoAway(FLOW_CONTROL_ERROR);

pub(super) fn cases() -> Vec<FrameCase> {
    [values(), windows()].concat()
}

fn row(name: &str, bytes: &[u8], want: Want) -> FrameCase {
    FrameCase::after(name, bytes, want)
}

fn values() -> Vec<FrameCase> {
    // What may be said is taken, and whoever says it is served.
    let taken = |name: &str, of: &[(u16, u32)]| row(name, &[settings(of), get(1, &health())].concat(), OK);
    // The table of what is answered is made as small as it is wanted, and then 200.
    let resized = |name: &str, of: &[(u16, u32)], answer: &'static [u8]| {
        row(name, &[settings(of), get(1, &health())].concat(), Want::Answer(answer))
    };
    vec![
        row("ENABLE_PUSH 2", &settings(&[(ENABLE_PUSH, 2)]), BAD),
        row("INITIAL_WINDOW_SIZE 2^31", &settings(&[(INITIAL_WINDOW_SIZE, 1 << 31)]), BAD),
        row("INITIAL_WINDOW_SIZE 2^32 - 1", &settings(&[(INITIAL_WINDOW_SIZE, u32::MAX)]), BAD),
        row("MAX_FRAME_SIZE 0", &settings(&[(MAX_FRAME_SIZE, 0)]), BAD),
        row("MAX_FRAME_SIZE 16,383", &settings(&[(MAX_FRAME_SIZE, 16_383)]), BAD),
        row("MAX_FRAME_SIZE 2^24", &settings(&[(MAX_FRAME_SIZE, 1 << 24)]), BAD),
        row("ENABLE_CONNECT_PROTOCOL 2", &settings(&[(ENABLE_CONNECT_PROTOCOL, 2)]), BAD),
        row(
            "a bad setting behind a hundred good ones",
            &settings(&[&[(0xF0, 1); 100][..], &[(ENABLE_PUSH, 7)]].concat()),
            BAD,
        ),
        resized("HEADER_TABLE_SIZE 0", &[(HEADER_TABLE_SIZE, 0)], &[0x20, 0x88]),
        taken("HEADER_TABLE_SIZE 4 GiB", &[(HEADER_TABLE_SIZE, u32::MAX)]),
        taken("MAX_CONCURRENT_STREAMS 0", &[(MAX_CONCURRENT_STREAMS, 0)]),
        taken("MAX_HEADER_LIST_SIZE 0", &[(MAX_HEADER_LIST_SIZE, 0)]),
        taken("unknown settings", &[(0, 1), (0xFFFF, u32::MAX)]),
        resized("one setting two thousand times", &[(HEADER_TABLE_SIZE, 7); 2000], &[0x27, 0x88]),
        taken("INITIAL_WINDOW_SIZE 0", &[(INITIAL_WINDOW_SIZE, 0)]),
    ]
}

fn windows() -> Vec<FrameCase> {
    let update = |stream: u32, by: u32| frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes());
    let most = (1 << 31) - 1;
    let open = || post(1, &health());
    // The body of the request never comes, so that the stream is there.
    let shut = || [settings(&[(INITIAL_WINDOW_SIZE, 0)]), open()].concat();
    vec![
        row("the connection's window by 0", &update(0, 0), BAD),
        row("the connection's window past 2^31", &update(0, most), FLOW),
        row("the connection's window twice", &[update(0, 1 << 30), update(0, 1 << 30)].concat(), FLOW),
        row("a stream's window by 0", &[shut(), update(1, 0)].concat(), BAD),
        row(
            "a stream's window past 2^31",
            &[shut(), update(1, most), update(1, 1)].concat(),
            Want::Reset(FLOW_CONTROL_ERROR),
        ),
        row("a reserved bit before a window", &[update(0, 0x8000_0001), get(1, &health())].concat(), OK),
        row(
            "all windows past 2^31 by a setting",
            &[shut(), update(1, most), settings(&[(INITIAL_WINDOW_SIZE, 1)])].concat(),
            FLOW,
        ),
    ]
}

//! Blocks of fields that are no HPACK, and those that are too much (RFC 7541).

use super::{
    fields::{field, health, indexed, integer, remembered},
    frame_case::{FrameCase, NOT_FOUND, OK, TOO_LARGE, Want},
    frames::{
        COMPRESSION_ERROR, CONTINUATION, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, PROTOCOL_ERROR,
        frame, get,
    },
};

/// No more is said than that it is wrong.
const BROKEN: Want = Want::GoAway(PROTOCOL_ERROR);
/// The most that a frame may have, bytes.
const FRAME_LEN_MAX: usize = 16_384;

pub(super) fn cases() -> Vec<FrameCase> {
    [broken(), resized(), large()].concat()
}

fn row(name: &str, block: &[u8], want: Want) -> FrameCase {
    FrameCase::after(&format!("HPACK: {name}"), &get(1, block), want)
}

/// The block, over as many frames as it takes.
fn long(block: &[u8]) -> Vec<u8> {
    let last = block.len().div_ceil(FRAME_LEN_MAX) - 1;
    let piece = |(number, piece): (usize, &[u8])| {
        let kind = if number == 0 { HEADERS } else { CONTINUATION };
        let ends = if number == last { END_HEADERS } else { 0 };
        frame(kind, ends | if number == 0 { END_STREAM } else { 0 }, 1, piece)
    };
    block.chunks(FRAME_LEN_MAX).enumerate().flat_map(piece).collect()
}

fn broken() -> Vec<FrameCase> {
    let behind = |rest: &[u8]| [&health(), rest].concat();
    vec![
        row("place 0 of the table", &behind(&[0x80]), BROKEN),
        row("place 62 of an empty table", &behind(&indexed(62)), BROKEN),
        row("place 4 billion", &behind(&integer(0x80, 7, u32::MAX as usize)), BROKEN),
        row("a number without end", &behind(&[&[0xFF], &[0xFF; 20][..]].concat()), BROKEN),
        row("a number that is cut off", &behind(&[0xFF, 0x80]), BROKEN),
        row("a name that is cut off", &behind(&[0x00, 0x05, b'a']), BROKEN),
        row("a value that is cut off", &behind(&[0x00, 0x01, b'a', 0x7E, b'b']), BROKEN),
        row(
            "a value of 4 GiB",
            &behind(&[&[0x00, 0x01, b'a'], &integer(0, 7, u32::MAX as usize)[..]].concat()),
            BROKEN,
        ),
        row(
            "Huffman's end within a value",
            &behind(&[0x00, 0x01, b'a', 0x84, 0xFF, 0xFF, 0xFF, 0xFC]),
            BROKEN,
        ),
        row("Huffman padded with zeros", &behind(&[0x00, 0x01, b'a', 0x81, 0x00]), BROKEN),
        row("Huffman padded with more than a byte", &behind(&[0x00, 0x01, b'a', 0x82, 0x1F, 0xFF]), BROKEN),
        row(
            "a name by a place that there is not",
            &behind(&[&integer(0x40, 6, 90)[..], &[1, b'x']].concat()),
            BROKEN,
        ),
        row("nothing but 0xFF", &[0xFF; 64], BROKEN),
    ]
}

/// The table's size is within what the server said: 4,096 bytes, and a change stands first.
fn resized() -> Vec<FrameCase> {
    let before = |resize: &[u8]| [resize, &health()].concat();
    let small = [integer(0x20, 5, 0), integer(0x20, 5, 4096), health()].concat();
    vec![
        row("a table of 4,097 bytes", &before(&integer(0x20, 5, 4097)), BROKEN),
        row("a table of 4 GiB", &before(&integer(0x20, 5, u32::MAX as usize)), BROKEN),
        row("a change of the table behind a field", &[health(), integer(0x20, 5, 0)].concat(), BROKEN),
        row("a table made small and large again", &small, OK),
        row(
            "a table that is taken away, and a place of it",
            &[remembered("x", "y"), integer(0x20, 5, 0), indexed(62)].concat(),
            BROKEN,
        ),
    ]
}

fn large() -> Vec<FrameCase> {
    let with = |fields: &[u8]| FrameCase::after("", &long(&[&health(), fields].concat()), OK).bytes;
    let row = |name: &str, fields: &[u8], want: Want| {
        FrameCase::knock(&format!("HPACK: {name}"), with(fields), want)
    };
    let bomb = [remembered("x", "y".repeat(4000)), indexed(62).repeat(4000)].concat();
    let crumbs = field("cookie", "a=b").repeat(1000);
    vec![
        row("fields of 10 KiB", &field("x", "y".repeat(10 << 10)), OK),
        row("fields of 17 KiB", &field("x", "y".repeat(17 << 10)), TOO_LARGE),
        row("a name of 17 KiB", &field("x".repeat(17 << 10), "y"), TOO_LARGE),
        row("fields of 60 KiB", &field("x", "y".repeat(1000)).repeat(60), Want::GoAway(COMPRESSION_ERROR)),
        row("a thousand fields of nothing", &field("x", "").repeat(1000), TOO_LARGE),
        row("a thousand crumbs of cookies", &crumbs, TOO_LARGE),
        row("16 MiB of fields in 8 KiB", &bomb, Want::GoAway(ENHANCE_YOUR_CALM)),
        FrameCase::after("a path of 10 KiB", &get(1, &path(10 << 10)), NOT_FOUND),
        FrameCase::after("a path of 17 KiB", &long(&path(17 << 10)), TOO_LARGE),
    ]
}

fn path(len: usize) -> Vec<u8> {
    let path = format!("/{}", "x".repeat(len));
    [(":method", "GET"), (":scheme", "http"), (":path", path.as_str())]
        .iter()
        .flat_map(|(name, value)| field(name, value))
        .collect()
}

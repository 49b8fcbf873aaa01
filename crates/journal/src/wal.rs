//! Reads SQLite's write-ahead log as the file it is: a header of 32 bytes, then frames of 24 bytes and a page each,
//! under one running checksum (the format is documented by SQLite). Never through SQLite, which ignores in silence
//! whatever follows the first wrong frame.

use std::{
    collections::BTreeMap,
    io::{self, BufReader, Read},
};

use crate::{disk::Mode, error::Result, files::Files};

const HEADER_LEN: usize = 32;
const FRAME_HEADER_LEN: usize = 24;
/// The lowest bit says whether checksums read words big-endian.
const MAGIC: u32 = 0x377f_0682;

/// What a write-ahead log holds.
#[derive(Debug, Default)]
pub(crate) struct WalScan {
    /// Where the last committed image of each page starts in the file.
    pub(crate) pages: BTreeMap<u32, u64>,
    /// How many pages the database has after the last commit in it.
    pub(crate) page_count: Option<u32>,
    /// How many frames are committed.
    pub(crate) frames: u64,
    /// Tells one use of the file from the next.
    pub(crate) salt: u64,
    /// What follows the committed frames.
    pub(crate) tail: WalTail,
}

/// What follows the committed frames of a write-ahead log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WalTail {
    /// Nothing.
    #[default]
    None,
    /// Whole frames of a transaction that was never committed: harmless.
    Uncommitted {
        /// How many.
        frames: u64,
    },
    /// Bytes that are not whole frames.
    Broken {
        /// From this offset on.
        at: u64,
        /// No crash leaves that: whole transactions lie behind.
        certain: bool,
    },
}

struct Header {
    big_endian: bool,
    page_size: u32,
    salt: [u8; 8],
    sum: (u32, u32),
}

#[derive(Clone, Copy)]
struct Frame {
    page: u32,
    /// Pages of the database after the commit, or 0 when this is not its last frame.
    commit: u32,
    salt: [u8; 8],
    sum: (u32, u32),
}

/// Reads the log; one that is not there is empty.
pub(crate) fn scan(files: &Files) -> Result<WalScan> {
    let file = match files.disk.open(&files.wal, Mode::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(WalScan::default()),
        Err(error) => return Err(error.into()),
    };
    let mut input = BufReader::with_capacity(1 << 17, file);
    let mut head = [0; HEADER_LEN];
    match read_up_to(&mut input, &mut head)? {
        0 => Ok(WalScan::default()),
        HEADER_LEN => match header(&head) {
            Some(header) => frames(&mut input, &header),
            // The header is flushed before the first frame is written: behind a torn one there is nothing.
            None => Ok(broken(0, read_up_to(&mut input, &mut [0])? > 0)),
        },
        _ => Ok(broken(0, false)),
    }
}

fn broken(at: u64, certain: bool) -> WalScan {
    WalScan { tail: WalTail::Broken { at, certain }, ..WalScan::default() }
}

fn frames(input: &mut impl Read, header: &Header) -> Result<WalScan> {
    let mut scan = WalScan { salt: u64::from_le_bytes(header.salt), ..WalScan::default() };
    let mut pending = Vec::new();
    let mut buffer = vec![0; FRAME_HEADER_LEN + header.page_size as usize];
    let mut sum = header.sum;
    let mut offset = HEADER_LEN as u64;
    loop {
        let got = read_up_to(input, &mut buffer)?;
        if got == 0 {
            break;
        }
        let frame = frame(&buffer);
        if got == buffer.len() {
            sum = fold(
                header.big_endian,
                fold(header.big_endian, sum, &buffer[..8]),
                &buffer[FRAME_HEADER_LEN..],
            );
        }
        if got < buffer.len() || frame.salt != header.salt || frame.sum != sum || frame.page == 0 {
            let certain = got == buffer.len() && holds_transactions(input, header, frame, &mut buffer)?;
            scan.tail = WalTail::Broken { at: offset, certain };
            return Ok(scan);
        }
        pending.push((frame.page, offset + FRAME_HEADER_LEN as u64));
        if frame.commit != 0 {
            scan.frames += pending.len() as u64;
            scan.pages.extend(pending.drain(..));
            scan.page_count = Some(frame.commit);
        }
        offset += buffer.len() as u64;
    }
    if !pending.is_empty() {
        scan.tail = WalTail::Uncommitted { frames: pending.len() as u64 };
    }
    Ok(scan)
}

/// Whether more than one transaction lies behind the wrong frame. A crash tears the last one only, because each is
/// flushed before the next begins.
fn holds_transactions(
    input: &mut impl Read,
    header: &Header,
    wrong: Frame,
    buffer: &mut [u8],
) -> Result<bool> {
    let mut ended = wrong.salt == header.salt && wrong.commit != 0;
    while read_up_to(input, buffer)? == buffer.len() {
        let frame = frame(buffer);
        if frame.salt != header.salt {
            continue;
        }
        if ended {
            return Ok(true);
        }
        ended = frame.commit != 0;
    }
    Ok(false)
}

fn header(bytes: &[u8; HEADER_LEN]) -> Option<Header> {
    let magic = word(bytes, 0);
    let big_endian = magic & 1 == 1;
    let sum = fold(big_endian, (0, 0), &bytes[..24]);
    let page_size = word(bytes, 8);
    let whole = magic & !1 == MAGIC
        && sum == (word(bytes, 24), word(bytes, 28))
        && page_size.is_power_of_two()
        && (512..=65536).contains(&page_size);
    whole.then(|| Header { big_endian, page_size, salt: salt(&bytes[16..24]), sum })
}

fn frame(bytes: &[u8]) -> Frame {
    Frame {
        page: word(bytes, 0),
        commit: word(bytes, 4),
        salt: salt(&bytes[8..16]),
        sum: (word(bytes, 16), word(bytes, 20)),
    }
}

fn salt(bytes: &[u8]) -> [u8; 8] {
    bytes.try_into().expect("eight bytes are given")
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes are taken"))
}

/// SQLite's running checksum over pairs of words.
fn fold(big_endian: bool, sum: (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let word = |bytes: &[u8]| {
        let bytes = bytes.try_into().expect("four bytes are given");
        if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    bytes.chunks_exact(8).fold(sum, |(first, second), pair| {
        let first = first.wrapping_add(word(&pair[..4])).wrapping_add(second);
        (first, second.wrapping_add(word(&pair[4..])).wrapping_add(first))
    })
}

/// Fills `buffer` as far as the input goes.
fn read_up_to(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

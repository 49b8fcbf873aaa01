//! Frames in a stream of bytes: `##`, four digits of length, the data segment, four hex digits of CRC, CR LF.
//!
//! What is said of a buffer stays true whatever bytes follow: so a stream gives the same frames and refusals however it was
//! cut into packets. After anything that is no frame, reading goes on at the next frame.
//!
//! Lenient where nothing can be mistaken: the CRC in small letters, or without its leading zeros before a line end; a frame
//! without its line end. Length and CRC must hold in any case.

use davy_model::Reason;

use super::crc::crc16;
use crate::{Rejection, clip::clip_bytes};

/// Reads frames out of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// The longest data segment, bytes. HJ 212 allows 1024; boxes of the field go beyond.
    pub segment_len_max: usize,
}

/// What a buffer begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<'b> {
    /// Line ends between frames.
    Blank {
        /// How many bytes.
        len: usize,
    },
    /// A frame whose length and CRC hold.
    Frame {
        /// How many bytes, without the line end.
        len: usize,
        /// Its data segment.
        segment: &'b [u8],
    },
    /// Something that is refused.
    Refused {
        /// How many bytes.
        len: usize,
        /// What of it may be a data segment, for the answer; empty when nothing.
        segment: &'b [u8],
        /// Why.
        refusal: Box<Rejection>,
    },
    /// Not enough bytes yet to say anything.
    More,
}

/// `##` and four digits.
const HEAD_LEN: usize = 6;
const CRC_LEN: usize = 4;
/// A frame as long as four digits can say, with its line end.
const LEN_MAX: usize = HEAD_LEN + 9999 + CRC_LEN + 2;

impl Default for Framing {
    fn default() -> Framing {
        Framing { segment_len_max: 4096 }
    }
}

impl Framing {
    /// What the buffer begins with; `ended` when no more bytes will come.
    pub fn next<'b>(&self, buffer: &'b [u8], ended: bool) -> Next<'b> {
        let blank = buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0)).count();
        if blank > 0 {
            return Next::Blank { len: blank };
        }
        // Further than this nothing is said of: a buffer of many frames is not looked through for each.
        match start(&buffer[..buffer.len().min(Framing::BUFFER_LEN_MAX)], 0) {
            Start::At(0) => self.frame(buffer, ended),
            Start::At(place) => garbage(buffer, place.min(LEN_MAX)),
            Start::MayBe(0) | Start::None if buffer.is_empty() => Next::More,
            Start::MayBe(_) | Start::None if buffer.len() >= Framing::BUFFER_LEN_MAX => {
                garbage(buffer, LEN_MAX)
            }
            Start::MayBe(_) | Start::None if ended => garbage(buffer, buffer.len()),
            Start::MayBe(_) | Start::None => Next::More,
        }
    }

    /// The most bytes a buffer must hold so that something can be said of them.
    pub const BUFFER_LEN_MAX: usize = LEN_MAX + HEAD_LEN;

    /// `buffer` begins with `##` and four digits.
    fn frame<'b>(&self, buffer: &'b [u8], ended: bool) -> Next<'b> {
        let said = buffer[2..HEAD_LEN].iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
        let body = &buffer[HEAD_LEN..];
        let Some(first) = body.first() else {
            return if ended { self.cut(buffer, said) } else { Next::More };
        };
        if !first.is_ascii_alphabetic() || said == 0 || said > self.segment_len_max {
            return self.closed(buffer, said, ended);
        }
        if !ended && may_hold_another(body, said) {
            return Next::More;
        }
        if let Some(end) = earlier_end(body, said) {
            return end.refused(buffer, said);
        }
        let Some(rest) = body.get(said..) else {
            return if ended { self.cut(buffer, said) } else { Next::More };
        };
        let digits = rest.iter().take(CRC_LEN).take_while(|byte| byte.is_ascii_hexdigit()).count();
        match rest.get(digits) {
            None if digits < CRC_LEN && !ended => return Next::More,
            // Fewer digits are a number without its leading zeros, when the line ends there.
            None | Some(b'\r' | b'\n') if digits > 0 => {}
            _ if digits == CRC_LEN => {}
            None if ended => return self.cut(buffer, said),
            _ => return self.closed(buffer, said, ended),
        }
        let segment = &body[..said];
        if !segment.ends_with(b"&&") {
            return self.closed(buffer, said, ended);
        }
        let len = HEAD_LEN + said + digits;
        let given = &rest[..digits];
        let made = crc16(segment);
        if hex(given) == Some(made) {
            return Next::Frame { len, segment };
        }
        Next::Refused { len, segment, refusal: crc_mismatch(segment, given, made).into() }
    }

    /// A frame that is not as long as it says, or not made as frames are: up to where it ends.
    fn closed<'b>(&self, buffer: &'b [u8], said: usize, ended: bool) -> Next<'b> {
        let body = within(&buffer[HEAD_LEN..], LEN_MAX - HEAD_LEN);
        let line_end = body.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let next = next_frame(body);
        let end = match line_end.into_iter().chain(next).min() {
            Some(end) => end,
            None if ended => body.len(),
            None if buffer.len() >= Framing::BUFFER_LEN_MAX => LEN_MAX - HEAD_LEN,
            None => return Next::More,
        };
        let end = end.min(LEN_MAX - HEAD_LEN);
        let whole = &body[..end];
        let segment = without_crc(whole);
        let refusal = if whole.len() >= CRC_LEN && whole[..CRC_LEN].iter().all(u8::is_ascii_digit) {
            second_number(&buffer[..HEAD_LEN + end])
        } else if segment.len() == said && said > self.segment_len_max {
            too_long(said, self.segment_len_max)
        } else if segment.len() == said || !segment.ends_with(b"&&") && end == LEN_MAX - HEAD_LEN {
            invalid(&buffer[..HEAD_LEN + end])
        } else {
            length_mismatch(said, segment.len())
        };
        Next::Refused { len: HEAD_LEN + end, segment, refusal: refusal.into() }
    }

    /// The bytes end before the frame does.
    fn cut<'b>(&self, buffer: &'b [u8], said: usize) -> Next<'b> {
        let segment = without_crc(&buffer[HEAD_LEN..]);
        let refusal = length_mismatch(said, segment.len()).into();
        Next::Refused { len: buffer.len(), segment, refusal }
    }
}

/// Where a frame may begin.
enum Start {
    At(usize),
    /// If the next bytes are right.
    MayBe(usize),
    None,
}

fn start(buffer: &[u8], from: usize) -> Start {
    for place in memchr::memchr_iter(b'#', &buffer[from..]).map(|place| from + place) {
        let head = &buffer[place..buffer.len().min(place + HEAD_LEN)];
        let is_head = head.iter().enumerate().all(|(at, byte)| match at {
            0 | 1 => *byte == b'#',
            _ => byte.is_ascii_digit(),
        });
        if is_head {
            return if head.len() == HEAD_LEN { Start::At(place) } else { Start::MayBe(place) };
        }
    }
    Start::None
}

/// Where the next frame begins in a body: `##`, four digits, and the name of a field.
fn next_frame(body: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Start::At(place) = start(body, from) {
        let field = &body[place + HEAD_LEN..];
        if field.len() >= 3 && field[..2].iter().all(u8::is_ascii_alphabetic) && field[2] == b'=' {
            return Some(place);
        }
        from = place + 1;
    }
    None
}

/// As much of a body as tells whether a frame begins in its first `len` bytes.
fn within(body: &[u8], len: usize) -> &[u8] {
    &body[..body.len().min(len + HEAD_LEN + 3)]
}

/// Whether the bytes end where, before `said`, another frame may begin: then it is not known yet whether it does.
fn may_hold_another(body: &[u8], said: usize) -> bool {
    let shortest = HEAD_LEN + 3;
    let from = body.len().saturating_sub(shortest - 1);
    (from..body.len().min(said)).any(|place| {
        body[place..].iter().enumerate().all(|(at, byte)| match at {
            0 | 1 => *byte == b'#',
            2..HEAD_LEN => byte.is_ascii_digit(),
            _ if at + 1 < shortest => byte.is_ascii_alphabetic(),
            _ => *byte == b'=',
        })
    })
}

/// The end of a body before the one it says.
enum Earlier {
    /// Its own: so long is its segment, and so much with the CRC.
    Own(usize, usize),
    /// Another frame begins there.
    Next(usize),
}

/// Whether a body ends before `said`: `&&`, a CRC and a line end, or another frame.
fn earlier_end(body: &[u8], said: usize) -> Option<Earlier> {
    let body = within(body, said);
    let own = memchr::memmem::find_iter(body, b"&&").map(|at| at + 2).take_while(|end| *end < said).find_map(
        |end| {
            let digits = body[end..].iter().take(CRC_LEN).take_while(|byte| byte.is_ascii_hexdigit()).count();
            let closes = digits > 0 && matches!(body.get(end + digits), Some(b'\r' | b'\n'));
            closes.then_some((end, end + digits))
        },
    );
    let next = next_frame(body).filter(|place| *place < said);
    match (own, next) {
        (Some((segment, end)), next) if next.is_none_or(|next| end <= next) => {
            Some(Earlier::Own(segment, end))
        }
        (_, Some(next)) => Some(Earlier::Next(next)),
        (Some(_) | None, None) => None,
    }
}

impl Earlier {
    fn refused<'b>(&self, buffer: &'b [u8], said: usize) -> Next<'b> {
        let body = &buffer[HEAD_LEN..];
        let (segment, end) = match self {
            Earlier::Own(segment, end) => (&body[..*segment], *end),
            Earlier::Next(place) => (without_crc(&body[..*place]), *place),
        };
        let refusal = length_mismatch(said, segment.len()).into();
        Next::Refused { len: HEAD_LEN + end, segment, refusal }
    }
}

/// Without the line end and the CRC behind `&&`, when there is one.
fn without_crc(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii_end();
    let digits = body.iter().rev().take(CRC_LEN).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let segment = &body[..body.len() - digits];
    if segment.ends_with(b"&&") { segment } else { body }
}

fn hex(digits: &[u8]) -> Option<u16> {
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn garbage(buffer: &[u8], len: usize) -> Next<'_> {
    Next::Refused { len, segment: &[], refusal: invalid(&buffer[..len]).into() }
}

fn invalid(bytes: &[u8]) -> Rejection {
    let expected = "##, four digits of length, the data segment ending with &&, and its CRC";
    let fix = "send HJ 212 frames and nothing else; frames before and after were read";
    Rejection::new(Reason::FrameInvalid, String::new(), &clip_bytes(bytes), expected, fix)
}

fn second_number(frame: &[u8]) -> Rejection {
    let expected = "the data segment (QN=... or ST=...) behind the four digits of length";
    let fix = "a second number behind the length is one maker's own: set the box to HJ 212-2017";
    Rejection::new(Reason::FrameInvalid, String::new(), &clip_bytes(frame), expected, fix)
}

fn too_long(said: usize, max: usize) -> Rejection {
    let (got, expected) = (format!("{said} bytes"), format!("a data segment of at most {max} bytes"));
    let fix = "split it into packets (PNUM, PNO), or ask the site to raise hj212.segment_len_max";
    Rejection::new(Reason::PayloadTooLarge, String::new(), &got, &expected, fix)
}

fn length_mismatch(said: usize, came: usize) -> Rejection {
    let got = format!("a length of {said:04}, and {came} bytes");
    let fix =
        "count the bytes from behind the four digits to the last &&; or look for lost bytes on the line";
    Rejection::new(Reason::LengthMismatch, String::new(), &got, "a length that holds", fix)
}

fn crc_mismatch(segment: &[u8], given: &[u8], made: u16) -> Rejection {
    let expected = format!("CRC {made:04X}");
    let is_text = segment.iter().all(|byte| !byte.is_ascii_control());
    let fix = if is_text && std::str::from_utf8(segment).is_ok() {
        "send it again; if all are refused, see appendix A of HJ 212-2017: the CRC is not that of Modbus"
    } else {
        "the data may be encrypted (HJ 212-2025, SM4), which Davy does not read: send them in plain text"
    };
    let got = format!("CRC {}", clip_bytes(given));
    Rejection::new(Reason::CrcMismatch, String::new(), &got, &expected, fix)
}

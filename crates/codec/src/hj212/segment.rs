//! The data segment: `QN=...;ST=...;CN=...;PW=...;MN=...;Flag=...;CP=&&...&&`.

use std::str;

use davy_model::Reason;

use crate::{Rejection, clip::clip_bytes};

/// A data segment whose head could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'b> {
    /// Request number: when it was made, to the millisecond, in the box's time. Boxes of 2005 leave it out.
    pub qn: Option<&'b str>,
    /// System number: 22 air, 31 waste gas, 32 waste water, 91 the system itself...
    pub st: Option<&'b str>,
    /// Command number.
    pub cn: Command,
    /// Password.
    pub pw: Option<&'b str>,
    /// The box's own number.
    pub mn: &'b str,
    /// Version, and what is wanted.
    pub flag: Flag,
    /// Which part of how many, counted from 1, when the message was split.
    pub part: Option<Part>,
    /// It is history, sent once more (`RF=1`, HJ 212-2025, table 3).
    pub resent: bool,
    /// What stands between `CP=&&` and `&&`.
    pub region: &'b [u8],
}

/// Four digits of command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Command(pub u16);

/// `Flag`: bit 0 an answer is wanted, bit 1 the message is split, from bit 2 on the version of the standard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub u8);

/// Which part of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    pub number: u16,
    /// How many there are.
    pub of: u16,
}

/// A part of the head that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadError {
    /// The field.
    pub field: &'static str,
    /// Why.
    pub refusal: Box<Rejection>,
}

impl Command {
    /// Whether it brings data of the box: 2000 to 2999.
    pub const fn is_data(self) -> bool {
        self.0 >= 2000 && self.0 < 3000
    }

    /// Whether it answers something: it is answered by nothing.
    pub const fn is_answer(self) -> bool {
        matches!(self.0, 9011..=9014)
    }

    /// Whether it tells something and wants to hear that it was heard: a clock to be set, information, a heartbeat.
    pub const fn is_notice(self) -> bool {
        matches!(self.0, 1013 | 3019 | 3020 | 9015)
    }
}

impl Flag {
    /// An answer is wanted.
    pub const fn wants_answer(self) -> bool {
        self.0 & 1 != 0
    }

    /// The message is split.
    pub const fn is_split(self) -> bool {
        self.0 & 2 != 0
    }

    /// 0: HJ/T 212-2005, 1: HJ 212-2017, 2: HJ 212-2025.
    pub const fn version(self) -> u8 {
        self.0 >> 2
    }

    /// The same version, nothing wanted.
    #[must_use]
    pub const fn of_answer(self) -> Flag {
        Flag(self.0 & !3)
    }
}

impl<'b> Segment<'b> {
    /// Reads a data segment.
    ///
    /// # Errors
    /// The first field of the head that is missing or cannot be read. Pointers are those of the frame alone: `/Flag`.
    pub fn read(segment: &'b [u8]) -> Result<Segment<'b>, HeadError> {
        let (head, region) = halves(segment)?;
        let text = |name: &'static str, len_max: usize| match field(head, name) {
            None => Ok(None),
            Some(value) if is_word(value, len_max) => Ok(str::from_utf8(value).ok()),
            Some(value) => {
                let expected = format!("at most {len_max} letters, digits, - or _");
                Err(error(
                    Reason::FieldType,
                    name,
                    &clip_bytes(value),
                    &expected,
                    "correct the box's settings",
                ))
            }
        };
        let number = |name: &'static str, max: u16| match text(name, 9)? {
            None => Ok(None),
            Some(value) => match value.parse::<u16>() {
                Ok(number) if number <= max => Ok(Some(number)),
                Ok(_) | Err(_) => {
                    let expected = format!("a whole number up to {max}");
                    Err(error(Reason::FieldType, name, value, &expected, "correct the box's settings"))
                }
            },
        };
        let qn = text("QN", 24)?;
        let cn = number("CN", 9999)?.ok_or_else(|| missing("CN"))?;
        let pw = text("PW", 32)?;
        let mn = text("MN", 32)?.filter(|mn| !mn.is_empty()).ok_or_else(|| missing("MN"))?;
        let flag = Flag(number("Flag", 255)?.and_then(|flag| u8::try_from(flag).ok()).unwrap_or(0));
        let part = match (number("PNUM", 9999)?, number("PNO", 9999)?) {
            (Some(of), Some(number)) if (1..=of).contains(&number) => Some(Part { number, of }),
            (None, None) if !flag.is_split() => None,
            (of, number) => {
                let shown =
                    |number: Option<u16>| number.map_or("none".to_owned(), |number| number.to_string());
                let got = format!("PNUM {}, PNO {}", shown(of), shown(number));
                let expected = "both, PNO from 1 to PNUM, where Flag says that the message is split";
                return Err(error(Reason::FrameInvalid, "PNO", &got, expected, "number the packets from 1"));
            }
        };
        // One packet of one is a whole message.
        let part = part.filter(|part| part.of > 1);
        let resent = text("RF", 1)? == Some("1");
        Ok(Segment { qn, st: text("ST", 2)?, cn: Command(cn), pw, mn, flag, part, resent, region })
    }

    /// What can be made out of the head of something refused, for the answer.
    pub fn glean(segment: &'b [u8]) -> Option<Segment<'b>> {
        let head = &segment[..memchr::memmem::find(segment, b"CP=").unwrap_or(segment.len())];
        let word = |name: &str, len_max: usize| {
            field(head, name)
                .filter(|value| is_word(value, len_max))
                .and_then(|value| str::from_utf8(value).ok())
        };
        let flag = word("Flag", 3).and_then(|flag| flag.parse().ok()).map(Flag).unwrap_or_default();
        let cn = word("CN", 4).and_then(|cn| cn.parse().ok()).map_or(Command(0), Command);
        Some(Segment {
            qn: word("QN", 24),
            st: word("ST", 2),
            cn,
            pw: word("PW", 32),
            mn: word("MN", 32).filter(|mn| !mn.is_empty())?,
            flag,
            part: None,
            resent: false,
            region: &[],
        })
    }
}

/// The head, and what stands between `CP=&&` and `&&`.
fn halves(segment: &[u8]) -> Result<(&[u8], &[u8]), HeadError> {
    let Some(place) = memchr::memmem::find(segment, b"CP=&&") else { return Err(missing("CP")) };
    let (head, region) = (&segment[..place], &segment[place + 5..]);
    let Some(region) = region.strip_suffix(b"&&") else { return Err(missing("CP")) };
    if memchr::memmem::find(region, b"&&").is_some() {
        let fix = "send one CP=&&...&& a frame";
        return Err(error(Reason::FrameInvalid, "CP", "&& inside the data", "&& at both ends alone", fix));
    }
    Ok((head, region))
}

/// The value of a field of the head; the letters' case does not matter.
fn field<'b>(head: &'b [u8], name: &str) -> Option<&'b [u8]> {
    head.split(|byte| *byte == b';').find_map(|item| {
        let place = memchr::memchr(b'=', item)?;
        item[..place].eq_ignore_ascii_case(name.as_bytes()).then_some(&item[place + 1..])
    })
}

/// Numbers of boxes and passwords go back to the box as they came: nothing in them may end a field.
fn is_word(value: &[u8], len_max: usize) -> bool {
    let is_fit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    value.len() <= len_max && value.iter().all(is_fit)
}

fn missing(field: &'static str) -> HeadError {
    error(Reason::FieldMissing, field, "", field, "a frame needs CN, MN and CP=&&...&&")
}

fn error(reason: Reason, field: &'static str, got: &str, expected: &str, fix: &str) -> HeadError {
    let refusal = Rejection::new(reason, format!("/{field}"), got, expected, fix).into();
    HeadError { field, refusal }
}

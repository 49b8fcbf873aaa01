//! HJ 212: frames of the boxes at chimneys, outfalls and fences. HJ/T 212-2005, HJ 212-2017 and HJ 212-2025 alike.
//!
//! Everything here is pure. [`Framing`] finds frames in a stream, [`Segment`] reads their head, [`Parts`] puts split
//! messages together, [`Hj212`] reads the data, [`reply_to`] makes the answer. Values carry no unit on this wire: they are
//! in the tag's own.

mod crc;
mod framing;
mod name;
mod parts;
mod region;
mod reply;
mod segment;
mod split;
mod time;

use std::sync::Arc;

use davy_model::{Reason, Timestamp};

pub use self::{
    crc::crc16,
    framing::{Framing, Next},
    name::Name,
    parts::{Lost, Parts, Taken},
    reply::{QnRtn, Verdict, encode, reply_to},
    segment::{Command, Flag, HeadError, Part, Segment},
};
use self::{
    region::{Manner, Region, find_data_time},
    split::{Key, join, stands_alone},
};
use crate::{Codec, Form, Limits, Place, Rejection, Sink, Summary, native::refused_whole, tally::Tally};

/// China has one clock.
const OFFSET_MIN: i16 = 8 * 60;

/// Reads payloads of HJ 212 frames, one or several behind each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hj212 {
    /// How much one payload may ask for.
    pub limits: Limits,
    /// How frames are found.
    pub framing: Framing,
    /// The names of metrics.
    pub name: Name,
    /// How far the boxes' clock is ahead of UTC, minutes.
    pub offset_min: i16,
    /// The one box whose frames are read; all, when absent.
    pub only: Option<Arc<str>>,
}

/// Names are codes, the clock is China's.
impl Default for Hj212 {
    fn default() -> Hj212 {
        let (limits, framing, name) = (Limits::default(), Framing::default(), Name::default());
        Hj212 { limits, framing, name, offset_min: OFFSET_MIN, only: None }
    }
}

impl Codec for Hj212 {
    fn decode(&self, payload: &[u8], _arrival: Timestamp, sink: &mut dyn Sink) -> Summary {
        if let Some(summary) = refused_whole(payload, Form::Hj212, self.limits, sink) {
            return summary;
        }
        let mut reader = Reader {
            manner: Manner { name: &self.name, offset_min: self.offset_min },
            only: self.only.as_deref(),
            tally: Tally::new(sink, Summary::empty(Form::Hj212), self.limits, 0),
            frame: 0,
            open: Vec::new(),
        };
        let mut rest = payload;
        loop {
            let len = match self.framing.next(rest, true) {
                Next::Blank { len } => len,
                Next::Frame { len, segment } => {
                    reader.segment(segment);
                    len
                }
                Next::Refused { len, refusal, .. } => {
                    reader.refuse(*refusal);
                    len
                }
                Next::More => break,
            };
            rest = &rest[len..];
        }
        reader.finish()
    }
}

/// The way through one payload.
struct Reader<'c, 's, 'p> {
    manner: Manner<'c>,
    only: Option<&'c str>,
    tally: Tally<'s>,
    frame: u32,
    open: Vec<Open<'p>>,
}

/// A split message whose packets are in this payload.
struct Open<'p> {
    key: Key<&'p str>,
    of: u16,
    frame: u32,
    segment: Segment<'p>,
    /// What stands alone was read, and may have the time that others lack.
    read: Vec<u16>,
    time: Option<&'p [u8]>,
    held: Vec<(u16, &'p [u8])>,
}

impl<'p> Reader<'_, '_, 'p> {
    fn segment(&mut self, bytes: &'p [u8]) {
        match Segment::read(bytes) {
            Ok(segment) if self.only.is_some_and(|only| *only != *segment.mn) => {
                let fix = "send each box's frames to its own topic";
                let (pointer, expected) = ("/MN".to_owned(), self.only.unwrap_or_default());
                let refusal = Rejection::new(Reason::DeviceUnknown, pointer, segment.mn, expected, fix);
                self.tally.problem(in_frame(refusal, self.frame));
            }
            Ok(segment) if !segment.cn.is_data() => {}
            Ok(segment) => match segment.part {
                None => self.read(&segment, segment.region, self.frame, None),
                Some(part) => self.part(&segment, part),
            },
            Err(error) => self.tally.problem(in_frame(*error.refusal, self.frame)),
        }
        self.frame += 1;
    }

    fn refuse(&mut self, refusal: Rejection) {
        self.tally.problem(in_frame(refusal, self.frame));
        self.frame += 1;
    }

    fn read(&mut self, segment: &Segment<'p>, region: &[u8], frame: u32, data_time: Option<&[u8]>) {
        Region { segment, region, frame, data_time }.read(self.manner, &mut self.tally);
    }

    fn part(&mut self, segment: &Segment<'p>, part: Part) {
        let key = Key::of(segment, part);
        let place = self.open.iter().position(|open| open.key == key).unwrap_or_else(|| {
            let (read, held, time) = (Vec::new(), Vec::new(), None);
            self.open.push(Open { key, of: part.of, frame: self.frame, segment: *segment, read, time, held });
            self.open.len() - 1
        });
        if stands_alone(segment.region, part) {
            self.read(segment, segment.region, self.frame, None);
            let open = &mut self.open[place];
            open.read.push(part.number);
            open.time = open.time.or(find_data_time(segment.region));
        } else if !self.open[place].held.iter().any(|(number, _)| *number == part.number) {
            self.open[place].held.push((part.number, segment.region));
        }
    }

    fn finish(mut self) -> Summary {
        for mut open in std::mem::take(&mut self.open) {
            if open.held.is_empty() {
                continue;
            }
            open.held.sort_by_key(|(number, _)| *number);
            match open.missing() {
                None => {
                    let joined = open.joined();
                    self.read(&open.segment, &joined, open.frame, open.time);
                }
                Some(missing) => {
                    let (got, expected) =
                        (format!("no packet {missing}"), format!("packets 1 to {}", open.of));
                    let fix = "send all packets of the message; or give each its own DataTime, and end it behind a flag";
                    let pointer = Place::Item(open.frame).field("PNO");
                    let refusal = Rejection::new(Reason::FrameInvalid, pointer, &got, &expected, fix);
                    let readings = u32::try_from(open.held.len()).unwrap_or(u32::MAX);
                    self.tally.problem(Rejection { readings, ..refusal });
                }
            }
        }
        self.tally.finish()
    }
}

impl Open<'_> {
    /// The first packet that is not here.
    fn missing(&self) -> Option<u16> {
        (1..=self.of)
            .find(|number| !self.read.contains(number) && !self.held.iter().any(|(held, _)| held == number))
    }

    /// The data of the packets that were held, in their order. Between two that do not follow each other stood one that was
    /// read alone: there no item can be cut.
    fn joined(&self) -> Vec<u8> {
        let mut joined = Vec::new();
        let mut before = 0;
        for (number, region) in &self.held {
            if before > 0 && before + 1 < *number {
                joined.push(b';');
            }
            join(&mut joined, region);
            before = *number;
        }
        joined
    }
}

/// The refusal, with a pointer that begins with the frame's place.
fn in_frame(refusal: Rejection, frame: u32) -> Rejection {
    let pointer = format!("{}{}", Place::Item(frame).pointer(), refusal.pointer);
    Rejection { pointer, ..refusal }
}

//! Messages that were split (PNUM, PNO), put together from a stream.
//!
//! Boxes mostly give each packet its own time and whole items: such a packet is read at once, like any other. A packet that
//! cannot be understood alone is held until all of its message are there; so a number cut in two is never taken for
//! two. What is held is bounded in bytes, in messages, and in time.

use std::{mem, time::Duration};

use davy_model::{Reason, Timestamp};

use super::{
    region::find_data_time,
    reply::encode,
    segment::{Part, Segment},
    split::{Key, stands_alone},
};
use crate::Rejection;

/// Packets of split messages, until their messages are whole.
#[derive(Debug)]
pub struct Parts {
    messages: Vec<Message>,
    wait: Duration,
}

/// What is to be done with a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Read it: it is whole by itself.
    Whole,
    /// It is held until the others come.
    Held,
    /// With it its message is whole: read these frames as one payload.
    Complete(Vec<u8>),
    /// It cannot be held.
    Refused(Box<Rejection>),
}

/// What was held, and can no longer become whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The frames that were held, one behind the other.
    pub frames: Vec<u8>,
    /// Why they are not read.
    pub refusal: Rejection,
}

/// A message some packets of which have come.
#[derive(Debug)]
struct Message {
    key: Key<String>,
    since: Timestamp,
    /// By number from 1.
    slots: Vec<Slot>,
}

#[derive(Clone, Debug)]
enum Slot {
    Missing,
    /// It was whole by itself, and has been read; what is left is its time, which others may lack.
    Read(Vec<u8>),
    Held(Vec<u8>),
}

/// A message of more packets is refused.
const PARTS_MAX: u16 = 32;
/// Messages of one connection that may be open at once.
const MESSAGES_MAX: usize = 4;
/// What may be held for one connection, bytes.
const HELD_BYTES_MAX: usize = 32 * 1024;

impl Parts {
    /// The most that is held, bytes: packets, and the times of those that were read.
    pub const BYTES_MAX: usize = HELD_BYTES_MAX + MESSAGES_MAX * PARTS_MAX as usize * 256;

    /// Nothing is held. A message whose packets do not all come within `wait` is refused.
    pub fn new(wait: Duration) -> Parts {
        Parts { messages: Vec::new(), wait }
    }

    /// What to do with a frame that came at `now`.
    pub fn take(&mut self, frame: &[u8], segment: &Segment<'_>, now: Timestamp) -> Taken {
        let Some(part) = segment.part.filter(|_| segment.cn.is_data()) else { return Taken::Whole };
        if part.of > PARTS_MAX {
            return Taken::Refused(refused(part, "too many packets", "at most 32 packets a message"));
        }
        let alone = stands_alone(segment.region, part);
        if !alone && self.held_bytes() + frame.len() > HELD_BYTES_MAX {
            return Taken::Refused(refused(
                part,
                "too much is held",
                "the other packets of the message first",
            ));
        }
        let Some(place) = self.place(segment, part, now) else {
            return if alone { Taken::Whole } else { Taken::Refused(too_many_open(part)) };
        };
        let slots = &mut self.messages[place].slots;
        let slot = &mut slots[usize::from(part.number) - 1];
        *slot = if alone { Slot::Read(stub(segment, part)) } else { Slot::Held(frame.to_vec()) };
        if slots.iter().any(|slot| matches!(slot, Slot::Missing)) {
            return if alone { Taken::Whole } else { Taken::Held };
        }
        let message = self.messages.swap_remove(place);
        if message.held_bytes() == 0 {
            return Taken::Whole;
        }
        let mut frames = message.frames();
        if alone {
            frames.extend_from_slice(frame);
            frames.extend_from_slice(b"\r\n");
        }
        Taken::Complete(frames)
    }

    /// Gives up the messages that have waited too long.
    pub fn expire(&mut self, now: Timestamp) -> Vec<Lost> {
        let wait = self.wait;
        let (late, open) = mem::take(&mut self.messages)
            .into_iter()
            .partition(|message: &Message| now.since(message.since) >= wait);
        self.messages = open;
        late.into_iter().filter_map(Message::lost).collect()
    }

    /// Gives up all: nothing more will come.
    pub fn end(&mut self) -> Vec<Lost> {
        mem::take(&mut self.messages).into_iter().filter_map(Message::lost).collect()
    }

    /// Whether a packet is held.
    pub fn is_empty(&self) -> bool {
        self.held_bytes() == 0
    }

    /// Where the message of a packet is; a new place when it has none yet and there is room.
    fn place(&mut self, segment: &Segment<'_>, part: Part, now: Timestamp) -> Option<usize> {
        let key = Key::of(segment, part);
        if let Some(place) = self.messages.iter().position(|message| message.key.as_ref() == key) {
            return Some(place);
        }
        if self.messages.len() >= MESSAGES_MAX {
            // A message of which nothing is held can be forgotten: nothing of it is lost.
            let idle = self.messages.iter().position(|message| message.held_bytes() == 0)?;
            self.messages.remove(idle);
        }
        let slots = vec![Slot::Missing; usize::from(part.of)];
        self.messages.push(Message { key: key.to_owned(), since: now, slots });
        Some(self.messages.len() - 1)
    }

    fn held_bytes(&self) -> usize {
        self.messages.iter().map(Message::held_bytes).sum()
    }
}

impl Message {
    fn held_bytes(&self) -> usize {
        let held = |slot: &Slot| match slot {
            Slot::Held(frame) => frame.len(),
            Slot::Missing | Slot::Read(_) => 0,
        };
        self.slots.iter().map(held).sum()
    }

    /// All that there is, one behind the other.
    fn frames(&self) -> Vec<u8> {
        let mut frames = Vec::new();
        for slot in &self.slots {
            match slot {
                Slot::Missing => {}
                Slot::Read(frame) | Slot::Held(frame) => {
                    frames.extend_from_slice(frame.trim_ascii_end());
                    frames.extend_from_slice(b"\r\n");
                }
            }
        }
        frames
    }

    fn lost(self) -> Option<Lost> {
        if self.held_bytes() == 0 {
            return None;
        }
        let slots = (1_u16..).zip(&self.slots);
        let missing: Vec<String> = slots
            .filter(|(_, slot)| matches!(slot, Slot::Missing))
            .map(|(number, _)| number.to_string())
            .collect();
        let (got, of) = (format!("no packet {}", missing.join(", ")), self.slots.len());
        let fix = "send all packets of the message: those that came alone are not read, since a number may be cut in two";
        let pointer = "/PNO".to_owned();
        let refusal = Rejection::new(Reason::FrameInvalid, pointer, &got, &format!("packets 1 to {of}"), fix);
        Some(Lost { frames: self.frames(), refusal })
    }
}

/// The frame of a packet that was read, without its values; it was answered, and wants no answer any more.
fn stub(segment: &Segment<'_>, part: Part) -> Vec<u8> {
    let time = find_data_time(segment.region).map(String::from_utf8_lossy).unwrap_or_default();
    let qn = segment.qn.map(|qn| format!("QN={qn};")).unwrap_or_default();
    encode(&format!(
        "{qn}CN={};MN={};Flag={};PNUM={};PNO={};CP=&&DataTime={time}&&",
        segment.cn.0,
        segment.mn,
        segment.flag.0 & !1,
        part.of,
        part.number
    ))
}

fn too_many_open(part: Part) -> Box<Rejection> {
    refused(part, "too many messages are open", "the other packets of those messages first")
}

fn refused(part: Part, got: &str, expected: &str) -> Box<Rejection> {
    let got = format!("packet {} of {}: {got}", part.number, part.of);
    let fix = "give each packet its own DataTime, and end it behind a flag: then it is read by itself";
    Rejection::new(Reason::FrameInvalid, "/PNO".to_owned(), &got, expected, fix).into()
}

//! Native protobuf: `davy.v1.ReadingBatch`, read where it lies.
//!
//! The generated type would copy every name, and one bad byte in one reading would cost the batch. Each reading is a
//! field with a length of its own, so each is read for itself.

mod reading;

use std::str;

use davy_model::{Reason, Timestamp};

pub(crate) use self::reading::Parts;
use crate::{
    Codec, Form, Limits, Place, Rejection, Sink, Summary,
    native::refused_whole,
    rejection::Position,
    tally::Tally,
    wire::{Key, Wire, WireType},
};

/// Reads native protobuf.
#[derive(Clone, Copy, Debug, Default)]
pub struct Protobuf {
    /// How much one payload may ask for.
    pub limits: Limits,
}

/// Field numbers of `davy.v1.ReadingBatch`.
const SEQ: u32 = 1;
const READINGS: u32 = 2;

impl Codec for Protobuf {
    fn decode(&self, payload: &[u8], _arrival: Timestamp, sink: &mut dyn Sink) -> Summary {
        if let Some(summary) = refused_whole(payload, Form::Protobuf, self.limits, sink) {
            return summary;
        }
        let mut tally = Tally::new(sink, Summary::empty(Form::Protobuf), self.limits, 0);
        let mut batch = Batch { tally: &mut tally, readings: 0, known: 0 };
        let mut wire = Wire::new(payload);
        while !wire.is_empty() {
            let start = payload.len() - wire.len();
            if let Err(said) = batch.field(&mut wire) {
                batch.refuse_rest(payload, start, said);
                return tally.finish();
            }
        }
        if batch.known == 0 {
            batch.refuse_rest(payload, 0, "none of its fields is known");
        }
        tally.finish()
    }
}

struct Batch<'t, 's> {
    tally: &'t mut Tally<'s>,
    readings: u32,
    /// How many fields of the message were known.
    known: usize,
}

impl Batch<'_, '_> {
    fn field(&mut self, wire: &mut Wire<'_>) -> Result<(), &'static str> {
        let key = wire.key()?;
        match (key.number, key.wire_type) {
            (SEQ, WireType::Varint) => self.tally.summary.seq = Some(wire.varint()?),
            (READINGS, WireType::Len) => {
                let place = Place::Reading(self.readings);
                let bytes = wire.bytes()?;
                self.readings += 1;
                self.reading(bytes, place);
            }
            (SEQ | READINGS, _) => return Err("a known field has the wrong wire type"),
            (number, _) => {
                wire.skip(key)?;
                self.tally.unknown_field(Place::Root, &number.to_string());
                return Ok(());
            }
        }
        self.known += 1;
        Ok(())
    }

    fn reading(&mut self, bytes: &[u8], place: Place) {
        match Parts::read(bytes, place, self.tally) {
            Ok(parts) => parts.finish(place, self.tally),
            Err(rejection) => self.tally.problem(*rejection),
        }
    }

    fn refuse_rest(&mut self, payload: &[u8], start: usize, said: &str) {
        let is_text = str::from_utf8(payload).is_ok_and(|text| !text.chars().any(char::is_control));
        let fix = if is_text {
            "send JSON that begins with { or [, or a davy.v1.ReadingBatch"
        } else {
            "send a davy.v1.ReadingBatch as proto/davy/v1/reading.proto has it"
        };
        let expected = format!("davy.v1.ReadingBatch ({said})");
        let pointer = if start == 0 { String::new() } else { Place::Reading(self.readings).pointer() };
        let got = if is_text { crate::clip::clip_bytes(payload) } else { hex(&payload[start..]) };
        let refusal = Rejection::new(Reason::ProtobufDecode, pointer, &got, &expected, fix);
        self.tally.problem(refusal.at(Position { line: 1, column: start + 1, offset: start }));
    }
}

/// The first bytes, as people compare them.
fn hex(bytes: &[u8]) -> String {
    const SHOWN_LEN: usize = 16;
    let shown: Vec<String> = bytes.iter().take(SHOWN_LEN).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > SHOWN_LEN { " …" } else { "" };
    format!("{}{more}", shown.join(" "))
}

impl Key {
    /// The name that JSON has for a field of `davy.v1.Reading`.
    fn reading_field(self) -> Option<&'static str> {
        Some(match self.number {
            reading::TAG => "tag",
            reading::VALUE => "value",
            reading::UNIT => "unit",
            reading::SOURCE_TIME => "ts",
            reading::QUALITY => "quality",
            _ => return None,
        })
    }
}

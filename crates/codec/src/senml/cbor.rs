//! `application/senml+cbor`, read where it lies: nothing is built, nested at most [`Limits::DEPTH_MAX`] deep.
//!
//! minicbor reads one item at a time and allocates nothing. Its own `skip` keeps a stack on the heap, so what is to be left
//! out is walked over here.

use std::borrow::Cow;

use davy_model::{Reason, Timestamp};
use minicbor::{Decoder, data::Type, decode::Error};

use super::{
    label::Key,
    pack::Pack,
    record::{Record, Records, Value},
    scan::Scan,
};
use crate::{
    Form, Limits, Place, Rejection, Sink, Summary, clip::clip_bytes, rejection::Position, tally::Tally,
};

/// "This is CBOR" (RFC 8949, 3.4.6).
const SELF_DESCRIBED: u64 = 55799;
/// A decimal fraction, the one tag that RFC 8428, 6, has.
const DECIMAL: u64 = 4;

/// Why the rest of a payload cannot be read.
#[derive(Debug)]
enum Trouble {
    Cbor(Error),
    TooDeep,
    NoArray(Type),
    Trailing,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Cbor(error)
    }
}

type Read<T> = Result<T, Trouble>;

pub(super) fn decode(payload: &[u8], arrival: Timestamp, limits: Limits, sink: &mut dyn Sink) -> Summary {
    let mut tally = Tally::new(sink, Summary::empty(Form::SenmlCbor), limits, 0);
    if may_be_refused_whole(payload) {
        let mut scan = Scan::default();
        // What is wrong with the CBOR, the pass itself will tell.
        let _ = Reader::new(payload).pack(&mut scan);
        if let Some(refusal) = scan.found {
            tally.problem(refusal);
            return tally.finish();
        }
    }
    let mut pack = Pack::new(&mut tally, arrival);
    let mut reader = Reader::new(payload);
    let read = reader.pack(&mut pack);
    let at = pack.count();
    if let Err(trouble) = read {
        tally.problem(trouble.refusal(payload, reader.cbor.position(), at));
    }
    tally.finish()
}

/// Whether a version or a label that must be understood may be in it: the key -1 before a whole number, or `_`.
fn may_be_refused_whole(payload: &[u8]) -> bool {
    const BASE_VERSION: u8 = 0x20;
    memchr::memchr_iter(BASE_VERSION, payload).any(|at| payload.get(at + 1).is_some_and(|next| *next < 0x20))
        || memchr::memchr(b'_', payload).is_some()
        || memchr::memmem::find(payload, b"bver").is_some()
}

struct Reader<'p> {
    cbor: Decoder<'p>,
}

impl<'p> Reader<'p> {
    fn new(payload: &'p [u8]) -> Reader<'p> {
        Reader { cbor: Decoder::new(payload) }
    }

    fn pack(&mut self, records: &mut dyn Records<'p>) -> Read<()> {
        if self.cbor.datatype()? == Type::Tag && self.cbor.probe().tag()?.as_u64() == SELF_DESCRIBED {
            self.cbor.tag()?;
        }
        let kind = self.cbor.datatype()?;
        if !matches!(kind, Type::Array | Type::ArrayIndef) {
            return Err(Trouble::NoArray(kind));
        }
        let mut left = self.cbor.array()?;
        while self.has_more(&mut left)? {
            self.element(records)?;
        }
        if self.cbor.position() < self.cbor.input().len() { Err(Trouble::Trailing) } else { Ok(()) }
    }

    /// Whether another item of an array or map comes; `left` is how many, when that was said.
    fn has_more(&mut self, left: &mut Option<u64>) -> Read<bool> {
        match left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None if self.cbor.datatype()? == Type::Break => {
                self.cbor.set_position(self.cbor.position() + 1);
                Ok(false)
            }
            None => Ok(true),
        }
    }

    fn element(&mut self, records: &mut dyn Records<'p>) -> Read<()> {
        let kind = self.cbor.datatype()?;
        if !matches!(kind, Type::Map | Type::MapIndef) {
            self.skip(1)?;
            records.no_record(&shown(kind));
            return Ok(());
        }
        let mut record = Record::new();
        let mut left = self.cbor.map()?;
        while self.has_more(&mut left)? {
            match self.key()? {
                Key::Known(label) => {
                    let value = self.value()?;
                    record.put(label, value);
                }
                Key::Extension => self.skip(2)?,
                Key::MustUnderstand(label) => {
                    record.must_understand = Some(label);
                    self.skip(2)?;
                }
            }
        }
        records.record(record);
        Ok(())
    }

    fn key(&mut self) -> Read<Key> {
        match self.cbor.datatype()? {
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
                Ok(Key::of_number(self.cbor.i64()?))
            }
            Type::String | Type::StringIndef => match self.text()? {
                Value::Text(word) => Ok(Key::of_word(&word)),
                _ => Ok(Key::Extension),
            },
            _ => {
                self.skip(2)?;
                Ok(Key::Extension)
            }
        }
    }

    fn value(&mut self) -> Read<Value<'p>> {
        let kind = self.cbor.datatype()?;
        Ok(match kind {
            Type::Bool => Value::Bool(self.cbor.bool()?),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => {
                #[allow(clippy::cast_precision_loss)] // A value is a double.
                Value::Number(self.cbor.u64()? as f64)
            }
            Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int =>
            {
                #[allow(clippy::cast_precision_loss)]
                Value::Number(i128::from(self.cbor.int()?) as f64)
            }
            Type::F16 => Value::Number(f64::from(self.cbor.f16()?)),
            Type::F32 => Value::Number(f64::from(self.cbor.f32()?)),
            Type::F64 => Value::Number(self.cbor.f64()?),
            Type::String | Type::StringIndef => self.text()?,
            Type::Tag => self.tagged()?,
            Type::Bytes | Type::BytesIndef => {
                self.skip(2)?;
                Value::Data
            }
            _ => {
                self.skip(2)?;
                Value::Other(shown(kind))
            }
        })
    }

    /// Text that is not UTF-8 costs its record, not the pack.
    fn text(&mut self) -> Read<Value<'p>> {
        let start = self.cbor.position();
        let read = if self.cbor.datatype()? == Type::String {
            self.cbor.str().map(Cow::Borrowed)
        } else {
            self.cbor.str_iter()?.collect::<Result<String, Error>>().map(Cow::Owned)
        };
        match read {
            Ok(text) => Ok(Value::Text(text)),
            Err(error) if error.is_end_of_input() => Err(error.into()),
            Err(_) => {
                self.cbor.set_position(start);
                self.skip_text()?;
                Ok(Value::NotText(clip_bytes(&self.cbor.input()[start..self.cbor.position()])))
            }
        }
    }

    /// A decimal fraction `[exponent, mantissa]`, by way of its digits: so 1 · 10⁻¹ is the double 0.1.
    fn tagged(&mut self) -> Read<Value<'p>> {
        let start = self.cbor.position();
        let tag = self.cbor.tag()?.as_u64();
        if tag == DECIMAL
            && let Ok(Some(2)) = self.cbor.array()
            && let (Ok(exponent), Ok(mantissa)) = (self.cbor.i64(), self.cbor.i64())
        {
            let number = format!("{mantissa}e{exponent}").parse().unwrap_or(f64::NAN);
            return Ok(Value::Number(number));
        }
        self.cbor.set_position(start);
        self.skip(2)?;
        Ok(Value::Other(format!("tag {tag}")))
    }

    /// Walks over one item that stands `depth` levels deep.
    fn skip(&mut self, depth: u32) -> Read<()> {
        if depth > Limits::DEPTH_MAX {
            return Err(Trouble::TooDeep);
        }
        match self.cbor.datatype()? {
            Type::Array | Type::ArrayIndef => {
                let mut left = self.cbor.array()?;
                while self.has_more(&mut left)? {
                    self.skip(depth + 1)?;
                }
            }
            Type::Map | Type::MapIndef => {
                let mut left = self.cbor.map()?;
                while self.has_more(&mut left)? {
                    self.skip(depth + 1)?;
                    self.skip(depth + 1)?;
                }
            }
            Type::Tag => {
                self.cbor.tag()?;
                self.skip(depth + 1)?;
            }
            Type::String | Type::StringIndef => self.skip_text()?,
            Type::Break => return Err(Error::type_mismatch(Type::Break).into()),
            _ => self.cbor.skip()?,
        }
        Ok(())
    }

    /// Whether it is UTF-8 does not matter.
    fn skip_text(&mut self) -> Read<()> {
        if self.cbor.datatype()? == Type::String {
            return self.skip_chunk();
        }
        self.cbor.set_position(self.cbor.position() + 1);
        while self.cbor.datatype()? != Type::Break {
            self.skip_chunk()?;
        }
        self.cbor.set_position(self.cbor.position() + 1);
        Ok(())
    }

    /// Text of a length that was said; nothing else may stand in text of a length that was not.
    fn skip_chunk(&mut self) -> Read<()> {
        match self.cbor.datatype()? {
            Type::String => match self.cbor.str() {
                Err(error) if error.is_end_of_input() => Err(error.into()),
                // Not UTF-8: it was read past.
                Ok(_) | Err(_) => Ok(()),
            },
            other => Err(Error::type_mismatch(other).into()),
        }
    }
}

fn shown(kind: Type) -> String {
    match kind {
        Type::Array | Type::ArrayIndef => "an array".to_owned(),
        Type::Map | Type::MapIndef => "a map".to_owned(),
        Type::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

impl Trouble {
    fn refusal(&self, payload: &[u8], offset: usize, at: u32) -> Rejection {
        const SHOWN_LEN: usize = 16;
        let offset = offset.min(payload.len());
        let hex: Vec<String> =
            payload[offset..].iter().take(SHOWN_LEN).map(|byte| format!("{byte:02x}")).collect();
        let got = hex.join(" ");
        let pointer = if at == 0 { String::new() } else { Place::Item(at).pointer() };
        let refusal = match self {
            Trouble::NoArray(kind) => {
                let fix = "send an array of records, as RFC 8428, 6, has it";
                Rejection::new(Reason::SchemaViolation, pointer, &shown(*kind), "an array of records", fix)
            }
            Trouble::TooDeep => {
                let expected = format!("at most {} levels of nesting", Limits::DEPTH_MAX);
                let fix = "send records of RFC 8428";
                Rejection::new(Reason::SchemaViolation, pointer, &got, &expected, fix)
            }
            Trouble::Trailing => {
                let fix = "send one pack a message; put all records into one array";
                Rejection::new(Reason::CborSyntax, pointer, &got, "the end of the payload", fix)
            }
            Trouble::Cbor(error) if error.is_end_of_input() => {
                let fix = "the payload is cut off: look at the sender's buffer and at size limits on the way";
                Rejection::new(Reason::CborSyntax, pointer, &got, "the rest of the CBOR", fix)
            }
            Trouble::Cbor(error) => {
                let fix = "mend the CBOR at that byte; what stood before it was read";
                Rejection::new(Reason::CborSyntax, pointer, &got, &format!("CBOR ({error})"), fix)
            }
        };
        refusal.at(Position { line: 1, column: offset + 1, offset })
    }
}

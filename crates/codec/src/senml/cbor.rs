//! `application/senml+cbor`, read where it lies: nothing is built, nested at most [`Limits::DEPTH_MAX`] deep.
//!
//! minicbor reads one item at a time and allocates nothing. Its own `skip` keeps a stack on the heap, so what is to be left
//! out is walked over here.

use std::str;

use davy_model::Timestamp;
use minicbor::{Decoder, data::Type, decode::Error};
use typed_arena::Arena;

use super::{
    label::Key,
    pack::Pack,
    plain::{Head, MAP, NEGATIVE, TEXT, WHOLE, is_plain},
    record::{Record, Records, Value},
    scan::Scan,
    trouble::{Trouble, shown},
};
use crate::{Form, Limits, Sink, Summary, clip::clip_bytes, tally::Tally};

/// "This is CBOR" (RFC 8949, 3.4.6).
const SELF_DESCRIBED: u64 = 55799;
/// A decimal fraction, the one tag that RFC 8428, 6, has.
const DECIMAL: u64 = 4;

type Read<T> = Result<T, Trouble>;

pub(super) fn decode(payload: &[u8], arrival: Timestamp, limits: Limits, sink: &mut dyn Sink) -> Summary {
    let mut tally = Tally::new(sink, Summary::empty(Form::SenmlCbor), limits, 0);
    let texts = Arena::with_capacity(0);
    if !is_plain(payload) {
        let mut scan = Scan::default();
        // What is wrong with the CBOR, the pass itself will tell.
        let _ = Reader::new(payload, &texts).pack(&mut scan);
        if let Some(refusal) = scan.found {
            tally.problem(refusal);
            return tally.finish();
        }
    }
    let mut pack = Pack::new(&mut tally, arrival);
    let mut reader = Reader::new(payload, &texts);
    let read = reader.pack(&mut pack);
    let at = pack.count();
    if let Err(trouble) = read {
        tally.problem(trouble.refusal(payload, reader.cbor.position(), at));
    }
    tally.finish()
}

struct Reader<'p> {
    cbor: Decoder<'p>,
    record: Record<'p>,
    /// Holds what does not stand in the payload as it is.
    texts: &'p Arena<String>,
}

impl<'p> Reader<'p> {
    fn new(payload: &'p [u8], texts: &'p Arena<String>) -> Reader<'p> {
        Reader { cbor: Decoder::new(payload), record: Record::new(), texts }
    }

    fn pack(&mut self, records: &mut dyn Records) -> Read<()> {
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

    /// What comes next, when it can be read at a glance.
    #[inline]
    fn head(&self) -> Option<Head> {
        Head::at(self.cbor.input(), self.cbor.position())
    }

    fn element(&mut self, records: &mut dyn Records) -> Read<()> {
        let mut left = match self.head() {
            Some(Head { kind: MAP, argument, next, .. }) => {
                self.cbor.set_position(next);
                Some(argument)
            }
            _ => {
                let kind = self.cbor.datatype()?;
                if kind != Type::MapIndef {
                    self.skip(1)?;
                    records.no_record(&shown(kind));
                    return Ok(());
                }
                self.cbor.map()?
            }
        };
        self.record.clear();
        while self.has_more(&mut left)? {
            match self.key()? {
                Key::Known(label) => {
                    let value = self.value()?;
                    self.record.put(label, value);
                }
                Key::Extension => self.skip(2)?,
                Key::MustUnderstand(label) => {
                    self.record.must_understand = Some(label);
                    self.skip(2)?;
                }
            }
        }
        records.record(&self.record);
        Ok(())
    }

    fn key(&mut self) -> Read<Key<'p>> {
        if let Some(Head { kind: kind @ (WHOLE | NEGATIVE), argument, next, .. }) = self.head()
            && let Ok(argument) = i64::try_from(argument)
        {
            self.cbor.set_position(next);
            return Ok(Key::of_number(if kind == WHOLE { argument } else { -1 - argument }));
        }
        match self.cbor.datatype()? {
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
                Ok(Key::of_number(self.cbor.i64()?))
            }
            Type::String | Type::StringIndef => match self.text()? {
                Value::Text(word) => Ok(Key::of_word(word)),
                _ => Ok(Key::Extension),
            },
            _ => {
                self.skip(2)?;
                Ok(Key::Extension)
            }
        }
    }

    fn value(&mut self) -> Read<Value<'p>> {
        let Some((value, next)) = self.head().and_then(|head| plain(head, self.cbor.input())) else {
            return self.other_value();
        };
        self.cbor.set_position(next);
        Ok(value)
    }

    fn other_value(&mut self) -> Read<Value<'p>> {
        let kind = self.cbor.datatype()?;
        Ok(match kind {
            Type::Bool => self.cbor.bool()?.into(),
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
                Value::Other(self.texts.alloc(shown(kind)))
            }
        })
    }

    /// Text that is not UTF-8 costs its record, not the pack.
    fn text(&mut self) -> Read<Value<'p>> {
        let start = self.cbor.position();
        let read = if self.cbor.datatype()? == Type::String {
            self.cbor.str()
        } else {
            let pieces = self.cbor.str_iter()?.collect::<Result<String, Error>>();
            pieces.map(|text| &**self.texts.alloc(text))
        };
        match read {
            Ok(text) => Ok(Value::Text(text)),
            Err(error) if error.is_end_of_input() => Err(error.into()),
            Err(_) => {
                self.cbor.set_position(start);
                self.skip_text()?;
                let shown = clip_bytes(&self.cbor.input()[start..self.cbor.position()]);
                Ok(Value::NotText(self.texts.alloc(shown)))
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
        Ok(Value::Other(self.texts.alloc(format!("tag {tag}"))))
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

/// A number or a text, and where the next item stands.
#[inline]
fn plain<'p>(head: Head, bytes: &'p [u8]) -> Option<(Value<'p>, usize)> {
    match head.kind {
        #[allow(clippy::cast_precision_loss)] // A value is a double.
        WHOLE => Some((Value::Number(head.argument as f64), head.next)),
        TEXT => {
            let (text, end) = head.body(bytes)?;
            Some((Value::Text(str::from_utf8(text).ok()?), end))
        }
        _ => Some((Value::Number(head.double()?), head.next)),
    }
}

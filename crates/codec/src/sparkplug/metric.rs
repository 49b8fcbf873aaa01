//! One metric, as it stands on the wire; field numbers of chapter 6.4.6.

use crate::wire::{Wire, WireType};

const NAME: u32 = 1;
const ALIAS: u32 = 2;
const TIMESTAMP: u32 = 3;
const DATATYPE: u32 = 4;
const IS_HISTORICAL: u32 = 5;
const IS_NULL: u32 = 7;
const PROPERTIES: u32 = 9;
const INT_VALUE: u32 = 10;
const LONG_VALUE: u32 = 11;
const FLOAT_VALUE: u32 = 12;
const DOUBLE_VALUE: u32 = 13;
const BOOLEAN_VALUE: u32 = 14;
const STRING_VALUE: u32 = 15;
const BYTES_VALUE: u32 = 16;
const DATASET_VALUE: u32 = 17;
const TEMPLATE_VALUE: u32 = 18;
const EXTENSION_VALUE: u32 = 19;

/// What a metric says, borrowed from its payload. What is not said is absent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RawMetric<'a> {
    pub(super) name: Option<&'a [u8]>,
    pub(super) alias: Option<u64>,
    pub(super) timestamp: Option<u64>,
    pub(super) datatype: Option<u32>,
    pub(super) is_historical: bool,
    pub(super) is_null: bool,
    pub(super) properties: Option<&'a [u8]>,
    pub(super) value: Option<Value<'a>>,
}

/// A value, by the field it came in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Int(u32),
    Long(u64),
    Float(f32),
    Double(f64),
    Boolean(bool),
    /// Text, bytes, a dataset, a template or an extension: no number, and not read.
    Other(&'a [u8]),
}

impl<'a> RawMetric<'a> {
    /// Reads one metric. Nothing of a metric that is broken is given.
    pub(super) fn read(bytes: &'a [u8]) -> Result<RawMetric<'a>, &'static str> {
        let mut metric = RawMetric::default();
        let mut wire = Wire::new(bytes);
        while !wire.is_empty() {
            metric.field(&mut wire)?;
        }
        Ok(metric)
    }

    #[inline]
    fn field(&mut self, wire: &mut Wire<'a>) -> Result<(), &'static str> {
        let key = wire.key()?;
        match (key.number, key.wire_type) {
            (NAME, WireType::Len) => self.name = Some(wire.bytes()?),
            (ALIAS, WireType::Varint) => self.alias = Some(wire.varint()?),
            (TIMESTAMP, WireType::Varint) => self.timestamp = Some(wire.varint()?),
            (DATATYPE, WireType::Varint) => self.datatype = Some(low32(wire.varint()?)),
            (IS_HISTORICAL, WireType::Varint) => self.is_historical = wire.varint()? != 0,
            (IS_NULL, WireType::Varint) => self.is_null = wire.varint()? != 0,
            (PROPERTIES, WireType::Len) => self.properties = Some(wire.bytes()?),
            (INT_VALUE, WireType::Varint) => self.value = Some(Value::Int(low32(wire.varint()?))),
            (LONG_VALUE, WireType::Varint) => self.value = Some(Value::Long(wire.varint()?)),
            (FLOAT_VALUE, WireType::Fixed32) => {
                self.value = Some(Value::Float(f32::from_le_bytes(wire.fixed32()?)));
            }
            (DOUBLE_VALUE, WireType::Fixed64) => {
                self.value = Some(Value::Double(f64::from_le_bytes(wire.fixed64()?)));
            }
            (BOOLEAN_VALUE, WireType::Varint) => self.value = Some(Value::Boolean(wire.varint()? != 0)),
            (
                STRING_VALUE | BYTES_VALUE | DATASET_VALUE | TEMPLATE_VALUE | EXTENSION_VALUE,
                WireType::Len,
            ) => self.value = Some(Value::Other(wire.bytes()?)),
            (NAME..=IS_HISTORICAL | IS_NULL | PROPERTIES..=EXTENSION_VALUE, _) => {
                return Err("a field has the wrong wire type");
            }
            // `is_transient`, metadata and what later versions add say nothing to Davy.
            _ => wire.skip(key)?,
        }
        Ok(())
    }
}

/// A uint32 is its low bits, as protobuf asks.
#[allow(clippy::cast_possible_truncation)]
const fn low32(value: u64) -> u32 {
    value as u32
}

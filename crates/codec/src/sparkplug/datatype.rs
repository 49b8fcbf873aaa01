//! The data types of metrics, and which number a value of each is (chapter 6.4.16).

use super::metric::Value;

/// What a metric's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // Each is named as the specification names it.
pub enum DataType {
    Int8 = 1,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float,
    Double,
    Boolean,
    String,
    DateTime,
    Text,
    Uuid,
    DataSet,
    Bytes,
    File,
    Template,
    PropertySet,
    PropertySetList,
    Int8Array,
    Int16Array,
    Int32Array,
    Int64Array,
    UInt8Array,
    UInt16Array,
    UInt32Array,
    UInt64Array,
    FloatArray,
    DoubleArray,
    BooleanArray,
    StringArray,
    DateTimeArray,
}

/// Every type, at the place of its code less one.
const ALL: [DataType; 34] = [
    DataType::Int8,
    DataType::Int16,
    DataType::Int32,
    DataType::Int64,
    DataType::UInt8,
    DataType::UInt16,
    DataType::UInt32,
    DataType::UInt64,
    DataType::Float,
    DataType::Double,
    DataType::Boolean,
    DataType::String,
    DataType::DateTime,
    DataType::Text,
    DataType::Uuid,
    DataType::DataSet,
    DataType::Bytes,
    DataType::File,
    DataType::Template,
    DataType::PropertySet,
    DataType::PropertySetList,
    DataType::Int8Array,
    DataType::Int16Array,
    DataType::Int32Array,
    DataType::Int64Array,
    DataType::UInt8Array,
    DataType::UInt16Array,
    DataType::UInt32Array,
    DataType::UInt64Array,
    DataType::FloatArray,
    DataType::DoubleArray,
    DataType::BooleanArray,
    DataType::StringArray,
    DataType::DateTimeArray,
];

impl DataType {
    /// The type of that code; `None` of 0 (unknown) and of codes nobody knows.
    pub fn from_code(code: u32) -> Option<DataType> {
        ALL.get(usize::try_from(code).ok()?.checked_sub(1)?).copied()
    }

    /// Its code on the wire.
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// Whether its values are numbers, or true and false, which are 1 and 0.
    pub const fn is_number(self) -> bool {
        (self as u32) <= DataType::Boolean as u32
    }

    /// The number that a value of this type is; `None` when it is not of this type, or does not fit in it.
    #[allow(clippy::cast_precision_loss)] // Counters beyond 2^53 lose their last bits; limits are not that fine.
    pub(super) fn number(self, value: Value<'_>) -> Option<f64> {
        match (self, value) {
            (DataType::Float | DataType::Double, Value::Float(value)) => Some(f64::from(value)),
            (DataType::Float | DataType::Double, Value::Double(value)) => Some(value),
            (DataType::Boolean, Value::Boolean(value)) => Some(f64::from(u8::from(value))),
            (DataType::Int8, value) => signed(value, 8).map(|value| value as f64),
            (DataType::Int16, value) => signed(value, 16).map(|value| value as f64),
            (DataType::Int32, value) => signed(value, 32).map(|value| value as f64),
            (DataType::Int64, value) => signed(value, 64).map(|value| value as f64),
            (DataType::UInt8, value) => unsigned(value, 8).map(|value| value as f64),
            (DataType::UInt16, value) => unsigned(value, 16).map(|value| value as f64),
            (DataType::UInt32, value) => unsigned(value, 32).map(|value| value as f64),
            (DataType::UInt64, value) => unsigned(value, 64).map(|value| value as f64),
            _ => None,
        }
    }
}

/// The bits of a whole number. Both fields are taken for every width: encoders differ over 32 bits.
const fn bits(value: Value<'_>) -> Option<(u64, u32)> {
    match value {
        Value::Int(value) => Some((value as u64, 32)),
        Value::Long(value) => Some((value, 64)),
        Value::Float(_) | Value::Double(_) | Value::Boolean(_) | Value::Other(_) => None,
    }
}

/// Two's complement of `width` bits. Encoders send a negative Int8 as its 8 bits alone, or with its sign carried on to
/// the field's end; anything else does not fit, and is not guessed.
fn signed(value: Value<'_>, width: u32) -> Option<i64> {
    let (bits, field) = bits(value)?;
    let bare = sign_carried(bits, width);
    let fits = width >= field || bits >> width == 0 || sign_carried(bits, field) == bare;
    fits.then_some(bare)
}

/// The number that the lowest `width` bits are.
const fn sign_carried(bits: u64, width: u32) -> i64 {
    let beyond = 64 - width;
    (bits << beyond).cast_signed() >> beyond
}

fn unsigned(value: Value<'_>, width: u32) -> Option<u64> {
    let (bits, _) = bits(value)?;
    (width == 64 || bits >> width == 0).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_one_type() {
        for code in 1..=34 {
            assert_eq!(DataType::from_code(code).map(DataType::code), Some(code));
        }
        assert_eq!((DataType::from_code(0), DataType::from_code(35)), (None, None));
        assert_eq!(DataType::from_code(u32::MAX), None);
        assert_eq!(
            (1..=34).filter(|code| DataType::from_code(*code).expect("known").is_number()).count(),
            11
        );
    }

    #[test]
    fn whole_numbers_are_twos_complement_and_must_fit() {
        let int = Value::Int;
        let long = Value::Long;
        for (datatype, value, want) in [
            (DataType::Int8, int(0xff), Some(-1.0)),
            (DataType::Int8, int(0xffff_ffff), Some(-1.0)),
            (DataType::Int8, int(127), Some(127.0)),
            (DataType::Int8, int(0x80), Some(-128.0)),
            (DataType::Int8, int(300), None),
            (DataType::Int16, int(0xffff_ffff), Some(-1.0)),
            (DataType::Int16, int(0xfffe), Some(-2.0)),
            (DataType::Int16, int(0x0001_0000), None),
            (DataType::Int32, int(0x8000_0000), Some(-2_147_483_648.0)),
            (DataType::Int32, long(0xffff_ffff_ffff_ffff), Some(-1.0)),
            (DataType::Int32, long(0x1_0000_0000), None),
            (DataType::Int64, long(u64::MAX), Some(-1.0)),
            (DataType::Int64, int(5), Some(5.0)),
            (DataType::UInt8, int(255), Some(255.0)),
            (DataType::UInt8, int(256), None),
            (DataType::UInt16, int(0xffff_ffff), None),
            (DataType::UInt32, int(u32::MAX), Some(4_294_967_295.0)),
            (DataType::UInt32, long(u64::from(u32::MAX)), Some(4_294_967_295.0)),
            (DataType::UInt64, long(u64::MAX), Some(18_446_744_073_709_551_615.0)),
            (DataType::Float, Value::Float(0.5), Some(0.5)),
            (DataType::Double, Value::Float(0.5), Some(0.5)),
            (DataType::Float, int(1), None),
            (DataType::Boolean, Value::Boolean(true), Some(1.0)),
            (DataType::Boolean, int(1), None),
            (DataType::Int8, Value::Boolean(true), None),
            (DataType::String, int(1), None),
        ] {
            assert_eq!(datatype.number(value), want, "{datatype:?} {value:?}");
        }
    }
}

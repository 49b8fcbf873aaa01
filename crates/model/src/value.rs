//! A measured value, or that there is none.

use std::fmt;

/// A finite number, or none: a device that reports an error in place of a value has measured nothing.
///
/// As small as a number, since it is held for every reading: inside, none is the one value that is no number.
#[derive(Clone, Copy)]
pub struct Value(f64);

impl Value {
    /// Nothing was measured.
    pub const NONE: Value = Value(f64::NAN);

    /// The value of a number. One that is not finite was never measured, and is none.
    pub const fn of(number: f64) -> Value {
        if number.is_finite() { Value(number) } else { Value::NONE }
    }

    /// The number, when there is one.
    #[inline]
    pub const fn get(self) -> Option<f64> {
        if self.0.is_nan() { None } else { Some(self.0) }
    }

    /// Whether something was measured.
    #[inline]
    pub const fn is_some(self) -> bool {
        !self.0.is_nan()
    }

    /// The number, or one that lies neither above, nor below, nor at any other: for comparisons alone.
    #[inline]
    pub const fn or_nan(self) -> f64 {
        self.0
    }

    /// Its eight bytes, for encodings.
    pub const fn to_bits(self) -> u64 {
        self.0.to_bits()
    }

    /// The value of those bytes.
    pub const fn from_bits(bits: u64) -> Value {
        Value::of(f64::from_bits(bits))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::of(number)
    }
}

impl From<Option<f64>> for Value {
    fn from(number: Option<f64>) -> Value {
        number.map_or(Value::NONE, Value::of)
    }
}

/// Byte for byte: none is none, and 0 is not -0.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Some(number) => fmt::Display::fmt(&number, f),
            None => f.pad("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_finite_number_or_none_over_its_bytes_too() {
        for number in [0.0, -0.0, 12.5, f64::MAX, f64::MIN_POSITIVE] {
            assert_eq!(Value::of(number).get().map(f64::to_bits), Some(number.to_bits()));
            assert_eq!(Value::from_bits(Value::of(number).to_bits()), Value::of(number));
        }
        let none =
            [f64::NAN, -f64::NAN, f64::from_bits(0x7ff8_dead_beef_0001), f64::INFINITY, f64::NEG_INFINITY];
        for number in none {
            assert_eq!((Value::of(number), Value::from_bits(number.to_bits())), (Value::NONE, Value::NONE));
            assert_eq!(Value::of(number).get(), None);
        }
        assert_eq!((Value::from(None), Value::NONE.to_string()), (Value::NONE, "none".to_owned()));
        assert!(size_of::<Value>() == 8, "a reading stays small");
    }
}

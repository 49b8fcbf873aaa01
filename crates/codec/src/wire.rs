//! The protobuf wire format, as much of it as readings need: keys, varints, lengths.

/// How a field is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint,
    Fixed64,
    Len,
    Fixed32,
}

/// A field's number and encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) number: u32,
    pub(crate) wire_type: WireType,
}

/// Bytes not read yet. What fails says why, in a few words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire<'a>(&'a [u8]);

const CUT: &str = "it is cut off";

impl<'a> Wire<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Wire<'a> {
        Wire(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn key(&mut self) -> Result<Key, &'static str> {
        let key = u32::try_from(self.varint()?).map_err(|_| "a field number is too large")?;
        let wire_type = match key & 7 {
            0 => WireType::Varint,
            1 => WireType::Fixed64,
            2 => WireType::Len,
            5 => WireType::Fixed32,
            _ => return Err("a wire type is not one of proto3"),
        };
        if key >> 3 == 0 { Err("a field has the number 0") } else { Ok(Key { number: key >> 3, wire_type }) }
    }

    pub(crate) fn varint(&mut self) -> Result<u64, &'static str> {
        // Keys and lengths are most of it, and have one byte.
        if let Some((&first, rest)) = self.0.split_first()
            && first < 0x80
        {
            self.0 = rest;
            return Ok(u64::from(first));
        }
        let mut value = 0_u64;
        for (at, byte) in self.0.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.0 = &self.0[at + 1..];
                // Of the tenth byte only one bit fits.
                return if at == 9 && *byte > 1 { Err("a number is too long") } else { Ok(value) };
            }
        }
        Err(if self.0.len() < 10 { CUT } else { "a number is too long" })
    }

    pub(crate) fn fixed64(&mut self) -> Result<[u8; 8], &'static str> {
        let (first, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn fixed32(&mut self) -> Result<[u8; 4], &'static str> {
        let (first, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], &'static str> {
        let len = usize::try_from(self.varint()?).map_err(|_| CUT)?;
        let (first, rest) = self.0.split_at_checked(len).ok_or(CUT)?;
        self.0 = rest;
        Ok(first)
    }

    pub(crate) fn skip(&mut self, key: Key) -> Result<(), &'static str> {
        match key.wire_type {
            WireType::Varint => self.varint().map(|_| ()),
            WireType::Fixed64 => self.fixed64().map(|_| ()),
            WireType::Len => self.bytes().map(|_| ()),
            WireType::Fixed32 => self.fixed32().map(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_to_their_last_bit_and_no_further() {
        let max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Wire::new(&max).varint(), Ok(u64::MAX));
        let mut over = max;
        over[9] = 2;
        assert!(Wire::new(&over).varint().is_err());
        assert_eq!(Wire::new(&max[..9]).varint(), Err(CUT));
        assert_eq!(Wire::new(&[0xff; 11]).varint(), Err("a number is too long"));
        assert_eq!(Wire::new(&[0x02, b'a']).bytes(), Err(CUT));
    }

    #[test]
    fn groups_and_the_number_zero_are_refused() {
        for byte in [0x0b, 0x0c, 0x0e, 0x0f, 0x00] {
            assert!(Wire::new(&[byte]).key().is_err(), "{byte:#x}");
        }
    }
}

//! What most packs of CBOR are made of: arrays, maps and texts whose lengths are said, small keys, plain numbers. These are
//! read at a glance; whatever is not told here minicbor reads, and tells what is wrong with it.

/// One item as it begins (RFC 8949, 3), and where what follows its beginning stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) kind: u8,
    info: u8,
    /// The number itself, or how long the item is.
    pub(super) argument: u64,
    pub(super) next: usize,
}

/// A whole number from 0.
pub(super) const WHOLE: u8 = 0;
/// A whole number below 0: -1 less its argument.
pub(super) const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
/// Text of `argument` bytes.
pub(super) const TEXT: u8 = 3;
const ARRAY: u8 = 4;
/// A map of `argument` entries.
pub(super) const MAP: u8 = 5;
const SIMPLE: u8 = 7;
/// The label of the pack's version, -1, has this argument.
const BASE_VERSION: u64 = 0;
/// A single byte says no more than this.
const IN_ONE: u8 = 24;

impl Head {
    /// What begins at `at`; `None` when it is cut off, or its length is not said.
    #[inline]
    pub(super) fn at(bytes: &[u8], at: usize) -> Option<Head> {
        let first = *bytes.get(at)?;
        let (kind, info, next) = (first >> 5, first & 0x1f, at + 1);
        let rest = bytes.get(next..)?;
        let (argument, len) = match info {
            0..IN_ONE => (info.into(), 0),
            24 => ((*rest.first()?).into(), 1),
            25 => (u16::from_be_bytes(*rest.first_chunk()?).into(), 2),
            26 => (u32::from_be_bytes(*rest.first_chunk()?).into(), 4),
            27 => (u64::from_be_bytes(*rest.first_chunk()?), 8),
            _ => return None,
        };
        Some(Head { kind, info, argument, next: next + len })
    }

    /// The double it is, when it is one.
    pub(super) fn double(self) -> Option<f64> {
        (self.kind == SIMPLE && self.info == 27).then(|| f64::from_bits(self.argument))
    }

    /// The bytes behind it that its length says, and what follows them.
    #[inline]
    pub(super) fn body(self, bytes: &[u8]) -> Option<(&[u8], usize)> {
        let end = self.next.checked_add(usize::try_from(self.argument).ok()?)?;
        Some((bytes.get(self.next..end)?, end))
    }

    /// Where the next item stands, unless something stands inside this one.
    #[inline]
    fn end(self, bytes: &[u8]) -> Option<usize> {
        match self.kind {
            WHOLE | NEGATIVE | SIMPLE => Some(self.next),
            BYTES | TEXT => self.body(bytes).map(|(_, end)| end),
            _ => None,
        }
    }
}

/// Whether a pack has surely nothing for which all of it would be refused: no version, no label that is a text.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let Some(Head { kind: ARRAY, argument: records, next: mut at, .. }) = Head::at(bytes, 0) else {
        return false;
    };
    for _ in 0..records {
        let Some(Head { kind: MAP, argument: entries, next, .. }) = Head::at(bytes, at) else { return false };
        at = next;
        for _ in 0..entries {
            let key = Head::at(bytes, at).filter(|key| match key.kind {
                WHOLE => true,
                NEGATIVE => key.argument != BASE_VERSION,
                _ => false,
            });
            let value = key.and_then(|key| Head::at(bytes, key.next));
            let Some(end) = value.and_then(|value| value.end(bytes)) else { return false };
            at = end;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_refused_whole_is_never_plain() {
        for (pack, want) in [
            (&b"\x82\xa2\x00\x61a\x02\xfb\x40\x28\xcc\xcc\xcc\xcc\xcc\xcd\xa1\x02\x18\x20"[..], true),
            (b"\x81\xa2\x21\x64 \x01_x\x02\x01", true),
            (b"\x80", true),
            // A version, as short as can be, and longer than need be.
            (b"\x81\xa2\x20\x0b\x02\x01", false),
            (b"\x81\xa2\x38\x00\x0b\x02\x01", false),
            (b"\x81\xa2\x3b\x00\x00\x00\x00\x00\x00\x00\x00\x61x\x02\x01", false),
            // A label in words, lengths that are not said, something inside a value, no record, and cut off.
            (b"\x81\xa1\x62a_\x01", false),
            (b"\x9f\xa1\x02\x01\xff", false),
            (b"\x81\xbf\x02\x01\xff", false),
            (b"\x81\xa1\x02\xc4\x82\x21\x01", false),
            (b"\x81\x01", false),
            (b"\x82\xa1\x02\x01", false),
            (b"\x81\xa1\x00\x78\xffa", false),
            (b"", false),
        ] {
            assert_eq!(is_plain(pack), want, "{pack:x?}");
        }
    }
}

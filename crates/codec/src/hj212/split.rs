//! What belongs together of a message that was split, and how its packets are joined.

use super::region::is_flag;
use super::segment::{Part, Segment};

/// Messages are told apart by box, command, request number and number of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key<S> {
    mn: S,
    qn: S,
    cn: u16,
    of: u16,
}

impl<'b> Key<&'b str> {
    pub(super) fn of(segment: &Segment<'b>, part: Part) -> Key<&'b str> {
        Key { mn: segment.mn, qn: segment.qn.unwrap_or_default(), cn: segment.cn.0, of: part.of }
    }

    pub(super) fn to_owned(self) -> Key<String> {
        Key { mn: self.mn.to_owned(), qn: self.qn.to_owned(), cn: self.cn, of: self.of }
    }
}

impl Key<String> {
    pub(super) fn as_ref(&self) -> Key<&str> {
        Key { mn: &self.mn, qn: &self.qn, cn: self.cn, of: self.of }
    }
}

/// Whether a packet can be read without the others: it begins with its time, and nothing can be cut off at its end, since it
/// ends with a flag or with the message.
pub(super) fn stands_alone(region: &[u8], part: Part) -> bool {
    let region = region.trim_ascii();
    if !region.starts_with(b"DataTime=") {
        return false;
    }
    let last = region.rsplit(|byte| matches!(byte, b';' | b',')).find(|item| !item.trim_ascii().is_empty());
    let flag = last.and_then(|item| {
        let place = memchr::memmem::rfind(item, b"-Flag=")?;
        Some(item[place + 6..].trim_ascii())
    });
    part.number == part.of || flag.is_some_and(is_flag)
}

/// Appends the data of the next packet. Whether the cut went through an item, the pieces tell: an item begins with a name and
/// an equals sign, and ends with a value.
pub(super) fn join(joined: &mut Vec<u8>, next: &[u8]) {
    if !joined.is_empty() && ends_an_item(joined) && begins_an_item(next) {
        joined.push(b';');
    }
    joined.extend_from_slice(next);
}

fn ends_an_item(region: &[u8]) -> bool {
    let last = region.rsplit(|byte| matches!(byte, b';' | b',')).next().unwrap_or_default();
    memchr::memchr(b'=', last).is_some_and(|equals| equals + 1 < last.len())
}

fn begins_an_item(region: &[u8]) -> bool {
    let first = region.split(|byte| matches!(byte, b';' | b',')).next().unwrap_or_default();
    memchr::memchr(b'=', first).is_some_and(|equals| equals > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever a message is cut, its packets give it back: as it was, or with one more `;` where one was missing.
    #[test]
    fn a_message_cut_anywhere_is_put_together_again() {
        let whole = b"DataTime=20201029121000;a01-Rtd=12.5,a01-Flag=N;011-Rtd=231.0,011-Flag=D";
        for cut in 1..whole.len() {
            let mut joined = whole[..cut].to_vec();
            join(&mut joined, &whole[cut..]);
            assert_eq!(joined, whole, "cut at {cut}");
        }
        for separator in [b';', b','] {
            for cut in (0..whole.len()).filter(|at| whole[*at] == separator) {
                let mut joined = whole[..cut].to_vec();
                join(&mut joined, &whole[cut + 1..]);
                let mut want = whole.to_vec();
                want[cut] = b';';
                assert_eq!(joined, want, "the separator at {cut} left out");
            }
        }
    }

    #[test]
    fn a_packet_stands_alone_when_nothing_can_be_cut_off() {
        let (first, last) = (Part { number: 1, of: 2 }, Part { number: 2, of: 2 });
        for (region, part, want) in [
            ("DataTime=1;a-Rtd=1,a-Flag=N", first, true),
            ("DataTime=1;a-Rtd=1,a-Flag=N;", first, true),
            ("DataTime=1;a-Rtd=1", first, false),
            ("DataTime=1;a-Rtd=1", last, true),
            ("DataTime=1;a-Rtd=1,a-Flag=", first, false),
            ("a-Rtd=1,a-Flag=N", last, false),
            ("DataTime=1", first, false),
        ] {
            assert_eq!(stands_alone(region.as_bytes(), part), want, "{region}");
        }
    }
}

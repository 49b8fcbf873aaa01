//! SUBSCRIBE and UNSUBSCRIBE, and their answers.

use bytes::{BufMut, BytesMut};

use super::properties::{self as property, allow};
use super::read::Reader;
use super::{DecodeError, Qos, Reason, Version, write};

const ALLOWED: u64 = allow(&[property::SUBSCRIPTION_ID, property::USER_PROPERTY]);
const ALLOWED_IN_UNSUBSCRIBE: u64 = allow(&[property::USER_PROPERTY]);

/// A client's wish to hear. Its layout has been checked, its filters have not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscribe<'a> {
    /// To answer with.
    pub packet_id: u16,
    filters: Reader<'a>,
}

/// One filter of a SUBSCRIBE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterRequest<'a> {
    /// The filter, not yet checked (see [`crate::topic::check_filter`]).
    pub filter: &'a str,
    /// The QoS asked for; 2 is read as 1, the most there is.
    pub qos: Qos,
}

impl<'a> Subscribe<'a> {
    /// The filters, at least one, in order.
    pub fn filters(&self) -> Filters<'a> {
        Filters { rest: self.filters }
    }
}

/// Walks the filters of a SUBSCRIBE.
#[derive(Debug, Clone, Copy)]
pub struct Filters<'a> {
    rest: Reader<'a>,
}

impl<'a> Iterator for Filters<'a> {
    type Item = FilterRequest<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        // The layout was checked by `decode_subscribe`: what fails here is the end.
        let filter = self.rest.string().ok()?;
        let options = self.rest.u8().ok()?;
        let qos = if options & 3 == 0 { Qos::AtMostOnce } else { Qos::AtLeastOnce };
        Some(FilterRequest { filter, qos })
    }
}

pub(super) fn decode_subscribe<'a>(version: Version, body: &'a [u8]) -> Result<Subscribe<'a>, DecodeError> {
    let mut from = Reader::new(body);
    let packet_id = from.packet_id()?;
    if version == Version::V5 {
        property::read(&mut from, ALLOWED, |id, _| match id {
            property::SUBSCRIPTION_ID => Err(DecodeError::SubscriptionIdsUnsupported),
            _ => Ok(()),
        })?;
    }
    if from.is_empty() {
        return Err(DecodeError::Protocol("SUBSCRIBE without a filter"));
    }
    let filters = from;
    while !from.is_empty() {
        from.string()?;
        check_options(version, from.u8()?)?;
    }
    Ok(Subscribe { packet_id, filters })
}

fn check_options(version: Version, options: u8) -> Result<(), DecodeError> {
    let reserved = match version {
        Version::V3 => 0xFC,
        Version::V5 => 0xC0,
    };
    if options & reserved != 0 {
        return Err(DecodeError::Malformed("reserved subscription options"));
    }
    if options & 3 == 3 {
        return Err(DecodeError::Malformed("QoS 3"));
    }
    if options & 0x30 == 0x30 {
        return Err(DecodeError::Protocol("retain handling 3"));
    }
    Ok(())
}

/// A client's wish to hear no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsubscribe<'a> {
    /// To answer with.
    pub packet_id: u16,
    filters: Reader<'a>,
}

impl<'a> Unsubscribe<'a> {
    /// The filters, at least one, in order.
    pub fn filters(&self) -> UnsubscribeFilters<'a> {
        UnsubscribeFilters { rest: self.filters }
    }
}

/// Walks the filters of an UNSUBSCRIBE.
#[derive(Debug, Clone, Copy)]
pub struct UnsubscribeFilters<'a> {
    rest: Reader<'a>,
}

impl<'a> Iterator for UnsubscribeFilters<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest.string().ok()
    }
}

pub(super) fn decode_unsubscribe<'a>(
    version: Version,
    body: &'a [u8],
) -> Result<Unsubscribe<'a>, DecodeError> {
    let mut from = Reader::new(body);
    let packet_id = from.packet_id()?;
    if version == Version::V5 {
        property::read(&mut from, ALLOWED_IN_UNSUBSCRIBE, |_, _| Ok(()))?;
    }
    if from.is_empty() {
        return Err(DecodeError::Protocol("UNSUBSCRIBE without a filter"));
    }
    let filters = from;
    while !from.is_empty() {
        from.string()?;
    }
    Ok(Unsubscribe { packet_id, filters })
}

/// Appends a SUBACK: one reason a filter, in order. In MQTT 3.1.1 every refusal is 0x80.
pub fn write_suback(out: &mut BytesMut, version: Version, packet_id: u16, reasons: &[Reason]) {
    let properties_len = usize::from(version == Version::V5);
    out.put_u8(0x90);
    write::varint(out, 2 + properties_len + reasons.len());
    out.put_u16(packet_id);
    if version == Version::V5 {
        out.put_u8(0);
    }
    for reason in reasons {
        let code = reason.code();
        out.put_u8(if version == Version::V3 && code > 0x80 { 0x80 } else { code });
    }
}

/// Appends an UNSUBACK. MQTT 3.1.1 has no room for reasons.
pub fn write_unsuback(out: &mut BytesMut, version: Version, packet_id: u16, reasons: &[Reason]) {
    out.put_u8(0xB0);
    match version {
        Version::V3 => {
            out.put_u8(2);
            out.put_u16(packet_id);
        }
        Version::V5 => {
            write::varint(out, 3 + reasons.len());
            out.put_u16(packet_id);
            out.put_u8(0);
            out.extend(reasons.iter().map(|reason| reason.code()));
        }
    }
}

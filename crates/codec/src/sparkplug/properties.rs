//! What the properties of a metric say of its unit and quality; field numbers of chapter 6.4.8 to 6.4.10.

use std::str;

use davy_model::{Quality, QualityReason};

use crate::wire::{Wire, WireType};

const KEYS: u32 = 1;
const VALUES: u32 = 2;
const INT_VALUE: u32 = 3;
const LONG_VALUE: u32 = 4;
const STRING_VALUE: u32 = 8;

/// The property that holds a unit. The specification names none; this is what the makers of its tools send.
const UNIT: &[u8] = b"engUnit";
/// The property that holds a quality (chapter 6.4.8).
const QUALITY: &[u8] = b"Quality";

/// What is of use in a metric's properties.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Properties<'a> {
    pub(super) unit: Option<&'a str>,
    pub(super) quality: Option<Sent>,
}

/// A quality as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Known(Quality),
    /// A code the specification does not have.
    Unknown(u64),
}

impl<'a> Properties<'a> {
    /// Reads a property set.
    ///
    /// # Errors
    /// Why it cannot be read, in a few words.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Properties<'a>, &'static str> {
        let (mut unit_at, mut quality_at) = (None, None);
        let (mut keys, mut values) = (0_u32, 0_u32);
        let mut wire = Wire::new(bytes);
        while !wire.is_empty() {
            let key = wire.key()?;
            match (key.number, key.wire_type) {
                (KEYS, WireType::Len) => {
                    let name = wire.bytes()?;
                    if name.eq_ignore_ascii_case(UNIT) {
                        unit_at = Some(keys);
                    } else if name.eq_ignore_ascii_case(QUALITY) {
                        quality_at = Some(keys);
                    }
                    keys += 1;
                }
                (VALUES, WireType::Len) => {
                    wire.bytes()?;
                    values += 1;
                }
                (KEYS | VALUES, _) => return Err("a property has the wrong wire type"),
                _ => wire.skip(key)?,
            }
        }
        if keys != values {
            return Err("a property set has not as many keys as values");
        }
        Properties::default().pick(bytes, unit_at, quality_at)
    }

    fn pick(
        mut self,
        bytes: &'a [u8],
        unit_at: Option<u32>,
        quality_at: Option<u32>,
    ) -> Result<Properties<'a>, &'static str> {
        let mut wire = Wire::new(bytes);
        let mut at = 0;
        while !wire.is_empty() && (unit_at.is_some() || quality_at.is_some()) {
            let key = wire.key()?;
            if key.number != VALUES {
                wire.skip(key)?;
                continue;
            }
            let value = wire.bytes()?;
            if unit_at == Some(at) {
                self.unit = text(value)?;
            } else if quality_at == Some(at) {
                self.quality = number(value)?.map(quality);
            }
            at += 1;
        }
        Ok(self)
    }
}

fn text(value: &[u8]) -> Result<Option<&str>, &'static str> {
    let mut wire = Wire::new(value);
    let mut text = None;
    while !wire.is_empty() {
        let key = wire.key()?;
        if (key.number, key.wire_type) == (STRING_VALUE, WireType::Len) {
            text = Some(str::from_utf8(wire.bytes()?).map_err(|_| "a unit is not UTF-8")?);
        } else {
            wire.skip(key)?;
        }
    }
    // Tools send an empty unit for none.
    Ok(text.map(str::trim).filter(|text| !text.is_empty()))
}

fn number(value: &[u8]) -> Result<Option<u64>, &'static str> {
    let mut wire = Wire::new(value);
    let mut number = None;
    while !wire.is_empty() {
        let key = wire.key()?;
        match (key.number, key.wire_type) {
            (INT_VALUE | LONG_VALUE, WireType::Varint) => number = Some(wire.varint()?),
            _ => wire.skip(key)?,
        }
    }
    Ok(number)
}

/// The three codes there are (tck-id-payloads-propertyset-quality-value-value).
const fn quality(code: u64) -> Sent {
    match code {
        192 => Sent::Known(Quality::Good),
        0 => Sent::Known(Quality::Bad(QualityReason::Unspecified)),
        500 => Sent::Known(Quality::Bad(QualityReason::Stale)),
        other => Sent::Unknown(other),
    }
}

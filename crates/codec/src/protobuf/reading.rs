//! `davy.v1.Reading`.

use std::{borrow::Cow, str};

use davy_model::{Quality, QualityReason, Reason, Timestamp};
use davy_proto::{time_from_wire, v1};

use crate::{
    At, Metric, Place, Rejection,
    check::{name_is_fit, quality_unknown},
    clip::clip_bytes,
    tally::Tally,
    time,
    wire::{Key, Wire, WireType},
};

/// Field numbers of `davy.v1.Reading`.
pub(super) const TAG: u32 = 1;
pub(super) const VALUE: u32 = 2;
pub(super) const UNIT: u32 = 3;
pub(super) const SOURCE_TIME: u32 = 4;
pub(super) const QUALITY: u32 = 5;

type Checked<T> = Result<T, Box<Rejection>>;

/// What a reading says, as it was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) tag: &'a str,
    pub(crate) value: Option<f64>,
    pub(crate) unit: &'a str,
    pub(crate) time: Option<prost_types::Timestamp>,
    pub(crate) quality: Option<v1::Quality>,
}

impl<'a> Parts<'a> {
    /// Reads one reading; what fails in it costs nothing around it.
    pub(super) fn read(bytes: &'a [u8], place: Place, tally: &mut Tally<'_>) -> Checked<Parts<'a>> {
        let mut parts = Parts::default();
        let mut wire = Wire::new(bytes);
        while !wire.is_empty() {
            let key = wire.key().map_err(|said| broken(place, None, said))?;
            parts.field(key, &mut wire, place, tally)?;
        }
        Ok(parts)
    }

    fn field(&mut self, key: Key, wire: &mut Wire<'a>, place: Place, tally: &mut Tally<'_>) -> Checked<()> {
        let name = key.reading_field();
        let broken = |said| broken(place, name, said);
        match (key.number, key.wire_type) {
            (TAG, WireType::Len) => self.tag = text(wire.bytes().map_err(broken)?, place, "tag")?,
            (UNIT, WireType::Len) => self.unit = text(wire.bytes().map_err(broken)?, place, "unit")?,
            (VALUE, WireType::Fixed64) => {
                self.value = Some(f64::from_le_bytes(wire.fixed64().map_err(broken)?));
            }
            (SOURCE_TIME, WireType::Len) => {
                // Parts of a message that comes twice are merged, as protobuf asks.
                let old = self.time.map_or((0, 0), |time| {
                    (time.seconds.cast_unsigned(), u64::from(time.nanos.cast_unsigned()))
                });
                let (seconds, nanos) = pair(wire.bytes().map_err(broken)?, old).map_err(broken)?;
                #[allow(clippy::cast_possible_truncation)] // An int32 is its low bits, as protobuf asks.
                let nanos = nanos as i32;
                self.time = Some(prost_types::Timestamp { seconds: seconds.cast_signed(), nanos });
            }
            (QUALITY, WireType::Len) => {
                let old = self.quality.unwrap_or_default();
                let old = (u64::from(old.grade.cast_unsigned()), u64::from(old.reason.cast_unsigned()));
                let (grade, reason) = pair(wire.bytes().map_err(broken)?, old).map_err(broken)?;
                #[allow(clippy::cast_possible_truncation)] // As above.
                let (grade, reason) = (grade as i32, reason as i32);
                self.quality = Some(v1::Quality { grade, reason });
            }
            (TAG | VALUE | UNIT | SOURCE_TIME | QUALITY, _) => {
                return Err(broken("it has the wrong wire type"));
            }
            (number, _) => {
                wire.skip(key).map_err(broken)?;
                tally.unknown_field(place, &number.to_string());
            }
        }
        Ok(())
    }

    /// Checks the reading, and tells what became of it.
    pub(crate) fn finish(self, place: Place, tally: &mut Tally<'_>) {
        match self.metric(place, tally) {
            Ok(metric) => tally.metric(metric),
            Err(rejection) => tally.problem(*rejection),
        }
    }

    fn metric(self, place: Place, tally: &mut Tally<'_>) -> Checked<Metric<'a>> {
        if self.tag.is_empty() {
            return Err(missing(place, "tag"));
        }
        name_is_fit(self.tag, || place.field("tag"))?;
        let quality = quality(self.quality, place, tally);
        if self.value.is_none() && quality.is_evidence() {
            return Err(missing(place, "value"));
        }
        if let Some(value) = self.value.filter(|value| !value.is_finite()) {
            let fix =
                "leave the reading out while there is no value, or send the last one with a bad quality";
            let pointer = place.field("value");
            let got = value.to_string();
            return Err(Rejection::new(Reason::NumberNotFinite, pointer, &got, "a finite number", fix).into());
        }
        let time = self.time.map(|time| source_time(time, place)).transpose()?;
        let unit = (!self.unit.is_empty()).then_some(Cow::Borrowed(self.unit));
        Ok(Metric {
            name: Cow::Borrowed(self.tag),
            value: self.value,
            unit,
            time,
            quality,
            historical: false,
            at: At::Reading(place),
        })
    }
}

/// Two varints, fields 1 and 2 of a small message, over what was known of it before.
fn pair(bytes: &[u8], (mut first, mut second): (u64, u64)) -> Result<(u64, u64), &'static str> {
    let mut wire = Wire::new(bytes);
    while !wire.is_empty() {
        let key = wire.key()?;
        match (key.number, key.wire_type) {
            (1, WireType::Varint) => first = wire.varint()?,
            (2, WireType::Varint) => second = wire.varint()?,
            (1 | 2, _) => return Err("it has the wrong wire type"),
            _ => wire.skip(key)?,
        }
    }
    Ok((first, second))
}

fn text<'a>(bytes: &'a [u8], place: Place, field: &str) -> Checked<&'a str> {
    str::from_utf8(bytes).map_err(|_| {
        let fix = "send UTF-8 (not GBK, GB 18030, Latin-1 or raw bytes)";
        let got = clip_bytes(bytes);
        Rejection::new(Reason::EncodingInvalid, place.field(field), &got, "UTF-8", fix).into()
    })
}

fn source_time(time: prost_types::Timestamp, place: Place) -> Checked<Timestamp> {
    /// Years 0001 to 9999, as google.protobuf.Timestamp has it.
    const SECONDS: std::ops::RangeInclusive<i64> =
        Timestamp::MIN.as_micros() / 1_000_000..=Timestamp::MAX.as_micros() / 1_000_000;
    let read = if SECONDS.contains(&time.seconds) { time_from_wire(&time).ok() } else { None };
    read.ok_or_else(|| {
        let got = format!("{} s and {} ns", time.seconds, time.nanos);
        let fix = "send seconds since 1970, and nanoseconds from 0 to 999,999,999";
        Rejection::new(Reason::TimestampFormat, place.field("ts"), &got, time::EXPECTED, fix).into()
    })
}

fn quality(sent: Option<v1::Quality>, place: Place, tally: &mut Tally<'_>) -> Quality {
    let Some(sent) = sent else { return Quality::Good };
    Quality::try_from(sent).unwrap_or_else(|_| {
        let got = format!("grade {}, reason {}", sent.grade, sent.reason);
        tally.problem(quality_unknown(place, &got));
        Quality::Bad(QualityReason::Unspecified)
    })
}

fn missing(place: Place, field: &'static str) -> Box<Rejection> {
    let fix = format!("add {field}; a reading needs tag and value, or a bad quality in place of the value");
    Rejection::new(Reason::FieldMissing, place.field(field), "", field, &fix).into()
}

fn broken(place: Place, field: Option<&str>, said: &str) -> Box<Rejection> {
    let pointer = field.map_or_else(|| place.pointer(), |field| place.field(field));
    let expected = format!("davy.v1.Reading ({said})");
    let fix = "encode it with proto/davy/v1/reading.proto";
    Rejection::new(Reason::ProtobufDecode, pointer, "", &expected, fix).into()
}

//! What stands between `CP=&&` and `&&`: groups ended by `;`, of items ended by `,`, each `code-Field=value`.

use std::str;

use davy_model::{Quality, QualityReason, Reason, Timestamp};

use super::{name::Name, segment::Segment, time::data_time};
use crate::{
    At, Metric, Place, Rejection, Spot,
    check::{name_is_fit, quality_unknown_at},
    clip::clip_bytes,
    place::short,
    tally::Tally,
};

/// Reads the data of one message.
pub(super) struct Region<'r, 'b> {
    pub(super) segment: &'r Segment<'b>,
    /// What is to be read: the segment's own region, or that of several put together.
    pub(super) region: &'r [u8],
    /// The place of the frame in the payload, from 0.
    pub(super) frame: u32,
    /// The `DataTime` of another part of the same message, when this has none.
    pub(super) data_time: Option<&'r [u8]>,
}

/// What the codec knows of all boxes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner<'c> {
    pub(super) name: &'c Name,
    pub(super) offset_min: i16,
}

/// A code's flag, in the order of the region.
type Flagged<'r> = (&'r [u8], &'r [u8]);

/// Items that say something of a value, and are none.
const SILENT: [&[u8]; 3] = [b"Flag", b"EFlag", b"SampleTime"];

impl Region<'_, '_> {
    /// Gives every good value, and every problem.
    pub(super) fn read(&self, manner: Manner<'_>, tally: &mut Tally<'_>) {
        let mut flags: Vec<Flagged<'_>> = Vec::new();
        for item in items(self.region) {
            if let Item::Value { key, code, field, value } = item
                && field == b"Flag"
                && !key.is_empty()
            {
                flags.push((code, value));
            }
        }
        let time = match self.time(manner) {
            Ok(time) => time,
            Err(refusal) => {
                let readings = u32::try_from(self.values().count()).unwrap_or(u32::MAX);
                tally.problem(Rejection { readings, ..*refusal });
                return;
            }
        };
        let mut flags = Flags { list: flags, next: 0, sorted: false };
        let mut buffer = String::new();
        for item in items(self.region) {
            match item {
                Item::Value { field, .. } if SILENT.contains(&field) => {}
                Item::Value { key, code, field, value } => {
                    let entry = Entry { key, code, field, value };
                    match self.metric(&entry, time, &mut flags, manner, &mut buffer, tally) {
                        Ok(()) => {}
                        Err(refusal) => tally.problem(*refusal),
                    }
                }
                // Times, and what a box says of itself.
                Item::Other => {}
                Item::Broken(item) => tally.problem(self.broken(item)),
            }
        }
    }

    fn values(&self) -> impl Iterator<Item = Item<'_>> {
        items(self.region).filter(|item| matches!(item, Item::Value { field, .. } if !SILENT.contains(field)))
    }

    fn time(&self, manner: Manner<'_>) -> Result<Option<Timestamp>, Box<Rejection>> {
        let pointer = || self.pointer("DataTime");
        let Some(digits) = find_data_time(self.region).or(self.data_time) else {
            if self.segment.resent {
                let fix = "add DataTime: data sent once more (RF=1) are not of now";
                return Err(Rejection::new(Reason::FieldMissing, pointer(), "", "DataTime", fix).into());
            }
            return Ok(None);
        };
        data_time(digits, manner.offset_min).map(Some).ok_or_else(|| {
            let expected = "local time as 14 digits: 20261123160000";
            let fix = "correct the box's clock";
            let got = clip_bytes(digits);
            Rejection::new(Reason::TimestampFormat, pointer(), &got, expected, fix).into()
        })
    }

    fn metric(
        &self,
        entry: &Entry<'_>,
        time: Option<Timestamp>,
        flags: &mut Flags<'_>,
        manner: Manner<'_>,
        buffer: &mut String,
        tally: &mut Tally<'_>,
    ) -> Result<(), Box<Rejection>> {
        let value = entry.number().map_err(|(reason, expected, fix)| {
            let pointer = self.pointer(&String::from_utf8_lossy(entry.key));
            Rejection::new(reason, pointer, &clip_bytes(entry.value), expected, fix)
        })?;
        let key = str::from_utf8(entry.key).expect("a key is ASCII");
        // What is measured now has the code's own name.
        let code = if entry.field == b"Rtd" { &key[..entry.code.len()] } else { key };
        let name = manner.name.of(self.segment, code, buffer);
        name_is_fit(name, || self.pointer(key))?;
        let quality = match flags.of(entry.code) {
            None => Quality::Good,
            Some(flag) => quality(flag).unwrap_or_else(|| {
                let pointer = self.pointer(&format!("{}-Flag", &key[..entry.code.len()]));
                tally.problem(quality_unknown_at(
                    pointer,
                    &clip_bytes(flag),
                    "N, F, M, S, D, C, T or B (HJ 212-2017, 6.4.3)",
                    "send one of these letters; the value was taken as bad",
                ));
                Quality::Bad(QualityReason::Unspecified)
            }),
        };
        let spot = Stands { frame: self.frame, key, code_len: entry.code.len() };
        tally.metric(Metric {
            name: name.into(),
            value: Some(value),
            unit: None,
            time,
            quality,
            historical: self.segment.resent,
            at: At::Spot(&spot),
        });
        Ok(())
    }

    fn broken(&self, item: &[u8]) -> Rejection {
        let expected = "code-Field=value, such as a21026-Rtd=18.5";
        let is_text = item.is_ascii();
        let (reason, fix) = if is_text {
            (Reason::FrameInvalid, "part items by , and groups by ;")
        } else {
            (
                Reason::EncodingInvalid,
                "Davy reads numbers under codes of letters and digits: leave other text out",
            )
        };
        Rejection::new(reason, self.pointer(""), &clip_bytes(item), expected, fix)
    }

    fn pointer(&self, key: &str) -> String {
        pointer(self.frame, key)
    }
}

/// An item of a region.
enum Item<'r> {
    /// `code-Field=value`; `key` is all before the equals sign.
    Value { key: &'r [u8], code: &'r [u8], field: &'r [u8], value: &'r [u8] },
    /// `Name=value`, which measures nothing.
    Other,
    /// Nothing of both.
    Broken(&'r [u8]),
}

fn items(region: &[u8]) -> impl Iterator<Item = Item<'_>> {
    let parts = region.split(|byte| matches!(byte, b';' | b',')).map(<[u8]>::trim_ascii);
    parts.filter(|part| !part.is_empty()).map(|part| {
        let Some(equals) = memchr::memchr(b'=', part) else { return Item::Broken(part) };
        let (key, value) = (part[..equals].trim_ascii(), part[equals + 1..].trim_ascii());
        let is_fit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if key.is_empty() || !key.iter().all(is_fit) {
            return Item::Broken(part);
        }
        match memchr::memrchr(b'-', key) {
            Some(dash) if dash > 0 && dash + 1 < key.len() => {
                Item::Value { key, code: &key[..dash], field: &key[dash + 1..], value }
            }
            Some(_) => Item::Broken(part),
            None => Item::Other,
        }
    })
}

/// The digits of `DataTime`, when there are any.
pub(super) fn find_data_time(region: &[u8]) -> Option<&[u8]> {
    let mut items = region.split(|byte| matches!(byte, b';' | b','));
    items.find_map(|item| item.trim_ascii().strip_prefix(b"DataTime=")).map(<[u8]>::trim_ascii)
}

/// Whether those letters are a flag.
pub(super) fn is_flag(letters: &[u8]) -> bool {
    quality(letters).is_some()
}

/// One value on its way.
struct Entry<'r> {
    key: &'r [u8],
    code: &'r [u8],
    field: &'r [u8],
    value: &'r [u8],
}

impl Entry<'_> {
    fn number(&self) -> Result<f64, (Reason, &'static str, &'static str)> {
        const FIX: &str = "leave the value out while there is none";
        let text = match str::from_utf8(self.value) {
            Ok(text) if text.is_ascii() => text,
            _ => return Err((Reason::EncodingInvalid, "a number", "send a number; other text is not read")),
        };
        let is_number =
            text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && is_number => Ok(number),
            Ok(_) => Err((Reason::NumberNotFinite, "a finite number", FIX)),
            Err(_) if text.is_empty() => Err((Reason::FieldMissing, "a number", FIX)),
            Err(_) => Err((Reason::FieldType, "a number", "send a number, without its unit")),
        }
    }
}

/// Flags by code. They mostly stand in the order of the values.
struct Flags<'r> {
    list: Vec<Flagged<'r>>,
    next: usize,
    sorted: bool,
}

impl<'r> Flags<'r> {
    fn of(&mut self, code: &[u8]) -> Option<&'r [u8]> {
        if !self.sorted {
            for place in [self.next, self.next + 1] {
                if let Some((found, flag)) = self.list.get(place)
                    && *found == code
                {
                    self.next = place;
                    return Some(flag);
                }
            }
            self.list.sort_by_key(|(code, _)| *code);
            self.sorted = true;
        }
        let place = self.list.partition_point(|(found, _)| *found < code);
        self.list.get(place).filter(|(found, _)| *found == code).map(|(_, flag)| *flag)
    }
}

/// What a flag says (HJ 212-2017, 6.4.3); `None` when it is none of them.
fn quality(flag: &[u8]) -> Option<Quality> {
    Some(match flag {
        b"N" | b"n" => Quality::Good,
        b"F" | b"f" => Quality::Bad(QualityReason::Stopped),
        b"M" | b"m" => Quality::Bad(QualityReason::Maintenance),
        b"S" | b"s" => Quality::Uncertain(QualityReason::Manual),
        b"D" | b"d" => Quality::Bad(QualityReason::SensorFailure),
        b"C" | b"c" => Quality::Bad(QualityReason::Calibration),
        // Beyond the range a value may be true: it may raise an alarm, and cannot clear one.
        b"T" | b"t" => Quality::Uncertain(QualityReason::OverRange),
        b"B" | b"b" => Quality::Bad(QualityReason::CommsLost),
        _ => return None,
    })
}

/// Where a value stands.
struct Stands<'r> {
    frame: u32,
    key: &'r str,
    code_len: usize,
}

impl Spot for Stands<'_> {
    fn pointer(&self, field: &str) -> String {
        match field {
            "ts" => pointer(self.frame, "DataTime"),
            "quality" => pointer(self.frame, &format!("{}-Flag", &self.key[..self.code_len])),
            _ => pointer(self.frame, self.key),
        }
    }
}

/// As if the payload were an array of frames, and `CP` an object.
fn pointer(frame: u32, key: &str) -> String {
    let data = Place::Item(frame).field("CP");
    if key.is_empty() { data } else { format!("{data}/{}", short(key)) }
}

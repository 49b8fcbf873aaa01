//! The metrics of one message, one after another: name, type, time, unit, quality, value.

use std::{borrow::Cow, str};

use davy_model::{Quality, QualityReason, Reason, Timestamp};

use super::{
    DataType, Settings,
    again::alias_is_over,
    metric::{RawMetric, Value},
    payload,
    properties::{Properties, Sent},
    table::{Clash, Known, Missing, Table, Told},
};
use crate::{At, Limits, Metric, Rejection, Spot, check::name_is_fit, clip::clip_bytes, tally::Tally, time};

type Checked<T> = Result<T, Box<Rejection>>;

/// The longest unit kept from a birth, bytes; no unit is as long.
const UNIT_LEN_MAX: usize = 64;

/// Reads the metrics of one message of one device, or of the edge node itself.
pub(super) struct Reader<'r, 's> {
    pub(super) settings: &'r Settings,
    pub(super) table: &'r mut Table,
    pub(super) tally: &'r mut Tally<'s>,
    /// When the message was sent, ms.
    pub(super) sent_ms: Option<u64>,
    pub(super) place: u32,
    /// A metric was named that no birth has told of.
    pub(super) is_missing_one: bool,
}

/// Where a metric stands: its place from 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct MetricSpot(pub(super) u32);

impl Spot for MetricSpot {
    fn pointer(&self, field: &str) -> String {
        let field = match field {
            "tag" => "name",
            "unit" => "properties/engUnit",
            "ts" => "timestamp",
            "quality" => "properties/Quality",
            other => other,
        };
        format!("{}/{field}", self.whole())
    }
}

/// A metric that a message does not hold, although it should: all of them are meant.
#[derive(Clone, Copy, Debug)]
struct Absent;

impl Spot for Absent {
    fn pointer(&self, _field: &str) -> String {
        "/metrics".into()
    }
}

impl MetricSpot {
    pub(super) fn pointer_to_name(self) -> String {
        self.pointer("tag")
    }

    fn whole(self) -> String {
        format!("/metrics/{}", self.0)
    }
}

impl Reader<'_, '_> {
    /// A birth: every metric has its name, and perhaps an alias. What was told before and is not in it is gone.
    pub(super) fn birth(&mut self, device: Option<&str>, told: Told, payload: &[u8]) {
        for (at, bytes) in (0..).zip(payload::metrics(payload)) {
            let spot = MetricSpot(at);
            if let Err(refused) = self.birth_metric(device, &told, bytes, spot) {
                // A text is in the table, and is refused each time.
                self.table.device(self.place).is_whole &= refused.reason == Reason::MetricTypeUnsupported;
                self.tally.problem(*refused);
            }
        }
        let gone_at = self.gone_at();
        for (own, known) in told {
            if !self.table.has(self.place, &own) {
                self.tally.metric(gone(&known, gone_at, &Absent));
            }
        }
    }

    /// Data: metrics that births have told of.
    pub(super) fn data(&mut self, payload: &[u8]) {
        for (at, bytes) in (0..).zip(payload::metrics(payload)) {
            let spot = MetricSpot(at);
            if let Err(refused) = self.data_metric(bytes, spot) {
                self.tally.problem(*refused);
            }
        }
    }

    /// Data that came a while ago: history, which changes no last value. Its aliases mean something only if the births stood
    /// then.
    pub(super) fn data_again(&mut self, payload: &[u8], knows_aliases: bool) {
        for (at, bytes) in (0..).zip(payload::metrics(payload)) {
            let spot = MetricSpot(at);
            let read = RawMetric::read(bytes).map_err(|said| broken(spot, said)).and_then(|raw| {
                let raw = RawMetric { is_historical: true, ..raw };
                match (raw.alias, name(raw.name, spot)?) {
                    (Some(alias), None) if !knows_aliases => Err(alias_is_over(alias, spot)),
                    // The name says it all; the alias beside it may be another's by now.
                    (Some(_), Some(_)) if !knows_aliases => {
                        self.known_metric(&RawMetric { alias: None, ..raw }, spot)
                    }
                    _ => self.known_metric(&raw, spot),
                }
            });
            if let Err(refused) = read {
                self.tally.problem(*refused);
            }
        }
    }

    /// A device is gone: each of its metrics is bad from then on, and has no value.
    pub(super) fn gone(&mut self) {
        let gone_at = self.gone_at();
        for (at, known) in (0..).zip(&mut self.table.device(self.place).metrics) {
            // Said once.
            if std::mem::take(&mut known.is_told) {
                self.tally.metric(gone(known, gone_at, &MetricSpot(at)));
            }
        }
    }

    /// Past the last reading, though that be of the same millisecond: what is equal in time may be a duplicate.
    fn gone_at(&self) -> Option<Timestamp> {
        self.sent_ms.and_then(source_time).map(|time| time.offset_micros(1))
    }

    fn birth_metric(
        &mut self,
        device: Option<&str>,
        told: &Told,
        bytes: &[u8],
        spot: MetricSpot,
    ) -> Checked<()> {
        let raw = RawMetric::read(bytes).map_err(|said| broken(spot, said))?;
        let own = name(raw.name, spot)?.ok_or_else(|| {
            let fix = "name every metric of a birth; an alias alone is for data";
            missing(spot, "tag", "name", fix)
        })?;
        let whole_len = device.map_or(0, |device| device.len() + 1) + own.len();
        if whole_len > Limits::TAG_LEN_MAX {
            name_is_fit(&format!("{}/{own}", device.unwrap_or_default()), || spot.pointer("tag"))?;
        }
        let datatype = birth_type(&raw, own, spot)?;
        if self.table.metrics_len() >= self.settings.metrics_max {
            return Err(too_many(self.settings.metrics_max, spot));
        }
        let clash = self.table.add(self.place, (device, own), raw.alias, datatype);
        let index = match clash {
            Ok(index) => index as usize,
            Err(clash) => return Err(claimed_twice(clash, own, raw.alias, spot)),
        };
        let properties = self.properties(&raw, spot);
        let known = &mut self.table.device(self.place).metrics[index];
        known.unit = properties.unit.filter(|unit| unit.len() <= UNIT_LEN_MAX).map(Into::into);
        known.is_told = told.contains_key(own);
        // What a birth tells is the value now, however long ago it changed: so it can speak for its tag after a loss.
        let raw = RawMetric { timestamp: self.birth_ms(&raw), ..raw };
        self.finish(index, &raw, &properties, spot)
    }

    fn birth_ms(&self, raw: &RawMetric<'_>) -> Option<u64> {
        if raw.is_historical { raw.timestamp } else { self.sent_ms.or(raw.timestamp) }
    }

    fn data_metric(&mut self, bytes: &[u8], spot: MetricSpot) -> Checked<()> {
        let raw = RawMetric::read(bytes).map_err(|said| broken(spot, said))?;
        self.known_metric(&raw, spot)
    }

    #[inline]
    fn known_metric(&mut self, raw: &RawMetric<'_>, spot: MetricSpot) -> Checked<()> {
        let own = name(raw.name, spot)?;
        let index = self.table.find(self.place, raw.alias, own).map_err(|why| {
            self.is_missing_one |= why == Missing::Unknown;
            not_found(why, own, raw.alias, spot)
        })?;
        let known = &self.table.device(self.place).metrics[index];
        if let Some(code) = raw.datatype
            && code != known.datatype.code()
        {
            return Err(other_type(code, known.datatype, spot));
        }
        let properties = self.properties(raw, spot);
        self.finish(index, raw, &properties, spot)
    }

    /// Unit and quality; a set that cannot be read is told of and ignored.
    fn properties<'a>(&mut self, raw: &RawMetric<'a>, spot: MetricSpot) -> Properties<'a> {
        let Some(bytes) = raw.properties else { return Properties::default() };
        Properties::read(bytes).unwrap_or_else(|said| {
            let fix = "send as many values as keys; the properties were ignored";
            let pointer = format!("{}/properties", spot.whole());
            self.tally.problem(
                Rejection::new(Reason::SchemaViolation, pointer, said, "a property set", fix).free(),
            );
            Properties::default()
        })
    }

    /// Gives the metric, unless it says nothing.
    #[inline]
    fn finish(
        &mut self,
        index: usize,
        raw: &RawMetric<'_>,
        properties: &Properties<'_>,
        spot: MetricSpot,
    ) -> Checked<()> {
        let known = &mut self.table.device(self.place).metrics[index];
        if known.is_hidden {
            return Ok(());
        }
        if !known.datatype.is_number() {
            return Err(no_number(known.own(), known.datatype, spot));
        }
        let time = match raw.timestamp.or(self.sent_ms) {
            None => None,
            Some(millis) => Some(checked_time(millis, spot)?),
        };
        let mut quality = quality(properties, spot, self.tally);
        let value = match (raw.is_null, raw.value) {
            (false, Some(value)) => Some(number(known.datatype, value, spot)?),
            (false, None) => {
                let fix = "send a value, or is_null";
                return Err(missing(spot, "value", "a value", fix));
            }
            // Unknown now: the last value holds no more. Of what was never told nothing holds, and an unknown of the past
            // says nothing.
            (true, _) if raw.is_historical || !known.is_told => return Ok(()),
            (true, _) => {
                quality = Quality::Bad(QualityReason::Unspecified);
                None
            }
        };
        known.is_told |= !raw.is_historical;
        let unit = properties.unit.or(known.unit.as_deref()).map(Cow::Borrowed);
        self.tally.metric(Metric {
            name: Cow::Borrowed(&known.name),
            value,
            unit,
            time,
            quality,
            historical: raw.is_historical,
            at: At::Spot(&spot),
        });
        Ok(())
    }
}

fn birth_type(raw: &RawMetric<'_>, own: &str, spot: MetricSpot) -> Checked<DataType> {
    let code = raw.datatype.ok_or_else(|| {
        let fix = "send the datatype of every metric in a birth";
        missing(spot, "datatype", "datatype", fix)
    })?;
    DataType::from_code(code).ok_or_else(|| {
        let got = format!("{own}: datatype {code}");
        let fix = "send a datatype of Sparkplug 3.0: 1 to 11 for numbers";
        let pointer = spot.pointer("datatype");
        Rejection::new(Reason::MetricTypeUnsupported, pointer, &got, "1 to 34", fix).into()
    })
}

fn name(bytes: Option<&[u8]>, spot: MetricSpot) -> Checked<Option<&str>> {
    // Some encoders write the empty name beside an alias.
    let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
    str::from_utf8(bytes).map(Some).map_err(|_| {
        let fix = "send UTF-8 (not GBK, GB 18030, Latin-1 or raw bytes)";
        let got = clip_bytes(bytes);
        Rejection::new(Reason::EncodingInvalid, spot.pointer("tag"), &got, "UTF-8", fix).into()
    })
}

fn number(datatype: DataType, value: Value<'_>, spot: MetricSpot) -> Checked<f64> {
    let number = datatype.number(value).ok_or_else(|| {
        let got = match value {
            Value::Other(bytes) => clip_bytes(bytes),
            other => format!("{other:?}"),
        };
        let expected = format!("a value of type {datatype:?}");
        let fix = "send the value in the field of the metric's datatype, within its range";
        Rejection::new(Reason::FieldType, spot.pointer("value"), &got, &expected, fix)
    })?;
    if number.is_finite() {
        return Ok(number);
    }
    let fix = "send is_null while there is no value, or the last one with the quality 0";
    let got = number.to_string();
    Err(Rejection::new(Reason::NumberNotFinite, spot.pointer("value"), &got, "a finite number", fix).into())
}

fn quality(properties: &Properties<'_>, spot: MetricSpot, tally: &mut Tally<'_>) -> Quality {
    match properties.quality {
        None => Quality::Good,
        Some(Sent::Known(quality)) => quality,
        Some(Sent::Unknown(code)) => {
            let fix = "send one of the specification's codes; the value was taken as bad";
            let pointer = spot.pointer("quality");
            let expected = "192 (good), 0 (bad) or 500 (stale)";
            tally.problem(
                Rejection::new(Reason::QualityUnknown, pointer, &code.to_string(), expected, fix).free(),
            );
            Quality::Bad(QualityReason::Unspecified)
        }
    }
}

fn source_time(millis: u64) -> Option<Timestamp> {
    time::from_millis(i64::try_from(millis).ok()?).ok()
}

fn checked_time(millis: u64, spot: MetricSpot) -> Checked<Timestamp> {
    let read = i64::try_from(millis).map_err(|_| "send milliseconds since 1970").and_then(time::from_millis);
    read.map_err(|fix| {
        let pointer = spot.pointer("ts");
        let expected = "milliseconds since 1970";
        Rejection::new(Reason::TimestampFormat, pointer, &millis.to_string(), expected, fix).into()
    })
}

fn broken(spot: MetricSpot, said: &str) -> Box<Rejection> {
    let expected = format!("a Sparkplug B metric ({said})");
    let fix = "encode it as chapter 6 of the Sparkplug specification says";
    Rejection::new(Reason::ProtobufDecode, spot.whole(), "", &expected, fix).into()
}

fn missing(spot: MetricSpot, field: &str, expected: &str, fix: &str) -> Box<Rejection> {
    Rejection::new(Reason::FieldMissing, spot.pointer(field), "", expected, fix).into()
}

fn too_many(max: usize, spot: MetricSpot) -> Box<Rejection> {
    let expected = format!("at most {max} metrics of an edge node and its devices");
    let fix = "publish what is needed, or split it among several edge nodes";
    Rejection::new(Reason::PayloadTooLarge, spot.whole(), "one more", &expected, fix).into()
}

fn claimed_twice(clash: Clash, own: &str, alias: Option<u64>, spot: MetricSpot) -> Box<Rejection> {
    let (pointer, got, expected) = match clash {
        Clash::Name => (spot.pointer("tag"), own.to_owned(), "a name of its own"),
        Clash::Alias => {
            let got = format!("{own}: alias {}", alias.unwrap_or_default());
            (spot.pointer("alias"), got, "an alias of its own, in the whole edge node")
        }
    };
    let fix = "give every metric its own name and alias; what is claimed twice is nobody's";
    Rejection::new(Reason::SchemaViolation, pointer, &got, expected, fix).into()
}

fn not_found(why: Missing, own: Option<&str>, alias: Option<u64>, spot: MetricSpot) -> Box<Rejection> {
    let got = match (own, alias) {
        (Some(own), Some(alias)) => format!("{own}, alias {alias}"),
        (Some(own), None) => own.to_owned(),
        (None, Some(alias)) => format!("alias {alias}"),
        (None, None) => String::new(),
    };
    let (reason, expected, fix) = match why {
        Missing::Unknown => (
            Reason::SparkplugNoBirth,
            "a metric of the last birth",
            "list every metric in the birth; Davy has asked for a new one",
        ),
        Missing::Ambiguous => (
            Reason::SchemaViolation,
            "the alias of one metric of this device",
            "give every metric of the edge node its own alias",
        ),
        Missing::Nameless => (Reason::FieldMissing, "a name or an alias", "send the alias of the birth"),
    };
    Rejection::new(reason, spot.pointer("tag"), &got, expected, fix).into()
}

fn other_type(code: u32, known: DataType, spot: MetricSpot) -> Box<Rejection> {
    let got = DataType::from_code(code).map_or_else(|| code.to_string(), |sent| format!("{sent:?}"));
    let expected = format!("{known:?}, as in the birth");
    let fix = "send a new birth when a metric changes its type";
    Rejection::new(Reason::FieldType, spot.pointer("datatype"), &got, &expected, fix).into()
}

fn no_number(own: &str, datatype: DataType, spot: MetricSpot) -> Box<Rejection> {
    let got = format!("{own}: {datatype:?}");
    let expected = "a number or a boolean (datatypes 1 to 11)";
    let fix = match datatype {
        DataType::Template | DataType::DataSet => "publish its members as metrics of their own",
        _ => "nothing, when it needs no watching; else publish it as a number",
    };
    Rejection::new(Reason::MetricTypeUnsupported, spot.pointer("datatype"), &got, expected, fix).into()
}

/// A metric that is there no more: a reading without a value.
fn gone<'m>(known: &'m Known, time: Option<Timestamp>, spot: &'m dyn Spot) -> Metric<'m> {
    Metric {
        name: Cow::Borrowed(&known.name),
        value: None,
        unit: known.unit.as_deref().map(Cow::Borrowed),
        time,
        quality: Quality::Bad(QualityReason::CommsLost),
        historical: false,
        at: At::Spot(spot),
    }
}

//! Records resolved: base fields applied, each record a metric or a refusal.

use davy_model::{Quality, Reason, Timestamp};

use super::{
    json::no_record,
    label::Label,
    record::{Record, Records, Value},
    units::{self, Known},
};
use crate::{At, Limits, Metric, Place, Rejection, Spot, check::name_is_fit, tally::Tally};

type Checked<T> = Result<T, Box<Rejection>>;

/// What holds of the records read so far.
pub(super) struct Pack<'t, 's> {
    tally: &'t mut Tally<'s>,
    arrival: Timestamp,
    at: u32,
    bases: Bases,
    name: String,
    sum_told: bool,
}

/// What earlier records say of later ones.
#[derive(Debug, Default)]
struct Bases {
    /// How much of the pack's `name` is the base name.
    name_len: Base<usize>,
    time: Base<f64>,
    unit: Base<String>,
    value: Base<f64>,
}

/// One such word.
#[derive(Debug, Default)]
enum Base<T> {
    #[default]
    Unset,
    /// Said by the record at that place.
    Set(u32, T),
    /// Said there, and not to be understood.
    Broken(u32),
}

/// Where the parts of a metric stand.
struct Places<'r> {
    at: u32,
    record: &'r Record<'r>,
    bases: &'r Bases,
    value: Label,
}

impl<'t, 's> Pack<'t, 's> {
    pub(super) fn new(tally: &'t mut Tally<'s>, arrival: Timestamp) -> Pack<'t, 's> {
        let (bases, name) = (Bases::default(), String::new());
        Pack { tally, arrival, at: 0, bases, name, sum_told: false }
    }

    /// Takes over the base fields of a record; what is wrong with the first that is wrong.
    fn take_bases(&mut self, record: &Record<'_>) -> Checked<()> {
        let at = self.at;
        let mut trouble = Ok(());
        if let Some(value) = record.get(Label::BaseName) {
            self.name.clear();
            self.bases.name_len = match text(value, at, Label::BaseName) {
                Ok(name) => {
                    self.name.push_str(name);
                    Base::Set(at, name.len())
                }
                Err(refusal) => broken(at, refusal, &mut trouble),
            };
        }
        if let Some(value) = record.get(Label::BaseTime) {
            let time = number(value, at, Label::BaseTime);
            self.bases.time = Base::of(at, time, &mut trouble);
        }
        if let Some(value) = record.get(Label::BaseUnit) {
            let unit = text(value, at, Label::BaseUnit).map(str::to_owned);
            self.bases.unit = Base::of(at, unit, &mut trouble);
        }
        if let Some(value) = record.get(Label::BaseValue) {
            let value = number(value, at, Label::BaseValue);
            self.bases.value = Base::of(at, value, &mut trouble);
        }
        trouble
    }

    fn resolve(&mut self, record: &Record<'_>) -> Checked<()> {
        let at = self.at;
        if let Some(label) = record.repeated {
            let (got, fix) = (format!("{} twice", label.word()), "leave one of them out");
            let pointer = Place::Item(at).field(label.word());
            return Err(
                Rejection::new(Reason::SchemaViolation, pointer, &got, "every field once", fix).into()
            );
        }
        let (label, mut value) = value(record, &self.bases, at)?;
        let time = time(record, &self.bases, at, self.arrival)?;
        let unit = unit(record, &self.bases, at)?;
        let unit = match unit.map(|unit| (unit, units::known(unit))) {
            None => None,
            Some((_, Some(Known::Is(unit) | Known::Foreign(unit)))) => Some(unit),
            Some((_, Some(Known::Times(factor, unit)))) => {
                value *= factor;
                Some(unit)
            }
            Some((unit, Some(Known::Ambiguous))) => return Err(ambiguous(unit, at)),
            Some((unit, None)) => Some(unit),
        };
        if !value.is_finite() {
            return Err(not_finite(&value.to_string(), at, label));
        }
        let places = Places { at, record, bases: &self.bases, value: label };
        let name = name(record, &self.bases, &mut self.name, at)?;
        self.tally.metric(Metric {
            name: name.into(),
            value: Some(value),
            unit: unit.map(Into::into),
            time,
            quality: Quality::Good,
            historical: false,
            at: At::Spot(&places),
        });
        Ok(())
    }

    /// A sum beside a value is left out of account; that is told once.
    fn note_sum(&mut self, record: &Record<'_>) {
        let has_sum = record.has(Label::Sum) || record.has(Label::BaseSum);
        if has_sum && !std::mem::replace(&mut self.sum_told, true) {
            let label = if record.has(Label::Sum) { Label::Sum } else { Label::BaseSum };
            let fix = "leave it out: Davy judges the values, and adds up nothing";
            let pointer = Place::Item(self.at).field(label.word());
            let problem = Rejection::new(Reason::FieldUnknown, pointer, label.word(), "v alone", fix);
            self.tally.problem(problem.free());
        }
    }
}

impl Records for Pack<'_, '_> {
    fn record(&mut self, record: &Record<'_>) {
        let bases = if record.has_bases() { self.take_bases(record) } else { Ok(()) };
        if record.is_base_only() {
            if let Err(refusal) = bases {
                self.tally.problem(refusal.free());
            }
        } else {
            match bases.and_then(|()| self.resolve(record)) {
                Ok(()) => self.note_sum(record),
                Err(refusal) => self.tally.problem(*refusal),
            }
        }
        self.at += 1;
    }

    fn no_record(&mut self, shown: &str) {
        self.tally.problem(no_record(Place::Item(self.at), shown));
        self.at += 1;
    }

    fn count(&self) -> u32 {
        self.at
    }
}

impl<T> Base<T> {
    fn of(at: u32, read: Checked<T>, trouble: &mut Checked<()>) -> Base<T> {
        match read {
            Ok(value) => Base::Set(at, value),
            Err(refusal) => broken(at, refusal, trouble),
        }
    }

    /// What holds now; a refusal of the record at `at` when that is not known.
    fn get(&self, at: u32, label: Label) -> Checked<Option<&T>> {
        match self {
            Base::Unset => Ok(None),
            Base::Set(_, value) => Ok(Some(value)),
            Base::Broken(place) => {
                let got = format!("record {place} said {} and could not be understood", label.word());
                let fix = format!("mend {} of record {place}", label.word());
                let pointer = Place::Item(at).pointer();
                Err(Rejection::new(Reason::FieldType, pointer, &got, label.word(), &fix).into())
            }
        }
    }

    const fn place(&self) -> u32 {
        match self {
            Base::Unset => 0,
            Base::Set(place, _) | Base::Broken(place) => *place,
        }
    }
}

fn broken<T>(at: u32, refusal: Box<Rejection>, trouble: &mut Checked<()>) -> Base<T> {
    if trouble.is_ok() {
        *trouble = Err(refusal);
    }
    Base::Broken(at)
}

/// The one value of a record, and the field that has it.
fn value(record: &Record<'_>, bases: &Bases, at: u32) -> Checked<(Label, f64)> {
    let kinds = [Label::Value, Label::Bool, Label::Text, Label::Data];
    let mut given = kinds.into_iter().filter(|label| record.has(*label));
    let (first, second) = (given.next(), given.next());
    if let (Some(first), Some(second)) = (first, second) {
        let got = format!("{} and {}", first.word(), second.word());
        let pointer = Place::Item(at).field(second.word());
        let fix = "send a record for each";
        return Err(Rejection::new(Reason::SchemaViolation, pointer, &got, "one value a record", fix).into());
    }
    match first {
        Some(label @ (Label::Text | Label::Data)) => {
            let what = if label == Label::Text { "a text (vs)" } else { "data (vd)" };
            let fix = "Davy judges numbers: leave the record out, or send it elsewhere; the others were read";
            let pointer = Place::Item(at).field(label.word());
            Err(Rejection::new(Reason::FieldType, pointer, what, "v or vb", fix).into())
        }
        Some(Label::Bool) => match record.get(Label::Bool) {
            Some(Value::True) => Ok((Label::Bool, 1.0)),
            Some(Value::False) => Ok((Label::Bool, 0.0)),
            other => {
                let shown = other.map(Value::shown).unwrap_or_default();
                let pointer = Place::Item(at).field("vb");
                let fix = "send true or false, or a number as v";
                Err(Rejection::new(Reason::FieldType, pointer, &shown, "true or false", fix).into())
            }
        },
        _ => {
            let base = bases.value.get(at, Label::BaseValue)?;
            let own = record.get(Label::Value).map(|value| number(value, at, Label::Value)).transpose()?;
            match (base, own) {
                (None, None) => Err(no_value(record, at)),
                (base, own) => Ok((Label::Value, base.copied().unwrap_or(0.0) + own.unwrap_or(0.0))),
            }
        }
    }
}

fn no_value(record: &Record<'_>, at: u32) -> Box<Rejection> {
    let (got, fix) = if record.has(Label::Sum) {
        ("s", "send the value as v: a sum over time says nothing of now")
    } else {
        ("", "add v, or vb of an on/off tag")
    };
    Rejection::new(Reason::FieldMissing, Place::Item(at).field("v"), got, "v", fix).into()
}

/// RFC 8428, 4.5.3: from 2^28 on seconds since 1970, below it seconds from now, which is the arrival.
fn time(record: &Record<'_>, bases: &Bases, at: u32, arrival: Timestamp) -> Checked<Option<Timestamp>> {
    const ABSOLUTE_FROM_S: f64 = (1_u32 << 28) as f64;
    let base = bases.time.get(at, Label::BaseTime)?;
    let own = record.get(Label::Time).map(|time| number(time, at, Label::Time)).transpose()?;
    if base.is_none() && own.is_none() {
        return Ok(None);
    }
    let seconds = base.copied().unwrap_or(0.0) + own.unwrap_or(0.0);
    #[allow(clippy::cast_possible_truncation)] // It saturates, and what saturates is out of range.
    let micros = (seconds * 1e6).round() as i64;
    let latest = Timestamp::MAX.as_micros();
    if seconds < ABSOLUTE_FROM_S {
        let time = arrival.offset_micros(micros);
        // Clamped, it would be another time than the one sent.
        if time.as_micros().checked_sub(arrival.as_micros()) == Some(micros) {
            return Ok(Some(time));
        }
    } else if micros <= latest {
        return Ok(Some(Timestamp::from_micros(micros)));
    }
    let label = if own.is_some() { Label::Time } else { Label::BaseTime };
    let place = if own.is_some() { at } else { bases.time.place() };
    let expected = "seconds since 1970, or (below 2^28) seconds from now, negative in the past";
    let fix = if micros > latest {
        "send seconds: this is past the year 9999, and looks like milliseconds or less"
    } else {
        "send seconds"
    };
    let pointer = Place::Item(place).field(label.word());
    Err(Rejection::new(Reason::TimestampFormat, pointer, &seconds.to_string(), expected, fix).into())
}

fn unit<'r>(record: &'r Record<'_>, bases: &'r Bases, at: u32) -> Checked<Option<&'r str>> {
    let unit = match record.get(Label::Unit) {
        Some(unit) => Some(text(unit, at, Label::Unit)?),
        None => bases.unit.get(at, Label::BaseUnit)?.map(String::as_str),
    };
    Ok(unit.filter(|unit| !unit.is_empty()))
}

/// The bytes that names are made of (RFC 8428, 4.5.1).
const IN_NAMES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'.' | b'/' | b'_');
        byte += 1;
    }
    table
};

/// The base name and the name, one after the other; `buffer` begins with the base name.
fn name<'r>(record: &'r Record<'_>, bases: &Bases, buffer: &'r mut String, at: u32) -> Checked<&'r str> {
    let base_len = bases.name_len.get(at, Label::BaseName)?.copied().unwrap_or(0);
    let own = record.get(Label::Name).map(|name| text(name, at, Label::Name)).transpose()?.unwrap_or("");
    buffer.truncate(base_len);
    // Longer than any name may be it is refused, and need not be put together.
    buffer.push_str(own.get(..Limits::TAG_LEN_MAX + 1).unwrap_or(own));
    let pointer = || Place::Item(at).field("n");
    name_is_fit(buffer, pointer)?;
    let first = buffer.as_bytes()[0];
    if first.is_ascii_alphanumeric() && buffer.bytes().all(|byte| IN_NAMES[usize::from(byte)]) {
        return Ok(buffer);
    }
    let expected = "letters, digits and - : . / _, a letter or digit first (RFC 8428, 4.5.1)";
    let fix = "send a name of these, and give it to the tag as sent_as";
    Err(Rejection::new(Reason::SchemaViolation, pointer(), buffer, expected, fix).into())
}

fn text(value: Value<'_>, at: u32, label: Label) -> Checked<&str> {
    let (reason, expected, fix) = match value {
        Value::Text(text) => return Ok(text),
        Value::NotText(_) => {
            (Reason::EncodingInvalid, "UTF-8", "send UTF-8 (not GBK, GB 18030 or raw bytes)")
        }
        _ => (Reason::FieldType, "text", "send it as text"),
    };
    let pointer = Place::Item(at).field(label.word());
    Err(Rejection::new(reason, pointer, &value.shown(), expected, fix).into())
}

fn number(value: Value<'_>, at: u32, label: Label) -> Checked<f64> {
    let fix = match value {
        Value::Number(number) if number.is_finite() => return Ok(number),
        Value::Number(_) | Value::NotFinite(_) => return Err(not_finite(&value.shown(), at, label)),
        Value::Text(text) if text.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
            "send it without quotation marks"
        }
        Value::True | Value::False if label == Label::Value => "send true and false as vb",
        _ => "send a number",
    };
    let pointer = Place::Item(at).field(label.word());
    Err(Rejection::new(Reason::FieldType, pointer, &value.shown(), "a number", fix).into())
}

fn not_finite(shown: &str, at: u32, label: Label) -> Box<Rejection> {
    let fix = "leave the record out while there is no value";
    let pointer = Place::Item(at).field(label.word());
    Rejection::new(Reason::NumberNotFinite, pointer, shown, "a finite number", fix).into()
}

fn ambiguous(unit: &str, at: u32) -> Box<Rejection> {
    let expected = "/ for a ratio from 0 to 1, /100 for a percentage, or %RH";
    let fix = "RFC 8428 says that % is a ratio from 0 to 1, and most mean 0 to 100: send / or /100";
    Rejection::new(Reason::UnitUnknown, Place::Item(at).field("u"), unit, expected, fix).into()
}

impl Spot for Places<'_> {
    fn pointer(&self, field: &str) -> String {
        let own = |own: Label, place: u32, base: Label| {
            if self.record.has(own) { (self.at, own) } else { (place, base) }
        };
        let (at, label) = match field {
            "tag" => own(Label::Name, self.bases.name_len.place(), Label::BaseName),
            "ts" => own(Label::Time, self.bases.time.place(), Label::BaseTime),
            "unit" => own(Label::Unit, self.bases.unit.place(), Label::BaseUnit),
            _ => (self.at, self.value),
        };
        Place::Item(at).field(label.word())
    }
}

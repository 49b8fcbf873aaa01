//! What a codec does, whatever the form of the payload.

use davy_model::Timestamp;

use crate::{Metric, Rejection};

/// Reads payloads of one form, or of several that it tells apart.
pub trait Codec {
    /// Gives `sink` every good metric of the payload in its order, and every problem where it comes up. `arrival` is
    /// when it came: forms that count their times from then need it.
    fn decode(&self, payload: &[u8], arrival: Timestamp, sink: &mut dyn Sink) -> Summary;
}

/// Takes what a payload holds.
pub trait Sink {
    /// A good metric. It borrows from the payload: keep what you need.
    fn metric(&mut self, metric: Metric<'_>);

    /// Something refused, or odd. Its severity says which.
    fn problem(&mut self, rejection: Rejection);
}

/// The forms of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Native JSON.
    Json,
    /// `davy.v1.ReadingBatch`.
    Protobuf,
    /// Another vendor's JSON, read by a mapping.
    MappedJson,
    /// Lines of values, read by a mapping.
    Csv,
    /// SenML (RFC 8428) as JSON.
    SenmlJson,
    /// SenML (RFC 8428) as CBOR.
    SenmlCbor,
    /// HJ 212 frames.
    Hj212,
    /// Sparkplug B.
    SparkplugB,
}

impl Form {
    /// What people call it.
    pub const fn word(self) -> &'static str {
        match self {
            Form::Json => "JSON",
            Form::Protobuf => "protobuf",
            Form::MappedJson => "mapped JSON",
            Form::Csv => "CSV",
            Form::SenmlJson => "SenML JSON",
            Form::SenmlCbor => "SenML CBOR",
            Form::Hj212 => "HJ 212",
            Form::SparkplugB => "Sparkplug B",
        }
    }
}

/// What one payload came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its form.
    pub form: Form,
    /// The sender's own number for the message.
    pub seq: Option<u64>,
    /// How many metrics were given to the sink.
    pub accepted: u32,
    /// How many readings were refused; a payload or a rest of one that could not be read into readings counts as one.
    /// The sum of [`Rejection::readings`].
    pub rejected: u32,
}

/// How much one payload may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest payload, bytes.
    pub payload_len_max: usize,
    /// The most readings in one payload; what comes after them is refused.
    pub readings_max: u32,
}

impl Limits {
    /// The deepest nesting of JSON, objects and arrays together; the documented forms need three.
    pub const DEPTH_MAX: u32 = 32;
    /// The longest name of a tag, bytes.
    pub const TAG_LEN_MAX: usize = 128;
}

/// 256 KiB and 10,000 readings: a hundred times a full batch of a large gateway.
impl Default for Limits {
    fn default() -> Limits {
        Limits { payload_len_max: 256 * 1024, readings_max: 10_000 }
    }
}

impl Summary {
    /// Of a payload that nothing was read of yet.
    pub(crate) const fn empty(form: Form) -> Summary {
        Summary { form, seq: None, accepted: 0, rejected: 0 }
    }
}

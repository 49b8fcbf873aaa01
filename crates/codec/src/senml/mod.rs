//! SenML (RFC 8428, features of RFC 9100), JSON and CBOR: one core resolves the records of both.
//!
//! A record is a reading when it resolves to a number under a name. What a record says of those after it (base name, time,
//! unit, value) holds until another record says otherwise; where such a word cannot be read, the records that need it
//! are refused rather than guessed.

mod cbor;
mod json;
mod label;
mod pack;
mod plain;
mod record;
mod scan;
mod trouble;
mod units;

use davy_model::{Reason, Timestamp};

use crate::{
    Codec, Form, Limits, Rejection, Sink, Summary, is_json, native::BYTE_ORDER_MARK, native::refused_whole,
};

/// Reads SenML packs, JSON or CBOR as each looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Senml {
    /// How much one payload may ask for.
    pub limits: Limits,
}

impl Codec for Senml {
    fn decode(&self, payload: &[u8], arrival: Timestamp, sink: &mut dyn Sink) -> Summary {
        let form = if is_json(payload) { Form::SenmlJson } else { Form::SenmlCbor };
        if let Some(summary) = refused_whole(payload, form, self.limits, sink) {
            return summary;
        }
        if is_xml(payload) {
            let fix = "send SenML as JSON or CBOR (application/senml+json, application/senml+cbor)";
            let got = crate::clip::clip_bytes(payload);
            sink.problem(Rejection::new(Reason::SchemaViolation, String::new(), &got, "JSON or CBOR", fix));
            return Summary { rejected: 1, ..Summary::empty(form) };
        }
        match form {
            Form::SenmlJson => json::decode(payload, arrival, self.limits, sink),
            _ => cbor::decode(payload, arrival, self.limits, sink),
        }
    }
}

/// No CBOR array begins with `<`: that is a negative number.
fn is_xml(payload: &[u8]) -> bool {
    let text = payload.strip_prefix(BYTE_ORDER_MARK).unwrap_or(payload);
    text.trim_ascii_start().first() == Some(&b'<')
}

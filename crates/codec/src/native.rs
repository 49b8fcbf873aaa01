//! The native payload, in either form.

use davy_model::{Reason, Timestamp};

use crate::{Codec, Form, Json, Limits, Protobuf, Rejection, Sink, Summary};

/// Reads native payloads, JSON or protobuf as each looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native {
    /// How much one payload may ask for.
    pub limits: Limits,
}

impl Codec for Native {
    fn decode(&self, payload: &[u8], arrival: Timestamp, sink: &mut dyn Sink) -> Summary {
        if is_json(payload) {
            Json { limits: self.limits }.decode(payload, arrival, sink)
        } else {
            Protobuf { limits: self.limits }.decode(payload, arrival, sink)
        }
    }
}

/// JSON when the first byte that is no white space (nor a UTF-8 byte order mark) is `{` or `[`, else protobuf. No
/// `ReadingBatch` begins so: its first byte is 08 or 12.
pub fn is_json(payload: &[u8]) -> bool {
    let text = payload.strip_prefix(BYTE_ORDER_MARK).unwrap_or(payload);
    let first = text.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    matches!(first, Some(b'{' | b'['))
}

/// Some editors and vendors put it before their text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Refuses a payload that is not worth reading; tells the sink.
pub(crate) fn refused_whole(
    payload: &[u8],
    form: Form,
    limits: Limits,
    sink: &mut dyn Sink,
) -> Option<Summary> {
    let refusal = if payload.is_empty() {
        let fix = "send at least {\"readings\": []}, or nothing";
        Rejection::new(Reason::SchemaViolation, String::new(), "an empty payload", "readings", fix)
    } else if payload.len() > limits.payload_len_max {
        let got = format!("{} bytes", payload.len());
        let expected = format!("at most {} bytes", limits.payload_len_max);
        let fix = "split it into several messages";
        Rejection::new(Reason::PayloadTooLarge, String::new(), &got, &expected, fix)
    } else {
        return None;
    };
    sink.problem(refusal);
    Some(Summary { rejected: 1, ..Summary::empty(form) })
}

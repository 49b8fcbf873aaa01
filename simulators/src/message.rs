//! A message of readings in Davy's native JSON form.

use bytes::Bytes;
use serde::Serialize;

/// One reading as a gateway writes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading<'a> {
    /// The tag's name.
    pub tag: &'a str,
    /// The measured value, in `unit`. Finite.
    pub value: f64,
    /// The unit; the tag's own when empty.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub unit: &'a str,
    /// Source time: RFC 3339 with a zone.
    #[serde(rename = "ts")]
    pub source_time: String,
    /// `good`, `bad:calibration`, ...; good when empty.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub quality: &'a str,
}

#[derive(Serialize)]
struct Message<'a> {
    seq: u64,
    readings: &'a [Reading<'a>],
}

/// Writes `{"seq": .., "readings": [..]}`.
pub fn readings_message(seq: u64, readings: &[Reading<'_>]) -> Bytes {
    let mut payload = Vec::with_capacity(48 + readings.len() * 96);
    serde_json::to_writer(&mut payload, &Message { seq, readings })
        .expect("strings and numbers always serialize, and a vector always takes them");
    payload.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_documented_form() {
        let reading = Reading {
            tag: "AT-0412/h2s",
            value: 12.4,
            unit: "ppm",
            source_time: "2026-11-23T08:00:00.000Z".to_owned(),
            quality: "good",
        };
        let plain = Reading { unit: "", quality: "", ..reading.clone() };
        let payload = readings_message(41207, &[reading, plain]);
        assert_eq!(
            std::str::from_utf8(&payload).expect("UTF-8"),
            r#"{"seq":41207,"readings":[{"tag":"AT-0412/h2s","value":12.4,"unit":"ppm","ts":"2026-11-23T08:00:00.000Z","quality":"good"},{"tag":"AT-0412/h2s","value":12.4,"ts":"2026-11-23T08:00:00.000Z"}]}"#
        );
    }
}

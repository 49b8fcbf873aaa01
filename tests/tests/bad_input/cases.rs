//! What can be wrong with a message, and what is to be told of it.

/// One bad message.
pub(super) struct Case {
    /// What is wrong, in the operator's words.
    pub(super) what: &'static str,
    /// What is sent; `GOOD` is a good reading past its limit, `NOW` the present time.
    pub(super) payload: Payload,
    /// The reason code.
    pub(super) code: &'static str,
    /// Where in the payload.
    pub(super) pointer: &'static str,
    /// Whether the bad reading is refused, or taken with a remark.
    pub(super) refused: bool,
}

/// How a payload is made.
pub(super) enum Payload {
    /// This text.
    Text(&'static str),
    /// This text, with a byte in place of `BYTE` that no UTF-8 has.
    Bytes(&'static str),
    /// More than is taken; the good reading goes after it.
    Oversized,
    /// Good in itself, and published for another edge node; the good reading goes after it.
    Elsewhere,
}

const fn refused(what: &'static str, payload: Payload, code: &'static str, pointer: &'static str) -> Case {
    Case { what, payload, code, pointer, refused: true }
}

const fn noted(what: &'static str, payload: Payload, code: &'static str, pointer: &'static str) -> Case {
    Case { what, payload, code, pointer, refused: false }
}

pub(super) const CASES: &[Case] = &[
    refused(
        "an unknown tag",
        Payload::Text(r#"{"readings":[{"tag":"Z/h2s","value":1},GOOD]}"#),
        "POINT_UNKNOWN",
        "/readings/0/tag",
    ),
    refused(
        "another edge node's tag",
        Payload::Text(r#"{"readings":[{"tag":"Y/h2s","value":1},GOOD]}"#),
        "POINT_NOT_OWNED",
        "/readings/0/tag",
    ),
    refused(
        "a unit of another kind",
        Payload::Text(r#"{"readings":[{"tag":"X/h2s","value":1,"unit":"kPa"},GOOD]}"#),
        "UNIT_MISMATCH",
        "/readings/0/unit",
    ),
    refused(
        "a unit nobody knows",
        Payload::Text(r#"{"readings":[{"tag":"X/h2s","value":1,"unit":"ppmm"},GOOD]}"#),
        "UNIT_UNKNOWN",
        "/readings/0/unit",
    ),
    refused(
        "a number as text",
        Payload::Text(r#"{"readings":[{"tag":"X/h2s","value":"12.4"},GOOD]}"#),
        "FIELD_TYPE",
        "/readings/0/value",
    ),
    refused(
        "not a number",
        Payload::Text(r#"{"readings":[{"tag":"X/h2s","value":NaN},GOOD]}"#),
        "NUMBER_NOT_FINITE",
        "/readings/0/value",
    ),
    noted(
        "a value the sensor cannot measure",
        Payload::Text(r#"{"readings":[{"tag":"X/h2s","value":500,"ts":"NOW"},GOOD]}"#),
        "OUT_OF_SENSOR_RANGE",
        "/readings/0/value",
    ),
    noted(
        "a time in the future",
        Payload::Text(r#"{"readings":[{"tag":"X/h2s","value":1,"ts":"2099-01-01T00:00:00Z"},GOOD]}"#),
        "TIMESTAMP_FUTURE",
        "/readings/0/ts",
    ),
    refused(
        "an ancient time",
        Payload::Text(r#"{"readings":[{"tag":"W/h2s","value":1,"ts":"2001-01-01T00:00:00Z"},GOOD]}"#),
        "TIMESTAMP_TOO_OLD",
        "/readings/0/ts",
    ),
    refused(
        "a time nobody can read",
        Payload::Text(r#"{"readings":[{"tag":"X/h2s","value":1,"ts":"yesterday"},GOOD]}"#),
        "TIMESTAMP_FORMAT",
        "/readings/0/ts",
    ),
    refused(
        "a field that is missing",
        Payload::Text(r#"{"readings":[{"tag":"X/h2s","unit":"ppm"},GOOD]}"#),
        "FIELD_MISSING",
        "/readings/0/value",
    ),
    refused(
        "a payload that was cut off",
        Payload::Text(r#"{"readings":[GOOD,{"tag":"X/h2s","val"#),
        "JSON_SYNTAX",
        "/readings/1",
    ),
    refused(
        "text that is not UTF-8",
        Payload::Bytes(r#"{"readings":[{"tag":"X/hBYTEs","value":1},GOOD]}"#),
        "ENCODING_INVALID",
        "/readings/0/tag",
    ),
    refused("a payload that is too large", Payload::Oversized, "PAYLOAD_TOO_LARGE", ""),
    refused("another edge node's topic", Payload::Elsewhere, "TOPIC_NOT_ALLOWED", ""),
];

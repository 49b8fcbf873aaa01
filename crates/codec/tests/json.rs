//! What a JSON payload holds, and why the rest was refused: one row a payload.

mod support;

use davy_codec::{Codec, Json, Limits, Native};
use support::{Keep, decode, decode_with, line};

/// Payload → the metrics, then the problems as `CODE pointer`.
fn check(rows: &[(&str, &str, &str)]) {
    for (payload, metrics, problems) in rows {
        let (kept, _) = decode(payload.as_bytes());
        let got: Vec<String> = kept.metrics.iter().map(line).collect();
        assert_eq!(got.join(" "), *metrics, "metrics of {payload}");
        assert_eq!(told(&kept), *problems, "problems of {payload}");
    }
}

fn told(kept: &Keep) -> String {
    let told: Vec<String> =
        kept.problems.iter().map(|problem| format!("{} {}", problem.reason, problem.pointer)).collect();
    told.join("; ")
}

#[test]
fn every_documented_form_is_read() {
    check(&[
        (
            r#"{"seq": 41207, "readings": [{"tag": "AT-0412/h2s", "value": 12.4, "unit": "ppm", "ts": "2026-11-23T08:00:00.000Z", "quality": "good"}]}"#,
            "AT-0412/h2s=12.4[ppm]@1795420800000",
            "",
        ),
        (
            r#"{"ts": 1795420800000, "values": {"AT-0412/h2s": 12.4, "TK-101/level": 7.31}}"#,
            "AT-0412/h2s=12.4@1795420800000 TK-101/level=7.31@1795420800000",
            "",
        ),
        (
            r#"[{"ts":1795420800000,"values":{"a":1}},{"ts":1795420801000,"values":{"a":2}}]"#,
            "a=1@1795420800000 a=2@1795420801000",
            "",
        ),
        (r#"[{"tag":"a","value":1},{"tag":"b","value":2}]"#, "a=1 b=2", ""),
        (r#"{"tag":"a","value":1}"#, "a=1", ""),
        (r#"[{"tag":"a","value":1},{"ts":5,"values":{"b":2}}]"#, "a=1 b=2@5", ""),
        (r#"{"values":{"a":1},"ts":1795420800000}"#, "a=1@1795420800000", ""),
        (r#"{"readings":[{"value":1,"tag":"a"}],"seq":3}"#, "a=1", ""),
        (r#"{"values":{"a":1}}"#, "a=1", ""),
        (r#"{"seq":7,"ts":5,"values":{"a":1}}"#, "a=1@5", ""),
        ("\u{feff} {\"tag\":\"a\",\"value\":1}", "a=1", ""),
        (" \r\n\t[ ]", "", ""),
        (r#"{"readings":[]}"#, "", ""),
        (r#"{"values":{}}"#, "", ""),
    ]);
}

#[test]
fn numbers_times_units_and_qualities_are_read_as_documented() {
    check(&[
        (r#"{"tag":"a","value":true}"#, "a=1", ""),
        (r#"{"values":{"a":false,"b":true}}"#, "a=0 b=1", ""),
        (r#"{"tag":"a","value":-0.5e-3}"#, "a=-0.0005", ""),
        (r#"{"tag":"a","value":18446744073709551615}"#, "a=18446744073709552000", ""),
        (r#"{"tag":"a","value":9007199254740993}"#, "a=9007199254740992", ""),
        (r#"{"tag":"a","value":1e-400}"#, "a=0", ""),
        (r#"{"tag":"a","value":1,"ts":"2026-11-23T16:00:00.000250+08:00"}"#, "a=1@1795420800000.25", ""),
        (r#"{"tag":"a","value":1,"ts":1795420800000.5}"#, "a=1@1795420800000.5", ""),
        (r#"{"tag":"a","value":1,"ts":null,"unit":null,"quality":null}"#, "a=1", ""),
        // A bad quality can stand in place of a value, and no other can.
        (r#"{"tag":"a","value":null,"quality":"sensor_failure"}"#, "a=none!bad:sensor_failure", ""),
        (r#"{"quality":"bad","ts":5,"tag":"a","unit":"ppm"}"#, "a=none[ppm]@5!bad:unspecified", ""),
        (r#"{"tag":"a","value":null,"quality":"manual"}"#, "", "FIELD_TYPE /value"),
        (r#"{"tag":"a","quality":"good"}"#, "", "FIELD_MISSING /value"),
        (r#"{"tag":"a","quality":"broken"}"#, "a=none!bad:unspecified", "QUALITY_UNKNOWN /quality"),
        (r#"{"tag":"a","value":"x","quality":"bad"}"#, "", "FIELD_TYPE /value"),
        (r#"{"tag":"a","value":1,"unit":""}"#, "a=1", ""),
        (r#"{"tag":"a","value":1,"quality":"bad"}"#, "a=1!bad:unspecified", ""),
        (r#"{"tag":"a","value":1,"quality":"calibration"}"#, "a=1!bad:calibration", ""),
        (r#"{"tag":"a","value":1,"quality":"uncertain:over-range"}"#, "a=1!uncertain:over_range", ""),
        (r#"{"tag":"\u6d4b\u70b9\n","value":1,"unit":"mg\/m3"}"#, "测点\n=1[mg/m3]", ""),
        (r#"{"values":{"测点/1":1}}"#, "测点/1=1", ""),
    ]);
}

#[test]
fn one_bad_reading_costs_that_reading_only() {
    check(&[
        (
            r#"{"readings":[{"tag":"a","value":1},{"tag":"b","value":"2.5"},{"tag":"c","value":3}]}"#,
            "a=1 c=3",
            "FIELD_TYPE /readings/1/value",
        ),
        (
            r#"{"readings":[{"tag":"a","value":null},{"tag":"b","value":2}]}"#,
            "b=2",
            "FIELD_TYPE /readings/0/value",
        ),
        (
            r#"{"readings":[{"tag":"a","value":[1]},{"tag":"b","value":{"v":1}},{"tag":"c","value":3}]}"#,
            "c=3",
            "FIELD_TYPE /readings/0/value; FIELD_TYPE /readings/1/value",
        ),
        (
            r#"{"readings":[{"tag":"a"},{"value":2},{"tag":"c","value":3}]}"#,
            "c=3",
            "FIELD_MISSING /readings/0/value; FIELD_MISSING /readings/1/tag",
        ),
        (r#"{"readings":[{},{"tag":"c","value":3}]}"#, "c=3", "FIELD_MISSING /readings/0/tag"),
        (
            r#"{"readings":[5,"x",null,[1,2],{"tag":"c","value":3}]}"#,
            "c=3",
            "FIELD_TYPE /readings/0; FIELD_TYPE /readings/1; FIELD_TYPE /readings/2; FIELD_TYPE /readings/3",
        ),
        (
            r#"{"readings":[{"tag":7,"value":1},{"tag":"","value":1},{"tag":"c","value":3}]}"#,
            "c=3",
            "FIELD_TYPE /readings/0/tag; SCHEMA_VIOLATION /readings/1/tag",
        ),
        (
            r#"{"readings":[{"tag":"a","value":1,"value":2},{"tag":"c","value":3}]}"#,
            "c=3",
            "SCHEMA_VIOLATION /readings/0/value",
        ),
        (
            r#"{"readings":[{"tag":"a","value":1,"unit":5},{"tag":"c","value":3}]}"#,
            "c=3",
            "FIELD_TYPE /readings/0/unit",
        ),
        (
            r#"{"readings":[{"tag":"a","value":1,"ts":"yesterday"},{"tag":"c","value":3,"ts":true}]}"#,
            "",
            "TIMESTAMP_FORMAT /readings/0/ts; TIMESTAMP_FORMAT /readings/1/ts",
        ),
        (
            r#"{"readings":[{"tag":"a","value":1,"ts":"2026-11-23T08:00:00"},{"tag":"c","value":3}]}"#,
            "c=3",
            "TIMESTAMP_FORMAT /readings/0/ts",
        ),
        (
            r#"{"readings":[{"tag":"a","value":1,"ts":1795420800},{"tag":"b","value":1,"ts":1795420800000000},{"tag":"c","value":3}]}"#,
            "c=3",
            "TIMESTAMP_FORMAT /readings/0/ts; TIMESTAMP_FORMAT /readings/1/ts",
        ),
        (
            r#"{"values":{"AT-0412/h2s":"12.4","b":2,"c~d":null}}"#,
            "b=2",
            "FIELD_TYPE /values/AT-0412~1h2s; FIELD_TYPE /values/c~0d",
        ),
        (r#"[{"ts":5,"values":{"a":[]}},{"ts":6,"values":{"a":2}}]"#, "a=2@6", "FIELD_TYPE /0/values/a"),
        (r#"[{"tag":"a","value":"x"},{"tag":"b","value":2}]"#, "b=2", "FIELD_TYPE /0/value"),
        (r#"[1,{"tag":"b","value":2}]"#, "b=2", "FIELD_TYPE /0"),
        (r#"{"values":{"":1,"b":2}}"#, "b=2", "SCHEMA_VIOLATION /values/"),
        (r#"{"tag":"a","value":1,"quality":"fine"}"#, "a=1!bad:unspecified", "QUALITY_UNKNOWN /quality"),
        (r#"{"tag":"a","value":1,"quality":192}"#, "a=1!bad:unspecified", "QUALITY_UNKNOWN /quality"),
    ]);
}

#[test]
fn what_is_no_finite_number_costs_its_reading_only() {
    check(&[
        (
            r#"{"readings":[{"tag":"a","value":1},{"tag":"b","value":NaN},{"tag":"c","value":3}]}"#,
            "a=1 c=3",
            "NUMBER_NOT_FINITE /readings/1/value",
        ),
        (
            r#"{"values":{"a":Infinity,"b":-Infinity,"c":3,"d":nan,"e":-inf}}"#,
            "c=3",
            "NUMBER_NOT_FINITE /values/a; NUMBER_NOT_FINITE /values/b; NUMBER_NOT_FINITE /values/d; NUMBER_NOT_FINITE /values/e",
        ),
        (
            r#"{"values":{"a":1e400,"b":2,"c":-1e999999999999}}"#,
            "b=2",
            "NUMBER_NOT_FINITE /values/a; NUMBER_NOT_FINITE /values/c",
        ),
        (r#"{"values":{"a":1e400,"b":2},"ts":5}"#, "b=2@5", "NUMBER_NOT_FINITE /values/a"),
        (r#"{"tag":"a","value":"NaN"}"#, "", "NUMBER_NOT_FINITE /value"),
        (r#"{"tag":"a","value":"-Infinity"}"#, "", "NUMBER_NOT_FINITE /value"),
        (r#"{"tag":"NaN","value":1,"unit":"Infinity"}"#, "NaN=1[Infinity]", ""),
        (
            r#"{"readings":[{"tag":NaN,"value":1},{"tag":"b","value":2,"extra":NaN}]}"#,
            "b=2",
            "FIELD_TYPE /readings/0/tag; FIELD_UNKNOWN /readings/1/extra",
        ),
        (r#"{"tag":"a","value":1,"quality":NaN}"#, "a=1!bad:unspecified", "QUALITY_UNKNOWN /quality"),
        (r#"{"tag":"a","value":1,"ts":Infinity}"#, "", "TIMESTAMP_FORMAT /ts"),
    ]);
}

#[test]
fn a_nan_is_shown_as_it_was_written() {
    for (payload, got) in [
        (r#"{"tag":"a","value":NaN}"#, "NaN"),
        (r#"{"tag":"a","value":-Infinity}"#, "-Infinity"),
        (r#"{"tag":"a","value":1e400}"#, "1e400"),
        (r#"{"values":{"a":1e400},"ts":5}"#, "1e400"),
        (r#"{"tag":"a","value":"nan"}"#, "\"nan\""),
    ] {
        let (kept, _) = decode(payload.as_bytes());
        assert_eq!(kept.problems[0].got, got, "{payload}");
    }
}

#[test]
fn what_is_not_a_documented_form_says_what_would_be() {
    check(&[
        (r#"{"temperature":22.5,"humidity":61}"#, "", "FIELD_UNKNOWN /temperature; SCHEMA_VIOLATION "),
        ("{}", "", "SCHEMA_VIOLATION "),
        (r#"{"seq":4}"#, "", "SCHEMA_VIOLATION "),
        (r#"{"readings":{"tag":"a","value":1}}"#, "", "FIELD_TYPE /readings"),
        (r#"{"readings":"none"}"#, "", "FIELD_TYPE /readings"),
        (r#"{"ts":5,"values":[1,2]}"#, "", "FIELD_TYPE /values"),
        (r#"{"ts":5,"values":7}"#, "", "FIELD_TYPE /values"),
        (r#"{"values":7}"#, "", "FIELD_TYPE /values"),
        (r#"{"tag":"a"}"#, "", "FIELD_MISSING /value"),
        (r#"{"value":1}"#, "", "FIELD_MISSING /tag"),
        (r#"{"seq":"4","readings":[{"tag":"a","value":1}]}"#, "a=1", "FIELD_TYPE /seq"),
        (r#"{"seq":-1,"readings":[{"tag":"a","value":1}]}"#, "a=1", "FIELD_TYPE /seq"),
        (r#"{"ts":"x","values":{"a":1,"b":2}}"#, "", "TIMESTAMP_FORMAT /ts"),
        (r#"{"values":{"a":1,"b":2},"ts":"x"}"#, "", "TIMESTAMP_FORMAT /ts"),
        (r#"{"ts":1,"values":{"a":1},"ts":2}"#, "a=1@1", "SCHEMA_VIOLATION /ts"),
        (r#"{"ts":1,"values":{"a":1},"values":{"a":2}}"#, "a=1@1", "SCHEMA_VIOLATION /values"),
        (r#"{"readings":[{"tag":"a","value":1}],"readings":[]}"#, "a=1", "SCHEMA_VIOLATION /readings"),
    ]);
}

#[test]
fn unknown_fields_are_told_once_and_a_near_name_is_recognised() {
    check(&[
        (
            r#"{"readings":[{"tag":"a","value":1,"x":1},{"tag":"b","value":2,"y":{"z":[1]}}],"w":0}"#,
            "a=1 b=2",
            "FIELD_UNKNOWN /readings/0/x",
        ),
        (r#"{"ts":5,"readings":[{"tag":"a","value":1}]}"#, "a=1", "FIELD_UNKNOWN /ts"),
        (r#"{"ts":5,"values":{"a":1},"tag":"b","value":3}"#, "a=1@5", "FIELD_UNKNOWN /tag"),
        (r#"[{"tag":"a","value":1,"seq":3}]"#, "a=1", "FIELD_UNKNOWN /0/seq"),
    ]);
    let (kept, _) = decode(br#"{"tag":"a","value":1,"timestamp":1795420800000}"#);
    assert_eq!(kept.problems[0].fix, "call it ts");
    let (kept, _) = decode(br#"[{"name":"a","value":1}]"#);
    assert_eq!(told(&kept), "FIELD_UNKNOWN /0/name; FIELD_MISSING /0/tag");
    assert_eq!(kept.problems[1].fix, "call name tag");
}

#[test]
fn a_payload_cut_off_keeps_what_was_complete_and_never_a_cut_number() {
    check(&[
        // Without its time, which may yet come behind it, nothing in `values` is complete.
        (r#"{"values":{"a":1,"b":12"#, "", "JSON_SYNTAX "),
        (r#"{"values":{"b":12"#, "", "JSON_SYNTAX "),
        (r#"{"ts":5,"values":{"a":1,"b":12"#, "a=1@5", "JSON_SYNTAX "),
        (r#"{"ts":5,"values":{"a":1,"b"#, "a=1@5", "JSON_SYNTAX "),
        (r#"{"ts":5,"values":{"a":1,"#, "a=1@5", "JSON_SYNTAX "),
        (r#"{"ts":5,"values":{"a":1"#, "", "JSON_SYNTAX "),
        (r#"{"ts":5,"values":{"a":1}"#, "a=1@5", "JSON_SYNTAX "),
        (r#"{"readings":[{"tag":"a","value":1},{"tag":"b","value":12"#, "a=1", "JSON_SYNTAX /readings/1"),
        (r#"[{"ts":5,"values":{"a":1}},{"ts":6,"values":{"a":2"#, "a=1@5", "JSON_SYNTAX /1"),
        (
            r#"{"readings":[{"tag":"a","value":NaN},{"tag":"b","value":2},{"tag":"c","val"#,
            "b=2",
            "NUMBER_NOT_FINITE /readings/0/value; JSON_SYNTAX /readings/2",
        ),
    ]);
}

#[test]
fn what_is_not_json_is_told_with_its_place() {
    check(&[
        (r#"{"tag":"a","value":1} {"tag":"b","value":2}"#, "a=1", "JSON_SYNTAX "),
        (r#"{"readings":[{"tag":"a","value":1},{"tag":"b" "value":2}]}"#, "a=1", "JSON_SYNTAX /readings/1"),
        (r#"{"readings":[{"tag":"a","value":1},]}"#, "a=1", "JSON_SYNTAX /readings/1"),
        (r#"{"ts":5,"values":{"a":1,}}"#, "a=1@5", "JSON_SYNTAX "),
        (r#"{"ts":5,"values":{"a":1,b:2}}"#, "a=1@5", "JSON_SYNTAX "),
        (r#"{"ts":5,"values":{"a":12x}}"#, "", "JSON_SYNTAX "),
        (r#"{"ts":5,"values":{"a":1 "b":2}}"#, "", "JSON_SYNTAX "),
        (r#"{'tag':'a'}"#, "", "JSON_SYNTAX "),
        (r#"{"tag":"a","value":01}"#, "", "JSON_SYNTAX "),
        (r#"{"tag":"a","value":1.}"#, "", "JSON_SYNTAX "),
        (r#"{"tag":"\ud800","value":1}"#, "", "JSON_SYNTAX "),
        ("{\"tag\":\"a\u{1}\",\"value\":1}", "", "JSON_SYNTAX "),
    ]);
    let (kept, _) =
        decode(b"{\"readings\": [\n  {\"tag\": \"a\", \"value\": 1},\n  {\"tag\": \"b\", \"value\": x}\n]}");
    let position = kept.problems[0].position.expect("it has a place");
    assert_eq!((position.line, position.column, position.offset), (3, 25, 67));
    assert_eq!(kept.metrics.len(), 1);
    let (kept, _) = decode(br#"{"values":{"a":1,"\ud800":2},"ts":5}"#);
    let position = kept.problems[0].position.expect("it has a place");
    assert!(
        (18..=27).contains(&position.offset),
        "{position:?}: inside the name, though it was read after ts"
    );
}

#[test]
fn bytes_that_are_not_utf_8_cost_the_readings_they_stand_in() {
    let gbk = b"{\"readings\":[{\"tag\":\"\xb2\xe2\xb5\xe3\",\"value\":1},{\"tag\":\"b\",\"value\":2},{\"tag\":\"c\",\"value\":3,\"unit\":\"\xb0C\"}]}";
    let (kept, summary) = decode(gbk);
    assert_eq!(kept.metrics.iter().map(line).collect::<Vec<_>>(), ["b=2"]);
    assert_eq!(
        told(&kept),
        "ENCODING_INVALID ; ENCODING_INVALID /readings/0/tag; ENCODING_INVALID /readings/2/unit"
    );
    assert_eq!(kept.problems[0].position.expect("a place").offset, 21);
    assert_eq!((summary.accepted, summary.rejected), (1, 2));
    // The mark that stands for such a byte never becomes a name, in `values` as little as in a reading.
    let (kept, _) = decode(b"{\"values\":{\"\xff\":1,\"b\":NaN,\"c\":3}}");
    assert_eq!(kept.metrics.iter().map(line).collect::<Vec<_>>(), ["c=3"]);
    // Cut off inside a character: that is a cut, not an encoding.
    let (kept, _) = decode(b"{\"values\":{\"\xe6\xb5");
    assert_eq!(told(&kept), "JSON_SYNTAX ");
}

#[test]
fn a_payload_past_a_limit_is_refused_and_counted() {
    let native = Native { limits: Limits { payload_len_max: 100, readings_max: 2 } };
    let (kept, summary) = decode_with(&native, br#"{"values":{"a":1,"b":2,"c":3,"d":"x"}}"#);
    assert_eq!(kept.metrics.len(), 2);
    assert_eq!((told(&kept).as_str(), summary.rejected), ("PAYLOAD_TOO_LARGE ", 2));
    assert_eq!(kept.problems[0].got, "4 readings");
    let (kept, summary) = decode_with(&native, &[b'['; 101]);
    assert_eq!((told(&kept).as_str(), summary.rejected), ("PAYLOAD_TOO_LARGE ", 1));
    let long = format!(r#"{{"values":{{"{}":1,"{}":2}}}}"#, "x".repeat(128), "y".repeat(129));
    let (kept, _) = decode(long.as_bytes());
    assert_eq!(kept.metrics.len(), 1);
    assert_eq!(kept.problems[0].reason.word(), "SCHEMA_VIOLATION");
    let (kept, _) = decode(b"");
    assert_eq!(told(&kept), "SCHEMA_VIOLATION ");
}

#[test]
fn a_depth_bomb_is_refused_and_what_stood_before_it_is_kept() {
    let mut deep = String::from(r#"{"readings":[{"tag":"a","value":1},{"tag":"b","value":2,"x":"#);
    let shallow = format!("{deep}{}{}}}]}}", "[".repeat(29), "]".repeat(29));
    let (kept, _) = decode(shallow.as_bytes());
    assert_eq!((kept.metrics.len(), told(&kept).as_str()), (2, "FIELD_UNKNOWN /readings/1/x"));
    deep.push_str(&"[".repeat(100_000));
    let (kept, _) = decode(deep.as_bytes());
    assert_eq!(kept.metrics.len(), 1);
    assert_eq!(told(&kept), "FIELD_UNKNOWN /readings/1/x; SCHEMA_VIOLATION /readings/1");
    assert_eq!(kept.problems[1].expected, "at most 32 levels of nesting");
    let (kept, _) = decode("[".repeat(200_000).as_bytes());
    assert!(kept.metrics.is_empty());
    let (kept, _) = decode(format!(r#"{{"tag":"a","value":{}}}"#, "9".repeat(200_000)).as_bytes());
    assert_eq!(told(&kept), "NUMBER_NOT_FINITE /value");
}

#[test]
fn the_json_codec_alone_refuses_a_bare_number() {
    let (kept, _) = decode_with(&Json::default() as &dyn Codec, b"12.4");
    assert_eq!(told(&kept), "SCHEMA_VIOLATION ");
}

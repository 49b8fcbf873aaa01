//! What a mapping makes of payloads, good and bad. One bad reading costs that reading only.

mod support;

use std::sync::Arc;

use davy_codec::{Captures, Codec, Limits, Mapping, Summary};
use support::{Keep, decode_with, line};

fn codec(mapping: &str) -> Box<dyn Codec + Send> {
    codec_with(mapping, Limits::default())
}

fn codec_with(mapping: &str, limits: Limits) -> Box<dyn Codec + Send> {
    let read = Mapping::read("test", mapping);
    let mapping = Arc::new(read.unwrap_or_else(|problems| panic!("{mapping}\n{problems:?}")));
    mapping.codec([("device", "d1")].into_iter().collect::<Captures>(), limits)
}

fn decode(mapping: &str, payload: &str) -> (Keep, Summary) {
    decode_with(&*codec(mapping), payload.as_bytes())
}

/// `name=value...` of each metric, then `CODE at pointer` of each problem.
fn told(keep: &Keep) -> String {
    let metrics = keep
        .metrics
        .iter()
        .map(|metric| format!("{}{}", line(metric), if metric.historical { "~" } else { "" }));
    let problems =
        keep.problems.iter().map(|problem| format!("{} at {}", problem.reason.word(), problem.pointer));
    metrics.chain(problems).collect::<Vec<_>>().join(" | ")
}

/// Each payload under the mapping comes to what stands beside it.
fn check(mapping: &str, cases: &[(&str, &str)]) {
    for (payload, want) in cases {
        assert_eq!(told(&decode(mapping, payload).0), *want, "{mapping}\n{payload}");
    }
}

#[test]
fn flat_objects() {
    check(
        "readings: [{value: '{key}', tag: '{device}/{key}'}]",
        &[
            (r#"{"t":22.5,"h":61}"#, "d1/t=22.5 | d1/h=61"),
            (r#"{"t":true,"h":"61"}"#, "d1/t=1 | FIELD_TYPE at /h"),
            (r#"{"t":1,"t":2}"#, "d1/t=1 | d1/t=2"),
            (
                r#"{"a/b":null,"h":[1,{"x":2}],"i":{"y":1},"j":3}"#,
                "d1/j=3 | FIELD_TYPE at /a~1b | FIELD_TYPE at /h | FIELD_TYPE at /i",
            ),
            (r#"{"t":NaN,"h":1e400,"i":2}"#, "d1/i=2 | NUMBER_NOT_FINITE at /t | NUMBER_NOT_FINITE at /h"),
            (r#"{"\u6d4b":123456789012345678901234567890}"#, "d1/测=123456789012345680000000000000"),
            (r#"{"t":1,"h":2,,}"#, "d1/t=1 | d1/h=2 | JSON_SYNTAX at "),
            (r#"{"t":1,"h":12"#, "d1/t=1 | JSON_SYNTAX at /h"),
            (r#"{"t":1} {"h":2}"#, "d1/t=1 | JSON_SYNTAX at "),
            ("\u{feff}{\"t\":1}", "d1/t=1"),
            (r#"{"a\ud800":1,"b":2}"#, "JSON_SYNTAX at "),
            ("{}", ""),
            ("5", "SCHEMA_VIOLATION at "),
            ("[]", "SCHEMA_VIOLATION at "),
            ("", "SCHEMA_VIOLATION at "),
        ],
    );
}

#[test]
fn what_is_not_utf_8_costs_the_readings_it_stands_in() {
    let codec = codec("readings: [{value: '{key}'}]\nwords: {on: 1}");
    let (keep, _) = decode_with(&*codec, b"{\"\xb2\xe2\":1,\"b\":2,\"c\":\"\xff\",\"d\":\"on\"}");
    assert_eq!(
        told(&keep),
        "b=2 | d=1 | ENCODING_INVALID at  | ENCODING_INVALID at /\u{7f}\u{7f} | ENCODING_INVALID at /c"
    );
}

#[test]
fn fields_may_stand_before_or_behind_what_they_belong_to() {
    let mapping = "
readings:
  - in: list[]
    value: v
    fields: {key: n}
    time: t
    quality: {at: q, codes: {0: good, 192..255: good, 8: 'bad:comms_lost'}}
    unit: {at: u, words: {C: degC}}
historical: {at: re, when: ['yes', '1']}
";
    check(
        mapping,
        &[
            (r#"{"list":[{"v":1,"n":"a"},{"n":"b","v":2}]}"#, "a=1 | b=2"),
            (
                r#"{"list":[{"v":1,"n":"a","t":1600000000000},{"t":1700000000000,"n":"b","v":2}],"re":"yes"}"#,
                "a=1@1600000000000~ | b=2@1700000000000~",
            ),
            (r#"{"re":1,"list":[{"v":1,"n":"a"}]}"#, "a=1~"),
            (r#"{"re":"no","list":[{"v":1,"n":"a"}]}"#, "a=1"),
            (
                r#"{"list":[{"v":1,"n":"a","u":"C","q":200},{"v":2,"n":"b","u":"ppm","q":8},{"v":3,"n":"c","q":77}]}"#,
                "a=1[degC] | b=2[ppm]!bad:comms_lost | c=3!bad:unspecified | QUALITY_UNKNOWN at /list/2/q",
            ),
            (r#"{"list":[{"v":1},{"v":2,"n":"b"}]}"#, "b=2 | FIELD_MISSING at /list/0/v"),
            (
                r#"{"list":[{"v":1,"n":"a","t":"soon"},{"v":2,"n":"b"}]}"#,
                "b=2 | TIMESTAMP_FORMAT at /list/0/t",
            ),
            (r#"{"list":[{"v":1,"n":"a","n":"b"}]}"#, "a=1 | SCHEMA_VIOLATION at /list/0/n"),
            (r#"{"list":[{"v":1,"n":7}]}"#, "7=1"),
            (r#"{"list":[{"v":1,"n":{}}]}"#, "FIELD_TYPE at /list/0/n"),
            (r#"{"list":[{"v":1,"n":null}]}"#, "FIELD_MISSING at /list/0/v"),
            (r#"{"list":[]}"#, ""),
            (r#"{"list":5}"#, "FIELD_TYPE at /list"),
            (r#"{"other":5}"#, "SCHEMA_VIOLATION at "),
            (r#"{"list":[{"v":1,"n":"a"},{"v":2,"n":"b"},{"v":3"#, "JSON_SYNTAX at /list/2/v"),
        ],
    );
}

#[test]
fn json_in_a_text_is_read_where_it_stands() {
    let mapping = "
readings: [{in: 'm(json)[]', value: v, fields: {key: n}, time: t}]
numbers_as_text: true
time: {format: local, zone: '+08:00'}
seq: c
";
    check(
        mapping,
        &[
            (
                r#"{"c":21,"m":"[{\"n\":\"a\",\"v\":\"1.5\",\"t\":\"2024-03-01 10:00:00\"},{\"n\":\"b\",\"v\":2}]"}"#,
                "a=1.5@1709258400000 | b=2",
            ),
            (
                r#"{"m":"[{\"n\":\"a\",\"v\":NaN},{\"n\":\"b\",\"v\":2}]"}"#,
                "b=2 | NUMBER_NOT_FINITE at /m/0/v",
            ),
            (r#"{"m":"[{\"n\":\"a\",\"v\":1},{\"n\":\"b\""}"#, "a=1 | JSON_SYNTAX at /m"),
            (r#"{"m":"x"}"#, "JSON_SYNTAX at /m"),
            (r#"{"m":5}"#, "FIELD_TYPE at /m"),
            (r#"{"m":"[{\"n\":\"a\",\"v\":1}]"#, "JSON_SYNTAX at /m"),
        ],
    );
    assert_eq!(decode(mapping, r#"{"c":21,"m":"[]"}"#).1.seq, Some(21));
    assert_eq!(decode(mapping, r#"{"m":"[]","c":2"#).1.seq, None, "it may be a cut 21");
}

#[test]
fn keys_say_what_their_values_are() {
    let mapping = "
readings: [{value: '{key}', tag: 'x/{key}'}]
scale: 2
sentinels: {65535: 'bad:over_range', 'null': skip, '----': 'bad:comms_lost', NaN: 'bad:sensor_failure'}
ignore: [mac, 'dbg_*']
keys:
  T8: {unit: degC, scale: 0.1, name: temp}
  'T*': {unit: degF, scale: 1, offset: -40, sentinels: {-99: skip}}
  S: {words: {closed: 0, open: 1}, scale: 1}
  no: skip
";
    check(
        mapping,
        &[
            (r#"{"T8":288,"T9":10,"v":3}"#, "x/temp=28.8[degC] | x/T9=-30[degF] | x/v=6"),
            (
                r#"{"v":65535,"w":null,"u":"----","n":NaN}"#,
                "x/v=none!bad:over_range | x/u=none!bad:comms_lost | x/n=none!bad:sensor_failure",
            ),
            (r#"{"T9":-99,"T7":65535}"#, "x/T7=65495[degF]"),
            (r#"{"S":"open","mac":"a4c1","dbg_x":{"y":1},"no":5}"#, "x/S=1"),
            (r#"{"S":"ajar"}"#, "FIELD_TYPE at /S"),
            (r#"{"v":1e308}"#, "NUMBER_NOT_FINITE at /v"),
        ],
    );
    for (unknown, want) in [
        ("take", "a=1 | b=2"),
        ("skip", "a=1"),
        ("warn", "a=1 | FIELD_UNKNOWN at /b"),
        ("refuse", "a=1 | SCHEMA_VIOLATION at /b"),
    ] {
        let mapping = format!("readings: [{{value: '{{key}}'}}]\nkeys: {{a: take}}\nunknown: {unknown}");
        check(&mapping, &[(r#"{"a":1,"b":2}"#, want)]);
    }
    for (policy, want) in [
        ("skip", "a=1"),
        ("warn", "a=1 | FIELD_UNKNOWN at /b"),
        ("refuse", "a=1 | FIELD_TYPE at /b | FIELD_TYPE at /c"),
    ] {
        let mapping = format!("readings: [{{value: '{{key}}'}}]\nnot_numbers: {policy}");
        check(&mapping, &[(r#"{"a":1,"b":"x","c":{"d":5}}"#, want)]);
    }
    check(
        "readings: [{value: v}]\nother_fields: warn",
        &[(r#"{"v":1,"x":2,"y":3}"#, "v=1 | FIELD_UNKNOWN at /x")],
    );
}

#[test]
fn an_error_in_place_of_a_value_is_a_bad_reading_and_has_no_value() {
    let mapping = "
readings:
  - value: values.{key}
  - error: {at: 'errors.{key}', codes: {0: good, 2014: 'bad:comms_lost'}}
";
    check(
        mapping,
        &[
            (r#"{"values":{"a":1},"errors":{"b":2014,"c":0,"d":null}}"#, "a=1 | b=none!bad:comms_lost"),
            (r#"{"errors":{"b":7}}"#, "b=none!bad:unspecified | QUALITY_UNKNOWN at /errors/b"),
        ],
    );
}

#[test]
fn rows_of_many_tags_and_rows_of_one() {
    let wide = "
format: csv
readings: [{value: '{key}', tag: '{device}/{key}'}]
time: {at: time, format: local, zone: '+08:00'}
sentinels: {'----': 'bad:comms_lost'}
";
    check(
        wide,
        &[
            (
                "time,a,b\n2024-03-01 10:00:00,1,2.5\r\n2024-03-01 10:00:01,----,\n",
                "d1/a=1@1709258400000 | d1/b=2.5@1709258400000 | d1/a=none@1709258401000!bad:comms_lost",
            ),
            ("time,a\n\n,1\n", "d1/a=1"),
            (
                "time,a\n2024-03-01 10:00:00,1\n2024-03-01 10:00:00,12",
                "d1/a=1@1709258400000 | SCHEMA_VIOLATION at ",
            ),
            (
                "time,a\nnever,1\n,x\n,2,3\n,4\n",
                "d1/a=4 | TIMESTAMP_FORMAT at /0/time | FIELD_TYPE at /1/a | SCHEMA_VIOLATION at ",
            ),
            ("time,a", "SCHEMA_VIOLATION at "),
            ("time,\"a\"\"q\"\n,\"7\"\n", "d1/a\"q=7"),
        ],
    );
    let narrow = "
format: csv
csv: {delimiter: ';', columns: [name, value, unit, q], comment: '#', unended_last_line: take}
decimal_comma: true
readings: [{value: value, fields: {key: name}, unit: {at: unit}, quality: q}]
";
    check(
        narrow,
        &[
            (
                "# a remark\na;12,4;ppm;good\n\"b;c\";7;;bad:calibration",
                "a=12.4[ppm] | b;c=7!bad:calibration",
            ),
            ("a;1;;\nb;1.5;;\nc;1.2,3;;\n", "a=1 | b=1.5 | FIELD_TYPE at /2/value"),
        ],
    );
    let (keep, _) = decode_with(&*codec(narrow), b"\xb2\xe2;1;;\nb;2;;\n");
    assert_eq!(told(&keep), "b=2 | ENCODING_INVALID at  | ENCODING_INVALID at /0/name");
    check(
        "format: csv\ncsv: {columns: [value], unended_last_line: take}\nreadings: [{value: value}]",
        &[("23.4", "value=23.4")],
    );
}

#[test]
fn too_much_is_refused_and_what_came_before_is_kept() {
    let mapping = "readings: [{in: 'l[]', value: v, time: '@t'}]".replace("'@t'", "t");
    let limits = Limits { readings_max: 2, ..Limits::default() };
    let payload = br#"{"l":[{"v":1},{"v":2},{"v":3},{"v":4}]}"#;
    let (keep, summary) = decode_with(&*codec_with(&mapping, limits), payload);
    assert_eq!(told(&keep), "v=1 | v=2 | PAYLOAD_TOO_LARGE at ");
    assert_eq!((summary.accepted, summary.rejected), (2, 2));
    // Readings that wait for a field behind them are bounded too.
    let waiting = "readings: [{in: 'l[]', value: v}]\ntime: t";
    let payload = br#"{"l":[{"v":1},{"v":2},{"v":3},{"v":4}],"t":1700000000000}"#;
    let (keep, summary) = decode_with(&*codec_with(waiting, limits), payload);
    assert_eq!(told(&keep), "v=1@1700000000000 | v=2@1700000000000 | PAYLOAD_TOO_LARGE at ");
    assert_eq!((summary.accepted, summary.rejected), (2, 2));
    let deep = format!("{{\"v\":1,\"x\":{}{}}}", "[".repeat(40), "]".repeat(40));
    check("readings: [{value: v}]", &[(&deep, "v=1 | SCHEMA_VIOLATION at ")]);
    let long = format!("{{\"{}\":1,\"b\":2}}", "n".repeat(129));
    let (keep, _) = decode("readings: [{value: '{key}'}]", &long);
    assert_eq!((keep.metrics.len(), keep.problems.len()), (1, 1));
}

//! SenML, JSON and CBOR: what packs give, and what each mistake costs.

mod support;

use davy_codec::{Form, Limits, Senml};
use davy_model::Reason;
use minicbor::{Encoder, data::Tag};
use proptest::prelude::*;
use support::{Keep, Kept, decode_with, line, shared};

const SENML: Senml = Senml { limits: Limits { payload_len_max: 256 * 1024, readings_max: 10_000 } };

fn decode(payload: &[u8]) -> Keep {
    decode_with(&SENML, payload).0
}

/// Each metric as a line, each problem as `CODE pointer`.
fn lines(kept: &Keep) -> Vec<String> {
    let problems = kept.problems.iter().map(|problem| {
        let free = if problem.readings == 0 { " (free)" } else { "" };
        format!("{} {}{free}", problem.reason, problem.pointer)
    });
    kept.metrics.iter().map(line).chain(problems).collect()
}

/// A pack, and what comes of it.
fn check(pack: &str, want: &[&str]) {
    assert_eq!(lines(&decode(pack.as_bytes())), want, "{pack}");
}

#[test]
fn the_examples_of_rfc_8428_decode_and_both_forms_say_the_same() {
    for (name, want) in [
        ("single", &["urn:dev:ow:10e2073a01080063=23.1[degC]"][..]),
        (
            "multiple",
            &["urn:dev:ow:10e2073a01080063:voltage=120.1[V]", "urn:dev:ow:10e2073a01080063:current=1.2[A]"],
        ),
        (
            "base_time",
            &[
                "urn:dev:ow:10e2073a0108006:voltage=120.1[V]@1276020076001",
                "urn:dev:ow:10e2073a0108006:current=1.2[A]@1276020071001",
                "urn:dev:ow:10e2073a0108006:current=1.3[A]@1276020072001",
                "urn:dev:ow:10e2073a0108006:current=1.4[A]@1276020073001",
                "urn:dev:ow:10e2073a0108006:current=1.5[A]@1276020074001",
                "urn:dev:ow:10e2073a0108006:current=1.6[A]@1276020075001",
                "urn:dev:ow:10e2073a0108006:current=1.7[A]@1276020076001",
            ],
        ),
        (
            "value_types",
            &[
                "urn:dev:ow:10e2073a01080063:temp=23.1[degC]",
                "urn:dev:ow:10e2073a01080063:open=0",
                "FIELD_TYPE /1/vs",
                "FIELD_TYPE /3/vd",
            ],
        ),
    ] {
        for form in ["json", "cbor"] {
            let Some(payload) = shared(&format!("payloads/senml/rfc8428_{name}.{form}")) else { continue };
            let (kept, summary) = decode_with(&SENML, &payload);
            assert_eq!(lines(&kept), want, "{name}.{form}");
            let expected = if form == "json" { Form::SenmlJson } else { Form::SenmlCbor };
            assert_eq!(summary.form, expected);
        }
    }
}

#[test]
fn xml_is_refused_and_the_refusal_says_what_to_send() {
    let Some(payload) = shared("payloads/senml/rfc8428_base_time.xml") else { return };
    let kept = decode(&payload);
    assert_eq!(lines(&kept), ["SCHEMA_VIOLATION "]);
    assert!(kept.problems[0].fix.contains("JSON or CBOR"), "{:?}", kept.problems);
}

#[test]
fn base_fields_hold_until_another_record_says_otherwise() {
    check(
        r#"[{"bn":"a/","bt":1795420800,"bu":"ppm"},{"n":"x","v":1},{"n":"y","u":"Cel","v":2,"t":-1.5},{"bn":"b/","n":"x","v":3},{"bn":"","n":"z","v":4}]"#,
        &[
            "a/x=1[ppm]@1795420800000",
            "a/y=2[degC]@1795420798500",
            "b/x=3[ppm]@1795420800000",
            "z=4[ppm]@1795420800000",
        ],
    );
    check(r#"[{"bn":"a","v":1},{"v":2}]"#, &["a=1", "a=2"]);
    check(r#"[{"bn":"a","bv":20,"v":1.5},{"n":"b"},{"n":"c","vb":true}]"#, &["a=21.5", "ab=20", "ac=1"]);
}

#[test]
fn a_time_below_two_to_the_28_counts_from_the_arrival() {
    check(
        r#"[{"n":"a","v":1,"t":0},{"n":"a","v":1,"t":-60},{"n":"a","v":1,"t":268435455},{"n":"a","v":1,"t":268435456},{"n":"a","v":1,"t":-1e18},{"n":"a","v":1,"t":1795420800000}]"#,
        &[
            "a=1@1795420800000",
            "a=1@1795420740000",
            "a=1@2063856255000",
            "a=1@268435456000",
            "TIMESTAMP_FORMAT /4/t",
            "TIMESTAMP_FORMAT /5/t",
        ],
    );
}

#[test]
fn one_bad_record_costs_that_record_only() {
    for (bad, want) in [
        (r#"{"n":"x","v":"12.4"}"#, "FIELD_TYPE /1/v"),
        (r#"{"n":"x","v":true}"#, "FIELD_TYPE /1/v"),
        (r#"{"n":"x","v":null}"#, "FIELD_TYPE /1/v"),
        (r#"{"n":"x","v":[1]}"#, "FIELD_TYPE /1/v"),
        (r#"{"n":"x","v":NaN}"#, "NUMBER_NOT_FINITE /1/v"),
        (r#"{"n":"x","v":1e400}"#, "NUMBER_NOT_FINITE /1/v"),
        (r#"{"n":"x","vb":1}"#, "FIELD_TYPE /1/vb"),
        (r#"{"n":"x","vs":"on"}"#, "FIELD_TYPE /1/vs"),
        (r#"{"n":"x","vd":"aGk"}"#, "FIELD_TYPE /1/vd"),
        (r#"{"n":"x"}"#, "FIELD_MISSING /1/v"),
        (r#"{"n":"x","s":5}"#, "FIELD_MISSING /1/v"),
        (r#"{"n":"x","v":1,"vb":true}"#, "SCHEMA_VIOLATION /1/vb"),
        (r#"{"n":"x","v":1,"v":2}"#, "SCHEMA_VIOLATION /1/v"),
        (r#"{"n":7,"v":1}"#, "FIELD_TYPE /1/n"),
        (r#"{"v":1}"#, "SCHEMA_VIOLATION /1/n"),
        (r#"{"n":"测","v":1}"#, "SCHEMA_VIOLATION /1/n"),
        (r#"{"n":"-x","v":1}"#, "SCHEMA_VIOLATION /1/n"),
        (r#"{"n":"a b","v":1}"#, "SCHEMA_VIOLATION /1/n"),
        (r#"{"n":"x","v":1,"t":"now"}"#, "FIELD_TYPE /1/t"),
        (r#"{"n":"x","v":1,"u":5}"#, "FIELD_TYPE /1/u"),
        (r#"{"n":"x","v":1,"u":"%"}"#, "UNIT_UNKNOWN /1/u"),
        ("5", "FIELD_TYPE /1"),
        ("[]", "FIELD_TYPE /1"),
        ("null", "FIELD_TYPE /1"),
    ] {
        check(&format!(r#"[{{"n":"a","v":1}},{bad},{{"n":"b","v":2}}]"#), &["a=1", "b=2", want]);
    }
    let long = "n".repeat(129);
    check(&format!(r#"[{{"n":"{long}","v":1}},{{"n":"b","v":2}}]"#), &["b=2", "SCHEMA_VIOLATION /0/n"]);
}

/// A base field that cannot be read is not what it was before: what needs it is refused, what does not is read.
#[test]
fn a_broken_base_field_costs_the_records_that_need_it() {
    check(
        r#"[{"bn":"a","bt":1795420800,"v":1},{"bt":"x"},{"v":2},{"bt":1795420801,"v":3}]"#,
        &["a=1@1795420800000", "a=3@1795420801000", "FIELD_TYPE /1/bt (free)", "FIELD_TYPE /2"],
    );
    check(
        r#"[{"bn":5,"v":1},{"n":"a","v":2},{"bu":1,"bn":"","n":"b","v":3},{"n":"c","v":4},{"n":"d","u":"m","v":5}]"#,
        &["d=5[m]", "FIELD_TYPE /0/bn", "FIELD_TYPE /1", "FIELD_TYPE /2/bu", "FIELD_TYPE /3"],
    );
    check(
        r#"[{"bv":"1","n":"a","v":1},{"n":"b","v":2},{"n":"c","vb":true}]"#,
        &["c=1", "FIELD_TYPE /0/bv", "FIELD_TYPE /1"],
    );
}

#[test]
fn a_pack_of_another_version_or_with_what_must_be_understood_is_refused_as_a_whole() {
    for (pack, want) in [
        (r#"[{"n":"a","v":1},{"n":"b","v":2,"bver":11}]"#, "SCHEMA_VIOLATION /1/bver"),
        (r#"[{"bver":42,"n":"a","v":1}]"#, "SCHEMA_VIOLATION /0/bver"),
        (r#"[{"bver":"10","n":"a","v":1}]"#, "SCHEMA_VIOLATION /0/bver"),
        (r#"[{"bver":5.5,"n":"a","v":1}]"#, "SCHEMA_VIOLATION /0/bver"),
        (r#"[{"n":"a","v":1},{"n":"b","v":2,"scale_":10}]"#, "SCHEMA_VIOLATION /1/scale_"),
        (r#"[{"n":"a","v":1,"scale\u005f":10}]"#, "SCHEMA_VIOLATION /0/scale_"),
    ] {
        check(pack, &[want]);
    }
    check(r#"[{"bver":10,"n":"a","v":1},{"n":"b_","v":2,"ct":"60"}]"#, &["a=1", "b_=2"]);
    check(r#"[{"bver":26,"n":"a","u":"ppm","v":1}]"#, &["a=1[ppm]"]);
}

#[test]
fn units_have_davys_names_and_none_is_mistaken_for_another() {
    for (unit, value, want) in [
        ("Cel", "1", "a=1[degC]"),
        ("%RH", "45", "a=45[%]"),
        ("/", "0.5", "a=0.5[1]"),
        ("/100", "50", "a=50[%]"),
        ("l/s", "2", "a=120[L/min]"),
        ("km", "1.5", "a=1500[m]"),
        ("hPa", "1013", "a=1013[mbar]"),
        ("C", "3", "a=3[C (coulomb)]"),
        ("mg/m3", "3", "a=3[mg/m3]"),
        ("", "3", "a=3"),
    ] {
        check(&format!(r#"[{{"n":"a","u":"{unit}","v":{value}}}]"#), &[want]);
    }
}

#[test]
fn a_sum_beside_a_value_is_told_once() {
    check(r#"[{"n":"a","v":1,"s":5},{"n":"b","v":2,"s":6}]"#, &["a=1", "b=2", "FIELD_UNKNOWN /0/s (free)"]);
}

#[test]
fn json_that_breaks_off_keeps_what_stood_before_and_says_where() {
    let kept = decode(br#"[{"n":"a","v":1},{"n":"b","v":12"#);
    assert_eq!(lines(&kept), ["a=1", "JSON_SYNTAX /1"]);
    assert_eq!(kept.problems[0].position.map(|at| at.offset), Some(32));
    check("[{\"n\":\"a\",\"v\":1}] [", &["a=1", "JSON_SYNTAX /1"]);
    let kept = decode(b"[{\"n\":\"\xb2\xe2\",\"v\":1},{\"n\":\"b\",\"v\":2}]");
    assert_eq!(lines(&kept), ["b=2", "ENCODING_INVALID  (free)", "ENCODING_INVALID /0/n"]);
    let deep = format!("[{{\"n\":\"a\",\"v\":1}},{{\"x\":{}", "[".repeat(200_000));
    assert_eq!(lines(&decode(deep.as_bytes())), ["a=1", "SCHEMA_VIOLATION /1"]);
    assert_eq!(lines(&decode(br#"{"n":"a","v":1}"#)), ["a=1"], "one record, not in an array");
}

/// CBOR by hand: `build` writes one pack.
fn cbor(build: impl FnOnce(&mut Encoder<Vec<u8>>)) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    build(&mut encoder);
    encoder.into_writer()
}

#[test]
fn cbor_of_any_make_is_read() {
    let indefinite = cbor(|e| {
        e.tag(Tag::new(55799)).and_then(|e| e.begin_array()).expect("memory");
        e.begin_map().and_then(|e| e.i8(-2)).and_then(|e| e.str("a/")).expect("memory");
        e.u8(0)
            .and_then(|e| e.begin_str())
            .and_then(|e| e.str("x"))
            .and_then(|e| e.str("y"))
            .expect("memory");
        e.end().and_then(|e| e.u8(2)).and_then(|e| e.f16(1.5)).and_then(|e| e.end()).expect("memory");
        // Labels as text, and an extension with something deep in it.
        e.map(3).and_then(|e| e.str("n")).and_then(|e| e.str("z")).and_then(|e| e.str("v")).expect("memory");
        e.u64(u64::MAX)
            .and_then(|e| e.str("ct"))
            .and_then(|e| e.array(1))
            .and_then(|e| e.map(0))
            .expect("memory");
        e.end().expect("memory");
    });
    assert_eq!(lines(&decode(&indefinite)), ["a/xy=1.5", "a/z=18446744073709552000"]);

    let decimal = cbor(|e| {
        e.array(1).and_then(|e| e.map(2)).and_then(|e| e.u8(0)).and_then(|e| e.str("a")).expect("memory");
        e.u8(2).and_then(|e| e.tag(Tag::new(4))).and_then(|e| e.array(2)).expect("memory");
        e.i8(-1).and_then(|e| e.i16(-273)).expect("memory");
    });
    assert_eq!(lines(&decode(&decimal)), ["a=-27.3"]);
}

/// A pack of three records, the second of which is `bad`: key 2 (`v`) with that value.
fn with_value(bad: &[u8]) -> Vec<u8> {
    let record = |name: u8, value: &[u8]| [&[0xa2, 0x00, 0x61, name, 0x02], value].concat();
    [&[0x83][..], &record(b'a', &[1]), &record(b'x', bad), &record(b'b', &[2])].concat()
}

#[test]
fn one_bad_cbor_record_costs_that_record_only() {
    for (bad, want) in [
        (&b"\xf6"[..], "FIELD_TYPE /1/v"),
        (b"\x63on ", "FIELD_TYPE /1/v"),
        (b"\x61\xff", "FIELD_TYPE /1/v"),
        (b"\x41\xff", "FIELD_TYPE /1/v"),
        (b"\x81\x01", "FIELD_TYPE /1/v"),
        (b"\xa1\x01\x02", "FIELD_TYPE /1/v"),
        (b"\xc1\x01", "FIELD_TYPE /1/v"),
        (b"\xc4\x82\x01\x61a", "FIELD_TYPE /1/v"),
        (b"\xf9\x7e\x00", "NUMBER_NOT_FINITE /1/v"),
        (b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00", "NUMBER_NOT_FINITE /1/v"),
    ] {
        assert_eq!(lines(&decode(&with_value(bad))), ["a=1", "b=2", want], "{bad:02x?}");
    }
    let not_text = [&[0x81, 0xa2, 0x00, 0x62, 0xb2, 0xe2, 0x02, 0x01][..]].concat();
    assert_eq!(lines(&decode(&not_text)), ["ENCODING_INVALID /0/n"]);
}

#[test]
fn cbor_that_lies_or_breaks_off_costs_the_rest() {
    let deep = [vec![0x81, 0xa1, 0x63, b'x', b'y', b'z'], vec![0x81; 100_000]].concat();
    let nested_text = [vec![0x81, 0xa1, 0x63, b'x', b'y', b'z'], vec![0x7f; 100_000]].concat();
    for (payload, want) in [
        (&b"\xa0"[..], "SCHEMA_VIOLATION "),
        (b"\x01", "SCHEMA_VIOLATION "),
        (b"\xff", "SCHEMA_VIOLATION "),
        (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "CBOR_SYNTAX "),
        (b"\x81\xbb\xff\xff\xff\xff\xff\xff\xff\xff", "CBOR_SYNTAX "),
        (b"\x81\xa1\x00\x7b\xff\xff\xff\xff\xff\xff\xff\xff", "CBOR_SYNTAX "),
        (b"\x81\xa1\x00\xff", "CBOR_SYNTAX "),
        (b"\x80\x01", "CBOR_SYNTAX "),
        (&deep, "SCHEMA_VIOLATION "),
        (&nested_text, "CBOR_SYNTAX "),
    ] {
        assert_eq!(lines(&decode(payload)), [want], "{:02x?}", &payload[..payload.len().min(12)]);
    }
    let cut = with_value(b"\x05");
    assert_eq!(lines(&decode(&cut[..cut.len() - 1])), ["a=1", "x=5", "CBOR_SYNTAX /2"]);
    let version = b"\x82\xa2\x00\x61a\x02\x01\xa3\x20\x18\x2a\x00\x61b\x02\x02";
    assert_eq!(lines(&decode(version)), ["SCHEMA_VIOLATION /1/bver"]);
    let understood = b"\x81\xa3\x00\x61a\x02\x01\x62x_\x01";
    assert_eq!(lines(&decode(understood)), ["SCHEMA_VIOLATION /0/x_"]);
}

#[test]
fn a_pack_longer_than_allowed_is_read_as_far_as_allowed() {
    let senml = Senml { limits: Limits { readings_max: 2, ..Limits::default() } };
    let (kept, summary) = decode_with(&senml, br#"[{"bn":"a","v":1},{"v":2},{"v":3},{"v":4}]"#);
    assert_eq!(lines(&kept), ["a=1", "a=2", "PAYLOAD_TOO_LARGE "]);
    assert_eq!((summary.accepted, summary.rejected), (2, 2));
}

const SAMPLES: [&str; 5] = [
    r#"[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1276020076.001,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.25},{"n":"current","t":-4e0,"v":1.3}]"#,
    r#"[{"bn":"a/","bv":100,"n":"x","v":12.4,"s":1},{"n":"y","vb":true},{"n":"z","vs":"text","t":1}]"#,
    r#"[{"n":"a","v":NaN},{"n":"b","v":12.4},{"n":"c","v":"x"}, 5, {"n":"d_","u":"%RH","v":55}]"#,
    r#"[{"v":12,"n":"a","bt":1795420800},{"t":123,"n":"b","v":1},{"bn":"x","bu":"Cel"},{"v":10}]"#,
    r#"[{"bn":"a","bt":"x","v":1},{"bt":1795420800,"v":22,"u":"km"}]"#,
];

fn cut_anywhere(whole: &[u8]) {
    let all = decode(whole).metrics;
    for end in 0..whole.len() {
        let kept = decode(&whole[..end]).metrics;
        let first: &[Kept] = all.get(..kept.len()).unwrap_or(&[]);
        assert_eq!(kept, first, "cut at {end}");
    }
}

#[test]
fn cut_off_anywhere_a_pack_never_gives_a_wrong_value() {
    for sample in SAMPLES {
        cut_anywhere(sample.as_bytes());
    }
    for name in ["single", "multiple", "base_time", "value_types"] {
        for form in ["json", "cbor"] {
            if let Some(payload) = shared(&format!("payloads/senml/rfc8428_{name}.{form}")) {
                cut_anywhere(&payload);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode(&bytes);
    }

    /// Bytes that CBOR of records is made of.
    #[test]
    fn random_cbor(bytes in proptest::collection::vec(
        prop_oneof![any::<u8>(), Just(0x9f), Just(0xbf), Just(0xff), Just(0xa2), Just(0x00), Just(0x02), Just(0x61), Just(0x7f), Just(0x5f), Just(0xfb), Just(0xc4), 0x20..0x26_u8],
        0..120,
    )) {
        let payload = [&[0x9f][..], &bytes].concat();
        let kept = decode(&payload);
        prop_assert!(kept.metrics.iter().all(|metric| metric.value.is_none_or(f64::is_finite) && !metric.name.is_empty()));
    }

    #[test]
    fn good_packs_with_a_few_bytes_changed(
        which in 0..SAMPLES.len() + 1,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let binary = with_value(b"\xfb\x40\x5e\x06\x66\x66\x66\x66\x66");
        let mut payload = SAMPLES.get(which).map_or(binary, |sample| sample.as_bytes().to_vec());
        for (at, byte, how) in changes {
            let at = at.index(payload.len());
            match how {
                0 => payload[at] = byte,
                1 => payload.insert(at, byte),
                _ => { if payload.len() > 1 { payload.remove(at); } }
            }
        }
        let kept = decode(&payload);
        prop_assert!(kept.metrics.iter().all(|metric| metric.value.is_none_or(f64::is_finite)));
        for problem in &kept.problems {
            prop_assert!(problem.got.chars().count() <= 80, "{problem:?}");
            prop_assert!(problem.pointer.is_empty() || problem.pointer.starts_with('/'), "{problem:?}");
            prop_assert!(problem.position.is_none_or(|position| position.offset <= payload.len()), "{problem:?}");
        }
    }

    /// The same pack as JSON and as CBOR gives the same.
    #[test]
    fn both_forms_say_the_same(records in proptest::collection::vec((0..4_u8, any::<i32>(), -1000..1000_i16), 1..20)) {
        let json: Vec<String> = records
            .iter()
            .map(|(name, value, time)| format!(r#"{{"n":"t{name}","v":{value},"t":{time}}}"#))
            .collect();
        let binary = cbor(|e| {
            e.array(records.len() as u64).expect("memory");
            for (name, value, time) in &records {
                e.map(3).and_then(|e| e.u8(6)).and_then(|e| e.i16(*time)).expect("memory");
                e.u8(0).and_then(|e| e.str(&format!("t{name}"))).and_then(|e| e.u8(2)).expect("memory");
                e.i32(*value).expect("memory");
            }
        });
        let (json, binary) = (decode(format!("[{}]", json.join(",")).as_bytes()), decode(&binary));
        prop_assert_eq!(json.metrics, binary.metrics);
        prop_assert!(json.problems.is_empty() && binary.problems.is_empty());
    }
}

#[test]
fn a_metric_says_where_each_part_of_it_stands() {
    struct Pointers(Vec<String>);
    impl davy_codec::Sink for Pointers {
        fn metric(&mut self, metric: davy_codec::Metric<'_>) {
            self.0.extend(["tag", "value", "unit", "ts"].map(|field| metric.pointer(field)));
        }
        fn problem(&mut self, rejection: davy_codec::Rejection) {
            panic!("{rejection:?}");
        }
    }
    let mut pointers = Pointers(Vec::new());
    let pack = br#"[{"bn":"a","bu":"ppm","bt":1795420800},{"vb":true},{"n":"x","u":"m","v":1,"t":0}]"#;
    davy_codec::Codec::decode(&SENML, pack, support::ARRIVAL, &mut pointers);
    assert_eq!(pointers.0, ["/0/bn", "/1/vb", "/0/bu", "/0/bt", "/2/n", "/2/v", "/2/u", "/2/t"]);
}

#[test]
fn every_refusal_of_senml_says_what_to_do() {
    let kept = decode(br#"[{"n":"x","v":"12"},{"n":"x","vs":"a"},{"n":"x","s":1},{"n":"x","v":1,"u":"%"}]"#);
    for problem in &kept.problems {
        assert!(!problem.fix.is_empty() && !problem.expected.is_empty(), "{problem:?}");
    }
    assert_eq!(kept.problems[0].fix, "send it without quotation marks");
    assert_eq!(kept.problems[3].reason, Reason::UnitUnknown);
}

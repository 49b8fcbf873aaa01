//! Mappings under hostile payloads, and mapping files under hostile authors.

mod support;

use std::sync::Arc;

use davy_codec::{Captures, Codec, Limits, Mapping};
use proptest::prelude::*;
use support::{Kept, decode_with, shared};

const MAPPINGS: [&str; 6] = [
    "readings: [{value: '{key}'}, {value: '{group}.{key}', tag: '{group}/{key}'}]\ntime: ts\nseq: seq",
    "readings: [{in: 'list[]', value: v, fields: {key: n}, time: t, quality: q, unit: {at: u}}]\nhistorical: {at: re, when: ['1']}\nnumbers_as_text: true",
    "readings: [{in: 'm(json)[]', value: v, fields: {key: n}, time: t}, {in: 'm(json)', value: '{key}'}]\nnumbers_as_text: true\ntime: {at: t, format: local, zone: UTC}",
    "readings: [{in: '{device}[]', value: 'values.{key}', tag: '{device}/{key}', time: ts}, {error: {at: 'errors.{key}', codes: {0: good}, otherwise: bad}}]\nsentinels: {'null': skip, -9999: bad}",
    "format: csv\nreadings: [{value: '{key}'}]\ntime: {at: time, format: local, zone: '+08:00'}\nsentinels: {'-': bad}",
    "format: csv\ncsv: {delimiter: ';', columns: [name, value, q], comment: '#'}\ndecimal_comma: true\nreadings: [{value: value, fields: {key: name}, quality: q}]",
];

const PAYLOADS: [(usize, &str); 12] = [
    (0, r#"{"seq":41207,"ts":1795420800000,"a":12.4,"g":{"x":1,"y":-7.31e2},"b":NaN,"c":7}"#),
    (0, r#"{"a":12.4,"g":{"x":1e400,"y":2},"ts":1795420800000.5,"b":12,}"#),
    (0, r#"{"a":12.4,"ts":1,"ts":2,"\u6d4b":100,"s":"x","d":[1,2]}"#),
    (
        1,
        r#"{"list":[{"v":12.4,"n":"a","t":1795420800000,"q":"bad","u":"ppm"},{"n":"b","v":"7.25"},5,{"v":1}],"re":1}"#,
    ),
    (1, r#"{"re":1,"list":[{"v":12.4,"n":"a"},{"v":13.5,"n":"测点"},{"v":NaN,"n":"c"}]}"#),
    (
        2,
        r#"{"m":"[{\"n\":\"a\",\"v\":\"12.4\",\"t\":\"2024-03-01 10:00:00\"},{\"n\":\"b\",\"v\":23}]","t":"2024-03-01 10:00:00"}"#,
    ),
    (2, r#"{"m":"{\"a\":12.4,\"b\":NaN,\"c\":7","x":1}"#),
    (
        3,
        r#"{"A":[{"ts":1483228800000,"values":{"t":42,"h":80.5}},{"values":{"t":43},"ts":1483228801000}],"errors":{"x":2014},"B":[]}"#,
    ),
    (4, "time,a,b\n2024-03-01 10:00:00,12.4,7\r\n2024-03-01 10:00:01,-,\"1\"\n,5,6\n"),
    (4, "\"time\",\"a\"\"b\"\n,12\r\n\r\n,\"x\ny\"\n,13"),
    (5, "# remark\na;12,4;good\nb;7;bad:calibration\n\"c;d\";1;fine\n"),
    (5, "a;1\n;;\nb;2;\n"),
];

fn codec(mapping: &str, limits: Limits) -> Box<dyn Codec + Send> {
    let mapping = Mapping::read("test", mapping).unwrap_or_else(|problems| panic!("{mapping}\n{problems:?}"));
    Arc::new(mapping).codec([("device", "d")].into_iter().collect::<Captures>(), limits)
}

/// The metrics of every prefix are the first metrics of the whole.
fn check(codec: &dyn Codec, whole: &[u8]) -> Result<(), TestCaseError> {
    let (all, summary) = decode_with(codec, whole);
    for end in 0..whole.len() {
        let (kept, cut) = decode_with(codec, &whole[..end]);
        let first: &[Kept] = all.metrics.get(..kept.metrics.len()).unwrap_or(&[]);
        let shown = String::from_utf8_lossy(&whole[..end]);
        prop_assert_eq!(&kept.metrics[..], first, "cut at {}: {}", end, shown);
        prop_assert!(cut.seq.is_none() || cut.seq == summary.seq, "cut at {}: {}", end, shown);
    }
    Ok(())
}

#[test]
fn a_payload_cut_off_anywhere_never_gives_a_wrong_value() {
    for (mapping, payload) in PAYLOADS {
        let codec = codec(MAPPINGS[mapping], Limits::default());
        let whole = decode_with(&*codec, payload.as_bytes()).0;
        assert!(!whole.metrics.is_empty() || payload.starts_with("a;1\n"), "{payload}: {:?}", whole.problems);
        check(&*codec, payload.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn real_payloads_cut_off_anywhere_never_give_a_wrong_value() {
    let Some(samples) = shared("payloads/json/samples.jsonl") else { return };
    for sample in String::from_utf8(samples).expect("samples are text").lines() {
        let sample: serde_json::Value = serde_json::from_str(sample).expect("a line is JSON");
        let payload = sample["payload"].as_str().expect("a text");
        for (name, text) in Mapping::shipped() {
            let mapping = Arc::new(Mapping::read(name, text).expect(name));
            let names: Vec<String> = mapping.needs().map(str::to_owned).collect();
            let captures = names.into_iter().map(|name| (name, "x")).collect();
            // A bare number cannot show that it was cut: its mapping says so, and is left out.
            if name != "plain-value" {
                check(&*mapping.codec(captures, Limits::default()), payload.as_bytes())
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
}

const PIECES: [&str; 34] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\"list\":",
    "\"v\":",
    "\"n\":",
    "\"t\":",
    "\"ts\":",
    "\"q\":",
    "\"m\":",
    "\"re\":",
    "\"values\":",
    "\"errors\":",
    "\"seq\":",
    "\"a\"",
    "12.4",
    "-1",
    "1e400",
    "NaN",
    "true",
    "null",
    " ",
    "\n",
    ";",
    "#",
    "气",
    "\"{\\\"a\\\":1}\"",
    "\"\\ud800\"",
    "1795420800",
];

const YAML: [&str; 30] = [
    "readings:",
    "\n",
    "- value: ",
    "'{key}'",
    "  ",
    "time: ",
    "{at: x, format: ",
    "local",
    "%Y",
    "}",
    "[",
    "]",
    "keys:",
    "a: ",
    "scale: ",
    "0.1",
    "'*'",
    "fields: ",
    "tag: ",
    "'{a}/{b}'",
    "format: csv",
    "csv: ",
    "extends: tasmota-sensor",
    "in: ",
    "m(json)[]",
    "error: ",
    "null",
    ",",
    "topic: ",
    "#/+/{x}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), mapping in 0..MAPPINGS.len(), max in 1..5_u32) {
        let limits = Limits { readings_max: max, payload_len_max: 150 };
        let (kept, summary) = decode_with(&*codec(MAPPINGS[mapping], limits), &bytes);
        prop_assert!(summary.accepted <= max);
        prop_assert!(kept.problems.len() <= 2 * bytes.len() + 2);
    }

    #[test]
    fn random_pieces_cut_off(
        pieces in proptest::collection::vec(0..PIECES.len(), 0..40),
        mapping in 0..MAPPINGS.len(),
        open in 0..4_usize,
    ) {
        let mut text = String::from(["{", "[", "time,a,b\n", "{\"list\":[{\"v\":1,\"n\":\"a\""][open]);
        text.extend(pieces.iter().map(|piece| PIECES[*piece]));
        let codec = codec(MAPPINGS[mapping], Limits::default());
        let (kept, _) = decode_with(&*codec, text.as_bytes());
        prop_assert!(kept.metrics.iter().all(|metric| metric.value.is_none_or(f64::is_finite) && !metric.name.is_empty()));
        check(&*codec, text.as_bytes())?;
    }

    #[test]
    fn good_payloads_with_a_few_bytes_changed(
        which in 0..PAYLOADS.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let (mapping, payload) = PAYLOADS[which];
        let mut payload = payload.as_bytes().to_vec();
        for (at, byte, how) in changes {
            let at = at.index(payload.len());
            match how {
                0 => payload[at] = byte,
                1 => payload.insert(at, byte),
                _ => _ = (payload.len() > 1).then(|| payload.remove(at)),
            }
        }
        let (kept, _) = decode_with(&*codec(MAPPINGS[mapping], Limits::default()), &payload);
        for problem in &kept.problems {
            prop_assert!(problem.got.chars().count() <= 80, "{problem:?}");
            prop_assert!(problem.pointer.is_empty() || problem.pointer.starts_with('/'), "{problem:?}");
        }
    }

    /// Any text at all is read or refused, with a place inside it.
    #[test]
    fn random_mapping_files(pieces in proptest::collection::vec(0..YAML.len(), 0..30), shipped in 0..13_usize, cut in any::<prop::sample::Index>()) {
        let random: String = pieces.iter().map(|piece| YAML[*piece]).collect();
        let whole = Mapping::shipped().nth(shipped).map_or("", |(_, text)| text);
        let cut: String = whole.chars().take(cut.index(whole.len())).collect();
        for text in [random.clone(), cut + &random] {
            if let Err(problems) = Mapping::read("x", &text) {
                prop_assert!(!problems.is_empty() && problems.len() <= 100, "{text}");
                for problem in problems {
                    prop_assert!(problem.line >= 1 && problem.column >= 1 && !problem.message.en.is_empty() && !problem.message.zh.is_empty());
                }
            }
        }
    }
}

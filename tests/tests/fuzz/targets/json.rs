//! Native JSON, against a plain reading of JSON, and back through our own forms.

use std::fs;

use davy_codec::{Codec, Form, Limits, Native};
use davy_proto::v1;
use davy_tests::shared;
use prost::Message;
use serde_json::{Value, json};

use super::{
    doc::{Doc, at},
    kept::{ARRIVAL, Keep, Kept, choice, decode},
};
use crate::harness::{Dice, Gauge, Growth, Target};

pub(crate) const JSON: Target = Target {
    name: "json",
    runs: 60_000,
    check,
    seeds,
    words: &[
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\"tag\":", "\"value\":", "\"ts\":", "\"values\":", "\"readings\":",
        "\"seq\":", "\"quality\":", "\"unit\":", "\"a\"", "12.4", "-1", "1e400", "NaN", "-Infinity", "true", "null",
        "\"\\ud800\"", "\\u0000", "\\ud83d\\ude00", "1795420800", "\"bad:calibration\"", "\"ppm\"",
        "\"2026-11-23T08:00:00Z\"", "{\"tag\":\"a\",\"value\":1}", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ],
    make: Some(make),
    growth: &[
        Growth { what: "readings", make: |len| around("{\"readings\":[", "{\"tag\":\"AT-0412/h2s\",\"value\":12.4}", len, "]}") },
        Growth { what: "values", make: |len| around("{\"ts\":1795420800000,\"values\":{", "\"AT-0412/h2s\":12.4", len, "}}") },
        Growth { what: "values before their time", make: |len| around("{\"values\":{", "\"a\":1", len, "},\"ts\":5}") },
        Growth { what: "readings without a tag", make: |len| around("[", "{\"value\":1}", len, "]") },
        Growth { what: "no readings", make: |len| around("[", "1", len, "]") },
        Growth { what: "numbers that are none", make: |len| around("{\"values\":{", "\"a\":NaN", len, "}}") },
        Growth { what: "bytes that are not UTF-8", make: |len| [b"{\"values\":{\"a".as_slice(), &vec![0xff; len], b"\":1}}"].concat() },
        Growth { what: "broken texts", make: |len| around("[", "{\"tag\":\"\u{7f}\",\"value\":NaN}", len, "]") },
        Growth { what: "escapes", make: |len| around("{\"tag\":\"", "\\u6c14", len, "\",\"value\":1}") },
        Growth { what: "lines", make: |len| around("[", "\n", len, "x]") },
        Growth { what: "a name of tildes", make: |len| format!("{{\"values\":{{\"{}\":null}}}}", "~".repeat(len)).into_bytes() },
        Growth { what: "a long unknown field", make: |len| format!("{{\"{}\":1}}", "x".repeat(len)).into_bytes() },
        Growth { what: "unknown fields", make: |len| around("{", "\"x\":1", len, "}") },
        Growth { what: "depth", make: |len| "[".repeat(len).into_bytes() },
        Growth { what: "depth inside a value", make: |len| format!("{{\"value\":{}", "{\"a\":".repeat(len / 5)).into_bytes() },
        Growth { what: "digits", make: |len| format!("{{\"values\":{{\"a\":{}}}}}", "9".repeat(len)).into_bytes() },
        Growth { what: "digits behind the point", make: |len| format!("[{{\"value\":0.{}1,\"tag\":\"a\"}}]", "0".repeat(len)).into_bytes() },
    ],
    ..Target::PLAIN
};

/// `open`, then `piece` again and again with commas between, then `close`.
pub(super) fn around(open: &str, piece: &str, len: usize, close: &str) -> Vec<u8> {
    let comma = if piece.starts_with(['\\', '\n']) { "" } else { "," };
    let times = (len / (piece.len() + comma.len())).max(1);
    [open, &vec![piece; times].join(comma), close].concat().into_bytes()
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = [
        r#"{"seq":41207,"readings":[{"tag":"AT-0412/h2s","value":12.4,"unit":"ppm","ts":"2026-11-23T08:00:00.000Z","quality":"good"},{"tag":"b","value":NaN}]}"#,
        r#"{"ts":1795420800000,"values":{"AT-0412/h2s":12.4,"测":1e400,"c":true}}"#,
        r#"[{"values":{"a":1,"b":-Infinity},"ts":1795420800000.5},{"tag":"x","value":-0.0,"quality":"manual"}]"#,
        r#"{"tag": "a", "value": 12.4, "unit": "mg/m3", "ts": 1795420800000}"#,
        r#"{"readings": [{"tag": "\"q\"", "value": 0.001, "x": [1, {"y": 2}]}, 5, null, []], "seq": 12}"#,
        r#"{"readings":[{"tag":"a","value":9007199254740993,"quality":"bad:sensor_failure"}],"values":{"b":5e-324}}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    seeds.push(b"\xef\xbb\xbf {\"readings\":[{\"tag\":\"\xb2\xe2\",\"value\":1},{\"tag\":\"b\",\"unit\":\"\xb0C\",\"value\":2}]}".to_vec());
    seeds.extend(real());
    seeds
}

/// What real gateways send, as far as it is there to be read.
fn real() -> Vec<Vec<u8>> {
    let Some(text) = shared("payloads/json/samples.jsonl").and_then(|path| fs::read_to_string(path).ok()) else {
        return Vec::new();
    };
    let samples = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    samples.filter_map(|sample| Some(sample.get("payload")?.as_str()?.as_bytes().to_vec())).collect()
}

fn check(gauge: &mut Gauge, input: &[u8]) {
    let (keep, summary) = decode(gauge, &Native::default(), input);
    if summary.form != Form::Json {
        return;
    }
    agrees(&keep, input);
    cut_off(&keep, input);
    reads_back(&keep.metrics);
}

/// Without a complaint it is JSON to others too, and each value is one that others find at its place.
fn agrees(keep: &Keep, input: &[u8]) {
    let text = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let Ok(doc) = serde_json::from_slice::<Doc>(text) else {
        assert!(!keep.problems.is_empty(), "no JSON, and no word of it");
        return;
    };
    for metric in &keep.metrics {
        let found = at(&doc, &metric.pointer);
        // Where there is no value, others find none either.
        let is_there = found.iter().any(|doc| doc.number() == metric.value);
        let is_left_out = metric.value.is_none() && found.is_empty();
        assert!(is_there || is_left_out, "{metric:?}: others find {found:?}");
    }
}

/// What a payload cut off gives is the beginning of what the whole of it gives.
fn cut_off(keep: &Keep, input: &[u8]) {
    // The codec's own mark makes two texts of one.
    if input.is_empty() || input.contains(&0x7f) {
        return;
    }
    let end = choice(input) % input.len();
    let mut part = Keep::default();
    Native::default().decode(&input[..end], ARRIVAL, &mut part);
    let first = keep.metrics.get(..part.metrics.len());
    assert_eq!(Some(part.metrics.as_slice()), first, "cut at {end}");
}

/// The same readings written in our own forms are the same readings, and nothing is wrong with them.
pub(super) fn reads_back(metrics: &[Kept]) {
    if metrics.is_empty() {
        return;
    }
    let limits = Limits { payload_len_max: usize::MAX, ..Limits::default() };
    let again = |payload: &[u8]| {
        let mut keep = Keep::default();
        Native { limits }.decode(payload, ARRIVAL, &mut keep);
        keep
    };
    let places = (0..metrics.len()).map(|place| format!("/readings/{place}/value"));
    // Our own forms have no word for history.
    let ours = |(metric, pointer): (&Kept, String)| Kept { pointer, historical: false, ..metric.clone() };
    let want: Vec<Kept> = metrics.iter().zip(places).map(ours).collect();
    let as_json = again(json!({ "readings": want.iter().map(as_json).collect::<Vec<_>>() }).to_string().as_bytes());
    assert_eq!(as_json, Keep { metrics: want.clone(), problems: Vec::new() });
    let readings = want.iter().map(as_protobuf).collect();
    let as_protobuf = again(&v1::ReadingBatch { seq: None, readings }.encode_to_vec());
    // In protobuf a unit of no letters is no unit.
    let want = want.into_iter().map(|kept| Kept { unit: kept.unit.filter(|unit| !unit.is_empty()), ..kept }).collect();
    assert_eq!(as_protobuf, Keep { metrics: want, problems: Vec::new() });
}

fn as_json(metric: &Kept) -> Value {
    let mut reading = json!({ "tag": metric.name, "value": metric.value, "quality": metric.quality.to_string() });
    if let Some(unit) = &metric.unit {
        reading["unit"] = json!(unit);
    }
    if let Some(time) = metric.time {
        reading["ts"] = json!(time.to_string());
    }
    reading
}

fn as_protobuf(metric: &Kept) -> v1::Reading {
    v1::Reading {
        tag: metric.name.clone(),
        value: metric.value,
        unit: metric.unit.clone().unwrap_or_default(),
        source_time: metric.time.map(davy_proto::time_to_wire),
        quality: Some(metric.quality.into()),
    }
}

/// JSON of the documented forms, with other things where things should be.
fn make(dice: &mut Dice) -> Vec<u8> {
    let mut text = String::new();
    item(&mut text, dice, 0);
    text.into_bytes()
}

fn item(text: &mut String, dice: &mut Dice, depth: usize) {
    let open = dice.below(5);
    if open == 0 && depth < 3 {
        list(text, dice, depth);
        return;
    }
    text.push('{');
    for place in 0..dice.below(6) {
        let comma = if place == 0 { "" } else { "," };
        let key = dice.word(&["tag", "value", "unit", "ts", "quality", "values", "readings", "seq", "name", "t\\u0061g"]);
        *text += &format!("{comma}\"{key}\":");
        match key {
            "values" => values(text, dice),
            "readings" if depth < 3 => list(text, dice, depth),
            "tag" => *text += dice.word(&["\"a\"", "\"AT-0412/h2s\"", "\"\"", "\"气\"", "\"\\\\\""]),
            "ts" => *text += dice.word(&["1795420800000", "\"2026-11-23T08:00:00.5+08:00\"", "1795420800", "null", "-1.5"]),
            "quality" => *text += dice.word(&["\"good\"", "\"bad:stale\"", "\"manual\"", "\"fine\"", "3"]),
            _ => value(text, dice),
        }
    }
    text.push('}');
}

fn list(text: &mut String, dice: &mut Dice, depth: usize) {
    text.push('[');
    for place in 0..dice.below(4) {
        *text += if place == 0 { "" } else { "," };
        item(text, dice, depth + 1);
    }
    text.push(']');
}

fn values(text: &mut String, dice: &mut Dice) {
    text.push('{');
    for place in 0..dice.below(5) {
        *text += &format!("{}\"{}\":", if place == 0 { "" } else { "," }, dice.word(&["a", "b/c", "~", "气", ""]));
        value(text, dice);
    }
    text.push('}');
}

fn value(text: &mut String, dice: &mut Dice) {
    match dice.below(3) {
        0 => *text += &dice.number().cast_signed().to_string(),
        1 => *text += &format!("{:e}", f64::from_bits(dice.number())),
        _ => *text += dice.word(&["0", "-0.0", "1e400", "true", "null", "\"7\"", "[]", "{\"x\":[1]}", "NaN", "1E+2", "12.40"]),
    }
}

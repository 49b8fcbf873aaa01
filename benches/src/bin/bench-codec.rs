//! Every codec on one core: readings/s, and what the bare library makes of the same payload in the same run.
//!
//! Budget: 0.7 of the bare typed decode; of mapped JSON, 0.35. The floors check nothing, bound nothing and know no places.

use std::{collections::BTreeMap, hint::black_box, sync::Arc, time::Instant};

use anyhow::{Result, anyhow};
use davy_benches::table::{line, median};
use davy_codec::{Codec, Hj212, Limits, Mapping, Metric, Native, Rejection, Senml, Sink, hj212::crc16};
use davy_model::Timestamp;
use davy_proto::v1;
use prost::Message;
use serde::Deserialize;

const ROUNDS: usize = 9;
const REPEATS: usize = 400;
const READINGS: usize = 100;
const ARRIVAL: Timestamp = Timestamp::from_micros(1_795_420_800_000_000);

/// Uses every metric, and counts what should not be there.
#[derive(Default)]
struct Sum {
    sum: f64,
    metrics: usize,
    problems: usize,
}

impl Sink for Sum {
    fn metric(&mut self, metric: Metric<'_>) {
        self.sum += metric.value + metric.name.len() as f64;
        self.metrics += 1;
    }

    fn problem(&mut self, _rejection: Rejection) {
        self.problems += 1;
    }
}

type Floor = Box<dyn Fn(&[u8]) -> Option<f64>>;

/// One codec, a payload of it, and the bare library.
struct Case {
    name: &'static str,
    codec: Box<dyn Codec>,
    payload: Vec<u8>,
    floor: Floor,
    budget: f64,
}

fn value(at: usize) -> f64 {
    (at * 37 % 1000) as f64 / 10.0
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read only to be paid for")]
struct Reading<'a> {
    tag: &'a str,
    value: f64,
    unit: Option<&'a str>,
    ts: Option<&'a str>,
    quality: Option<&'a str>,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    readings: Vec<Reading<'a>>,
}

fn native_json() -> Case {
    let reading = |at| {
        format!(
            r#"{{"tag":"AT-{at:04}/h2s","value":{},"unit":"ppm","ts":"2026-11-23T08:00:00.000Z","quality":"good"}}"#,
            value(at)
        )
    };
    let readings: Vec<String> = (0..READINGS).map(reading).collect();
    Case {
        name: "native JSON / serde_json, typed",
        codec: Box::new(Native::default()),
        payload: format!(r#"{{"seq":1,"readings":[{}]}}"#, readings.join(",")).into(),
        floor: Box::new(|payload| {
            let batch: Batch<'_> = serde_json::from_slice(payload).ok()?;
            Some(batch.readings.iter().map(|reading| reading.value).sum())
        }),
        budget: 0.7,
    }
}

fn protobuf() -> Case {
    let readings = (0..READINGS).map(|at| v1::Reading {
        tag: format!("AT-{at:04}/h2s"),
        value: Some(value(at)),
        unit: "ppm".into(),
        source_time: Some(prost_types::Timestamp { seconds: 1_795_420_800, nanos: 0 }),
        quality: None,
    });
    Case {
        name: "protobuf / prost",
        codec: Box::new(Native::default()),
        payload: v1::ReadingBatch { seq: Some(1), readings: readings.collect() }.encode_to_vec(),
        floor: Box::new(|payload| {
            let batch = v1::ReadingBatch::decode(payload).ok()?;
            Some(batch.readings.iter().filter_map(|reading| reading.value).sum())
        }),
        budget: 0.7,
    }
}

fn mapping(text: &str) -> Result<Box<dyn Codec>> {
    let mapping = Mapping::read("bench", text).map_err(|found| anyhow!("{found:?}"))?;
    let captures = [("device", "d1")].into_iter().collect();
    Ok(Arc::new(mapping).codec(captures, Limits::default()))
}

fn shipped(name: &str) -> Result<Box<dyn Codec>> {
    let (_, text) = Mapping::shipped().find(|(known, _)| *known == name).ok_or_else(|| anyhow!("{name}"))?;
    mapping(text)
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read only to be paid for")]
struct Stamped {
    ts: i64,
    values: BTreeMap<String, f64>,
}

/// Ten devices, each with ten values.
fn mapped_gateway() -> Result<Case> {
    let values = |device: usize| {
        let values = (0..10).map(|at| format!(r#""value{at}":{}"#, value(10 * device + at)));
        values.collect::<Vec<_>>().join(",")
    };
    let device = |at| format!(r#""Device {at}":[{{"ts":1795420800000,"values":{{{}}}}}]"#, values(at));
    let devices: Vec<String> = (0..READINGS / 10).map(device).collect();
    Ok(Case {
        name: "mapped JSON, devices as keys / serde_json, typed",
        codec: shipped("thingsboard-gateway")?,
        payload: format!("{{{}}}", devices.join(",")).into(),
        floor: Box::new(|payload| {
            let devices: BTreeMap<String, Vec<Stamped>> = serde_json::from_slice(payload).ok()?;
            Some(devices.values().flatten().flat_map(|stamped| stamped.values.values()).sum())
        }),
        budget: 0.35,
    })
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read only to be paid for")]
struct Flagged<'a> {
    flag: &'a str,
    value: f64,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read only to be paid for")]
struct Flags<'a> {
    #[serde(borrow, rename = "sensorDatas")]
    list: Vec<Flagged<'a>>,
    time: &'a str,
}

/// A list of flags and values, its time behind it, keys by pattern, scaled.
fn mapped_list() -> Result<Case> {
    let items: Vec<String> =
        (0..READINGS).map(|at| format!(r#"{{"flag":"TEMP{at}","value":{}}}"#, at * 37 % 1000)).collect();
    Ok(Case {
        name: "mapped JSON, list of flags / serde_json, typed",
        codec: shipped("king-pigeon")?,
        payload: format!(r#"{{"sensorDatas":[{}],"time":"07:16:17 06/16/2021 UTC"}}"#, items.join(","))
            .into(),
        floor: Box::new(|payload| {
            let flags: Flags<'_> = serde_json::from_slice(payload).ok()?;
            Some(flags.list.iter().map(|item| item.value).sum())
        }),
        budget: 0.35,
    })
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read only to be paid for")]
struct Row<'a> {
    time: &'a str,
    name: &'a str,
    value: f64,
}

fn csv_lines() -> Result<Case> {
    let rows: String =
        (0..READINGS).map(|at| format!("2026-11-23 08:00:00,AT-{at:04}/h2s,{}\n", value(at))).collect();
    let text = "format: csv\nreadings: [{value: value, fields: {key: name}}]\ntime: {at: time, format: local, zone: UTC}";
    Ok(Case {
        name: "CSV lines / csv, typed",
        codec: mapping(text)?,
        payload: format!("time,name,value\n{rows}").into(),
        floor: Box::new(|payload| {
            let mut reader = csv::Reader::from_reader(payload);
            let header = reader.headers().ok()?.clone();
            let mut record = csv::StringRecord::new();
            let mut sum = 0.0;
            while reader.read_record(&mut record).ok()? {
                let row: Row<'_> = record.deserialize(Some(&header)).ok()?;
                sum += row.value;
            }
            Some(sum)
        }),
        budget: 0.7,
    })
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read only to be paid for")]
struct Record<'a> {
    bn: Option<&'a str>,
    bt: Option<f64>,
    n: &'a str,
    u: Option<&'a str>,
    v: f64,
}

fn senml_json() -> Case {
    let record = |at: usize| format!(r#"{{"n":"h2s{at:04}","u":"Cel","v":{}}}"#, value(at));
    let records: Vec<String> = (1..READINGS).map(record).collect();
    let first = format!(r#"{{"bn":"AT/","bt":1795420800,"n":"h2s0000","u":"Cel","v":{}}}"#, value(0));
    Case {
        name: "SenML JSON / serde_json, typed",
        codec: Box::new(Senml::default()),
        payload: format!("[{first},{}]", records.join(",")).into(),
        floor: Box::new(|payload| {
            let records: Vec<Record<'_>> = serde_json::from_slice(payload).ok()?;
            Some(records.iter().map(|record| record.v).sum())
        }),
        budget: 0.7,
    }
}

/// No library reads these frames: the floor is the check sum and a split at the marks.
fn hj212() -> Case {
    let items: Vec<String> =
        (0..READINGS / 4).map(|at| format!("a{:05}-Rtd={},a{:05}-Flag=N", at, value(at), at)).collect();
    let head = "QN=20261123160000000;ST=31;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=4";
    let segment = format!("{head};CP=&&DataTime=20261123160000;{}&&", items.join(";"));
    let frame = format!("##{:04}{segment}{:04X}\r\n", segment.len(), crc16(segment.as_bytes()));
    Case {
        name: "HJ 212 / check sum and a bare split",
        codec: Box::new(Hj212::default()),
        payload: frame.into(),
        floor: Box::new(|payload| {
            let text = std::str::from_utf8(payload).ok()?;
            let sum = f64::from(crc16(&payload[6..payload.len() - 6]));
            let items = text.split("&&").nth(1)?.split([';', ',']);
            Some(sum + items.filter_map(|item| item.split_once('=')?.1.parse::<f64>().ok()).sum::<f64>())
        }),
        budget: 0.7,
    }
}

fn ns(readings: usize, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..REPEATS).for_each(|_| run());
    start.elapsed().as_nanos() as f64 / (REPEATS * readings) as f64
}

fn measure(case: &Case) -> Result<()> {
    let mut sum = Sum::default();
    case.codec.decode(&case.payload, ARRIVAL, &mut sum);
    if sum.problems > 0 || sum.metrics == 0 {
        return Err(anyhow!("{}: {} metrics, {} problems", case.name, sum.metrics, sum.problems));
    }
    (case.floor)(&case.payload).ok_or_else(|| anyhow!("{}: the floor cannot read it", case.name))?;
    let (mut ours, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let floor = ns(sum.metrics, || _ = black_box((case.floor)(black_box(&case.payload))));
        let our = ns(sum.metrics, || {
            let mut sum = Sum::default();
            case.codec.decode(black_box(&case.payload), ARRIVAL, &mut sum);
            black_box(sum.sum);
        });
        ratios.push(floor / our);
        ours.push(our);
        floors.push(floor);
    }
    let (our, floor, ratio) = (median(ours), median(floors), median(ratios));
    let measured = format!("{:.1} M/s, {our:.0} of {floor:.0} ns: {ratio:.2}", 1e3 / our);
    let verdict = if ratio >= case.budget { "met" } else { "MISSED" };
    line(case.name, &measured, &format!("≥ {:.2}  {verdict}", case.budget));
    Ok(())
}

fn main() -> Result<()> {
    println!("codecs, one core; readings/s of ours, ns a reading of ours and of the floor, ratio");
    let cases =
        [native_json(), protobuf(), mapped_gateway()?, mapped_list()?, csv_lines()?, senml_json(), hj212()];
    cases.iter().try_for_each(measure)
}

//! What mappings read: vendors' JSON, and CSV lines.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Result, anyhow};
use davy_codec::{Codec, Limits, Mapping};
use serde::Deserialize;

use crate::case::{Case, MAPPED, READINGS, TYPED, by_any, value};

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
pub(crate) fn devices() -> Result<Case> {
    let values = |device: usize| {
        let values = (0..10).map(|at| format!(r#""value{at}":{}"#, value(10 * device + at)));
        values.collect::<Vec<_>>().join(",")
    };
    let device = |at| format!(r#""Device {at}":[{{"ts":1795420800000,"values":{{{}}}}}]"#, values(at));
    let devices: Vec<String> = (0..READINGS / 10).map(device).collect();
    Ok(Case {
        name: "mapped JSON, devices as keys / serde_json, typed",
        decode: by_any(shipped("thingsboard-gateway")?),
        payloads: vec![format!("{{{}}}", devices.join(",")).into()],
        floor: Box::new(|payload| {
            let devices: BTreeMap<String, Vec<Stamped>> = serde_json::from_slice(payload).ok()?;
            Some(devices.values().flatten().flat_map(|stamped| stamped.values.values()).sum())
        }),
        budget: MAPPED,
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
pub(crate) fn list() -> Result<Case> {
    let items: Vec<String> =
        (0..READINGS).map(|at| format!(r#"{{"flag":"TEMP{at}","value":{}}}"#, at * 37 % 1000)).collect();
    let text = format!(r#"{{"sensorDatas":[{}],"time":"07:16:17 06/16/2021 UTC"}}"#, items.join(","));
    Ok(Case {
        name: "mapped JSON, list of flags / serde_json, typed",
        decode: by_any(shipped("king-pigeon")?),
        payloads: vec![text.into()],
        floor: Box::new(|payload| {
            let flags: Flags<'_> = serde_json::from_slice(payload).ok()?;
            Some(flags.list.iter().map(|item| item.value).sum())
        }),
        budget: MAPPED,
    })
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "read only to be paid for")]
struct Row<'a> {
    time: &'a str,
    name: &'a str,
    value: f64,
}

pub(crate) fn csv() -> Result<Case> {
    let rows: String =
        (0..READINGS).map(|at| format!("2026-11-23 08:00:00,AT-{at:04}/h2s,{}\n", value(at))).collect();
    let text = "format: csv\nreadings: [{value: value, fields: {key: name}}]\ntime: {at: time, format: local, zone: UTC}";
    Ok(Case {
        name: "CSV lines / csv, typed",
        decode: by_any(mapping(text)?),
        payloads: vec![format!("time,name,value\n{rows}").into()],
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
        budget: TYPED,
    })
}

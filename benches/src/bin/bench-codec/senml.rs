//! SenML packs, JSON and CBOR.

use davy_codec::Senml;
use minicbor::{Decoder, Encoder, data::Type, decode, encode};
use serde::Deserialize;

use crate::case::{Case, READINGS, TYPED, by, value};

#[derive(Default, Deserialize)]
#[allow(dead_code, reason = "read only to be paid for")]
struct Record<'a> {
    bn: Option<&'a str>,
    bt: Option<f64>,
    n: &'a str,
    u: Option<&'a str>,
    v: f64,
}

pub(crate) fn json() -> Case {
    let record = |at: usize| format!(r#"{{"n":"h2s{at:04}","u":"Cel","v":{}}}"#, value(at));
    let records: Vec<String> = (1..READINGS).map(record).collect();
    let first = format!(r#"{{"bn":"AT/","bt":1795420800,"n":"h2s0000","u":"Cel","v":{}}}"#, value(0));
    Case {
        name: "SenML JSON / serde_json, typed",
        decode: by(Senml::default()),
        payloads: vec![format!("[{first},{}]", records.join(",")).into()],
        floor: Box::new(|payload| {
            let records: Vec<Record<'_>> = serde_json::from_slice(payload).ok()?;
            Some(records.iter().map(|record| record.v).sum())
        }),
        budget: TYPED,
    }
}

/// The same records under their numbers; the values are doubles.
pub(crate) fn cbor() -> Case {
    Case {
        name: "SenML CBOR / minicbor, typed",
        decode: by(Senml::default()),
        payloads: vec![pack().expect("a vector takes any CBOR")],
        floor: Box::new(|payload| Some(records(payload).ok()?.iter().map(|record| record.v).sum())),
        budget: TYPED,
    }
}

fn pack() -> Result<Vec<u8>, encode::Error<std::convert::Infallible>> {
    let mut out = Encoder::new(Vec::new());
    out.array(READINGS as u64)?;
    for at in 0..READINGS {
        if at == 0 {
            out.map(5)?.i8(-2)?.str("AT/")?.i8(-3)?.u32(1_795_420_800)?;
        } else {
            out.map(3)?;
        }
        out.u8(0)?.str(&format!("h2s{at:04}"))?.u8(1)?.str("Cel")?.u8(2)?.f64(value(at))?;
    }
    Ok(out.into_writer())
}

/// As a program would read them that knows these five fields and leaves out all others.
fn records(payload: &[u8]) -> Result<Vec<Record<'_>>, decode::Error> {
    let mut cbor = Decoder::new(payload);
    let count = cbor.array()?.ok_or_else(|| decode::Error::message("no length"))?;
    (0..count).map(|_| record(&mut cbor)).collect()
}

fn record<'a>(cbor: &mut Decoder<'a>) -> Result<Record<'a>, decode::Error> {
    let mut record = Record::default();
    let fields = cbor.map()?.ok_or_else(|| decode::Error::message("no length"))?;
    for _ in 0..fields {
        match cbor.i64()? {
            -2 => record.bn = Some(cbor.str()?),
            -3 => record.bt = Some(number(cbor)?),
            0 => record.n = cbor.str()?,
            1 => record.u = Some(cbor.str()?),
            2 => record.v = number(cbor)?,
            _ => cbor.skip()?,
        }
    }
    Ok(record)
}

/// A number may be whole or not: nobody can know before.
fn number(cbor: &mut Decoder<'_>) -> Result<f64, decode::Error> {
    match cbor.datatype()? {
        Type::F16 => Ok(cbor.f16()?.into()),
        Type::F32 => Ok(cbor.f32()?.into()),
        Type::F64 => cbor.f64(),
        _ => Ok(i128::from(cbor.int()?) as f64),
    }
}

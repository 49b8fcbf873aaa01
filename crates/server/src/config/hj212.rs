//! The listener for HJ 212 boxes, and the file of boxes.

use std::{path::Path, sync::Arc, time::Duration};

use davy_intake::{
    hj212::{Boxes, Hj212Config, KnownBox},
    rights::parse_token_hash,
};
use figment::{
    Figment,
    providers::{Format, Toml},
};
use serde::Deserialize;

use super::{
    ConfigProblem,
    file::RawHj212,
    resolve::{Problems, address},
};

/// Four digits cannot say more.
const SEGMENT_LEN_MAX: usize = 9999;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBoxes {
    #[serde(default, rename = "box")]
    boxes: Vec<RawBox>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBox {
    mn: String,
    password_sha256: String,
}

pub(super) fn resolve(raw: &RawHj212, base: &Path, problems: &mut Problems) -> Option<Hj212Config> {
    let before = problems.0.len();
    let listen = problems.take("hj212.listen", address(&raw.listen));
    let boxes = raw.boxes_file.as_ref().and_then(|path| match read(&base.join(path)) {
        Ok(boxes) => Some(Arc::new(boxes)),
        Err(found) => {
            problems.0.extend(found);
            None
        }
    });
    if listen.is_some_and(|listen| !listen.ip().is_loopback()) && raw.boxes_file.is_none() {
        problems.add(
            "hj212.boxes_file",
            "off loopback, boxes must be known by number and password: name a file of boxes; HJ 212 has no TLS",
        );
    }
    if !(64..=SEGMENT_LEN_MAX).contains(&raw.segment_len_max) {
        problems.add("hj212.segment_len_max", "64 to 9999 bytes; the standard has 1024");
    }
    if raw.idle_s == 0 || raw.connections_max == 0 {
        problems.add("hj212", "idle_s and connections_max are 1 at least");
    }
    let config = Hj212Config {
        listen: listen?,
        connections_max: raw.connections_max,
        segment_len_max: raw.segment_len_max,
        idle: Duration::from_secs(raw.idle_s),
        boxes,
    };
    (problems.0.len() == before).then_some(config)
}

/// Reads a file of boxes.
fn read(path: &Path) -> Result<Boxes, Vec<ConfigProblem>> {
    let shown = path.display().to_string();
    if !path.is_file() {
        return Err(vec![ConfigProblem::new(shown, "no such file")]);
    }
    let raw: RawBoxes = Figment::from(Toml::file_exact(path))
        .extract()
        .map_err(|error| error.into_iter().map(ConfigProblem::from).collect::<Vec<_>>())?;
    let mut problems = Vec::new();
    let mut boxes = Vec::new();
    for one in raw.boxes {
        match parse_token_hash(&one.password_sha256) {
            Some(password) => boxes.push(KnownBox { mn: one.mn, password }),
            None => {
                let place = format!("{shown}: box {:?}", one.mn);
                problems.push(ConfigProblem::new(place, "password_sha256 is not 64 hex digits"));
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Boxes::new(boxes).map_err(|error| vec![ConfigProblem::new(shown, error.to_string())])
}

//! What the authority signed.

use std::path::Path;

use davy_model::Timestamp;
use serde_json::json;

use super::{
    folder::Folder,
    ledger::{self, Issued},
};
use crate::{exit::Exit, out, table};

/// Shows it.
pub(super) fn run(dir: &Path, as_json: bool, now: Timestamp) -> anyhow::Result<Exit> {
    let issued = ledger::read(&Folder::open(dir)?)?;
    if as_json {
        for one in &issued {
            out::line(json!({
                "serial": one.serial, "use": one.purpose, "name": one.name, "from": one.from.to_string(),
                "until": one.until.to_string(), "revoked": one.revoked.map(|at| at.to_string()),
                "state": state(one, now),
            }))?;
        }
        return Ok(Exit::Ok);
    }
    let row = |one: &Issued| {
        let until = one.until.to_string();
        [&*one.name, &*one.purpose, state(one, now), &*until, &*one.serial].map(Into::into).to_vec()
    };
    let headings = ["NAME", "USE", "STATE", "UNTIL", "SERIAL"];
    out::line(table::render(&headings, issued.iter().map(row).collect()))?;
    Ok(Exit::Ok)
}

fn state(one: &Issued, now: Timestamp) -> &'static str {
    match one.revoked {
        Some(_) => "revoked",
        None if one.until <= now => "over",
        None => "holds",
    }
}

//! `--inventory`: what tags read.

use std::collections::BTreeMap;

use davy_model::{Substance, TagIndex, Unit};
use davy_rules::{
    Plan,
    reader::{leading_number, nearest},
};

use crate::exit::Misuse;

/// No tank reads more, in any unit.
const VALUE_MAX: f64 = 1e12;
const FORM: &str = "write a tag that tells what is in a hazard source, =, and its value: TK-101/level=7.31";

/// The values, each in its tag's unit.
pub(super) fn read(given: &[String], plan: &Plan) -> Result<BTreeMap<TagIndex, f64>, Misuse> {
    let mut values = BTreeMap::new();
    for text in given {
        let (tag, value) = one(text, plan).map_err(|wrong| Misuse(format!("--inventory {text}: {wrong}")))?;
        if values.insert(tag, value).is_some() {
            return Err(Misuse(format!("--inventory {text}: the tag has a value already; give one")));
        }
    }
    Ok(values)
}

fn one(text: &str, plan: &Plan) -> Result<(TagIndex, f64), String> {
    let (name, value) = text.rsplit_once('=').ok_or_else(|| format!("no =; {FORM}"))?;
    let members = plan.hazard_sources.iter().flat_map(|source| &source.members);
    let live: Vec<TagIndex> =
        members.filter_map(|member| member.live.as_ref()).map(|live| live.tag).collect();
    let Some(tag) = plan.site.tag_index(name.trim()).filter(|tag| live.contains(tag)) else {
        let names = live.iter().map(|tag| &*plan.site.tag(*tag).name);
        let near = nearest(name.trim(), names).map(|near| format!("; did you mean \"{near}\"?"));
        return Err(format!(
            "no member of a hazard source has that tag under live{}",
            near.unwrap_or_default()
        ));
    };
    Ok((tag, in_unit(value.trim(), plan.site.tag(tag).unit)?))
}

/// A number with or without a unit, in the tag's unit.
fn in_unit(text: &str, unit: Unit) -> Result<f64, String> {
    let (value, rest) = leading_number(text).ok_or_else(|| format!("no number behind =; {FORM}"))?;
    let given = match rest.trim() {
        "" => unit,
        other => Unit::parse(other).ok_or_else(|| format!("{other} is no unit; the tag has {unit}"))?,
    };
    let line = given.conversion(unit, &Substance::default()).map_err(|error| error.to_string())?;
    let value = line.apply(value);
    if value.abs() <= VALUE_MAX { Ok(value) } else { Err("a number out of all reason".to_owned()) }
}

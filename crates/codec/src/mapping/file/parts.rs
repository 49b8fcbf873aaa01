//! Single parts of a mapping file.

use std::sync::Arc;

use davy_model::{Quality, Text, Unit};

use super::report::{Item, Map, Report, quoted};
use crate::mapping::{
    numbers::{Scale, finite},
    path::{self, Path},
    patterns::Patterns,
    spec::{Codes, Sentinel, Sentinels, Words},
};

const QUALITY: (&str, &str) = (
    "good, uncertain, bad, or a reason such as bad:comms_lost, sensor_failure, calibration",
    "good、uncertain、bad，或带原因，如 bad:comms_lost、sensor_failure、calibration",
);

/// A path.
pub(super) fn path(item: &Item<'_>, report: &mut Report) -> Option<Path> {
    let path = Path::parse(item.text(report)?);
    if path.is_none() {
        item.wrong(path::FORM.0, path::FORM.1, report);
    }
    path
}

/// A number, which must be finite.
pub(super) fn number(item: &Item<'_>, report: &mut Report) -> Option<f64> {
    let number = item.scalar().and_then(finite);
    if number.is_none() {
        item.wrong("a number", "数字", report);
    }
    number
}

/// `scale` and `offset` of a map, when it has one of them.
pub(super) fn scale(map: &Map<'_>, report: &mut Report) -> Option<Scale> {
    let scale = map.get("scale").map(|item| {
        let scale = item.scalar().and_then(Scale::parse);
        if scale.is_none() {
            item.wrong("a number other than 0, such as 0.1", "非零数字，如 0.1", report);
        }
        scale.unwrap_or(Scale::ONE)
    });
    let offset = map.get("offset").map(|item| number(&item, report).unwrap_or(0.0));
    match (scale, offset) {
        (None, None) => None,
        (scale, offset) => Some(scale.unwrap_or(Scale::ONE).with_offset(offset.unwrap_or(0.0))),
    }
}

/// A unit that Davy knows.
pub(super) fn unit(item: &Item<'_>, report: &mut Report) -> Option<Arc<str>> {
    let unit = item.scalar().filter(|unit| Unit::parse(unit).is_some());
    if unit.is_none() {
        let en = "a unit such as ppm, mg/m3, %LEL, %vol, kPa, mbar, degC, %, m, on/off";
        let zh = "单位，如 ppm、mg/m3、%LEL、%vol、kPa、mbar、degC、%、m、on/off";
        item.wrong(en, zh, report);
    }
    unit.map(Into::into)
}

/// A quality, as payloads and files call it.
pub(super) fn quality(item: &Item<'_>, report: &mut Report) -> Option<Quality> {
    let quality = item.scalar().and_then(Quality::from_word);
    if quality.is_none() {
        item.wrong(QUALITY.0, QUALITY.1, report);
    }
    quality
}

/// Codes of a sender, by what they mean.
pub(super) fn codes(map: &Map<'_>, report: &mut Report) -> Codes {
    let mut codes =
        Codes { otherwise: map.get("otherwise").and_then(|item| quality(&item, report)), ..Codes::default() };
    let Some(listed) = map.get("codes").and_then(|item| Map::open_free(&item, report)) else { return codes };
    for (key, item) in listed.entries() {
        let Some(quality) = quality(&item, report) else { continue };
        match key.name.split_once("..") {
            None => codes.words.push((key.name.as_str().into(), quality)),
            Some((low, high)) => match (finite(low.trim()), finite(high.trim())) {
                (Some(low), Some(high)) if low <= high => codes.ranges.push((low, high, quality)),
                _ => {
                    let found = quoted(&key.name);
                    let en = format!("found {found}, expected a range such as 192..255");
                    let zh = format!("此处为 {found}，应为范围，如 192..255");
                    report.problem(key.place, &item.path, Text::both(en, zh));
                }
            },
        }
    }
    codes
}

/// Values that are none: what stands for one, and what to make of it.
pub(super) fn sentinels(item: &Item<'_>, report: &mut Report) -> Sentinels {
    let Some(map) = Map::open_free(item, report) else { return Arc::from([]) };
    let mut found = Vec::new();
    for (key, item) in map.entries() {
        let quality = match item.scalar() {
            Some("skip") => None,
            Some(_) | None => match quality(&item, report) {
                Some(Quality::Bad(reason)) => Some(Quality::Bad(reason)),
                Some(Quality::Good | Quality::Uncertain(_)) => {
                    item.wrong("skip, or a bad quality", "skip 或坏质量", report);
                    continue;
                }
                None => continue,
            },
        };
        if key.name == "null" {
            found.push((Sentinel::Null, quality));
            continue;
        }
        found.extend(finite(&key.name).map(|number| (Sentinel::Number(number), quality)));
        found.push((Sentinel::Text(key.name.as_str().into()), quality));
    }
    found.into()
}

/// Texts that are numbers.
pub(super) fn words(item: &Item<'_>, report: &mut Report) -> Words {
    let Some(map) = Map::open_free(item, report) else { return Arc::from([]) };
    let word = |(key, item): (&davy_yaml::Key, Item<'_>)| {
        number(&item, report).map(|number| (key.name.as_str().into(), number))
    };
    map.entries().filter_map(word).collect()
}

/// Keys that are no readings.
pub(super) fn ignore(map: &Map<'_>, report: &mut Report) -> Patterns<()> {
    let listed = map.get("ignore").map(|item| item.texts(report)).unwrap_or_default();
    Patterns::new(listed.into_iter().map(|(text, _)| (text.to_owned(), ())).collect())
}

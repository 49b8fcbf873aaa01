//! `kind = "cap"`.

use std::path::PathBuf;

use davy_delivery::exits::CapConfig;
use serde::Deserialize;

use super::Keys;

/// Categories of CAP 1.2, 3.2.2.
const CATEGORIES: [&str; 12] = [
    "Geo",
    "Met",
    "Safety",
    "Security",
    "Rescue",
    "Fire",
    "Health",
    "Env",
    "Transport",
    "Infra",
    "CBRNE",
    "Other",
];
/// A polygon has three corners at least, and the first again.
const POINTS_MIN: usize = 4;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCap {
    folder: PathBuf,
    sender: String,
    sender_name: String,
    #[serde(default)]
    exercise: bool,
    #[serde(default = "category")]
    category: String,
    area_en: String,
    area_zh: String,
    polygon: Option<String>,
    #[serde(default = "utc_offset")]
    utc_offset: String,
    gb_code: Option<String>,
    #[serde(default = "super::timeout")]
    timeout: String,
}

fn category() -> String {
    "Safety".to_owned()
}

fn utc_offset() -> String {
    "+08:00".to_owned()
}

impl RawCap {
    pub(super) fn resolve(self, keys: &mut Keys<'_>) -> Option<CapConfig> {
        let folder = keys.base.join(&self.folder);
        if !folder.is_dir() {
            return keys.none("folder", format!("{}: no such folder", folder.display()));
        }
        if self.sender.is_empty() || self.sender.contains([' ', ',', '<', '&']) {
            return keys
                .none("sender", "who would send it, without blanks, commas, < and &: duty@park.example");
        }
        for (key, area) in [("area_en", &self.area_en), ("area_zh", &self.area_zh)] {
            if area.trim().is_empty() {
                return keys.none(key, "what is warned of, in words: CAP has no area without");
            }
        }
        if !CATEGORIES.contains(&self.category.as_str()) {
            return keys.none("category", format!("one of {}: {:?}", CATEGORIES.join(", "), self.category));
        }
        if self.polygon.as_deref().is_some_and(|polygon| !is_polygon(polygon)) {
            return keys.none("polygon", "lat,lon lat,lon ..., at least four, the last as the first");
        }
        let Some(utc_offset_s) = offset_s(&self.utc_offset) else {
            return keys.none("utc_offset", format!("expected one such as +08:00: {:?}", self.utc_offset));
        };
        let is_code = |code: &String| code.len() == 14 && code.chars().all(|one| one.is_ascii_alphanumeric());
        if self.gb_code.as_ref().is_some_and(|code| !is_code(code)) {
            return keys.none("gb_code", "14 letters and digits: region, department, organization");
        }
        let timeout = keys.timeout(&self.timeout)?;
        Some(CapConfig {
            folder,
            sender: self.sender,
            sender_name: self.sender_name,
            exercise: self.exercise,
            category: self.category,
            area: (self.area_en, self.area_zh),
            polygon: self.polygon,
            utc_offset_s,
            gb_code: self.gb_code,
            timeout,
        })
    }
}

fn is_polygon(text: &str) -> bool {
    let points: Vec<&str> = text.split(' ').collect();
    let is_point = |point: &&str| {
        let figures = point.split_once(',').map(|(lat, lon)| (lat.parse::<f64>(), lon.parse::<f64>()));
        matches!(figures, Some((Ok(lat), Ok(lon))) if lat.abs() <= 90.0 && lon.abs() <= 180.0)
    };
    points.len() >= POINTS_MIN && points.first() == points.last() && points.iter().all(is_point)
}

/// `+08:00`, seconds.
fn offset_s(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=14).contains(&hours) && (0..60).contains(&minutes)).then_some(sign * (hours * 60 + minutes) * 60)
}

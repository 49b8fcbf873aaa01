//! The forms of values that all files share: names, texts, durations, figures, tiers.

use davy_model::{QualityReason, Tier, Unit};
use serde_json::{Value, json};

use super::object::Object;
use crate::{
    duration::FORM as DURATION_FORM,
    fields::{LANGUAGES, NAME_FORM, TEXT_MAX, UNIT_FORM, one_of},
};

/// A plain number in decimal or scientific notation.
const NUMBER: &str = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?";
/// Whole numbers with units, the larger first, each at most once. At least one is there.
const DURATION: &str = r"(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?";
/// What a figure looks like, for people.
const FIGURE_FORM: &str = "a number and a unit, such as 7.05 ppm, 25 %LEL, 5 degC/min";
/// The two units with a reference state.
const MASSES: &str = r"[muµμ]g/m[3³](@(0|20|25)C)?";

/// Under `$defs` of every schema.
pub(super) fn definitions() -> Value {
    json!({
        "name": {
            "title": "name", "type": ["string", "number", "boolean"], "minimum": 0,
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", "patternErrorMessage": NAME_FORM, "description": NAME_FORM,
        },
        "text": {
            "title": "text", "type": ["string", "number", "boolean"], "pattern": r"\S", "maxLength": TEXT_MAX,
        },
        "texts": {
            "title": "text, or a list of texts",
            "anyOf": [text(), {"type": "array", "items": text(), "minItems": 1}],
        },
        "words": {"title": "text for people", "anyOf": [text(), both_languages()]},
        "duration": {
            "title": "duration", "description": "500ms, 30s, 5m, 12h, 366d, 1m30s",
            "anyOf": [{"const": 0}, {"type": "string", "pattern": format!("^({DURATION}|0)$"), "patternErrorMessage": DURATION_FORM}],
        },
        "span": {
            "title": "duration, at least 1ms", "type": "string", "pattern": format!("^(?=.*[1-9]){DURATION}$"),
            "patternErrorMessage": format!("{DURATION_FORM}, at least 1ms"),
        },
        "second": {
            "title": "duration, at least 1s", "type": "string",
            "pattern": format!("^(?=.*([1-9][0-9]*([dhs]|m(?!s))|[1-9][0-9]{{3,}}ms)){DURATION}$"),
            "patternErrorMessage": format!("{DURATION_FORM}, at least 1s"),
        },
        "figure": {
            "title": "figure", "description": "a number, with a unit that converts to the tag's; without one, the tag's is meant",
            "type": ["number", "string"], "pattern": format!(r"^\s*{NUMBER}\s*({})?\s*$", units()),
            "patternErrorMessage": FIGURE_FORM,
        },
        "width": {
            "title": "width", "description": "a difference of two values: a figure of at least 0",
            "type": ["number", "string"], "minimum": 0,
            "pattern": format!(r"^\s*(?!-\s*[0-9.]*[1-9]){NUMBER}\s*({})?\s*$", units()),
            "patternErrorMessage": format!("{FIGURE_FORM}, and not below 0"),
        },
        "unit": {"title": "unit", "type": "string", "pattern": format!(r"^\s*{}\s*$", units()), "patternErrorMessage": UNIT_FORM},
        "tier": {
            "title": "tier · 预警等级", "enum": Tier::ALL.map(Tier::word),
            "description": "blue: watch it; yellow: act within the shift; orange: act now; red: act now, and tell everyone who must act too",
        },
        "reason": {"title": "quality · 质量原因", "enum": QualityReason::ALL.map(QualityReason::word)},
    })
}

/// A form under a key, with what the key says.
pub fn form(name: &str, description: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}"), "description": description})
}

/// `true` or `false`.
pub fn flag(description: &str) -> Value {
    json!({"type": "boolean", "description": description})
}

/// One of a few words.
pub fn word(known: &[&str], description: &str) -> Value {
    json!({"enum": known, "description": description})
}

/// A whole number.
pub fn whole(least: u32, most: u32, description: &str) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "description": description})
}

/// A plain number.
pub fn number(least: f64, most: f64, description: &str) -> Value {
    json!({"type": "number", "minimum": least, "maximum": most, "description": description})
}

/// A list of `least` to `most` things.
pub fn list(of: &Value, least: usize, most: usize, description: &str) -> Value {
    json!({"type": "array", "items": of, "minItems": least, "maxItems": most, "description": description})
}

fn text() -> Value {
    json!({"$ref": "#/$defs/text"})
}

fn both_languages() -> Value {
    let describe = |key: &str| match key {
        "en" => form("text", "in English"),
        "zh" => form("text", "in Chinese · 中文"),
        _ => Value::Null,
    };
    let described = format!("the same text by language: {}", one_of(&LANGUAGES));
    Object::of(&LANGUAGES, describe).described(&described).need(&["en"]).into_value()
}

/// Every unit, and a rate of it.
fn units() -> String {
    let escaped = |unit: &str| {
        let escape =
            |letter: char| if ".%/".contains(letter) { format!("\\{letter}") } else { letter.to_string() };
        unit.chars().map(escape).collect::<String>().replace("\\%", "%").replace("\\/", "/")
    };
    let mut spelled: Vec<String> = Unit::spellings().map(escaped).collect();
    spelled.push(MASSES.to_owned());
    format!(r"({})(\s*/(s|min|h|d))?", spelled.join("|"))
}

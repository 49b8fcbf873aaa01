//! One trip level.

use serde_json::{Value, json};

use super::{
    forms::{flag, form, list},
    object::Object,
    rule,
};
use crate::formula;
use crate::level::{CLEARS, KEYS, LEVELS_MAX, SETS};

/// Of a calculated value.
pub(super) fn level() -> Value {
    of(describe)
}

/// Of a rule of kind limit: its set point may be made of another's.
pub(super) fn limit_level() -> Value {
    of(|key| match key {
        key if SETS.contains(&key) => {
            json!({"anyOf": [{"$ref": "#/$defs/figure"}, formula()], "description": describe(key)["description"]})
        }
        key => describe(key),
    })
}

fn formula() -> Value {
    let describe = |key: &str| match key {
        "of" => form("text", "the set point of another level of this rule, or RULE/LEVEL"),
        "times" => json!({"type": "number", "description": "so many times it; 1"}),
        "plus" => form("figure", "and this more"),
        "minus" => form("figure", "and this less"),
        _ => Value::Null,
    };
    let object = Object::of(&formula::KEYS, describe).described("a set point made of another");
    object.need(&["of"]).at_most_one_of(&["plus", "minus"]).into_value()
}

fn of(describe: impl Fn(&str) -> Value) -> Value {
    Object::of(&KEYS, describe)
        .titled("level · 级")
        .described("one trip level: passed, it raises; back past the clear point, it clears")
        .need(&["name", "tier"])
        .one_of(&SETS)
        .at_most_one_of(&CLEARS)
        .excludes(&SETS[..2], &CLEARS[2..4])
        .excludes(&SETS[2..], &CLEARS[..2])
        .into_value()
}

/// The levels of a rule of kind limit.
pub(super) fn limit_levels(description: &str) -> Value {
    list(&json!({"$ref": "#/$defs/limit_level"}), 1, LEVELS_MAX, description)
}

/// The levels of a calculated value.
pub(super) fn levels(description: &str) -> Value {
    list(&json!({"$ref": "#/$defs/level"}), 1, LEVELS_MAX, description)
}

/// What a key says of a level, and of a kind with a single one; nothing of others.
pub(super) fn describe(key: &str) -> Value {
    match key {
        "name" => form("name", "LL, L, H, HH, L1...; unique in the rule"),
        "tier" => form("tier", "how grave"),
        "above" => form("figure", "set point: raises when the value is > this"),
        "at_or_above" => form("figure", "set point: raises when the value is ≥ this"),
        "below" => form("figure", "set point: raises when the value is < this"),
        "at_or_below" => form("figure", "set point: raises when the value is ≤ this"),
        "clear_below" => form("figure", "clear point of a rising level: clears when the value is < this"),
        "clear_at_or_below" => {
            form("figure", "clear point of a rising level: clears when the value is ≤ this")
        }
        "clear_above" => form("figure", "clear point of a falling level: clears when the value is > this"),
        "clear_at_or_above" => {
            form("figure", "clear point of a falling level: clears when the value is ≥ this")
        }
        "deadband" => form("width", "how far back past the set point to clear · 死区"),
        "on_delay" => form("duration", "how long past the set point before it raises; 0s · 报警延时"),
        "off_delay" => form("duration", "how long clear before it clears; 0s · 恢复延时"),
        "latch" => flag("held after it clears, until reset; false · 锁定"),
        "re_alarm" => form("span", "still active after this, it sounds again; never · 再次报警"),
        "basis" => rule::basis_schema(),
        _ => Value::Null,
    }
}

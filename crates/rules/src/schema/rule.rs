//! A file of rules, and what all kinds of rule have in common.

use serde_json::{Value, json};

use super::{
    forms::{flag, form, list, word},
    kinds, level,
    object::{Object, has, is},
};
use crate::{
    kinds::{LOOK_AT_ALARMS, WORDS},
    rule_file::{BASIS, CONFIDENCES, FILE, KEYS, RESPONSE, STALE, SUPPRESSED},
    selector,
};

pub(super) fn file() -> Object {
    let rules = || list(&json!({"$ref": "#/$defs/rule"}), 0, 50_000, "the rules of this file");
    Object::of(&FILE, |key| if key == "rules" { rules() } else { Value::Null }).need(&FILE)
}

pub(super) fn rule() -> Value {
    let keys: Vec<&str> = KEYS.iter().chain(WORDS).copied().collect();
    let looks = json!({"anyOf": LOOK_AT_ALARMS.iter().map(|kind| has(&[*kind])).collect::<Vec<_>>()});
    Object::of(&keys, describe)
        .titled("rule · 规则")
        .described("what is watched on which tags, and what to do about it")
        .need(&["id"])
        .one_of(WORDS)
        .when(&looks, &true.into(), &has(&["applies_to"]))
        .when(&is("alarm", &false.into()), &true.into(), &has(&["response"]))
        .into_value()
}

fn describe(key: &str) -> Value {
    match key {
        "id" => json!({
            "$ref": "#/$defs/name", "pattern": "^(?!davy-)", "patternErrorMessage": "an id that does not begin with davy-",
            "description": "unique over all files of the site; not beginning with davy-",
        }),
        "title" => form("words", "what people call it; the id"),
        "applies_to" => applies_to(),
        "alarm" => flag("false: a condition only, which other rules look at: nobody is told; true"),
        "basis" => basis(),
        "response" => response(),
        "suppressed_while" => suppressed_while(),
        "limit" => {
            let mut levels = level::levels("ordered trip levels on the value of one tag");
            levels["title"] = kinds::title("limit").into();
            levels
        }
        "stale" => stale(),
        kind => kinds::kind(kind),
    }
}

fn applies_to() -> Value {
    let describe = |key: &str| match key {
        "quantity" => form("texts", "a quantity such as gas.h2s, or its beginning such as gas.*"),
        "area" => form("texts", "an area, with all its parts"),
        "equipment" => form("texts", "what the tag is mounted on"),
        "device" => form("texts", "a device"),
        "edge_node" => form("texts", "an edge node"),
        "hazard_source" => form("texts", "a hazard source of the site"),
        "tag" => form("texts", "a tag's name, or a pattern: * is any text, ? one character"),
        _ => Value::Null,
    };
    let about = "which tags: those that meet all keys given, of a list any one text";
    Object::of(&selector::KEYS, describe).titled("applies to").described(about).not_empty().into_value()
}

fn stale() -> Value {
    let after = json!({
        "type": "string",
        "pattern": r"^([1-9][0-9]{0,4}|100000)\s*intervals?$|^(?=.*[1-9])(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
        "patternErrorMessage": "so many intervals, such as 3 intervals, or a duration, such as 90s",
        "description": "no usable reading for so long: a duration, or so many intervals of the tag, such as 3 intervals; the tag's silence_limit",
    });
    let describe = |key: &str| if key == "after" { after.clone() } else { level::describe(key) };
    let about = "no usable reading of a tag for too long";
    Object::of(&STALE, describe).titled(kinds::title("stale")).described(about).need(&["tier"]).into_value()
}

fn response() -> Value {
    let describe = |key: &str| match key {
        "cause" => form("words", "why it can happen"),
        "consequence" => form("words", "what follows when nobody acts"),
        "action" => form("words", "what to do"),
        "time_to_respond" => form("second", "how long there is; at least 1s"),
        _ => Value::Null,
    };
    let about = "what to do when it speaks, as rationalisation under ISA-18.2 asks for it";
    let response = Object::of(&RESPONSE, describe).titled("response · 处置").described(about);
    response.need(&["action", "time_to_respond"]).into_value()
}

pub(super) fn basis() -> Value {
    let describe = |key: &str| match key {
        "standard" => form("text", "the standard with its edition: GB/T 50493-2019"),
        "clause" => form("text", "the clause in it"),
        "confidence" => word(&CONFIDENCES, "how sure we are of the figure"),
        _ => Value::Null,
    };
    let basis = Object::of(&BASIS, describe).titled("basis · 依据").described("where the figures come from");
    let engineering = is("confidence", &"engineering".into());
    basis.need(&["confidence"]).when(&engineering, &true.into(), &has(&["standard", "clause"])).into_value()
}

fn suppressed_while() -> Value {
    let describe = |key: &str| match key {
        "tag" => form("text", "the tag that says so"),
        "at_or_above" => form("figure", "from this good value on"),
        _ => Value::Null,
    };
    let suppressed = Object::of(&SUPPRESSED, describe).titled("suppressed while · 按工况抑制");
    suppressed.described("plant state that quiets the rule's alarms").need(&SUPPRESSED).into_value()
}

//! A file of rules, and what all kinds of rule have in common.

use serde_json::{Value, json};

use super::{
    forms::{flag, form, list, number, word},
    kinds, level,
    object::{Object, has, is},
};
use crate::{
    basis::{self, CONFIDENCES},
    kinds::{LOOK_AT_ALARMS, WORDS},
    rule_file::{FILE, KEYS, NEAR_LIMIT, OF_SITE, RESPONSE, STALE, SUPPRESSED},
    selector,
    tunes::DEVIATION,
};

pub(super) fn file() -> Object {
    let rules = || list(&json!({"$ref": "#/$defs/rule"}), 0, 50_000, "the rules of this file");
    Object::of(&FILE, |key| if key == "rules" { rules() } else { Value::Null }).need(&FILE)
}

pub(super) fn rule() -> Value {
    let keys: Vec<&str> = KEYS.iter().chain(&OF_SITE).chain(WORDS).copied().collect();
    let any = |keys: &[&str]| json!({"anyOf": keys.iter().map(|key| has(&[*key])).collect::<Vec<_>>()});
    let looks = any(&[LOOK_AT_ALARMS, &OF_SITE].concat());
    let silent = json!({"anyOf": [is("alarm", &false.into()), has(&OF_SITE)]});
    Object::of(&keys, describe)
        .titled("rule · 规则")
        .described("what is watched on which tags, and what to do about it")
        .need(&["id"])
        .when(&has(&OF_SITE), &tuning(), &one_kind())
        .when(&looks, &true.into(), &has(&["applies_to"]))
        .when(&silent, &true.into(), &has(&["response"]))
        .into_value()
}

/// A rule that tunes another has a limit, and perhaps somebody who answers for it.
fn tuning() -> Value {
    let others: Vec<Value> = WORDS
        .iter()
        .filter(|word| !["limit", "deviation"].contains(word))
        .map(|word| has(&[*word]))
        .collect();
    json!({"required": ["limit"], "properties": {"deviation": declared()}, "not": {"anyOf": others}})
}

/// Any other rule is of exactly one kind.
fn one_kind() -> Value {
    let each: Vec<Value> = WORDS.iter().map(|word| has(&[*word])).collect();
    json!({"oneOf": each, "properties": {"deviation": kinds::kind("deviation")}})
}

fn declared() -> Value {
    let describe = |key: &str| match key {
        "reference" => form("text", "where it was decided"),
        "reason" => form("text", "why"),
        "approved_by" => form("text", "who answers for it"),
        _ => Value::Null,
    };
    let declared = Object::of(&DEVIATION, describe).titled("deviation · 偏差");
    declared.described("who answers for a limit that is looser than the pack's").need(&DEVIATION).into_value()
}

fn describe(key: &str) -> Value {
    match key {
        "tunes" => form("name", "the rule of a pack that this limit stands for, PACK.rule"),
        "deviation" => json!({
            "description": "how far a tag's value lies from another's; or, beside tunes, who answers for a looser limit",
            "anyOf": [kinds::kind("deviation"), declared()],
        }),
        "id" => json!({
            "$ref": "#/$defs/name", "pattern": "^(?!davy-)", "patternErrorMessage": "an id that does not begin with davy-",
            "description": "unique over all files of the site; not beginning with davy-",
        }),
        "title" => form("words", "what people call it; the id"),
        "applies_to" => applies_to(),
        "alarm" => flag("false: a condition only, which other rules look at: nobody is told; true"),
        "basis" => basis_schema(),
        "response" => response(),
        "suppressed_while" => suppressed_while(),
        "limit" => {
            let mut levels = level::limit_levels("ordered trip levels on the value of one tag");
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
        "role" => role(),
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

fn role() -> Value {
    let pattern = r"^\s*(?=[^*\s]{1,64}(\.\*)?\s*$)[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?\s*$";
    let one = json!({"type": ["string", "number", "boolean"], "pattern": pattern});
    json!({
        "description": "a role such as coal.t1, or its beginning such as coal.*",
        "anyOf": [one, {"type": "array", "minItems": 1, "items": one}],
    })
}

fn stale() -> Value {
    let after = json!({
        "type": "string",
        "pattern": r"^([1-9][0-9]{0,4}|100000)\s*intervals?$|^(?=.*[1-9])(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
        "patternErrorMessage": "so many intervals, such as 3 intervals, or a duration, such as 90s",
        "description": "no usable reading for so long: a duration, or so many intervals of the tag, such as 3 intervals; the tag's silence_limit",
    });
    let describe = |key: &str| match key {
        "after" => after.clone(),
        "near_limit" => near_limit(),
        _ => level::describe(key),
    };
    let about = "no usable reading of a tag for too long";
    Object::of(&STALE, describe).titled(kinds::title("stale")).described(about).need(&["tier"]).into_value()
}

fn near_limit() -> Value {
    let describe = |key: &str| match key {
        "within" => number(0.0, 1.0, "how near to a limit, as a share of the set point; 0.1"),
        _ => form("tier", "how grave it is then; graver than the tier of any silence"),
    };
    let about = "what it is when the last good value stood near a limit, or past it";
    Object::of(&NEAR_LIMIT, describe).described(about).need(&["tier"]).into_value()
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

pub(super) fn basis_schema() -> Value {
    let describe = |key: &str| match key {
        "standard" => form("text", "the standard with its edition: GB/T 50493-2019"),
        "clause" => form("text", "the clause in it"),
        "edition" => form("text", "the edition that was read, where the standard's name does not say"),
        "confidence" => word(&CONFIDENCES, "how sure we are of the figure"),
        _ => Value::Null,
    };
    let basis =
        Object::of(&basis::KEYS, describe).titled("basis · 依据").described("where the figures come from");
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

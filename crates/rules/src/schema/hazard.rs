//! `hazard_sources` of `site.yaml`.

use serde_json::{Value, json};

use super::{
    forms::{form, list, number, whole, word},
    object::{Object, has},
    rule,
};
use crate::hazard_source::schema::{
    AREA_M2, BETA_MAX, DENSITY, KEYS, LIVE, MEMBER, MEMBERS_MAX, PEOPLE_MAX, POINTS_MAX, SOURCES_MAX,
    TONNES_PER_UNIT, symbols, toxic, units, untold, without_toxic,
};

pub(super) fn sources() -> Value {
    let describe = |key: &str| match key {
        "id" => form("name", "unique among hazard sources"),
        "title" => form("words", "what people call it; the id"),
        "unit" => word(&units(), "each unit is looked at by itself"),
        "people_exposed" => whole(0, PEOPLE_MAX, "people as a rule within 500 m outside the boundary"),
        "members" => list(&member(), 1, MEMBERS_MAX, "what is in it: a substance in one place each"),
        _ => Value::Null,
    };
    let source = Object::of(&KEYS, describe).titled("hazard source · 重大危险源");
    let source = source.need(&["id", "unit", "people_exposed", "members"]).into_value();
    list(&source, 1, SOURCES_MAX, "units that may be major hazard sources by GB 18218-2018")
}

fn member() -> Value {
    let describe = |key: &str| match key {
        "title" => form("words", "what people call it; the substance"),
        "substance" => form("text", "a name of GB 18218-2018, table 1, such as chlorine or 氯, or another"),
        "category" => word(&symbols(), "its category in table 2"),
        "critical" => form("figure", "the critical quantity, t or kg, of a substance of neither table"),
        "beta" => number(0.0, BETA_MAX, "beta, where no table tells it; above 0"),
        "basis" => basis(),
        "design" => form("figure", "how much can be there by design, t or kg"),
        "live" => live(),
        _ => Value::Null,
    };
    let one_of = |names: Vec<&str>| json!({"properties": {"substance": {"enum": names}}});
    let any = |keys: &[&str]| json!({"anyOf": keys.iter().map(|key| has(&[*key])).collect::<Vec<_>>()});
    let none = |keys: &[&str]| json!({"not": any(keys)});
    let own = json!({"if": any(&["beta", "basis"]), "then": has(&["beta", "basis"])});
    let told = json!({"if": has(&["category"]), "then": none(&["critical", "beta", "basis"])});
    let usual = json!({"allOf": [none(&["critical"]), &own]});
    let missing = json!({"allOf": [none(&["critical"]), any(&["category", "beta"]), &own]});
    let other = json!({"if": has(&["critical"]), "then": has(&["beta", "basis"])});
    Object::of(&MEMBER, describe)
        .titled("member · 组成")
        .need(&["substance", "design"])
        .when(&one_of(toxic()), &none(&["category", "critical", "beta", "basis"]), &told)
        .when(&one_of(without_toxic()), &usual, &true.into())
        .when(&one_of(untold()), &missing, &true.into())
        .when(&json!({"not": {"anyOf": [one_of(toxic()), one_of(without_toxic())]}}), &other, &true.into())
        .into_value()
}

/// As of a rule, but always with the standard: an engineering default of a critical quantity could be checked by nobody.
fn basis() -> Value {
    let mut basis = rule::basis_schema();
    basis["required"] = json!(["standard", "confidence"]);
    basis
}

fn live() -> Value {
    let range = |range: &std::ops::RangeInclusive<f64>, told| number(*range.start(), *range.end(), told);
    let point = json!({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2});
    let describe = |key: &str| match key {
        "tag" => form("text", "a level, a volume, a mass, or a level in %; of one member only"),
        "tonnes_per_unit" => range(&TONNES_PER_UNIT, "t a unit of the tag"),
        "area" => range(&AREA_M2, "m², of a level; with density"),
        "density" => range(&DENSITY, "t/m³"),
        "table" => list(&point, 2, POINTS_MAX, "the tag's value, and t; with density, m³"),
        _ => Value::Null,
    };
    Object::of(&LIVE, describe)
        .titled("live · 实时储量")
        .described("which tag tells what is there now")
        .need(&["tag"])
        .excludes(&["tonnes_per_unit"], &["area", "density", "table"])
        .excludes(&["area"], &["table"])
        .when(&has(&["area"]), &has(&["density"]), &true.into())
        .into_value()
}

//! The part of a rule that stands under the word of its kind.

use serde_json::{Value, json};

use super::{
    forms::{flag, form, list, number, whole, word},
    level::{self, levels},
    object::{Object, has},
};
use crate::{
    fields::DIRECTIONS,
    kinds::{
        PARTS, balance, beside, count, deviation, downwind, expression, group, hazard, interlock, keys,
        moving, rate_of_change, standard, vote, window,
    },
};

/// The word of a kind, and what it is called: as the glossary has them.
const TITLES: [(&str, &str); 18] = [
    ("limit", "限值规则"),
    ("stale", "无数据规则"),
    ("rate_of_change", "变化率规则"),
    ("window", "滑动窗口规则"),
    ("flatline", "死值规则"),
    ("deviation", "偏差规则"),
    ("spike", "突跳规则"),
    ("time_to_limit", "到限时间规则"),
    ("cusum", "累积和"),
    ("ewma", "指数加权均值"),
    ("quality", "质量规则"),
    ("vote", "表决规则"),
    ("count", "计数汇总规则"),
    ("interlock", "联锁核验规则"),
    ("corroborate", "多点印证规则"),
    ("balance", "物料平衡规则"),
    ("hazard", "重大危险源规则"),
    ("expression", "表达式"),
];
/// Readings that a slope or a spread is taken of at most.
const READINGS_MAX: u32 = PARTS as u32;

/// `limit · 限值规则`
pub(super) fn title(kind: &str) -> String {
    let known = TITLES.iter().find(|(word, _)| *word == kind);
    known.map_or_else(|| kind.to_owned(), |(word, chinese)| format!("{word} · {chinese}"))
}

/// What stands under the word of a kind that judges something calculated.
pub(super) fn kind(kind: &str) -> Value {
    let keys = keys(kind);
    let part = Object::of(&keys, |key| describe(kind, key)).titled(title(kind)).described(about(kind));
    let part = part.need(needed(kind));
    match kind {
        "window" => {
            let usual = json!({"properties": {"of": {"enum": ["twa", "stel"]}}, "required": ["of"]});
            part.when(&usual, &true.into(), &has(&["over"]))
        }
        "cusum" | "ewma" => {
            part.one_of(&standard::FORMS).when(&has(&["target"]), &has(&["sigma"]), &has(&["sigma_min"]))
        }
        "expression" => {
            part.one_of(&expression::FORMS).when(&has(&["when"]), &has(&["tier"]), &has(&["levels"]))
        }
        _ => part,
    }
    .into_value()
}

fn about(kind: &str) -> &'static str {
    match kind {
        "rate_of_change" => "how fast a tag's value changes, in its unit a minute",
        "window" => "mean, greatest or least value of a tag over a rolling window",
        "flatline" => "a tag's value does not move",
        "deviation" => "how far a tag's value lies from another's, from its peers', or from its own past",
        "spike" => "one reading far from those before it, in their standard deviations",
        "time_to_limit" => "how long until a tag's value reaches a limit as it goes now",
        "cusum" => "the sum of what a tag's value was off its target, less what is allowed",
        "ewma" => "an exponentially weighted mean of how far a tag's value is off its target",
        "quality" => "the last reading of a tag has a certain quality",
        "vote" => "M of N tags past a limit",
        "count" => "so many alarms at a tier make one of another",
        "interlock" => "what was commanded has not happened",
        "corroborate" => "several devices say the same at about the same time",
        "balance" => "what flows in, less what flows out, less what is stored",
        "hazard" => "S or R of a hazard source by what is in it now, GB 18218-2018",
        "expression" => "a number or a condition made of the values of several tags, in CEL",
        _ => "",
    }
}

fn needed(kind: &str) -> &'static [&'static str] {
    match kind {
        "rate_of_change" => &["over", "levels"],
        "window" => &["of", "levels"],
        "flatline" => &["over", "spread", "tier"],
        "deviation" => &["from", "levels"],
        "spike" => &["over", "sigma_min", "levels"],
        "time_to_limit" => &["to", "over", "levels"],
        "cusum" | "ewma" => &["over", "levels"],
        "quality" => &["is", "tier"],
        "vote" => &["need", "degraded", "levels"],
        "count" => &["of", "steps"],
        "interlock" => &["when", "proof", "within", "tier"],
        "corroborate" => &["of", "at_least", "within", "tier"],
        "balance" => &["subject", "out", "over", "levels"],
        "hazard" => &["levels"],
        _ => &[],
    }
}

fn describe(kind: &str, key: &str) -> Value {
    match (kind, key) {
        ("window", "of") => word(&window::WORDS, "which statistic; twa and stel are means over 8h and 15m"),
        ("window", "over") => form("span", "how long the window is; 8h for twa, 15m for stel"),
        ("window", "coverage") => number(0.0, 1.0, "which share of it must be known; 0.75"),
        ("balance", "coverage") => number(0.0, 1.0, "which share of the window must be known; 0.9"),
        ("rate_of_change", "at_least") => whole(2, READINGS_MAX, "of at least so many readings; 5"),
        ("spike" | "time_to_limit", "at_least") => whole(3, READINGS_MAX, "of at least so many readings; 5"),
        ("ewma", "at_least") => whole(1, READINGS_MAX, "of at least so many readings; 3"),
        ("flatline", "at_least") => whole(2, 100_000, "of at least so many readings; 3"),
        ("corroborate", "at_least") => whole(2, 1000, "so many devices"),
        ("flatline", "spread") => form("figure", "an alarm when greatest less least value is at most this"),
        ("time_to_limit", "to") => form("figure", "the limit"),
        ("deviation", "from") => from(),
        ("deviation", "signed") => flag("whether its sign is kept; false: above and below are alike"),
        ("spike", "sigma_min") => {
            form("figure", "the least standard deviation: finer steps than the sensor has are no spike")
        }
        ("cusum", "slack") => {
            number(0.0, 1000.0, "how much of each deviation is allowed, in standard deviations; 0.5")
        }
        ("ewma", "lambda") => number(0.01, 1.0, "how much the newest reading weighs; 0.2"),
        ("quality", "is") => {
            let reason = json!({"$ref": "#/$defs/reason"});
            let many = list(&reason, 1, 1000, "any of these");
            json!({"anyOf": [reason, many], "description": "the quality looked for, or a list"})
        }
        ("vote", "need") => whole(1, 1000, "M"),
        ("vote", "degraded") => word(
            &vote::DEGRADED,
            "safe: a tag that is not known takes a vote with it; available: M stays while so many are known",
        ),
        ("vote", "faulty") => faulty(),
        ("count", "steps") => list(&step(), 1, 8, "the gravest step that is reached counts"),
        ("interlock", "when") => when(),
        ("interlock", "proof") => proof(),
        ("interlock", "within") => form("span", "how long the proof may take"),
        ("corroborate", "within") => {
            form("span", "how far apart their first readings past the limit may lie")
        }
        ("corroborate", "downwind") => wind(),
        ("hazard", "of") => word(
            &hazard::WORDS,
            "S, from 1 a major hazard source; R, by which the class goes; or the share of R that it is of R by design; r",
        ),
        ("balance", "subject") => form("name", "what the alarm is about"),
        ("balance", "out") => form("texts", "the tags that flow out: names or patterns"),
        ("balance", "inventory") => list(&store(), 1, 100, "what is stored"),
        ("expression", "inputs") => inputs(),
        ("expression", "value") => form("text", "a number, in CEL: levels judge it"),
        ("expression", "when") => form("text", "a condition, in CEL: an alarm while it is true"),
        (_, "of") => form("texts", "the rules whose alarms it looks at: ids"),
        (_, "over") => form("span", "how long a time it looks back over"),
        (_, "slope") => word(&rate_of_change::SLOPES, "how a line is laid through readings; theil_sen"),
        (_, "direction") => word(&DIRECTIONS, "which way; rising"),
        (_, "group_by") => group_by("which tags stand together under one alarm"),
        (_, "target") => form("figure", "the target, with sigma"),
        (_, "sigma") => {
            json!({"$ref": "#/$defs/figure", "description": "the standard deviation; more than 0", "exclusiveMinimum": 0, "pattern": "^[^-]*[1-9]"})
        }
        (_, "itself") => form("span", "the target is the median of its own past of so long, with sigma_min"),
        (_, "sigma_min") => {
            json!({"$ref": "#/$defs/figure", "description": "the least standard deviation; more than 0", "exclusiveMinimum": 0, "pattern": "^[^-]*[1-9]"})
        }
        (_, "levels") => levels("trip levels on what is calculated"),
        (_, key) => level::describe(key),
    }
}

fn group_by(description: &str) -> Value {
    let radius = |key: &str| match key {
        "radius" => form("figure", "a length, such as 50 m: each tag with those so near to it"),
        _ => Value::Null,
    };
    let radius = Object::of(&group::RADIUS, radius).need(&group::RADIUS).into_value();
    json!({"anyOf": [{"enum": group::WORDS}, radius], "description": description})
}

fn from() -> Value {
    let describe = |key: &str| match key {
        "tag" => form("text", "another tag"),
        "peers" => group_by("the median of the others of its group"),
        "itself" => form("span", "the median of its own past of so long"),
        "mode" => form("text", "a tag whose value says which limit holds"),
        "hours" => list(&hours(), 1, moving::ROWS_MAX, "limits by the time of day; the first that holds"),
        "at_least" => whole(1, 1000, "of so many peers that are known; 1"),
        "otherwise" => form("figure", "the limit where no row holds; beside tag: while that is not known"),
        "not_below" => form("figure", "the other tag's value counts as this, when it is less"),
        "not_above" => form("figure", "the other tag's value counts as this, when it is more"),
        "values" => list(&values(), 1, moving::ROWS_MAX, "limits by the mode's value; the first that holds"),
        "utc_offset" => {
            json!({"type": "string", "pattern": UTC_OFFSET, "description": "local time less UTC: +08:00"})
        }
        _ => Value::Null,
    };
    let mut from = Object::of(&deviation::FROM, describe).described("what it is compared with");
    from = from.one_of(&deviation::WHOSE);
    for whose in deviation::WHOSE {
        let others: Vec<&str> = deviation::FROM[deviation::WHOSE.len()..]
            .iter()
            .copied()
            .filter(|key| !deviation::beside(whose).contains(key))
            .collect();
        from = from.excludes(&[whose], &others);
    }
    from = from.needs("mode", &["values", "otherwise"]).needs("hours", &["utc_offset", "otherwise"]);
    from.into_value()
}

/// What local time less UTC looks like, at most 14 hours.
const UTC_OFFSET: &str = "^(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$";
/// What a time of day looks like.
const OF_DAY: &str = "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$";

fn values() -> Value {
    let describe = |key: &str| match key {
        "is" => {
            json!({"type": "number", "minimum": -1e15, "maximum": 1e15, "description": "while the mode is this"})
        }
        "limit" => form("figure", "the limit"),
        _ => Value::Null,
    };
    Object::of(&moving::VALUE, describe).need(&moving::VALUE).into_value()
}

fn hours() -> Value {
    let describe = |key: &str| match key {
        "from" => json!({"type": "string", "pattern": OF_DAY, "description": "from this time of day on"}),
        "until" => {
            json!({"type": "string", "pattern": OF_DAY, "description": "until this one; on the next day, when it is not after the first"})
        }
        "limit" => form("figure", "the limit"),
        _ => Value::Null,
    };
    Object::of(&moving::HOUR, describe).need(&moving::HOUR).into_value()
}

fn wind() -> Value {
    let describe = |key: &str| match key {
        "direction" => form("text", "the tag of where the wind comes from, degrees from north clockwise"),
        "speed" => form("text", "the tag of its speed"),
        "spread" => number(1.0, 90.0, "degrees to either side of its way; 30"),
        "tolerance" => {
            number(0.0, 1.0, "how much sooner or later than by its speed, as a part of the time; 0.5")
        }
        "calm" => form("figure", "a slower wind goes nowhere; 0.5 m/s"),
        _ => Value::Null,
    };
    let about = "count only what the wind can have carried from the first to the others";
    Object::of(&downwind::KEYS, describe).described(about).need(&downwind::KEYS[..2]).into_value()
}

fn faulty() -> Value {
    let describe = |key: &str| match key {
        "at_least" => whole(1, 1000, "so many tags that are not known"),
        key => level::describe(key),
    };
    let about = "an alarm of its own, on GROUP/faulty, for tags that are not known";
    Object::of(&vote::FAULTY, describe).described(about).need(&vote::FAULTY).into_value()
}

fn step() -> Value {
    let describe = |key: &str| match key {
        "at_least" => whole(1, 100_000, "so many alarms"),
        "at" => form("tier", "at this tier or graver"),
        "gives" => form("tier", "make one of this tier"),
        _ => Value::Null,
    };
    Object::of(&count::STEP, describe).need(&count::STEP).into_value()
}

fn when() -> Value {
    let describe = |key: &str| match key {
        "at_or_above" => form("figure", "the command stands from this value on"),
        "above" => form("figure", "the command stands above this value"),
        "until_below" => form("figure", "until the value is < this; the command's own"),
        "until_at_or_below" => form("figure", "until the value is ≤ this; the command's own"),
        _ => Value::Null,
    };
    let when = Object::of(&interlock::WHEN, describe).described("what was commanded");
    when.one_of(&interlock::COMMANDS).into_value()
}

fn proof() -> Value {
    let describe = |key: &str| match key {
        "is" => word(&interlock::STATES, "in which state it proves the command"),
        key => beside(key),
    };
    let proof = Object::of(&interlock::PROOF, describe).described("what proves that it was obeyed");
    proof.need(&["is"]).one_of(&beside::WHICH).into_value()
}

/// Tags that stand beside the one covered.
fn beside(key: &str) -> Value {
    match key {
        "quantity" => form("texts", "tags of this quantity"),
        "tag" => form("texts", "tags of this name, or pattern"),
        "same" => word(&beside::SAME, "what they have in common with the tag covered"),
        _ => Value::Null,
    }
}

fn store() -> Value {
    let describe = |key: &str| match key {
        "tag" => form("text", "how much is stored"),
        "times" => number(0.0, 1e12, "how much of the flows' unit times an hour one unit of it is; 1"),
        _ => Value::Null,
    };
    Object::of(&balance::STORE, describe).need(&["tag"]).into_value()
}

fn inputs() -> Value {
    let input = Object::of(&expression::INPUT, beside).one_of(&beside::WHICH).into_value();
    json!({
        "type": "object", "maxProperties": crate::expression::INPUTS_MAX,
        "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$", "not": {"const": "this"}},
        "additionalProperties": {"anyOf": [{"$ref": "#/$defs/text"}, input]},
        "description": "the names that the expression may use beside this, and the tags behind them",
    })
}

#[cfg(test)]
mod tests {
    use super::TITLES;
    use crate::RuleKind;

    #[test]
    fn every_kind_is_called_as_the_glossary_calls_it() {
        let glossary = include_str!("../../../../docs/glossary.md");
        let words: Vec<&str> = RuleKind::ALL.iter().map(|kind| kind.word()).collect();
        assert_eq!(TITLES.map(|(word, _)| word).to_vec(), words);
        for (word, chinese) in TITLES {
            let row = |line: &&str| {
                let cells: Vec<&str> = line.split('|').map(str::trim).collect();
                cells.len() > 2
                    && cells[1].split(['`', ' ', ',']).any(|name| name == word)
                    && cells[2].split('、').any(|name| name == chinese)
            };
            assert!(glossary.lines().any(|line| row(&line)), "{word} {chinese}");
        }
    }
}

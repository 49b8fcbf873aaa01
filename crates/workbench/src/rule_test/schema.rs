//! What files of rule tests may say, as JSON Schema.

use davy_model::{QualityReason, TransitionKind};
use davy_rules::schema::{Object, document, flag, form, has, list, word};
use serde_json::{Value, json};

use super::{
    event::{self, COMMAND_WORDS, DETAILS, DOWN, NODE_WORDS},
    expectation::{self, OF_TRANSITIONS, STATES},
    notation::FORM,
    reader::{self, FILE_KEYS, SEVERITIES, TESTS_MAX},
    series::{self, FRESHNESS},
};

/// A number of a series.
const NUMBER: &str = r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?";

/// Of `tests/*.yaml`.
pub fn schema() -> Value {
    let tests = || list(&json!({"$ref": "#/$defs/test"}), 1, TESTS_MAX, "the tests of this file");
    let file = Object::of(FILE_KEYS, |key| if key == "tests" { tests() } else { Value::Null });
    let about = "tests/*.yaml of a site: what is measured, and what must come of it";
    let definitions = [
        ("test", test()),
        ("series", series()),
        ("event", event()),
        ("expectation", expectation()),
        ("values", values()),
    ];
    document("Davy rule tests", about, file.need(FILE_KEYS), &definitions)
}

/// Values, ramps and gaps, each with a quality and how many of it.
fn values() -> Value {
    let reasons = QualityReason::ALL.map(QualityReason::word).join("|").replace('_', "[_-]");
    let quality = format!("!(good|((bad|uncertain):)?({reasons})|bad|uncertain)");
    let step = format!("(_|(-|[+-]?{NUMBER}([+-]{NUMBER})?)({quality})?)(x0*[1-9][0-9]*)?");
    json!({"type": ["string", "number"], "pattern": format!(r"^\s*{step}(\s+{step})*\s*$"), "patternErrorMessage": FORM})
}

fn test() -> Value {
    let describe = |key: &str| match key {
        "name" => form("text", "what people call it; unique in its file"),
        "severity" => word(&SEVERITIES, "warn: told when it fails, and stops nobody; error"),
        "start" => json!({
            "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}",
            "description": "when it begins, RFC 3339; 2026-01-01T00:00:00Z",
        }),
        "interval" => form("span", "from one value of a series to the next; each tag's own"),
        "rules" => form("texts", "the rules that are looked at: an id, or a list; all of the site"),
        "tags" => form("texts", "the tags whose alarms are looked at; those of series"),
        "series" => json!({
            "type": "object", "description": "what is measured: tags, and their values",
            "additionalProperties": {"$ref": "#/$defs/series"},
        }),
        "events" => items("event", "what else happens: edge nodes that come and go, operators who act"),
        "expect" => items("expectation", "what must come of it; []: nothing at all"),
        "nothing_else" => flag(
            "a transition that nobody expects is a difference; true where a transition is listed or nothing is",
        ),
        "until" => form("duration", "for how long it runs at least"),
        _ => Value::Null,
    };
    Object::of(reader::KEYS, describe).titled("rule test").need(&["name", "series", "expect"]).into_value()
}

fn items(of: &str, description: &str) -> Value {
    json!({"type": "array", "items": {"$ref": format!("#/$defs/{of}")}, "description": description})
}

fn series() -> Value {
    let values = || form("values", FORM);
    let describe = |key: &str| match key {
        "values" => values(),
        "unit" => form("unit", "what the values are written in; the tag's"),
        "interval" => form("span", "from one to the next; the test's"),
        "start" => form("duration", "when the first is measured; 0s"),
        "arrives_after" => form("duration", "each arrives so much later than it was measured; 0s"),
        "arrives_at" => form("duration", "a backlog: what was measured before arrives then, all at once"),
        "freshness" => word(&FRESHNESS, "how fresh they are said to be; live"),
        "edge_node" => form("text", "who sends it; the tag's"),
        _ => Value::Null,
    };
    let part = Object::of(series::KEYS, describe).need(&["values"]);
    let part = part.excludes(&["arrives_after"], &["arrives_at"]).into_value();
    json!({"anyOf": [values(), part, {"type": "array", "items": {"anyOf": [values(), part]}}]})
}

fn event() -> Value {
    let describe = |key: &str| match key {
        "at" => form("duration", "when, since the test began"),
        "lost" => form("text", "an edge node goes without a word"),
        "offline" => form("text", "an edge node says goodbye"),
        "online" => form("text", "an edge node is there"),
        "down_for" => form("span", "Davy is down for so long"),
        "by" => form("text", "who asks for it; operator"),
        "approved_by" => form("text", "the second person"),
        "comment" => form("text", "why"),
        "for" => form("duration", "for how long it is shelved"),
        "one_shot" => flag("shelved until it clears; false"),
        "refused" => form("text", "the code of the refusal that must come"),
        command if COMMAND_WORDS.contains(&command) => alarm("an operator's command on this alarm"),
        _ => Value::Null,
    };
    let happenings: Vec<&str> = NODE_WORDS.into_iter().chain([DOWN]).chain(COMMAND_WORDS).collect();
    let no_commands: Vec<&str> = NODE_WORDS.into_iter().chain([DOWN]).collect();
    let not_shelve: Vec<&str> = COMMAND_WORDS.into_iter().filter(|command| *command != "shelve").collect();
    Object::of(event::KEYS, describe)
        .titled("event")
        .need(&["at"])
        .one_of(&happenings)
        .excludes(&no_commands, &DETAILS)
        .excludes(&not_shelve, &["for", "one_shot"])
        .when(&has(&["shelve"]), &has(&["for"]), &true.into())
        .into_value()
}

fn expectation() -> Value {
    let kinds = TransitionKind::ALL.map(TransitionKind::word);
    let describe = |key: &str| match key {
        "at" => form("duration", "in which moment, since the test began"),
        "within" => form("duration", "how much earlier or later it may be; 0s"),
        "alarm" => alarm("which alarm; or rule and tag"),
        "rule" => form("text", "the rule of the alarm; the one in rules"),
        "tag" => form("text", "what the alarm is about; the one in series"),
        "state" => word(&STATES, "how the alarm stands then"),
        "transition" => word(&kinds, "what changes then"),
        "tier" => form("tier", "how grave it is then"),
        "limit" => form("text", "the name of the level"),
        "sounds" => flag("whether it sounds"),
        "late" => flag("whether it is late"),
        "measured" => form("duration", "when it became true on the tag's clock"),
        "value" => form("figure", "the value that it tells"),
        "tolerance" => form("figure", "how far off the value may be; 0"),
        _ => Value::Null,
    };
    Object::of(expectation::KEYS, describe)
        .titled("expectation")
        .need(&["at"])
        .one_of(&["state", "transition"])
        .excludes(&["state"], &OF_TRANSITIONS)
        .excludes(&["alarm"], &["rule", "tag"])
        .when(&has(&["tolerance"]), &has(&["value"]), &true.into())
        .into_value()
}

fn alarm(description: &str) -> Value {
    json!({"type": "string", "pattern": "^[^:]+:.+$", "description": description})
}

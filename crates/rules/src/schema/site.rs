//! `site.yaml`.

use davy_model::DeskLevel;
use serde_json::{Value, json};

use super::{
    forms::{form, list, whole, word},
    hazard,
    object::{Object, has},
};
use crate::{
    annunciation::{self, CHATTER, FLOOD, GROUPINGS, INCIDENT},
    desks::{DESK, STEP},
    duties::{self, DUTY, NAMED},
    pack_use::KEYS as PACK,
    site_file::{AREA, DEVICE, EDGE_NODE, KEYS, SHELVING, TIME},
    source,
};

/// Of lists whose length only the size of the file bounds.
const MANY: usize = 4_000_000;

pub(super) fn file() -> Object {
    Object::of(&KEYS, describe).need(&["site"])
}

fn describe(key: &str) -> Value {
    match key {
        "site" => form("name", "the site's id, as in topics"),
        "title" => form("words", "what people call it; the id"),
        "time" => time(),
        "shelving" => shelving(),
        "areas" => list(&entry(&AREA, "area · 区域"), 0, MANY, "parts of the site"),
        "edge_nodes" => {
            list(&entry(&EDGE_NODE, "edge node · 边缘节点"), 0, MANY, "who publishes for the site")
        }
        "devices" => list(&entry(&DEVICE, "device · 设备"), 0, MANY, "what edge nodes speak for"),
        "sources" => list(&source(), 0, MANY, "where readings come from in another form than the native one"),
        "desks" => list(&desk(), 1, 100, "who sits where"),
        "duties" => duties(),
        "annunciation" => annunciation(),
        "packs" => list(&pack(), 0, MANY, "sets of rules that cite a standard"),
        "hazard_sources" => hazard::sources(),
        _ => Value::Null,
    }
}

fn pack() -> Value {
    let map = |value: Value, about: &str| json!({"type": "object", "additionalProperties": value, "description": about});
    let describe = |key: &str| match key {
        "pack" => form("name", "a pack that ships, or packs/NAME.yaml of the site"),
        "options" => map(form("text", "the choice"), "what is chosen, by option; of the pack"),
        "tags" => map(form("texts", "tags"), "tags that the pack asks a site to name, by list"),
        "on" => form("texts", "rules that are off in the pack"),
        "off" => form("texts", "rules that are on in the pack"),
        _ => Value::Null,
    };
    Object::of(&PACK, describe).titled("pack · 规则包").need(&["pack"]).into_value()
}

fn entry(keys: &[&str], title: &str) -> Value {
    let describe = |key: &str| match key {
        "id" => form("name", "unique among its like"),
        "title" => form("words", "what people call it; the id"),
        "parent" => form("text", "the area it is a part of"),
        "edge_node" => form("text", "the edge node it hangs on"),
        "loss_grace" => form("duration", "how long it may be lost before its tags raise stale alarms; 3s"),
        "silence_limit" => form("span", "how long after its last message it still counts as alive; 5m"),
        _ => Value::Null,
    };
    Object::of(keys, describe).titled(title).need(&["id"]).into_value()
}

fn time() -> Value {
    let describe = |key: &str| match key {
        "max_ahead" => form("span", "a source time further ahead of arrival is judged at its arrival; 5s"),
        "late_after" => form("span", "a source time further behind arrival makes a reading late; 60s"),
        "max_age" => {
            form("span", "a source time further behind arrival is refused; at least late_after; 366d")
        }
        "backlog_settle" => {
            form("span", "how long a backlog must pause before what it leaves active sounds; 1s")
        }
        _ => Value::Null,
    };
    Object::of(&TIME, describe).described("what is believed of clocks").into_value()
}

fn shelving() -> Value {
    let describe = |key: &str| match key {
        "max" => form("second", "the longest an alarm may be shelved; 12h"),
        "two_person_from" => form("tier", "from this tier on, it needs a second person; red"),
        _ => Value::Null,
    };
    Object::of(&SHELVING, describe).described("how shelving is bounded").into_value()
}

fn desk() -> Value {
    let describe = |key: &str| match key {
        "id" => form("name", "unique among desks"),
        "title" => form("words", "what people call it; the id"),
        "areas" => json!({
            "anyOf": [{"$ref": "#/$defs/texts"}, {"type": "array", "maxItems": 0}],
            "description": "the areas it answers for, their parts too, [] for none; without, all that no other enterprise desk has",
        }),
        "level" => level("how high it stands; enterprise"),
        "above" => form("text", "the desk that hears of its lateness; of the same level or higher"),
        "escalates" => list(&step(), 1, 10, "who is asked when nobody acknowledges"),
        _ => Value::Null,
    };
    Object::of(&DESK, describe).titled("desk · 席位").need(&["id"]).into_value()
}

fn level(about: &str) -> Value {
    word(&DeskLevel::ALL.map(DeskLevel::word), about)
}

fn duties() -> Value {
    let usual = || word(&NAMED, "the usual duties: engineering judgement, in no standard");
    let describe = |key: &str| match key {
        "like" => usual(),
        _ => duty(),
    };
    let by_tier = Object::of(&duties::KEYS, describe).described("by tier; like: what they begin with");
    json!({
        "title": "duties · 职责", "description": "what an alarm of each tier asks of people",
        "anyOf": [usual(), by_tier.into_value()],
    })
}

fn duty() -> Value {
    let describe = |key: &str| match key {
        "notify" => form("texts", "desks that are told at once, beside the one that answers"),
        "notify_up_to" => level("the desks above it are told at once, up to this level"),
        "acknowledge_within" => form("span", "somebody has acknowledged it so long after it sounded"),
        "feedback_within" => {
            form("span", "feedback is given so long after it sounded; at least acknowledge_within")
        }
        "then_every" => form("span", "lateness that lasts climbs again each time so much has passed"),
        _ => Value::Null,
    };
    Object::of(&DUTY, describe).titled("duty · 职责").into_value()
}

fn step() -> Value {
    let describe = |key: &str| match key {
        "after" => form("span", "unacknowledged for so long"),
        "to" => form("text", "the desk that is asked as well"),
        "tier_from" => form("tier", "alarms of this tier or graver; blue"),
        _ => Value::Null,
    };
    Object::of(&STEP, describe).titled("escalated · 升级").need(&["after", "to"]).into_value()
}

fn annunciation() -> Value {
    let describe = |key: &str| match key {
        "flood" => flood(),
        "chatter" => chatter(),
        "incident" => incident(),
        _ => Value::Null,
    };
    Object::of(&annunciation::KEYS, describe).described("how much is told at once").into_value()
}

fn quiet_below() -> Value {
    form("tier", "meanwhile alarms of lesser tiers do not sound; all sound")
}

fn flood() -> Value {
    let describe = |key: &str| match key {
        "starts" => whole(1, 1000, "more alarms than this at a desk within the time are a flood; 10"),
        "ends" => whole(1, 1000, "fewer end it; at most starts; 5"),
        "within" => form("span", "the time; 10m"),
        "quiet_below" => quiet_below(),
        _ => Value::Null,
    };
    Object::of(&FLOOD, describe)
        .titled("flood · 报警泛滥")
        .described("without it no floods are told")
        .into_value()
}

fn chatter() -> Value {
    let describe = |key: &str| match key {
        "raises" => whole(2, 100, "so many of one alarm within the time are chattering; 3"),
        "within" => form("span", "the time; 1m"),
        "quiet_below" => quiet_below(),
        _ => Value::Null,
    };
    let chatter = Object::of(&CHATTER, describe).titled("chattering · 抖动");
    chatter.described("without it no chattering is told").into_value()
}

fn incident() -> Value {
    let describe = |key: &str| match key {
        "group_by" => word(&GROUPINGS, "what its alarms have in common; area"),
        "within" => form("span", "each raised within this time of the one before it; 10m"),
        _ => Value::Null,
    };
    let incident = Object::of(&INCIDENT, describe).titled("incident · 事件组");
    incident.described("alarms of one group, each raised soon after the one before it").into_value()
}

fn source() -> Value {
    let describe = |key: &str| match key {
        "mapping" => form("name", "mappings/NAME.yaml of the site, or one that ships with Davy"),
        "sparkplug" => form("text", "a Sparkplug B group"),
        "hj212" => form("text", "the number (MN) of an HJ 212 box, in quotes"),
        "topic" => json!({
            "$ref": "#/$defs/text", "pattern": r"^(?!davy/|\$)",
            "description": "the topics its payloads come by: {name} is any one level, + any one, # any rest",
        }),
        "edge_node" => form("name", "the edge node it speaks for"),
        "edge_nodes" => json!({
            "type": "object", "additionalProperties": {"$ref": "#/$defs/name"},
            "description": "Sparkplug's ids of edge nodes and the site's, where they differ",
        }),
        _ => Value::Null,
    };
    Object::of(&source::KEYS, describe)
        .titled("source · 数据源")
        .one_of(&source::FORMS)
        .excludes(&["sparkplug"], &["topic", "edge_node"])
        .excludes(&["mapping", "hj212"], &["edge_nodes"])
        .when(&has(&["hj212"]), &has(&["edge_node"]), &true.into())
        .into_value()
}

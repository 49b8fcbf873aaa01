//! Mapping files, patterns of topics, and what the mappings that ship make of any payload.

use std::sync::{Arc, LazyLock};

use davy_codec::{Captures, Limits, Mapping, TopicPattern};
use davy_door::topic;

use super::{json::{JSON, around, reads_back}, kept::decode};
use crate::harness::{Gauge, Growth, Heap, Target, text};

/// The text of a mapping.
pub(crate) const MAPPING: Target = Target {
    name: "mapping",
    runs: 3_000,
    check: check_mapping,
    seeds: || Mapping::shipped().map(|(_, text)| text.as_bytes().to_vec()).collect(),
    words: &[": ", "- ", "{", "}", "[", "]", "topic: ", "readings: ", "tag: ", "value: ", "unit: ", "time: ", "quality: ", "{key}", "{device}", "&a ", "*a", "~", "\"", "#", "+/", "scale: ", "zone: "],
    growth: &[
        Growth { what: "depth", make: |len| "[".repeat(len).into_bytes() },
        Growth { what: "readings", make: |len| format!("readings:\n{}", "  - {tag: \"{key}\", value: v}\n".repeat(len / 30)).into_bytes() },
    ],
    heap: Heap { times: 1024, bytes: 2 * 1024 * 1024 },
    stack_len: 1024 * 1024,
    ..Target::PLAIN
};

/// A payload, read by every mapping that ships.
pub(crate) const MAPPED: Target = Target {
    name: "mapped",
    runs: 6_000,
    check: check_mapped,
    seeds: JSON.seeds,
    words: JSON.words,
    make: JSON.make,
    // What is told before the time, unit or name it needs is held until they come.
    growth: &[
        Growth { what: "values of devices", make: |len| around("{\"d\":[{\"ts\":1,\"values\":{", "\"a\":1", len, "}}]}") },
        Growth { what: "values before their time", make: |len| around("{\"d\":[{\"values\":{", "\"\":1", len, "},\"ts\":1}]}") },
        Growth { what: "entries before their time", make: |len| around("{", "\"a\":1", len, ",\"ts\":1}") },
        Growth { what: "flags before their time", make: |len| around("{\"sensorDatas\":[", "{\"flag\":\"a\",\"value\":1}", len, "],\"time\":\"x\"}") },
        Growth { what: "flags alone before their time", make: |len| around("{\"sensorDatas\":[", "{\"flag\":\"\"}", len, "],\"time\":\"x\"}") },
        Growth { what: "values alone before their time", make: |len| around("{\"sensorDatas\":[", "{\"value\":1}", len, "],\"time\":\"x\"}") },
        Growth { what: "objects before their time", make: |len| around("{\"sensorDatas\":[", "{}", len, "],\"time\":\"x\"}") },
        Growth { what: "escaped names before their time", make: |len| around("{\"values\":{", "\"\\n\":\"\\n\"", len, "},\"ts\":1}") },
        Growth { what: "items in a text", make: |len| around("{\"m\":\"[", "{\\\"itemvalue\\\":1}", len, "]\"}") },
        Growth { what: "bare words", make: |len| around("{\"values\":{", "\"a\":NaN", len, "},\"ts\":1}") },
        Growth { what: "numbers", make: |len| around("[", "1", len, "]") },
        Growth { what: "depth", make: |len| "[".repeat(len).into_bytes() },
    ],
    ..Target::PLAIN
};

/// A pattern and a topic, with a line end between.
pub(crate) const PATTERN: Target = Target {
    name: "topic_patterns",
    runs: 100_000,
    check: check_pattern,
    seeds: || {
        let texts = ["tele/{device}/+/SENSOR\ntele/a/b/SENSOR", "plant/{edge_node}/#\nplant/gw/x/y", "#\na", "{a}/{b}\n//", "a\na"];
        texts.map(|text| text.as_bytes().to_vec()).into()
    },
    words: &["{device}", "{edge_node}", "{a}", "{", "}", "/", "+", "#", "$SYS", "\n"],
    growth: &[Growth { what: "levels", make: |len| format!("#\n{}", "a/".repeat(len / 2)).into_bytes() }],
    ..Target::PLAIN
};

fn check_mapping(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    match gauge.measure(input.len(), || Mapping::read("m", &text)) {
        Ok(mapping) => {
            assert_eq!(mapping.name(), "m");
            gauge.saw((mapping.pattern().is_some(), mapping.needs().count().min(4)));
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a word");
            gauge.saw(problems.iter().take(2).map(|problem| problem.to_string().len() / 8).collect::<Vec<_>>());
        }
    }
}

/// All that ship, read once.
static SHIPPED: LazyLock<Vec<Arc<Mapping>>> = LazyLock::new(|| {
    let read = |(name, text)| Arc::new(Mapping::read(name, text).expect("what ships is good"));
    Mapping::shipped().map(read).collect()
});

fn check_mapped(gauge: &mut Gauge, input: &[u8]) {
    for mapping in SHIPPED.iter() {
        let captures: Captures = mapping.needs().map(|needed| (needed.to_owned(), "gw-1")).collect();
        let codec = mapping.codec(captures, Limits::default());
        let (keep, _) = decode(gauge, &*codec, input);
        reads_back(&keep.metrics);
    }
}

fn check_pattern(gauge: &mut Gauge, input: &[u8]) {
    let whole = text(input);
    let (pattern, name) = whole.split_once('\n').unwrap_or((&whole, "a/b"));
    let pattern = match gauge.measure(pattern.len(), || TopicPattern::parse(pattern)) {
        Ok(pattern) => pattern,
        Err(error) => {
            assert!(!error.en().is_empty() && !error.zh().is_empty());
            return gauge.saw(error.en());
        }
    };
    let filter = pattern.filter();
    assert_eq!(topic::check_filter(&filter), Ok(()), "{:?} asks for {filter:?}", pattern.text());
    if topic::name(name.as_bytes(), 65_535).is_none() {
        return;
    }
    let found = gauge.measure(name.len(), || pattern.matches(name));
    gauge.saw((found.is_some(), pattern.names().count().min(4)));
    if let Some(captures) = found {
        assert!(topic::matches(&filter, name), "{name:?} fits {:?}, and is not asked for by {filter:?}", pattern.text());
        let named: Vec<&str> = captures.iter().map(|(name, _)| name).collect();
        assert_eq!(named, pattern.names().collect::<Vec<_>>());
        assert!(captures.iter().all(|(_, value)| !value.is_empty() && !value.contains('/')));
    }
}

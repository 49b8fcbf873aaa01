//! Topic names and filters: of the door, against `rumqttc`; and Davy's own, with who may speak and hear there.

use davy_door::topic;
use davy_intake::{
    Audible, Topic, feedback_topic,
    rights::{Grant, Pattern, Rights, parse_token_hash},
    site_filters,
};
use davy_model::is_name;

use crate::harness::{Gauge, Growth, Target, text};

const WORDS: &[&str] = &["/", "+", "#", "$", "$SYS/", "$share/g/", "a", "davy/v1/", "park", "gw-1", "/readings", "/status", "/feedback", "/alarms", "/#", "/+", "*"];

/// A filter and a name, with a line end between.
pub(crate) const MATCHES: Target = Target {
    name: "topic_filters",
    runs: 200_000,
    check: check_matches,
    seeds: || texts(&["a/+/c\na/b/c", "#\n/", "a/#\na", "$SYS/#\n$SYS/x", "sport/tennis/+\nsport/tennis/player1", "+\n/finance", "温度/+\n温度/一", "a//b\na//b"]),
    words: WORDS,
    growth: &[
        Growth { what: "levels", make: |len| format!("{}#\n{}", "+/".repeat(len / 4), "a/".repeat(len / 4)).into_bytes() },
        Growth { what: "empty levels", make: |len| format!("{}\n{}", "/".repeat(len / 2), "/".repeat(len / 2)).into_bytes() },
    ],
    ..Target::PLAIN
};

/// A topic of an edge node, or a filter of a client.
pub(crate) const TOPICS: Target = Target {
    name: "topics",
    runs: 200_000,
    check: check_topics,
    seeds: || texts(&["davy/v1/park/gw-1/readings", "davy/v1/park/gw-1/status", "davy/v1/park/gw-1/feedback", "davy/v1/park/alarms/#", "davy/v1/park/alarms", "davy/v1/park/+/feedback"]),
    words: WORDS,
    growth: &[Growth { what: "levels", make: |len| format!("davy/v1/park/alarms/{}", "+/".repeat(len / 2)).into_bytes() }],
    ..Target::PLAIN
};

/// A pattern of names, or the hash of a token.
pub(crate) const PATTERNS: Target = Target {
    name: "patterns",
    runs: 100_000,
    check: check_patterns,
    seeds: || {
        let hash = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
        texts(&["gw-1", "gw-*", "*", "a.b_c*", hash])
    },
    words: &["*", "gw", "-", "00", "+1", "ff"],
    ..Target::PLAIN
};

fn texts(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn check_matches(gauge: &mut Gauge, input: &[u8]) {
    let whole = text(input);
    let (filter, name) = whole.split_once('\n').unwrap_or((&whole, "a/b"));
    let read = gauge.measure(0, || topic::name(name.as_bytes(), usize::from(u16::MAX)));
    assert!(read.is_none_or(|read| read == name));
    let is_filter = gauge.measure(0, || topic::check_filter(filter));
    gauge.saw((read.is_some(), format!("{is_filter:?}")));
    let theirs = rumqttc::mqttbytes::valid_filter(filter);
    // Theirs knows no shared subscriptions, no NUL and no longest filter.
    let unknown_to_them = filter.contains('\0') || filter.starts_with("$share") || filter.len() > 65_535;
    assert!(unknown_to_them || theirs == is_filter.is_ok(), "{filter:?}: {is_filter:?}, theirs {theirs}");
    if is_filter.is_err() || read.is_none() {
        return;
    }
    let matched = gauge.measure(0, || topic::matches(filter, name));
    gauge.saw((matched, topic::has_wildcard(filter)));
    assert!(topic::has_wildcard(filter) || matched == (filter == name), "{filter:?} {name:?}");
    assert_eq!(matched, by_levels(filter, name), "{filter:?} {name:?}");
    // Theirs lets nothing hear of `$`, and cuts the first byte off, be it a whole character or not.
    if name.is_ascii() && !name.starts_with('$') {
        assert_eq!(matched, rumqttc::mqttbytes::matches(name, filter), "{filter:?} {name:?}");
    }
}

/// Section 4.7 of MQTT 5.0, as plainly as it can be said.
fn by_levels(filter: &str, name: &str) -> bool {
    let (filter_levels, names): (Vec<&str>, Vec<&str>) = (filter.split('/').collect(), name.split('/').collect());
    if name.starts_with('$') && matches!(filter_levels[0], "+" | "#") {
        return false;
    }
    let fits = |(level, name): (&&str, &&str)| *level == "+" || level == name;
    match filter_levels.split_last() {
        Some((&"#", above)) => names.len() >= above.len() && above.iter().zip(&names).all(fits),
        _ => names.len() == filter_levels.len() && filter_levels.iter().zip(&names).all(fits),
    }
}

fn check_topics(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    let topic = gauge.measure(0, || Topic::parse(&text));
    let audible = gauge.measure(0, || Audible::parse(&text));
    let node_of = |site: &str, node: &str| {
        let only = |name: &str| Pattern::Exactly(name.into());
        Rights::new(vec![Grant { site: only(site), edge_node: only(node) }])
    };
    let stranger = node_of("elsewhere-1", "nobody-1");
    if let Some(topic) = topic {
        assert_eq!(topic.to_string(), text);
        assert!(is_name(topic.site) && is_name(topic.edge_node) && audible.is_none());
        assert!(topic::name(input, 65_535).is_some(), "{text:?} is ours, and no topic name");
        let filters = site_filters(topic.site);
        assert!(filters.iter().any(|filter| topic::matches(filter, &text)), "{text:?} is not asked for");
        assert!(node_of(topic.site, topic.edge_node).may_publish(&text) && Rights::all().may_publish(&text));
    }
    match audible {
        Some(Audible::Feedback { site, edge_node }) => {
            assert_eq!(feedback_topic(site, edge_node), text);
            assert!(node_of(site, edge_node).may_subscribe(&text));
        }
        Some(Audible::Alarms { site }) => {
            assert_eq!(topic::check_filter(&text), Ok(()), "{text:?} may be heard, and is no filter");
            assert!(is_name(site) && Rights::all().may_subscribe(&text));
            assert!(!node_of(site, "x").may_subscribe(&text), "{text:?}: a gateway hears no alarms");
        }
        None => assert!(!Rights::all().may_subscribe(&text), "{text:?}"),
    }
    if topic.is_none_or(|topic| topic.site != "elsewhere-1") && !text.contains("elsewhere-1") {
        assert!(!stranger.may_publish(&text) && !stranger.may_subscribe(&text), "{text:?}");
    }
    gauge.saw((topic.map(|topic| topic.channel as u8), audible.is_some(), text.split('/').count().min(8)));
}

fn check_patterns(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    let pattern = gauge.measure(input.len(), || Pattern::parse(&text));
    gauge.saw(format!("{:?}", pattern.as_ref().map(std::mem::discriminant)));
    match &pattern {
        Some(Pattern::Exactly(name)) => {
            assert!(is_name(name) && **name == *text);
            assert!(pattern.as_ref().is_some_and(|pattern| pattern.takes(&text) && !pattern.takes(&format!("{text}x"))));
        }
        Some(Pattern::Beginning(start)) => {
            assert_eq!(format!("{start}*"), text);
            assert!(pattern.as_ref().is_some_and(|pattern| pattern.takes(&format!("{start}x"))));
        }
        None => assert!(!is_name(&text)),
    }
    if let Some(hash) = gauge.measure(0, || parse_token_hash(&text)) {
        let printed: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(printed, text.to_ascii_lowercase());
        gauge.saw("hash");
    }
}

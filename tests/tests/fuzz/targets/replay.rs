//! The map of a replay: which columns of a recording are what.

use davy_simulators::replay::ReplayMap;

use crate::harness::{Gauge, Growth, Heap, Target, text};

pub(crate) const REPLAY_MAP: Target = Target {
    name: "replay_map",
    runs: 10_000,
    check,
    seeds: || {
        let texts = [
            "site: park\nedge_node: gw-1\ntime: {column: t, format: rfc3339}\ntags: [{column: a, tag: T, unit: ppm}]\nbatch: 10\n",
            "site: park\nedge_node: gw-1\ntime:\n  column: t\n  format: \"%Y-%m-%d %H:%M:%S\"\n  zone: \"+08:00\"\ntags:\n  - {column: a, tag: T}\n",
            "site: park\nedge_node: gw-1\ntime: {column: t, format: \"%s\"}\ntags: [{column: a, tag: T}]\n",
        ];
        texts.map(|text| text.as_bytes().to_vec()).into()
    },
    words: &["site: ", "edge_node: ", "time: ", "column: ", "format: ", "zone: ", "tags: ", "batch: ", "unix_ms", "%", "%z", "%:z", "%Y", "+08:00", "UTC", "&a ", "*a", "{", "}", "- "],
    growth: &[
        Growth {
            what: "columns",
            make: |len| format!("site: p\nedge_node: g\ntime: {{column: t, format: unix_s}}\ntags:\n{}", "  - {column: a, tag: T}\n".repeat(len / 24)).into_bytes(),
        },
        Growth { what: "depth", make: |len| "[".repeat(len).into_bytes() },
    ],
    stack_len: 1024 * 1024,
    heap: Heap { times: 1024, bytes: 2 * 1024 * 1024 },
    ..Target::PLAIN
};

fn check(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    match gauge.measure(input.len(), || ReplayMap::from_yaml(&text)) {
        Ok(map) => {
            assert!(!map.tags.is_empty() && (1..=10_000).contains(&map.batch));
            gauge.saw((map.tags.len().min(4), map.time.zone.is_some(), map.time.format.len()));
        }
        Err(said) => {
            assert!(!said.is_empty());
            gauge.saw(said.chars().take(20).collect::<String>());
        }
    }
}

//! A yard to try rules in: its files compiled, and what its gateways send.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::{sync::Arc, time::Duration};

use davy_model::{
    Bundle, BundleFile, Freshness, Input, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, TagIndex,
    Timestamp, Value,
};
use davy_rules::{Plan, bundle, compile};

/// The files of a site, compiled.
pub(crate) fn compiled(site: &str, tags: &str, rules: &str) -> (Arc<Bundle>, Arc<Plan>) {
    let files = [("site.yaml", site), ("tags.csv", tags), ("rules/gas.yaml", rules)]
        .map(|(path, text)| BundleFile { path: path.to_owned(), text: text.to_owned() });
    let bundle = bundle(files.into()).unwrap_or_else(|findings| panic!("{}", findings[0]));
    let plan = compile(&bundle).unwrap_or_else(|findings| panic!("{}", findings[0]));
    (Arc::new(bundle), Arc::new(plan))
}

/// So many seconds after the story begins.
pub(crate) fn at(second: i64) -> Timestamp {
    let begin: Timestamp = "2026-03-01T00:00:00Z".parse().expect("a time");
    begin.plus(Duration::from_secs(second.unsigned_abs()))
}

/// A message of an edge node with one good reading, that arrives as it is measured.
pub(crate) fn reading(second: i64, node: u32, tag: TagIndex, value: f64) -> Input {
    let readings =
        vec![Reading { tag, quality: Quality::Good, source_time: at(second), value: Value::of(value) }];
    let head = MessageHead {
        node: NodeIndex(node),
        arrival: at(second),
        seq: None,
        redelivered: false,
        freshness: Freshness::Live,
        len: 1,
    };
    Input::Readings(ReadingBlock { messages: vec![head], readings })
}

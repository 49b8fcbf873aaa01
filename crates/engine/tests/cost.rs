//! What a reading costs, and what the engine keeps of a tag. `cargo test --release --test cost -- --ignored --nocapture`
//!
//! Budgets on a machine of 2024: 50 ns a reading at 10^4 tags, 125 ns at 10^6, 200 bytes a tag.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures time and memory")]

mod support;

use std::{fmt::Write as _, fs, hint::black_box, sync::Arc, time::Instant};

use davy_engine::Engine;
use davy_model::{Input, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, TagIndex};
use davy_rules::Plan;

use support::{at, plan_of, rule};

const BLOCK: usize = 1000;
const BLOCKS: usize = 4000;

fn big_plan(tags: usize) -> Arc<Plan> {
    let mut table =
        String::from("tag,title,quantity,unit,interval,silence_limit,reporting,edge_node,device\n");
    for tag in 0..tags {
        let _ = writeln!(table, "T{tag:07},a tag,temperature,degC,10s,30s,periodic,gw1,");
    }
    let levels = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 5s},
        {name: HH, tier: red, at_or_above: 90, clear_below: 85}";
    let rules = rule("lim", "\"*\"", &format!("limit: [{levels}]"))
        + &rule("stale", "\"*\"", "stale: {after: 1h, tier: yellow}");
    plan_of(&table, &rules)
}

/// Blocks of steady readings, every tag in turn in an order that no cache foresees.
fn blocks(tags: usize) -> Vec<Input> {
    let mut place: u64 = 1;
    let mut reading = |moment| {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let tag = TagIndex(((place >> 33) % tags as u64) as u32);
        Reading { tag, quality: Quality::Good, source_time: moment, value: 50.0 }
    };
    let block = |place| {
        let arrival = at(1.0 + place as f64 / 1e3);
        let head =
            MessageHead { node: NodeIndex(0), arrival, seq: None, redelivered: false, len: BLOCK as u32 };
        let readings = (0..BLOCK).map(|_| reading(arrival)).collect();
        Input::Readings(ReadingBlock { messages: vec![head], readings })
    };
    (0..BLOCKS).map(block).collect()
}

fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux tells what a process holds");
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number of pages");
    pages * 4096
}

#[test]
#[ignore = "measures, for a release build"]
fn a_reading_costs_little_and_a_tag_holds_little() {
    for tags in [10_000, 1_000_000] {
        let plan = big_plan(tags);
        let blocks = blocks(tags);
        let before = resident_bytes();
        let mut engine = Engine::new(plan, at(0.0));
        let mut out = Vec::new();
        let mut nanos_least = f64::MAX;
        for _ in 0..3 {
            let start = Instant::now();
            for (place, block) in blocks.iter().enumerate() {
                engine
                    .apply(at(1.0 + place as f64 / 1e3), block, &mut out)
                    .expect("readings are never refused");
            }
            nanos_least = nanos_least.min(start.elapsed().as_nanos() as f64 / (BLOCK * BLOCKS) as f64);
        }
        let bytes = resident_bytes().saturating_sub(before) as f64 / tags as f64;
        let counts = black_box(engine.counts());
        println!("{tags} tags: {nanos_least:.1} ns a reading, {bytes:.0} bytes a tag, {counts:?}");
        assert!(out.is_empty(), "steady values say nothing");
    }
}

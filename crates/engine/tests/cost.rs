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

/// So many engines show what one holds.
const ENGINES: usize = 4;
const BLOCK: usize = 1000;
const BLOCKS: usize = 2000;

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

/// Blocks of steady readings from second `start_s` on, every tag in turn, in an order that no cache foresees.
fn blocks(tags: usize, start_s: usize) -> Vec<Input> {
    // Odd and no multiple of five: it visits all of 10^n tags before any of them again.
    const STRIDE: usize = 618_033;
    let block = |place: usize| {
        let arrival = at(start_s as f64 + place as f64 / 1e3);
        let head = MessageHead {
            node: NodeIndex(0),
            arrival,
            seq: None,
            redelivered: false,
            freshness: davy_model::Freshness::Live,
            len: BLOCK as u32,
        };
        let reading = |nth: usize| {
            let tag = TagIndex(((place * BLOCK + nth) * STRIDE % tags) as u32);
            Reading { tag, quality: Quality::Good, source_time: arrival, value: 50.0.into() }
        };
        Input::Readings(ReadingBlock { messages: vec![head], readings: (0..BLOCK).map(reading).collect() })
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
        let mut out = Vec::new();
        let mut engine = Engine::new(Arc::clone(&plan), at(0.0));
        let before = resident_bytes();
        let engines: [Engine; ENGINES] = std::array::from_fn(|_| Engine::new(Arc::clone(&plan), at(0.0)));
        let held = resident_bytes().saturating_sub(before) as f64 / (ENGINES * tags) as f64;
        drop(engines);
        let mut nanos_least = f64::MAX;
        for round in 0..5 {
            let blocks = blocks(tags, 1 + round * 10);
            let start = Instant::now();
            for block in &blocks {
                engine.apply(at(1e6), block, &mut out).expect("readings are never refused");
            }
            nanos_least = nanos_least.min(start.elapsed().as_nanos() as f64 / (BLOCK * BLOCKS) as f64);
        }
        let counts = black_box(engine.counts());
        println!("{tags} tags: {nanos_least:.1} ns a reading, {held:.0} bytes a tag, {counts:?}");
        assert!(out.is_empty(), "steady values say nothing");
    }
}

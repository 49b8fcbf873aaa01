//! The engine alone, on one core: readings/s with a two-level limit and a stale rule on every tag, and bytes per tag.
//!
//! Budget: ≤ 50 ns a reading at 10⁴ tags, ≤ 125 ns at 10⁶ in random order, ≤ 200 bytes a tag. Floor: a bare comparison with
//! two set points over a dense array, in the same order.

mod kinds;

use std::{hint::black_box, sync::Arc, time::Instant};

use anyhow::{Result, anyhow};
use davy_benches::{
    davy::site_files,
    table::{line, median},
};
use davy_engine::Engine;
use davy_model::{
    BundleFile, Input, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, TagIndex, Timestamp,
};
use davy_rules::Plan;

const ROUNDS: usize = 5;
const BLOCK: usize = 1000;

fn plan(tags: usize) -> Result<Arc<Plan>> {
    let files =
        site_files(tags, 1).into_iter().map(|(path, text)| BundleFile { path: path.to_owned(), text });
    let show = |found: Vec<davy_rules::Diagnostic>| {
        anyhow!("{}", found.first().map_or_else(String::new, ToString::to_string))
    };
    let bundle = davy_rules::bundle(files.collect()).map_err(show)?;
    Ok(Arc::new(davy_rules::compile(&bundle).map_err(show)?))
}

/// Tags in an order that no cache likes, the same every time: a multiplicative walk over all of them.
fn order(tags: usize) -> Vec<u32> {
    let step = (2_654_435_761_usize % tags) | 1;
    let mut at = 0;
    (0..tags)
        .map(|_| {
            at = (at + step) % tags;
            at as u32
        })
        .collect()
}

fn blocks(order: &[u32], round: i64) -> Vec<Input> {
    let at = Timestamp::from_millis(1_795_420_800_000 + round * 1000);
    let block = |tags: &[u32]| {
        let reading = |tag: &u32| Reading {
            tag: TagIndex(*tag),
            quality: Quality::Good,
            source_time: at,
            value: (40.0 + f64::from((tag + round as u32) % 20)).into(),
        };
        let head = MessageHead {
            node: NodeIndex(0),
            arrival: at,
            seq: None,
            redelivered: false,
            freshness: davy_model::Freshness::Live,
            len: tags.len() as u32,
        };
        Input::Readings(ReadingBlock { messages: vec![head], readings: tags.iter().map(reading).collect() })
    };
    order.chunks(BLOCK).map(block).collect()
}

fn engine_ns(engine: &mut Engine, order: &[u32], sweeps: i64, first: i64) -> f64 {
    let mut out = Vec::new();
    let mut ns = 0.0;
    for sweep in 0..sweeps {
        let inputs = blocks(order, first + sweep);
        let now = Timestamp::from_millis(1_795_420_800_000 + (first + sweep) * 1000);
        let started = Instant::now();
        for input in &inputs {
            // Readings are never refused.
            let _ = engine.apply(now, input, &mut out);
        }
        ns += started.elapsed().as_nanos() as f64;
    }
    assert!(out.is_empty(), "nothing alarms in this bench");
    ns / (sweeps as f64 * order.len() as f64)
}

fn floor_ns(order: &[u32], sweeps: i64) -> f64 {
    let mut values = vec![0.0_f64; order.len()];
    let mut past = 0_u64;
    let mut ns = 0.0;
    for sweep in 0..sweeps {
        let inputs = blocks(order, sweep);
        let started = Instant::now();
        for input in &inputs {
            let Input::Readings(block) = input else { continue };
            for reading in &block.readings {
                let value = reading.value.or_nan();
                values[reading.tag.0 as usize] = value;
                past += u64::from(value >= 80.0) + u64::from(value >= 90.0);
            }
        }
        ns += started.elapsed().as_nanos() as f64;
    }
    black_box((past, values));
    ns / (sweeps as f64 * order.len() as f64)
}

fn resident_bytes() -> Result<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: f64 = statm.split_whitespace().nth(1).unwrap_or("0").parse()?;
    Ok(pages * 4096.0)
}

fn measure(tags: usize, sweeps: i64, budget_ns: u32) -> Result<()> {
    let plan = plan(tags)?;
    let order = order(tags);
    let before = resident_bytes()?;
    let mut engine = Engine::new(Arc::clone(&plan), Timestamp::from_millis(1_795_420_799_000));
    engine_ns(&mut engine, &order, 1, 0);
    let bytes = (resident_bytes()? - before) / tags as f64;
    let watches =
        plan.watches.len() * size_of::<davy_rules::Watch>() + (plan.tags_len() + plan.watches.len()) * 4;
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS as i64 {
        ours.push(engine_ns(&mut engine, &order, sweeps, 1 + round * sweeps));
        floor.push(floor_ns(&order, sweeps));
    }
    let (ours, floor) = (median(ours), median(floor));
    line(
        &format!("{tags} tags, limit + stale"),
        &format!("{ours:.1} ns, {:.1} M readings/s", 1e3 / ours),
        &format!("budget ≤ {budget_ns} ns; bare comparison {floor:.1} ns, ratio {:.1}", ours / floor),
    );
    line(
        &format!("{tags} tags, engine state and compiled watches"),
        &format!("{:.0} bytes/tag", bytes.max(0.0) + watches as f64 / tags as f64),
        "budget ≤ 200 bytes (resident, without the tags' names)",
    );
    Ok(())
}

fn main() -> Result<()> {
    println!("engine, one core, random order, {BLOCK} readings a block");
    measure(10_000, 200, 50)?;
    measure(1_000_000, 3, 125)?;
    kinds::measure()
}

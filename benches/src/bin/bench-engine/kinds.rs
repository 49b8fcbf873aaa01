//! What a reading costs with one rule of each kind on every tag, as a multiple of `limit` on the same tags in the same run.
//!
//! A reading a second and a window of a minute: 60 readings are kept where readings are. Values stay within every level, so
//! that what is measured is the judging, not the telling.

use std::{sync::Arc, time::Instant};

use anyhow::{Result, anyhow};
use davy_benches::table::{line, median};
use davy_engine::Engine;
use davy_model::{
    BundleFile, Input, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, TagIndex, Timestamp,
};
use davy_rules::Plan;

const TAGS: usize = 300;
const ROUNDS: usize = 5;
/// Readings of every tag before it is measured: more than fill the windows.
const WARM: i64 = 90;
const SWEEPS: i64 = 20;
const EPOCH_MS: i64 = 1_795_420_800_000;

const LEVELS: &str = "levels: [{name: H, tier: yellow, above: 1000}]";

fn kinds() -> Vec<(&'static str, String)> {
    let with = |text: &str| text.replace("LEVELS", LEVELS);
    vec![
        ("limit", "limit: [{name: H, tier: yellow, above: 1000}, {name: HH, tier: red, above: 2000}]".to_owned()),
        ("rate_of_change, Theil-Sen", with("rate_of_change: {over: 60s, LEVELS}")),
        ("rate_of_change, regression", with("rate_of_change: {over: 60s, slope: regression, LEVELS}")),
        ("window, mean", with("window: {of: mean, over: 60s, LEVELS}")),
        ("window, max", with("window: {of: max, over: 60s, LEVELS}")),
        ("flatline", "flatline: {over: 60s, spread: 0.001, tier: blue}".to_owned()),
        ("deviation, from itself", with("deviation: {from: {itself: 60s}, LEVELS}")),
        ("deviation, from two peers", with("deviation: {from: {peers: equipment, at_least: 2}, LEVELS}")),
        ("spike", with("spike: {over: 60s, sigma_min: 1, LEVELS}")),
        ("time_to_limit, Theil-Sen", with("time_to_limit: {to: 1000, over: 60s, levels: [{name: H, tier: yellow, below: 0.001 s}]}")),
        ("cusum", with("cusum: {target: 50, sigma: 20, over: 60s, LEVELS}")),
        ("ewma", with("ewma: {target: 50, sigma: 20, over: 60s, LEVELS}")),
        ("quality", "quality: {is: calibration, tier: blue}".to_owned()),
        ("vote, 2 of 3", with("vote: {need: 2, group_by: equipment, degraded: safe, LEVELS}")),
        ("interlock", "interlock: {when: {above: 1000}, proof: {quantity: state.feeder, same: area}, is: off, within: 5s, tier: red}".replace("same: area}, is: off", "same: area, is: off}")),
        ("balance, one for all tags, reads two of them", with("balance: {subject: line, out: T1, over: 60s, LEVELS}")),
        ("expression, two inputs", with("expression: {inputs: {other: T1}, value: 'this - other * 0.5', LEVELS}")),
    ]
}

fn plan(body: &str) -> Result<Arc<Plan>> {
    let mut csv = String::from("tag,quantity,unit,interval,silence_limit,area,equipment\n");
    csv.push_str("F,state.feeder,on/off,1s,1h,a,\n");
    for tag in 0..TAGS {
        csv.push_str(&format!("T{tag},number,1,1s,1h,a,e{}\n", tag / 3));
    }
    // Its inputs cannot be covered as well, and a balance is of the whole.
    let covers = if body.starts_with("balance") { "tag: T0" } else { "quantity: number" };
    let body =
        if body.starts_with("expression") { body.replace("other: T1", "other: F") } else { body.to_owned() };
    let body = body.replace("this - other * 0.5", "other ? this : 0.0");
    let rules = format!(
        "rules:\n  - id: r\n    applies_to: {{{covers}}}\n    {body}\n    response: {{action: Look, time_to_respond: 3m}}\n"
    );
    let site = "site: bench\nedge_nodes: [{id: n}]\nareas: [{id: a}]\n".to_owned();
    let files = [("site.yaml", site), ("tags.csv", csv), ("rules/r.yaml", rules)];
    let files = files.map(|(path, text)| BundleFile { path: path.to_owned(), text }).into();
    let show = |found: Vec<davy_rules::Diagnostic>| {
        anyhow!("{}", found.first().map_or_else(String::new, ToString::to_string))
    };
    let bundle = davy_rules::bundle(files).map_err(show)?;
    Ok(Arc::new(davy_rules::compile(&bundle).map_err(show)?))
}

fn sweep(second: i64) -> (Timestamp, Input) {
    let at = Timestamp::from_millis(EPOCH_MS + second * 1000);
    let reading = |tag: u32| {
        let noise = (i64::from(tag) * 7919 + second * 104_729) % 97;
        Reading { tag: TagIndex(tag), quality: Quality::Good, source_time: at, value: (noise as f64).into() }
    };
    // The feeder stands first by name, and stays off.
    let feeder = Reading { tag: TagIndex(0), quality: Quality::Good, source_time: at, value: 0.0.into() };
    let readings: Vec<Reading> = std::iter::once(feeder).chain((1..=TAGS as u32).map(reading)).collect();
    let head = MessageHead {
        node: NodeIndex(0),
        arrival: at,
        seq: None,
        redelivered: false,
        freshness: davy_model::Freshness::Live,
        len: readings.len() as u32,
    };
    (at, Input::Readings(ReadingBlock { messages: vec![head], readings }))
}

/// ns a reading.
fn cost(engine: &mut Engine, from: i64, sweeps: i64) -> f64 {
    let inputs: Vec<(Timestamp, Input)> = (from..from + sweeps).map(sweep).collect();
    let mut out = Vec::new();
    let started = Instant::now();
    for (now, input) in &inputs {
        // Readings are never refused.
        let _ = engine.apply(*now, input, &mut out);
    }
    let ns = started.elapsed().as_nanos() as f64 / (sweeps as f64 * (TAGS + 1) as f64);
    assert!(out.is_empty(), "nothing alarms in this bench: {}", out[0].message.en);
    ns
}

/// Prints every kind's cost.
pub(super) fn measure() -> Result<()> {
    println!("rule kinds, one rule on each of {TAGS} tags, a reading a second");
    let start = Timestamp::from_millis(EPOCH_MS - 1000);
    let mut limit_ns = f64::NAN;
    for (name, body) in kinds() {
        let mut engine = Engine::new(plan(&body)?, start);
        cost(&mut engine, 0, WARM);
        let rounds = (0..ROUNDS as i64).map(|round| cost(&mut engine, WARM + round * SWEEPS, SWEEPS));
        let ns = median(rounds.collect());
        if name == "limit" {
            limit_ns = ns;
        }
        line(name, &format!("{ns:.1} ns"), &format!("{:.1} × limit", ns / limit_ns));
    }
    Ok(())
}

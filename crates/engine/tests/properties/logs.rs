//! Logs as a plant could write them, and runs of them.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use davy_engine::Engine;
use davy_model::{
    Actor, AlarmKey, Command, CommandKind, Fault, Input, MessageHead, NodeChange, NodeIndex, Quality,
    QualityReason, Reading, ReadingBlock, TagIndex, Text, Tier, Timestamp, Transition, Value, Verdict,
};
use davy_rules::Plan;
use proptest::{collection::vec, prelude::*, sample::select, test_runner::FileFailurePersistence};

use crate::support::{TAGS, at, plan, plan_at, plan_of, rule, seconds};

/// So many cases, or more where `PROPTEST_CASES` says so; the seed of one that fails is kept in `regressions/`, and tried first from then on.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let seeds = FileFailurePersistence::WithSource("regressions");
    let asked = ProptestConfig::default();
    ProptestConfig { cases: cases.max(asked.cases), failure_persistence: Some(Box::new(seeds)), ..asked }
}

/// One entry of a log.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Input(Input),
    /// The other files become active.
    Activate(usize),
}

/// A log: entries and when they were recorded.
#[derive(Clone)]
pub(crate) struct Log(pub(crate) Vec<(Timestamp, Entry)>);

/// A line an entry, as short as it can be read.
impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (now, entry) in &self.0 {
            write!(f, "\n{} ", seconds(*now))?;
            match entry {
                Entry::Activate(plan) => write!(f, "activate {plan}")?,
                Entry::Input(Input::Readings(block)) => {
                    let mut readings = block.readings.iter();
                    for head in &block.messages {
                        write!(f, "| gw{} at {}:", head.node.0 + 1, seconds(head.arrival))?;
                        for reading in readings.by_ref().take(head.len as usize) {
                            let Reading { tag, value, quality, source_time } = reading;
                            write!(f, " {}={value}({quality})@{}", tag.0, seconds(*source_time))?;
                        }
                    }
                }
                Entry::Input(Input::Node { node, change }) => write!(f, "gw{} {change:?}", node.0 + 1)?,
                Entry::Input(Input::Command(asked)) => write!(f, "{:?} {}", asked.kind, asked.alarm)?,
                Entry::Input(other) => write!(f, "{other:?}")?,
            }
        }
        Ok(())
    }
}

/// A step before its place in time is known.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Messages(Vec<Vec<Seed>>),
    Other(Input),
    /// Several, one after the other.
    Others(Vec<Input>),
    Activate(usize),
}

/// A reading before its arrival is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed {
    tag: u32,
    value: Value,
    quality: Quality,
    lag_ms: i64,
}

const LEVELS: &str = "{name: L, tier: yellow, at_or_below: 20, clear_above: 25, on_delay: 4s, off_delay: 3s},
    {name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 5s, off_delay: 20s, re_alarm: 40s},
    {name: HH, tier: red, at_or_above: 90, clear_below: 85}";

/// The files the logs run under: the first at the start, the others when a log says so.
pub(crate) fn plans() -> Vec<Arc<Plan>> {
    static PLANS: OnceLock<Vec<Arc<Plan>>> = OnceLock::new();
    PLANS.get_or_init(compiled).clone()
}

fn compiled() -> Vec<Arc<Plan>> {
    let all = |levels: &str, mode: &str| {
        rule("lim", "T, U, X, Y", &format!("limit: [{levels}]{mode}"))
            + &rule("quick", "T, X", "limit: [{name: H, tier: orange, above: 80, deadband: 10, latch: true}]")
            + &rule(
                "stale",
                "\"*\"",
                "stale: {after: 20s, tier: yellow, latch: true, re_alarm: 45s, near_limit: {tier: red}}",
            )
            + &calculated()
    };
    let mode = "\n    suppressed_while: {tag: M, at_or_above: 80}";
    let without = TAGS.replace("Y,by exception,temperature,degC", "Z,new,temperature,degC");
    let kelvin = without.replace("U,another,temperature,degC", "U,another,temperature,K");
    let few = rule("lim", "T, U, X", &format!("limit: [{}]", LEVELS.replace("name: H,", "name: HI,")));
    // Where what one tag does quiets what another does.
    let told = "desks: [{id: one, escalates: [{after: 20s, to: two, tier_from: yellow}, {after: 50s, to: one}], above: two}, {id: two, level: park, areas: [west]}]
duties: {yellow: {acknowledge_within: 10s, feedback_within: 30s, then_every: 20s}, red: {notify_up_to: park, feedback_within: 20s}}
annunciation: {flood: {starts: 2, ends: 2, within: 15s, quiet_below: orange}, chatter: {raises: 2, within: 10s, quiet_below: red}}
";
    vec![
        plan_at(told, TAGS, &all(LEVELS, mode)),
        plan(&all(&LEVELS.replace("5s", "9s"), "")),
        plan_of(&kelvin, &few),
    ]
}

/// One rule of every kind that calculates, short enough in its windows that logs of a few minutes reach them.
fn calculated() -> String {
    let over = "levels: [{name: H, tier: yellow, above: 75, clear_below: 60, on_delay: 3s}]";
    let beyond = "levels: [{name: H, tier: yellow, above: 3, clear_below: 1}]";
    [
        ("k-balance", "T", format!("balance: {{subject: line, out: U, over: 30s, coverage: 0.5, {over}}}")),
        ("k-corroborate", "T", "corroborate: {of: [lim, quick], group_by: site, at_least: 2, within: 30s, tier: red}".to_owned()),
        ("k-count", "T", "count: {of: [lim, k-vote], steps: [{at_least: 2, at: blue, gives: orange}]}".to_owned()),
        ("k-cusum", "T, X", format!("cusum: {{target: 50, sigma: 10, over: 60s, {beyond}}}")),
        ("k-deviation", "T", format!("deviation: {{from: {{tag: U}}, {over}}}")),
        ("k-hours", "T, X", format!("deviation: {{from: {{hours: [{{from: '08:01', until: '08:03', limit: 20}}], utc_offset: Z, otherwise: -10}}, signed: true, {over}}}")),
        ("k-mode", "T, X", format!("deviation: {{from: {{mode: U, values: [{{is: 80, limit: 5}}, {{is: 95, limit: 40}}], otherwise: 10}}, signed: true, {over}}}")),
        ("k-moving", "T, X", format!("deviation: {{from: {{tag: U, otherwise: 15, not_below: 5, not_above: 30}}, signed: true, {over}}}")),
        ("k-ewma", "T, X", format!("ewma: {{itself: 40s, sigma_min: 5, over: 20s, {beyond}}}")),
        ("k-expression", "T", "expression: {inputs: {u: U, x: X}, when: 'this > u && (x > 50.0 || is_evidence(u))', tier: blue, on_delay: 2s}".to_owned()),
        ("k-flatline", "T, X", "flatline: {over: 15s, spread: 1, tier: blue, off_delay: 2s}".to_owned()),
        ("k-interlock", "T", "interlock: {when: {above: 90, until_below: 70}, proof: {tag: U, is: off}, within: 4s, tier: red}".to_owned()),
        ("k-peers", "T, U, X, Y", format!("deviation: {{from: {{peers: site, at_least: 2}}, {over}}}")),
        ("k-quality", "T, X", "quality: {is: [sensor_failure, over_range], tier: blue, on_delay: 2s}".to_owned()),
        ("k-rate", "T, X", "rate_of_change: {over: 30s, at_least: 3, levels: [{name: H, tier: yellow, above: 60, off_delay: 3s}]}".to_owned()),
        ("k-spike", "T", format!("spike: {{over: 60s, at_least: 3, sigma_min: 5, {beyond}}}")),
        ("k-time", "T, X", "time_to_limit: {to: 90, over: 30s, at_least: 3, levels: [{name: H, tier: yellow, below: 1 min}]}".to_owned()),
        ("k-vote", "T, U, X", format!("vote: {{need: 2, degraded: safe, faulty: {{at_least: 2, tier: blue}}, {over}}}")),
        ("k-window", "T, X", format!("window: {{of: mean, over: 20s, coverage: 0.5, {over}}}")),
    ]
    .iter()
    .map(|(id, tags, body)| rule(id, tags, body))
    .collect()
}

fn quality() -> impl Strategy<Value = Quality> {
    prop_oneof![
        8 => Just(Quality::Good),
        1 => Just(Quality::Uncertain(QualityReason::OverRange)),
        1 => Just(Quality::Uncertain(QualityReason::Manual)),
        2 => Just(Quality::Bad(QualityReason::SensorFailure)),
    ]
}

fn seed(lags: bool) -> impl Strategy<Value = Seed> {
    let number = select(vec![10.0, 20.0, 22.0, 50.0, 76.0, 80.0, 84.0, 95.0, 95.5]);
    let value = prop_oneof![12 => number.prop_map(Value::of), 1 => Just(Value::NONE)];
    let lag_ms = if lags {
        prop_oneof![12 => 0..2000i64, 2 => -5000..0i64, 1 => 60_000..400_000i64, 1 => -4_000_000..-5000i64]
            .boxed()
    } else {
        (0..200i64).boxed()
    };
    (prop_oneof![2 => Just(1), 3 => 0..5u32], value, quality(), lag_ms)
        .prop_map(|(tag, value, quality, lag_ms)| Seed { tag, value, quality, lag_ms })
}

fn kind() -> impl Strategy<Value = CommandKind> {
    prop_oneof![
        4 => Just(CommandKind::Acknowledge),
        1 => (1..60u64, any::<bool>()).prop_map(|(seconds, one_shot)| CommandKind::Shelve {
            duration: Duration::from_secs(seconds),
            one_shot
        }),
        1 => Just(CommandKind::Unshelve),
        4 => Just(CommandKind::Reset),
        1 => Just(CommandKind::SetOutOfService),
        2 => Just(CommandKind::ReturnToService),
        1 => Just(CommandKind::Suppress),
        2 => Just(CommandKind::Unsuppress),
        1 => verdict().prop_map(CommandKind::Verify),
        1 => select(vec![CommandKind::Act, CommandKind::GiveFeedback, CommandKind::Close]),
        1 => Just(CommandKind::Comment),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    select(Verdict::ALL.to_vec())
}

fn name() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(vec![("lim", "T"), ("quick", "T"), ("quick", "T"), ("lim", "X"), ("stale", "X")])
}

fn on((rule, subject): (&str, &str), kind: CommandKind) -> Input {
    Input::Command(Command {
        alarm: AlarmKey { site: "park".into(), rule: rule.into(), subject: subject.into() },
        occurrence: None,
        actor: Actor { name: "Wu".into(), approved_by: Some("Li".into()), comment: "because".into() },
        kind,
        request_id: "".into(),
    })
}

fn command() -> impl Strategy<Value = Input> {
    (name(), kind()).prop_map(|(name, kind)| on(name, kind))
}

/// The response to one alarm from some step to some other.
fn response() -> impl Strategy<Value = Vec<Input>> {
    (name(), verdict(), 0..3usize, 0..6usize).prop_map(|(name, verdict, from, steps)| {
        let all = [
            CommandKind::Acknowledge,
            CommandKind::Verify(verdict),
            CommandKind::Act,
            CommandKind::GiveFeedback,
            CommandKind::Close,
        ];
        all.into_iter().skip(from).take(steps).map(|kind| on(name, kind)).collect()
    })
}

fn other() -> impl Strategy<Value = Input> {
    let change = select(vec![NodeChange::Online, NodeChange::Offline, NodeChange::Lost]);
    prop_oneof![
        6 => command(),
        3 => (0..2u32, change).prop_map(|(node, change)| Input::Node { node: NodeIndex(node), change }),
        1 => Just(Input::Tick),
        1 => Just(Input::Heartbeat(7)),
        1 => Just(Input::Restarted),
        1 => any::<bool>().prop_map(|active| Input::Fault(Fault {
            part: "journal".into(),
            active,
            tier: Tier::Red,
            text: Text::en("it fails"),
        })),
    ]
}

fn step(lags: bool, activate: bool) -> impl Strategy<Value = Step> {
    let messages = vec(vec(seed(lags), 1..4), 1..4).prop_map(Step::Messages);
    let activation = if activate {
        (0..3usize).prop_map(Step::Activate).boxed()
    } else {
        Just(Step::Other(Input::Tick)).boxed()
    };
    let others = prop_oneof![8 => other().prop_map(Step::Other), 2 => response().prop_map(Step::Others)];
    prop_oneof![12 => messages, 9 => others, 1 => activation]
}

/// Logs of up to 60 entries, some seconds apart.
pub(crate) fn log(lags: bool, activate: bool) -> impl Strategy<Value = Log> {
    let gap_ms = prop_oneof![6 => 0..3000u64, 2 => 3000..12_000u64, 1 => 12_000..90_000u64];
    vec((gap_ms, step(lags, activate)), 1..60).prop_map(|steps| {
        let mut now_ms = 0;
        let place = |(gap_ms, step): (u64, Step)| {
            now_ms += gap_ms;
            let now = at(now_ms as f64 / 1e3);
            let entries = match step {
                Step::Messages(messages) => vec![Entry::Input(Input::Readings(block(&messages, now)))],
                Step::Other(input) => vec![Entry::Input(input)],
                Step::Others(inputs) => inputs.into_iter().map(Entry::Input).collect(),
                Step::Activate(plan) => vec![Entry::Activate(plan)],
            };
            entries.into_iter().map(move |entry| (now, entry))
        };
        Log(steps.into_iter().flat_map(place).collect())
    })
}

/// Messages that arrived within the last second before `now`, in order.
fn block(messages: &[Vec<Seed>], now: Timestamp) -> ReadingBlock {
    let mut block = ReadingBlock::default();
    for (place, seeds) in messages.iter().enumerate() {
        let arrival = now.offset_micros(place as i64 * 1000 - 3000);
        let node = NodeIndex(u32::from(seeds[0].tag == 2));
        let len = seeds.len() as u32;
        block.messages.push(MessageHead {
            node,
            arrival,
            seq: None,
            redelivered: false,
            freshness: davy_model::Freshness::Live,
            len,
        });
        block.readings.extend(seeds.iter().map(|seed| Reading {
            tag: TagIndex(seed.tag),
            quality: seed.quality,
            source_time: arrival.offset_micros(-seed.lag_ms * 1000),
            value: seed.value,
        }));
    }
    block
}

/// Runs a log, and gives all transitions.
/// As [`run`], where nothing is quieted and nobody is asked as well.
pub(crate) fn run_alone(log: &Log) -> Vec<Transition> {
    let mut plans = plans();
    let mut site = (*plans[0]).clone();
    (site.site.desks, site.site.duties, site.site.annunciation) = Default::default();
    plans[0] = Arc::new(site);
    let mut engine = Engine::new(Arc::clone(&plans[0]), at(0.0));
    run_on(&mut engine, &plans, log)
}

pub(crate) fn run(log: &Log) -> Vec<Transition> {
    let plans = plans();
    let mut engine = Engine::new(Arc::clone(&plans[0]), at(0.0));
    run_on(&mut engine, &plans, log)
}

pub(crate) fn run_on(engine: &mut Engine, plans: &[Arc<Plan>], log: &Log) -> Vec<Transition> {
    let mut out = Vec::new();
    for (now, entry) in &log.0 {
        apply(engine, plans, *now, entry, &mut out);
    }
    out
}

pub(crate) fn apply(
    engine: &mut Engine,
    plans: &[Arc<Plan>],
    now: Timestamp,
    entry: &Entry,
    out: &mut Vec<Transition>,
) {
    match entry {
        Entry::Input(input) => drop(engine.apply(now, input, out)),
        Entry::Activate(plan) => engine.activate(now, Arc::clone(&plans[*plan]), out),
    }
}

/// How many readings a log holds.
pub(crate) fn readings_of(log: &Log) -> u64 {
    let blocks = log.0.iter().filter_map(|(_, entry)| match entry {
        Entry::Input(Input::Readings(block)) => Some(block.readings.len() as u64),
        Entry::Input(_) | Entry::Activate(_) => None,
    });
    blocks.sum()
}

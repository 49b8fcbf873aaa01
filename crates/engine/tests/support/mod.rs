//! A small site, and a small language in which operators' stories are told to the engine.
//!
//! A story has a line a step: `time what -> transitions`. Times are seconds. What happens is one of
//! - a message: `85`, `85@3` (stamped 3), `85!` (bad), `-!` (bad, without a value), `85^` (beyond the sensor's range), `U=12 T=85` (of other tags);
//! - `lost gw1`, `offline gw1`, `online gw1`, `tick`, `restart`, `snapshot` (save and load), `activate NAME`,
//!   `fault history yellow` (a part of Davy fails, so gravely), `fault history over`;
//! - a command on `lim:T`, or on the alarm named behind it: `ack`, `ack#2` (of occurrence 2), `shelve 60 Wu+Li`,
//!   `shelve-once 60 Wu`, `unshelve`, `reset`, `out Wu`, `in`, `suppress Wu`, `unsuppress`,
//!   `verify real`, `act`, `feedback`, `close`, `comment`.
//!
//! A transition is `kind tier`, with the alarm before it where it is not `lim:T`; `!` behind it sounds, `late` is late,
//! `@3` became true at 3 rather than at the step's time. A refused command is `refused WHY`.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc, time::Duration};

use davy_engine::Engine;
use davy_model::{
    Actor, AlarmFacts, AlarmKey, AlarmState, BundleFile, Command, CommandKind, Fault, Freshness, Input,
    MessageHead, NodeChange, Quality, QualityReason, Reading, ReadingBlock, Text, Tier, Timestamp,
    Transition, Value,
};
use davy_rules::{Plan, bundle, compile};

/// Second 0 of every story: 2026-11-23T08:00:00Z.
const EPOCH_S: i64 = 1_795_420_800;

const SITE: &str = "
site: park
edge_nodes:
  - {id: gw1, loss_grace: 3s, silence_limit: 30s}
  - {id: gw2, loss_grace: 3s, silence_limit: 30s}
areas:
  - {id: west}
  - {id: east}
devices:
  - {id: D1, edge_node: gw1}
  - {id: D2, edge_node: gw2}
  - {id: D3, edge_node: gw1}
shelving: {max: 1h, two_person_from: red}
";

/// `T` and `U` report every ten seconds and are held for thirty; `X` and `Y` report by exception; `M` switches modes.
pub(crate) const TAGS: &str = "tag,title,quantity,unit,interval,silence_limit,reporting,edge_node,device
M,mode,number,1,10s,30s,periodic,gw1,
T,a tag,temperature,degC,10s,30s,periodic,gw1,D1
U,another,temperature,degC,10s,30s,periodic,gw2,
X,by exception,temperature,degC,,,by_exception,gw1,D1
Y,by exception,temperature,degC,,,by_exception,gw1,D1
";

/// Those, where it matters whose a tag is and where it stands: three of one area on three devices, one of another, a
/// feeder, flows and a store.
pub(crate) const PLACED: &str =
    "tag,title,quantity,unit,interval,silence_limit,reporting,edge_node,device,area,equipment
F,feeder,state.feeder,on/off,10s,30s,periodic,gw1,D3,west,
G1,gas,gas.ch4,%vol,10s,30s,periodic,gw1,D1,west,P
G2,gas,gas.ch4,%vol,10s,30s,periodic,gw2,D2,west,P
G3,gas,gas.ch4,%vol,10s,30s,periodic,gw1,D3,west,P
G4,gas,gas.ch4,%vol,10s,30s,periodic,gw1,D3,east,
IN,inflow,flow,m3/h,10s,30s,periodic,gw1,,east,L
OUT,outflow,flow,m3/h,10s,30s,periodic,gw2,,east,L
S,store,level,m,10s,30s,periodic,gw1,,east,L
T,a tag,temperature,degC,10s,30s,periodic,gw1,D1,west,
X,by exception,temperature,degC,,,by_exception,gw1,D1,west,
";

/// A moment of a story.
pub(crate) fn at(seconds: f64) -> Timestamp {
    Timestamp::from_micros(EPOCH_S * 1_000_000 + (seconds * 1e6).round() as i64)
}

/// Seconds since a story began.
pub(crate) fn seconds(moment: Timestamp) -> f64 {
    (moment.as_micros() - EPOCH_S * 1_000_000) as f64 / 1e6
}

/// Rule `id` on some tags, its body as in a file: `limit: [...]`.
pub(crate) fn rule(id: &str, tags: &str, body: &str) -> String {
    let response = "response: {action: look, time_to_respond: 3m}";
    format!("  - id: {id}\n    applies_to: {{tag: [{tags}]}}\n    {body}\n    {response}\n")
}

/// Rule `id` on some tags that is only a condition.
pub(crate) fn condition(id: &str, tags: &str, body: &str) -> String {
    format!("  - id: {id}\n    applies_to: {{tag: [{tags}]}}\n    alarm: false\n    {body}\n")
}

/// Rule `lim` on `T` with these levels.
pub(crate) fn limit(levels: &str) -> String {
    rule("lim", "T", &format!("limit: [{levels}]"))
}

pub(crate) fn plan_of(tags: &str, rules: &str) -> Arc<Plan> {
    plan_at("", tags, rules)
}

/// As [`plan_of`], with more in `site.yaml`.
pub(crate) fn plan_at(more: &str, tags: &str, rules: &str) -> Arc<Plan> {
    let site = format!("{SITE}{more}");
    let rules = if rules.is_empty() { "rules: []\n".to_owned() } else { format!("rules:\n{rules}") };
    let file = |path: &str, text: &str| BundleFile { path: path.to_owned(), text: text.to_owned() };
    let files = vec![file("site.yaml", &site), file("tags.csv", tags), file("rules/r.yaml", &rules)];
    let plan = bundle(files).and_then(|bundle| compile(&bundle));
    Arc::new(plan.unwrap_or_else(|findings| panic!("{}\n{rules}", findings[0])))
}

pub(crate) fn plan(rules: &str) -> Arc<Plan> {
    plan_of(TAGS, rules)
}

/// An engine and what became of its alarms.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) plans: BTreeMap<&'static str, Arc<Plan>>,
    pub(crate) facts: BTreeMap<AlarmKey, AlarmFacts>,
    pub(crate) told: Vec<Transition>,
}

impl World {
    pub(crate) fn new(plan: Arc<Plan>) -> World {
        let engine = Engine::new(plan, at(0.0));
        World { engine, plans: BTreeMap::new(), facts: BTreeMap::new(), told: Vec::new() }
    }

    /// Takes one step, `time what`, and tells its transitions.
    pub(crate) fn step(&mut self, step: &str) -> String {
        let (time, what) = step.trim().split_once(char::is_whitespace).expect("a time, then what happens");
        let time: f64 = time.parse().expect("seconds");
        let mut out = Vec::new();
        let refused = self.act(time, what.trim(), &mut out);
        let mut told: Vec<String> = out.iter().map(|transition| shown(transition, time)).collect();
        told.extend(refused);
        for transition in out {
            self.facts.insert(transition.alarm.clone(), transition.facts.clone());
            self.told.push(transition);
        }
        told.join("; ")
    }

    fn act(&mut self, time: f64, what: &str, out: &mut Vec<Transition>) -> Option<String> {
        let now = at(time);
        let words: Vec<&str> = what.split_whitespace().collect();
        let input = match words[0] {
            "tick" => Input::Tick,
            "restart" => Input::Restarted,
            "lost" | "offline" | "online" => self.node(words[0], words[1]),
            "snapshot" => {
                let plan = Arc::clone(self.engine.plan());
                self.engine = Engine::restore(plan, &self.engine.snapshot()).expect("its own snapshot");
                return None;
            }
            "activate" => {
                self.engine.activate(now, Arc::clone(&self.plans[words[1]]), out);
                return None;
            }
            "fault" => Input::Fault(fault(words[1], words[2])),
            "history" => Input::Readings(self.message(&words[1..], time, Freshness::Historical)),
            "replayed" => Input::Readings(self.message(&words[1..], time, Freshness::Replayed)),
            word if word.starts_with(|c: char| c.is_ascii_lowercase()) => command(&words),
            _ => Input::Readings(self.message(&words, time, Freshness::Live)),
        };
        self.engine.apply(now, &input, out).err().map(|refusal| format!("refused {}", refusal.word()))
    }

    fn node(&self, change: &str, node: &str) -> Input {
        let change = match change {
            "lost" => NodeChange::Lost,
            "offline" => NodeChange::Offline,
            _ => NodeChange::Online,
        };
        Input::Node { node: self.engine.plan().site.node_index(node).expect("a known edge node"), change }
    }

    fn message(&self, words: &[&str], time: f64, freshness: Freshness) -> ReadingBlock {
        let readings: Vec<Reading> = words.iter().map(|word| self.reading(word, time)).collect();
        let site = &self.engine.plan().site;
        let node = site.tag(readings[0].tag).edge_node.as_deref().expect("every tag has an edge node");
        let head = MessageHead {
            node: site.node_index(node).expect("a known edge node"),
            arrival: at(time),
            seq: None,
            redelivered: false,
            freshness,
            len: readings.len() as u32,
        };
        ReadingBlock { messages: vec![head], readings }
    }

    fn reading(&self, word: &str, time: f64) -> Reading {
        let (tag, rest) = word.split_once('=').unwrap_or(("T", word));
        let (value, source) = rest.split_once('@').map_or((rest, time), |(value, source)| {
            (value, source.parse().expect("a source time in seconds"))
        });
        let digits = value.trim_end_matches(['!', '^', '?']);
        let quality = match &value[digits.len()..] {
            "" => Quality::Good,
            "!" => Quality::Bad(QualityReason::SensorFailure),
            "^" => Quality::Uncertain(QualityReason::OverRange),
            _ => Quality::Uncertain(QualityReason::Unspecified),
        };
        let tag = self.engine.plan().site.tag_index(tag).expect("a known tag");
        let value = match digits {
            "-" => Value::NONE,
            digits => digits.parse::<f64>().expect("a value").into(),
        };
        Reading { tag, quality, source_time: at(source), value }
    }

    /// The state of an alarm, as one character: see [`check`].
    pub(crate) fn state(&self, alarm: &str) -> char {
        let key = AlarmKey::parse(&format!("park:{alarm}")).expect("rule:subject");
        self.facts.get(&key).map_or('.', |facts| match facts.state() {
            AlarmState::Normal => '.',
            AlarmState::ActiveUnacknowledged => '#',
            AlarmState::ActiveAcknowledged => 'a',
            AlarmState::ReturnedUnacknowledged => 'r',
            AlarmState::LatchedUnacknowledged => 'L',
            AlarmState::LatchedAcknowledged => 'l',
            AlarmState::Shelved => 's',
            AlarmState::Suppressed => 'd',
            AlarmState::OutOfService => 'o',
        })
    }
}

fn fault(part: &str, tier: &str) -> Fault {
    let (active, tier) = Tier::from_word(tier).map_or((false, Tier::Blue), |tier| (true, tier));
    Fault { part: part.into(), active, tier, text: Text::en(format!("it fails, {tier}")) }
}

fn command(words: &[&str]) -> Input {
    let mut words = words.to_vec();
    let alarm = words.iter().position(|word| word.contains(':')).map_or("lim:T", |at| words.remove(at));
    let (verb, occurrence) = match words[0].split_once('#') {
        Some((verb, occurrence)) => (verb, Some(occurrence.parse().expect("an occurrence"))),
        None => (words[0], None),
    };
    let minutes = words.get(1).and_then(|word| word.parse().ok()).map_or(Duration::ZERO, Duration::from_secs);
    let kind = match verb {
        "ack" => CommandKind::Acknowledge,
        "shelve" => CommandKind::Shelve { duration: minutes, one_shot: false },
        "shelve-once" => CommandKind::Shelve { duration: minutes, one_shot: true },
        "unshelve" => CommandKind::Unshelve,
        "reset" => CommandKind::Reset,
        "out" => CommandKind::SetOutOfService,
        "in" => CommandKind::ReturnToService,
        "suppress" => CommandKind::Suppress,
        "unsuppress" => CommandKind::Unsuppress,
        "verify" => {
            let verdict = words.iter().find_map(|word| davy_model::Verdict::from_word(word));
            CommandKind::Verify(verdict.expect("a verdict"))
        }
        "act" => CommandKind::Act,
        "feedback" => CommandKind::GiveFeedback,
        "close" => CommandKind::Close,
        "comment" => CommandKind::Comment,
        other => panic!("no step {other}"),
    };
    let people = words[1..].iter().find(|word| word.starts_with(char::is_uppercase)).unwrap_or(&"Wu");
    let (name, second) = people.split_once('+').map_or((*people, None), |(name, other)| (name, Some(other)));
    let comment = if words.contains(&"silently") { "" } else { "because" };
    let approved_by = second.map(Into::into);
    Input::Command(Command {
        alarm: AlarmKey::parse(&format!("park:{alarm}")).expect("rule:subject"),
        occurrence,
        actor: Actor { name: name.into(), approved_by, comment: comment.into() },
        kind,
        request_id: "".into(),
    })
}

fn shown(transition: &Transition, time: f64) -> String {
    let key = &transition.alarm;
    let mut text = String::new();
    if (&*key.rule, &*key.subject) != ("lim", "T") {
        let _ = write!(text, "{}:{} ", key.rule, key.subject);
    }
    let _ = write!(text, "{} {}", transition.kind, transition.facts.tier);
    text.push_str(if transition.sounds { "!" } else { "" });
    text.push_str(if transition.late { " late" } else { "" });
    if transition.source_time != at(time) {
        let _ = write!(text, " @{}", seconds(transition.source_time));
    }
    text
}

/// Tells a whole story, each line with what must come of it.
#[track_caller]
pub(crate) fn story(rules: &str, text: &str) -> World {
    tell(World::new(plan(rules)), text)
}

/// As [`story`], over the tags that are placed.
#[track_caller]
pub(crate) fn placed(rules: &str, text: &str) -> World {
    tell(World::new(plan_of(PLACED, rules)), text)
}

/// As [`story`], in a world made before.
#[track_caller]
pub(crate) fn tell(mut world: World, text: &str) -> World {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (step, want) = line.split_once("->").unwrap_or((line, ""));
        let got = world.step(step);
        assert_eq!(got, want.trim(), "\nat `{}` of\n{text}", step.trim());
    }
    world
}

/// Tells a story and looks at `lim:T` after every step: `.` normal, `#` active, `a` acknowledged, `r` returned,
/// `L` latched, `l` latched and acknowledged, `s` shelved, `d` suppressed, `o` out of service.
#[track_caller]
pub(crate) fn check(rules: &str, steps: &str, want: &str) {
    let mut world = World::new(plan(rules));
    let states: String = steps
        .lines()
        .map(|step| {
            world.step(step);
            world.state("lim:T")
        })
        .collect();
    assert_eq!(states, want, "\n{steps}");
}

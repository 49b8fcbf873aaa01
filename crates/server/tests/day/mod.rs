//! Sites that are served on virtual time, with faults, late data, restarts, commands and two changes of rules a day.
#![allow(dead_code, reason = "each test file takes what it needs")]

use std::{path::Path, sync::Arc, time::Duration};

use davy_intake::{Ack, Parcel};
use davy_journal::Options;
use davy_model::{
    Actor, AlarmKey, BundleFile, Command, CommandKind, Fault, Freshness, Input, MessageHead, NodeChange,
    NodeIndex, Quality, QualityReason, Reading, ReadingBlock, TagIndex, Text, Tier, Timestamp, Value,
};
use davy_server::{
    Loaded, Retention, SiteSource,
    line::{Line, Opened, Progress},
};

/// How often each tag measures.
pub(crate) const STEP_S: i64 = 20;
pub(crate) const TAGS: u32 = 4;
const INBOX_BYTES: usize = 1 << 20;
/// A change of rules takes effect, and Davy is down, at these times.
const RULES_AT_S: [i64; 2] = [7 * 3600, 16 * 3600];
const DOWN_AT_S: [i64; 3] = [4 * 3600 + 120, 11 * 3600, 20 * 3600 + 40];
const DOWN_S: i64 = 240;

pub(crate) fn begin() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

pub(crate) fn at(second: i64) -> Timestamp {
    begin().plus(Duration::from_secs(second.unsigned_abs()))
}

/// A folder in memory where there is one: what a flush costs is not asked here.
pub(crate) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// The files of a site: each version of its rules has another limit.
fn files(site: u64, version: usize) -> Vec<BundleFile> {
    let set_point = [70, 62, 78][version];
    let rules = format!(
        "rules:\n  - id: high\n    applies_to: {{quantity: number}}\n    limit:\n\
         \x20     - {{name: H, tier: orange, above: {set_point}, deadband: 4, on_delay: 20s, off_delay: 30s, re_alarm: 30m}}\n\
         \x20     - {{name: HH, tier: red, above: 90, deadband: 4, latch: true}}\n\
         \x20   response: {{action: Look at it, time_to_respond: 5m}}\n\
         \x20 - id: mean\n    applies_to: {{quantity: number}}\n\
         \x20   window: {{of: mean, over: 15m, levels: [{{name: H, tier: yellow, above: 55, deadband: 2}}]}}\n\
         \x20   response: {{action: Look at it, time_to_respond: 5m}}\n\
         \x20 - id: silent\n    applies_to: {{quantity: number}}\n    stale: {{tier: blue}}\n\
         \x20   response: {{action: Look at it, time_to_respond: 5m}}\n"
    );
    let mut tags = "tag,quantity,unit,interval,silence_limit,edge_node\n".to_owned();
    for tag in 0..TAGS {
        tags += &format!("t{tag},number,1,{STEP_S}s,60s,n{}\n", tag % 2);
    }
    let site = format!("site: s{site}\nedge_nodes: [{{id: n0}}, {{id: n1}}]\n");
    [("site.yaml", site), ("tags.csv", tags), ("rules/all.yaml", rules)]
        .map(|(path, text)| BundleFile { path: path.to_owned(), text })
        .to_vec()
}

pub(crate) fn loaded(site: u64, version: usize) -> Loaded {
    SiteSource::Files(files(site, version)).load().unwrap()
}

/// A number from 0 to 1 that looks like chance and is always the same: `SplitMix64`.
fn chance(of: [i64; 3]) -> f64 {
    let mut state = of.iter().fold(0x9e37_79b9_7f4a_7c15_u64, |state, part| {
        (state ^ part.unsigned_abs()).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(31)
    });
    state = (state ^ (state >> 30)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state ^ (state >> 31)) as f64 / u64::MAX as f64
}

/// What a tag reads: a slow swing, noise, and now and then an upset.
fn value(site: u64, tag: u32, second: i64) -> f64 {
    let hour = second as f64 / 3600.0;
    let upset = chance([site.cast_signed(), i64::from(tag), second / 1800]) > 0.85;
    let swing = 45.0 + 12.0 * (hour * 0.9 + f64::from(tag)).sin();
    swing + 8.0 * chance([site.cast_signed() + 7, i64::from(tag), second]) + if upset { 35.0 } else { 0.0 }
}

/// One site, served on virtual time.
pub(crate) struct Served<'a> {
    pub(crate) site: u64,
    pub(crate) journal: &'a Path,
    pub(crate) line: Option<Line>,
    pub(crate) version: usize,
    pub(crate) retention: Retention,
}

impl Served<'_> {
    pub(crate) fn new(site: u64, journal: &Path, retention: Retention) -> Served<'_> {
        Served { site, journal, line: None, version: 0, retention }
    }

    pub(crate) fn open(&mut self) {
        let options = Options::default();
        let opened = Opened::open(loaded(self.site, self.version), self.journal, options).unwrap();
        self.line = Some(opened.keeping(self.retention).line(INBOX_BYTES).unwrap());
    }

    fn put(&mut self, input: Input) {
        let line = self.line.as_mut().unwrap();
        let revision = Arc::clone(&line.door().revision);
        line.door().inbox.try_put(Parcel::new(revision, input, Ack::None)).map_err(|_| "full").unwrap();
    }

    /// The writer's turn and the committer's, as often as there is something to do; then a tick when it is due.
    fn turn(&mut self, now: Timestamp) {
        let line = self.line.as_mut().unwrap();
        loop {
            let is_due = line.next_deadline().is_some_and(|due| due <= now);
            let Some(judged) = line.judge(now, is_due).unwrap() else { break };
            line.hand_on(judged);
            let flushed = line.flush();
            assert!(!matches!(line.settle(flushed).unwrap(), Progress::Failing(_)));
        }
        while line.let_go() {}
    }

    /// A kill: nothing is said to anybody, the journal is what it was.
    pub(crate) fn kill(&mut self) {
        drop(self.line.take());
    }

    pub(crate) fn second(&mut self, second: i64) {
        let now = at(second);
        if DOWN_AT_S.contains(&second) {
            self.kill();
        }
        if DOWN_AT_S.iter().any(|down| *down + DOWN_S == second) {
            self.open();
        }
        if self.line.is_none() {
            return;
        }
        if RULES_AT_S.contains(&second) {
            self.version += 1;
            // As `davy serve` takes up changed files: at a start.
            self.kill();
            self.open();
        }
        for node in 0..2 {
            self.node(node, second);
        }
        if chance([self.site.cast_signed(), 77, second]) > 0.995 {
            self.put(Input::Command(self.command(second)));
        }
        if second == 30_000 || second == 33_000 {
            let text = Text::en("the disk is slow");
            let fault = Fault { part: "journal".into(), active: second == 30_000, tier: Tier::Yellow, text };
            self.put(Input::Fault(fault));
        }
        self.turn(now);
    }

    /// An edge node sends what its tags read; now and then it is away, late, or tells of a bad instrument.
    fn node(&mut self, node: u32, second: i64) {
        let index = NodeIndex(node);
        let hour = second / 3600;
        let away =
            |second: i64| chance([self.site.cast_signed(), i64::from(node), 1000 + second / 600]) > 0.97;
        if away(second) {
            if !away(second - STEP_S) {
                self.put(Input::Node { node: index, change: NodeChange::Lost });
            }
            return;
        }
        if second == 0 || away(second - STEP_S) {
            self.put(Input::Node { node: index, change: NodeChange::Online });
        }
        let late_s = if hour == 9 && node == 1 { 900 } else { 0 };
        let mut readings = Vec::new();
        for tag in (0..TAGS).filter(|tag| tag % 2 == node) {
            let bad = chance([self.site.cast_signed(), i64::from(tag), 5000 + second / 300]) > 0.97;
            let quality = if bad { Quality::Bad(QualityReason::Calibration) } else { Quality::Good };
            let value = Value::of(value(self.site, tag, second));
            readings.push(Reading { tag: TagIndex(tag), quality, source_time: at(second - late_s), value });
        }
        let len = u32::try_from(readings.len()).unwrap();
        let head = MessageHead {
            node: index,
            arrival: at(second),
            seq: None,
            redelivered: false,
            freshness: Freshness::Live,
            len,
        };
        self.put(Input::Readings(ReadingBlock { messages: vec![head], readings }));
    }

    fn command(&self, second: i64) -> Command {
        let subject = format!("t{}", (second / STEP_S) % i64::from(TAGS)).into();
        let rule = if second % 3 == 0 { "high" } else { "mean" }.into();
        let kind = match second / STEP_S % 4 {
            0 => CommandKind::Shelve { duration: Duration::from_secs(1200), one_shot: false },
            1 => CommandKind::Reset,
            _ => CommandKind::Acknowledge,
        };
        let actor =
            Actor { name: "operator".into(), approved_by: Some("second".into()), comment: "seen".into() };
        Command {
            alarm: AlarmKey { site: format!("s{}", self.site).into(), rule, subject },
            occurrence: None,
            actor,
            kind,
            request_id: format!("{second}").into(),
        }
    }
}

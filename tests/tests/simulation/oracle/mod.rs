//! What Davy should have decided, told again from the log by other means: naive, a site at a time, every tag looked at for
//! every entry. It shares no code with the engine, only the log's own words.

mod life;
mod order;
mod rules;
mod tag;

use std::collections::BTreeMap;

use davy_journal::Commit;
use davy_model::{CommandKind, Input, NodeChange, Reading};

use life::Life;
use tag::{Came, Tag};

use crate::site::{GRACE_S, LETTERS, NODES, SILENCE_S};

pub(crate) const SECOND_US: i64 = 1_000_000;
/// How long a tag's last value counts, and how long it may be silent.
const SILENCE_US: i64 = SILENCE_S as i64 * SECOND_US;
const GRACE_US: i64 = GRACE_S as i64 * SECOND_US;
/// How long a clock must have been right.
const RIGHT_AGAIN_US: i64 = 60 * SECOND_US;

/// One change of an alarm, as far as the oracle tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: &'static str,
    pub(crate) tier: &'static str,
    /// When it became true, on the tag's clock.
    pub(crate) clock_us: i64,
}

/// What became of readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fates {
    pub(crate) judged: u64,
    pub(crate) duplicate: u64,
    pub(crate) out_of_order: u64,
    pub(crate) too_old: u64,
}

/// What the oracle tells of a site.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The changes of each alarm, by rule and subject.
    pub(crate) changes: BTreeMap<(String, String), Vec<Change>>,
    /// Of the readings since Davy was started last.
    pub(crate) fates: Fates,
}

/// An edge node.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    is_lost: bool,
    lost_us: i64,
}

#[derive(Debug, Default)]
struct Site {
    /// Arrival time of the last entry.
    clock_us: i64,
    nodes: [Node; NODES],
    /// In the order of their names.
    tags: Vec<Tag>,
    /// Of each edge node's clock, with when it was odd last.
    clocks: BTreeMap<String, (Life, i64)>,
    faults: BTreeMap<String, Life>,
    fates: Fates,
}

/// Judges a whole log.
pub(crate) fn judge(commits: &[Commit]) -> Told {
    let mut site = Site::default();
    for commit in commits {
        for input in &commit.inputs {
            site.take(commit.at.as_micros(), input);
        }
    }
    site.told()
}

impl Site {
    fn take(&mut self, now_us: i64, input: &Input) {
        match input {
            Input::Activate(_) => self.begin(now_us),
            Input::Readings(block) => {
                let mut readings = block.readings.iter();
                for head in &block.messages {
                    self.pass_to(head.arrival.as_micros());
                    for reading in readings.by_ref().take(head.len as usize) {
                        self.read(reading);
                    }
                    self.nodes[head.node.0 as usize].is_lost = false;
                }
            }
            Input::Node { node, change } => {
                self.pass_to(now_us);
                match change {
                    NodeChange::Online => self.nodes[node.0 as usize].is_lost = false,
                    NodeChange::Offline => {}
                    NodeChange::Lost => self.lose(node.0 as usize),
                }
            }
            Input::Command(command) => {
                self.pass_to(now_us);
                self.command(&command.alarm.rule, &command.alarm.subject, command.kind, now_us);
            }
            Input::Fault(fault) => {
                self.pass_to(now_us);
                let life = self.faults.entry(fault.part.to_string()).or_insert_with(|| Life::new("red"));
                if fault.active { life.rise("red", now_us) } else { life.clear(false, now_us) }
            }
            Input::Tick | Input::Heartbeat(_) => self.pass_to(now_us),
            Input::Restarted => self.restart(now_us),
        }
    }

    fn begin(&mut self, now_us: i64) {
        self.clock_us = now_us;
        let mut names: Vec<(usize, char)> =
            (0..NODES).flat_map(|node| LETTERS.map(|letter| (node, letter))).collect();
        names.sort();
        self.tags = names.into_iter().map(|(node, letter)| Tag::new(node, letter, now_us)).collect();
    }

    /// Lets time pass for every tag.
    fn pass_to(&mut self, arrival_us: i64) {
        self.clock_us = self.clock_us.max(arrival_us);
        for tag in &mut self.tags {
            tag.pass_to(self.clock_us, self.nodes[tag.node]);
        }
    }

    fn lose(&mut self, node: usize) {
        if self.nodes[node].is_lost {
            return;
        }
        self.nodes[node] = Node { is_lost: true, lost_us: self.clock_us };
        let tags = self.tags.iter_mut().filter(|tag| tag.node == node);
        tags.for_each(|tag| tag.lose(self.clock_us));
    }

    fn restart(&mut self, now_us: i64) {
        let last_us = self.clock_us;
        self.clock_us = last_us.max(now_us);
        self.tags.iter_mut().for_each(|tag| tag.rest(last_us, self.clock_us));
        self.nodes.iter_mut().for_each(|node| node.is_lost = false);
        self.fates = Fates::default();
        self.pass_to(now_us);
    }

    fn read(&mut self, reading: &Reading) {
        let tag = &mut self.tags[reading.tag.0 as usize];
        let owner = format!("n{}", tag.node);
        let arrival_us = self.clock_us;
        let came = tag.read(reading, arrival_us);
        let fate = match came {
            Came::Judged | Came::Odd => &mut self.fates.judged,
            Came::Again => &mut self.fates.duplicate,
            Came::Late => &mut self.fates.out_of_order,
            Came::TooOld => &mut self.fates.too_old,
        };
        *fate += 1;
        match came {
            Came::Odd => {
                let (life, odd_us) = self.clocks.entry(owner).or_insert_with(|| (Life::new("blue"), 0));
                *odd_us = arrival_us;
                life.rise("blue", arrival_us);
            }
            Came::Judged => {
                if let Some((life, odd_us)) = self.clocks.get_mut(&owner)
                    && arrival_us - *odd_us >= RIGHT_AGAIN_US
                {
                    life.clear(false, arrival_us);
                }
            }
            Came::Again | Came::Late | Came::TooOld => {}
        }
    }

    fn command(&mut self, rule: &str, subject: &str, kind: CommandKind, now_us: i64) {
        let watched = self.tags.iter_mut().find(|tag| tag.name == subject);
        let Some(life) = watched.and_then(|tag| tag.life(rule)) else { return };
        match kind {
            CommandKind::Acknowledge => life.acknowledge(now_us),
            CommandKind::Reset => life.reset(now_us),
            CommandKind::Shelve { duration, .. } => life.shelve(now_us, duration.as_micros() as i64),
            CommandKind::Unshelve => life.unshelve("unshelved", now_us),
            CommandKind::SetOutOfService
            | CommandKind::ReturnToService
            | CommandKind::Suppress
            | CommandKind::Unsuppress
            | CommandKind::Verify(_)
            | CommandKind::Act
            | CommandKind::GiveFeedback
            | CommandKind::Close
            | CommandKind::Comment => {}
        }
    }

    fn told(self) -> Told {
        let mut told = Told { fates: self.fates, ..Told::default() };
        let mut put = |rule: &str, subject: &str, life: Life| {
            if !life.changes.is_empty() {
                told.changes.insert((rule.to_owned(), subject.to_owned()), life.changes);
            }
        };
        for tag in self.tags {
            put(tag.rule, &tag.name, tag.limit);
            put("silent", &tag.name, tag.silence);
        }
        self.clocks.into_iter().for_each(|(node, (life, _))| put("davy-clock", &node, life));
        self.faults.into_iter().for_each(|(part, life)| put("davy-fault", &part, life));
        told
    }
}

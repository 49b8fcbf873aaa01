//! Messages that never came: seen by the numbers that senders give theirs.
//!
//! What a broker loses, and what is dropped on the way at QoS 0, can only be noticed; here it is. A number that is skipped
//! may still come, out of order or sent again, so it counts as lost only after a while.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use davy_model::Timestamp;
use parking_lot::Mutex;

use crate::seq_window::{Noted, SeqWindow};

/// How long a skipped number may take to come: longer than a sender needs to connect again and send it again.
pub const GAP_GRACE: Duration = Duration::from_secs(15);
/// Topics of one site that are followed over connections; those beyond are followed while their connection lives.
const TOPICS_MAX: usize = 65_536;
/// Ranges of one topic that may be waited for. Beyond it the oldest counts as lost.
const OPEN_MAX: usize = 64;

/// The numbers of one site's senders, by topic. Outlives connections and reloads.
#[derive(Debug, Default)]
pub struct Gaps {
    topics: Mutex<HashMap<Arc<str>, Arc<Mutex<Track>>>>,
    /// By edge node; ids come from the site's files.
    lost: Mutex<BTreeMap<Arc<str>, u64>>,
}

/// Messages of one edge node that never came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The edge node's id.
    pub edge_node: Arc<str>,
    /// The topic.
    pub topic: Arc<str>,
    /// How many.
    pub messages: u64,
    /// The first of their numbers.
    pub first: u64,
    /// The last of their numbers.
    pub last: u64,
}

/// The numbers of one topic.
#[derive(Debug)]
pub(crate) struct Track {
    edge_node: Arc<str>,
    window: SeqWindow,
    /// Skipped and not come yet, the oldest first.
    open: Vec<Range>,
    /// Waited for no longer, and not told yet.
    missed: Missed,
}

#[derive(Clone, Copy, Debug, Default)]
struct Missed {
    messages: u64,
    first: u64,
    last: u64,
}

#[derive(Clone, Copy, Debug)]
struct Range {
    first: u64,
    last: u64,
    /// When the skip was seen.
    since: Timestamp,
}

impl Gaps {
    /// The numbers of a topic that an edge node sends to.
    pub(crate) fn track(&self, edge_node: &Arc<str>, topic: &Arc<str>) -> Arc<Mutex<Track>> {
        let fresh = || {
            let window = SeqWindow::new();
            Arc::new(Mutex::new(Track {
                edge_node: Arc::clone(edge_node),
                window,
                open: Vec::new(),
                missed: Missed::default(),
            }))
        };
        let mut topics = self.topics.lock();
        if topics.len() >= TOPICS_MAX && !topics.contains_key(topic) {
            return fresh();
        }
        Arc::clone(topics.entry(Arc::clone(topic)).or_insert_with(fresh))
    }

    /// The last number of a topic before Davy was stopped, so that what was lost meanwhile is noticed.
    pub fn seed(&self, edge_node: &Arc<str>, topic: &Arc<str>, seq: u64) {
        self.track(edge_node, topic).lock().window.note(seq, true);
    }

    /// What has been waited for long enough, by topic; told once.
    pub fn due(&self, now: Timestamp) -> Vec<Lost> {
        let topics: Vec<_> =
            self.topics.lock().iter().map(|(topic, track)| (Arc::clone(topic), Arc::clone(track))).collect();
        let mut lost: Vec<Lost> =
            topics.into_iter().filter_map(|(topic, track)| track.lock().due(topic, now)).collect();
        lost.sort_by(|a, b| a.topic.cmp(&b.topic));
        for one in &lost {
            *self.lost.lock().entry(Arc::clone(&one.edge_node)).or_default() += one.messages;
        }
        lost
    }

    /// Messages that never came, since the process began.
    pub fn lost(&self) -> u64 {
        self.lost.lock().values().sum()
    }

    /// Messages of one edge node that never came, since the process began.
    pub fn lost_by(&self, edge_node: &str) -> u64 {
        self.lost.lock().get(edge_node).copied().unwrap_or(0)
    }
}

impl Track {
    /// Notes the number of a message. True when it was seen before.
    pub(crate) fn note(&mut self, seq: u64, redelivered: bool, arrival: Timestamp) -> bool {
        match self.window.note(seq, redelivered) {
            Noted::Repeated => return true,
            Noted::Filled => self.fill(seq),
            Noted::Skipped { first, last } => {
                self.open.push(Range { first, last, since: arrival });
                if self.open.len() > OPEN_MAX {
                    let oldest = self.open.remove(0);
                    self.missed.add(&oldest);
                }
            }
            Noted::Began | Noted::Next => {}
        }
        false
    }

    /// One that was skipped has come.
    fn fill(&mut self, seq: u64) {
        let Some(place) = self.open.iter().position(|range| (range.first..=range.last).contains(&seq)) else {
            return;
        };
        let Range { first, last, since } = self.open.remove(place);
        if seq < last {
            self.open.insert(place, Range { first: seq + 1, last, since });
        }
        if first < seq {
            self.open.insert(place, Range { first, last: seq - 1, since });
        }
    }

    fn due(&mut self, topic: Arc<str>, now: Timestamp) -> Option<Lost> {
        let missed = &mut self.missed;
        self.open.retain(|range| {
            let waits = now.since(range.since) < GAP_GRACE;
            if !waits {
                missed.add(range);
            }
            waits
        });
        let Missed { messages, first, last } = std::mem::take(missed);
        (messages > 0).then(|| Lost { edge_node: Arc::clone(&self.edge_node), topic, messages, first, last })
    }
}

impl Missed {
    fn add(&mut self, range: &Range) {
        self.first = if self.messages == 0 { range.first } else { self.first };
        self.last = range.last;
        self.messages += range.last - range.first + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;

    fn setting() -> (Gaps, Arc<Mutex<Track>>) {
        let gaps = Gaps::default();
        let track = gaps.track(&"gw-1".into(), &"davy/v1/park/gw-1/readings".into());
        (gaps, track)
    }

    fn told(gaps: &Gaps, after: Duration) -> Vec<(u64, u64, u64)> {
        gaps.due(NOW.plus(after)).iter().map(|lost| (lost.messages, lost.first, lost.last)).collect()
    }

    #[test]
    fn a_skipped_number_counts_as_lost_after_a_while_and_once() {
        let (gaps, track) = setting();
        for seq in [1, 2, 5, 6, 8] {
            track.lock().note(seq, false, NOW);
        }
        assert_eq!(told(&gaps, GAP_GRACE / 2), []);
        assert_eq!(told(&gaps, GAP_GRACE), [(3, 3, 7)]);
        assert_eq!(told(&gaps, 2 * GAP_GRACE), []);
        assert_eq!(gaps.lost(), 3);
    }

    #[test]
    fn what_comes_after_all_is_not_lost() {
        let (gaps, track) = setting();
        for seq in [1, 9, 4, 2, 3, 8] {
            assert!(!track.lock().note(seq, false, NOW), "{seq}");
        }
        assert!(track.lock().note(4, true, NOW), "seen before");
        assert_eq!(told(&gaps, GAP_GRACE), [(3, 5, 7)]);
    }

    #[test]
    fn a_sender_that_began_anew_has_lost_nothing() {
        let (gaps, track) = setting();
        for seq in [500, 501, 0, 1, 2] {
            track.lock().note(seq, false, NOW);
        }
        assert_eq!(told(&gaps, GAP_GRACE), []);
    }

    #[test]
    fn another_connection_goes_on_where_the_one_before_ended() {
        let (gaps, first) = setting();
        first.lock().note(7, false, NOW);
        let second = gaps.track(&"gw-1".into(), &"davy/v1/park/gw-1/readings".into());
        second.lock().note(10, false, NOW);
        assert_eq!(told(&gaps, GAP_GRACE), [(2, 8, 9)]);
    }

    #[test]
    fn what_was_lost_while_davy_was_down_is_noticed() {
        let gaps = Gaps::default();
        let (node, topic) = ("gw-1".into(), "t".into());
        gaps.seed(&node, &topic, 41);
        gaps.track(&node, &topic).lock().note(45, false, NOW);
        assert_eq!(told(&gaps, GAP_GRACE), [(3, 42, 44)]);
    }

    #[test]
    fn more_ranges_than_are_waited_for_are_counted_all_the_same() {
        let (gaps, track) = setting();
        for seq in (0..).step_by(2).take(3 * OPEN_MAX + 1) {
            track.lock().note(seq, false, NOW);
        }
        assert_eq!(track.lock().open.len(), OPEN_MAX);
        let lost: u64 = gaps.due(NOW.plus(GAP_GRACE)).iter().map(|lost| lost.messages).sum();
        assert_eq!(lost, 3 * OPEN_MAX as u64);
    }
}

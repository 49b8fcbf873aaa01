//! Edge nodes come and go. A lost one takes the evidence of all its tags with it, at once.

use davy_model::{NodeChange, NodeIndex, Reporting, TagIndex, Timestamp, Transition};
use davy_rules::WatchKind;

use crate::{
    alarm::Silence,
    engine::{Engine, LIVE, Moment},
    hold::Seen,
    tag::NONE,
};

/// What the engine keeps of an edge node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NodeState {
    /// Arrival of its last message; before there was any, when Davy began to listen, µs.
    pub(crate) heard_us: i64,
    /// When it was lost, arrival µs; `None` while it is not.
    pub(crate) lost_us: Option<i64>,
    /// Whether a by-exception tag of it may have a silence that its next message ends.
    pub(crate) has_silent_tags: bool,
}

impl NodeState {
    pub(crate) fn unheard(now_us: i64) -> NodeState {
        NodeState { heard_us: now_us, lost_us: None, has_silent_tags: false }
    }
}

impl Engine {
    pub(crate) fn change_node(
        &mut self,
        node: NodeIndex,
        change: NodeChange,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let at = node.0 as usize;
        if at >= self.nodes.len() {
            return;
        }
        match change {
            NodeChange::Online => self.hear_node(node, now.as_micros(), now, out),
            // It said goodbye: its tags' own silence limits go on.
            NodeChange::Offline => {}
            NodeChange::Lost => {
                self.nodes[at].lost_us = Some(self.clock_us);
                for tag in self.tags_of(node) {
                    self.freeze(tag, self.clock_us, now, out);
                    self.schedule_silence(tag);
                }
            }
        }
    }

    fn tags_of(&self, node: NodeIndex) -> Vec<TagIndex> {
        let tags = self.tags.iter().enumerate().filter(|(_, state)| state.node == node.0);
        tags.map(|(at, _)| TagIndex(at as u32)).collect()
    }

    /// A message of the node: it is there.
    #[inline]
    pub(crate) fn hear_node(
        &mut self,
        node: NodeIndex,
        arrival_us: i64,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let Some(state) = self.nodes.get_mut(node.0 as usize) else { return };
        state.heard_us = arrival_us;
        state.lost_us = None;
        if state.has_silent_tags {
            state.has_silent_tags = false;
            self.end_silences_by_exception(node, arrival_us, now, out);
        }
    }

    /// A by-exception tag that fell silent with its whole edge node holds its value again once the node is heard. After
    /// a loss it does not: what happened meanwhile is not known until it reports.
    fn end_silences_by_exception(
        &mut self,
        node: NodeIndex,
        arrival_us: i64,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let moment = Moment::at_arrival(arrival_us, now);
        for tag in self.tags_of(node) {
            if self.plan.site.tag(tag).reporting != Reporting::ByException {
                continue;
            }
            let state = &self.tags[tag.0 as usize];
            let quality = davy_model::Quality::from_code(state.quality).unwrap_or(davy_model::Quality::Good);
            if !quality.is_evidence() {
                continue;
            }
            let seen = Seen {
                value: state.value,
                quality,
                source_us: state.source_us,
                arrival_us: state.heard_us,
                judged_us: state.clock_us,
            };
            for watch in self.plan.watches_of(tag) {
                let slot = self.slots[watch];
                let silent = matches!(self.plan.watches[watch].kind, WatchKind::Silence(_)) && slot != NONE;
                if silent && self.alarms[(slot & !LIVE) as usize].silence == Silence::Quiet {
                    self.tags[tag.0 as usize].set_holding(true);
                    self.break_silence(watch as u32, seen, moment, out);
                }
            }
            self.schedule_silence(tag);
        }
    }

    /// Davy was down: what it held before is evidence only up to the last thing it wrote, and it listens anew from now.
    pub(crate) fn restarted(&mut self, now: Timestamp, out: &mut Vec<Transition>) {
        let last_us = self.clock_us;
        let now_us = now.as_micros().max(last_us);
        for tag in 0..self.tags.len() as u32 {
            let clock_us = self.tags[tag as usize].clock_at(last_us);
            let moment = Moment { clock_us, ..Moment::at_arrival(last_us, now) };
            self.freeze_delays(TagIndex(tag), moment, out);
            self.tags[tag as usize].rest_until(last_us, now_us);
        }
        for node in &mut self.nodes {
            node.heard_us = now_us;
            node.lost_us = None;
        }
        self.clock_us = now_us;
        self.schedule_everything();
        self.advance(now_us, now, out);
    }
}

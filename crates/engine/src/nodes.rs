//! Edge nodes come and go. A lost one takes the evidence of all its tags with it, at once.

use davy_model::{NodeChange, NodeIndex, Quality, Reporting, TagIndex, Timestamp, Transition};
use davy_rules::WatchKind;

use crate::{
    calculate::Change,
    engine::{Engine, LIVE, Moment},
    hold::Seen,
    tag::NONE,
};

/// What the engine keeps of an edge node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NodeState {
    /// Arrival of its last message; before there was any, when Davy began to listen, µs.
    pub(crate) heard_us: i64,
    /// Whether it is lost, and not heard of since.
    pub(crate) is_lost: bool,
    /// When it was lost last, arrival µs; before it ever was, long ago.
    pub(crate) lost_us: i64,
    /// Whether a by-exception tag of it may wait for its next message to hold its value again.
    pub(crate) has_waiting_tags: bool,
}

impl NodeState {
    pub(crate) fn unheard(now_us: i64) -> NodeState {
        NodeState { heard_us: now_us, is_lost: false, lost_us: i64::MIN, has_waiting_tags: false }
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
        match change {
            NodeChange::Online => self.hear_node(node, self.clock_us, now, out),
            // It said goodbye: its tags' own silence limits go on.
            NodeChange::Offline => {}
            NodeChange::Lost => self.lose_node(node, now, out),
        }
    }

    fn lose_node(&mut self, node: NodeIndex, now: Timestamp, out: &mut Vec<Transition>) {
        let Some(state) = self.nodes.get_mut(node.0 as usize) else { return };
        if state.is_lost {
            return;
        }
        state.is_lost = true;
        state.lost_us = self.clock_us;
        for tag in self.tags_of(node) {
            self.freeze(tag, self.clock_us, now, out);
            let state = &mut self.tags[tag.0 as usize];
            state.node = node.0;
            state.set_lost(true);
            self.schedule_silence(tag);
        }
    }

    /// The tags that the node spoke for last, and those that nobody has spoken for yet and that the site says are its.
    fn tags_of(&self, node: NodeIndex) -> Vec<TagIndex> {
        let site = &self.plan.site;
        let is_its =
            |at: usize| site.tags[at].edge_node.as_ref() == Some(&site.edge_nodes[node.0 as usize].id);
        let tags = self.tags[..site.tags.len()].iter().enumerate();
        let tags = tags.filter(|(at, state)| state.node == node.0 || (state.node == NONE && is_its(*at)));
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
        if state.has_waiting_tags {
            self.hold_again(node, arrival_us, now, out);
        } else {
            state.heard_us = arrival_us;
            state.is_lost = false;
        }
    }

    /// A by-exception tag that fell silent with its whole edge node holds its value again once the node is heard; the
    /// time between is no evidence. After a loss it does not: what happened meanwhile is not known until it reports.
    fn hold_again(&mut self, node: NodeIndex, arrival_us: i64, now: Timestamp, out: &mut Vec<Transition>) {
        let waiting: Vec<TagIndex> =
            self.tags_of(node).into_iter().filter(|&tag| self.may_hold_again(tag)).collect();
        // Where the evidence of a tag was never broken, nothing begins anew.
        let is_broken =
            |tag: &TagIndex| !self.tags[tag.0 as usize].is_holding() || self.held_until(*tag) < arrival_us;
        let broken: Vec<bool> = waiting.iter().map(is_broken).collect();
        for &tag in &waiting {
            let clock_us = self.tags[tag.0 as usize].clock_at(arrival_us);
            self.before_feeding(tag, Moment { clock_us, ..Moment::at_arrival(arrival_us, now) }, out);
            self.resume_holds(tag, arrival_us);
            for place in self.plan.readers_of(tag).to_vec() {
                self.resume_holds(self.plan.calculated_tag(place), arrival_us);
            }
        }
        let state = &mut self.nodes[node.0 as usize];
        *state = NodeState { heard_us: arrival_us, is_lost: false, has_waiting_tags: false, ..*state };
        for (tag, broken) in waiting.into_iter().zip(broken) {
            self.tags[tag.0 as usize].set_holding(true);
            let seen = self.last_seen(tag);
            let moment = Moment::at_arrival(arrival_us, now);
            for watch in self.plan.watches_of(tag) {
                let slot = self.slots[watch];
                match self.plan.watches[watch].kind {
                    WatchKind::Limit(_) if slot != NONE => self.schedule_hold(slot & !LIVE),
                    WatchKind::Limit(_) => {}
                    WatchKind::Silence(_) => self.break_silence(watch as u32, seen, moment, out),
                }
            }
            self.tags[tag.0 as usize].set_silent(false);
            self.schedule_silence(tag);
            self.switch_modes(tag, (seen.quality == Quality::Good).then_some(seen.value), moment, out);
            if broken {
                let clock_us = self.tags[tag.0 as usize].clock_at(arrival_us);
                self.feed(tag, Change::Again(seen), Moment { clock_us, ..moment }, out);
            }
        }
    }

    fn may_hold_again(&self, tag: TagIndex) -> bool {
        let state = &self.tags[tag.0 as usize];
        let by_exception = self.plan.site.tag(tag).reporting == Reporting::ByException;
        by_exception && state.has_evidence() && !state.is_lost() && !state.has_lapsed()
    }

    /// The last value of a tag, as it was judged.
    pub(crate) fn last_seen(&self, tag: TagIndex) -> Seen {
        let state = &self.tags[tag.0 as usize];
        Seen {
            value: state.value,
            quality: state.quality(),
            source_us: state.source_us,
            arrival_us: state.heard_us,
            judged_us: state.clock_us,
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
        self.observe(last_us, now, out);
        for place in 0..self.memories.len() as u32 {
            self.rest_calculated(place, last_us, now_us);
        }
        for node in &mut self.nodes {
            *node = NodeState { heard_us: now_us, is_lost: false, has_waiting_tags: true, ..*node };
        }
        self.clock_us = now_us;
        self.schedule_everything();
        self.advance(now_us, now, out);
    }
}

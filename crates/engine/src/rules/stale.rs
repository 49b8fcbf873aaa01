//! `stale`: no usable reading of a tag for too long, or its edge node lost.
//!
//! Silence is judged on the arrival clock: it is Davy that does not hear. Bad readings are heard, and are no use.

use davy_model::{
    Comparator, Delay, DelayKind, Evidence, LimitView, Quality, QualityReason, Reporting, TagIndex, Tier,
    Timestamp, Transition, micros,
};
use davy_rules::{SilenceProgram, WatchKind};
use std::{sync::Arc, time::Duration};

use crate::{
    alarm::{NEVER, Silence},
    engine::{Engine, LIVE, Moment},
    hold::Seen,
    lifecycle::Event,
    tag::NONE,
    timers::Due,
    transitions::Story,
};

/// One silence watch's deadline.
struct Deadline {
    watch: u32,
    at_us: i64,
    cause: Silence,
}

impl Engine {
    /// When the tag will have been silent for too long; `None` when every silence watch of it is active already.
    pub(crate) fn silence_due(&self, tag: TagIndex) -> Option<i64> {
        self.deadlines(tag).map(|deadline| deadline.at_us).min()
    }

    pub(crate) fn schedule_silence(&mut self, tag: TagIndex) {
        let at_us = self.silence_due(tag).unwrap_or(NEVER);
        if at_us != self.tags[tag.0 as usize].silence_at_us {
            self.schedule(Due::Silence(tag.0), at_us);
        }
    }

    pub(crate) fn schedule_silence_if_never(&mut self, tag: TagIndex) {
        if self.tags[tag.0 as usize].silence_at_us == NEVER {
            self.schedule_silence(tag);
        }
    }

    pub(crate) fn fire_silence(
        &mut self,
        tag: TagIndex,
        at_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        self.tags[tag.0 as usize].silence_at_us = NEVER;
        let due: Vec<Deadline> = self.deadlines(tag).filter(|deadline| deadline.at_us <= at_us).collect();
        for deadline in due {
            self.raise_silence(&deadline, tag, recorded, out);
        }
        self.schedule_silence(tag);
    }

    fn deadlines(&self, tag: TagIndex) -> impl Iterator<Item = Deadline> {
        self.plan.watches_of(tag).filter_map(move |watch| {
            let WatchKind::Silence(program) = self.plan.watches[watch].kind else { return None };
            let slot = self.slots[watch];
            if slot != NONE && self.alarms[(slot & !LIVE) as usize].is_active() {
                return None;
            }
            Some(self.deadline(watch as u32, &self.plan.silences[program as usize], tag))
        })
    }

    fn deadline(&self, watch: u32, program: &SilenceProgram, tag: TagIndex) -> Deadline {
        let state = &self.tags[tag.0 as usize];
        let node = self.nodes.get(state.node as usize);
        let quiet_us = self.evidence_ended(tag).saturating_add(program.after_us);
        let lost = node.filter(|node| node.is_lost && state.is_lost());
        let grace = self.plan.site.edge_nodes.get(state.node as usize).map(|node| micros(node.loss_grace));
        match (lost, grace) {
            (Some(node), Some(grace_us)) if node.lost_us.saturating_add(grace_us) <= quiet_us => {
                Deadline { watch, at_us: node.lost_us.saturating_add(grace_us), cause: Silence::NodeLost }
            }
            _ => Deadline { watch, at_us: quiet_us, cause: Silence::Quiet },
        }
    }

    /// Up to when there was evidence of the tag, arrival µs.
    fn evidence_ended(&self, tag: TagIndex) -> i64 {
        let state = &self.tags[tag.0 as usize];
        let by_exception = self.plan.site.tag(tag).reporting == Reporting::ByException;
        // Nobody speaks for a tag that never was heard.
        let Some(node) = self.nodes.get(state.node as usize).filter(|_| by_exception && state.is_seen())
        else {
            return state.heard_us;
        };
        // After a loss, or a reading without evidence, a node that lives speaks for the tag no more: it must report.
        let lost_us = state.is_lost().then_some(node.lost_us);
        let lapsed_us = self.lapse_of(tag).map(|lapse| lapse.since_us);
        let ended_us = lost_us.into_iter().chain(lapsed_us).min();
        state.heard_us.max(ended_us.unwrap_or(node.heard_us))
    }

    fn raise_silence(
        &mut self,
        deadline: &Deadline,
        tag: TagIndex,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let plan = Arc::clone(&self.plan);
        let WatchKind::Silence(program) = plan.watches[deadline.watch as usize].kind else { return };
        let program = &plan.silences[program as usize];
        let moment = Moment::at_arrival(deadline.at_us, recorded);
        self.freeze(tag, deadline.at_us, recorded, out);
        let alarm = self.alarm_of_watch(deadline.watch);
        self.alarms[alarm as usize].silence = deadline.cause;
        self.tags[tag.0 as usize].set_silent(true);
        if let (Silence::Quiet, Some(node)) = (deadline.cause, self.node_that_holds(tag)) {
            self.nodes[node].has_waiting_tags = true;
        }
        let mut story = self.story_of_silence(deadline, program, tag);
        let tier = self.tier_of_silence(program, tag, &mut story);
        let latch = program.latch.then_some(tier);
        self.alarms[alarm as usize].latch_tier = latch;
        // The process is never refused.
        let _ = self.change(alarm, Event::Raise(tier), moment, story, out);
        self.mark(deadline.watch, alarm);
    }

    /// How grave a silence is. A sensor that died near a limit may have died of what it was to warn of.
    fn tier_of_silence(&self, program: &SilenceProgram, tag: TagIndex, story: &mut Story) -> Tier {
        let Some(near) = program.near_limit else { return program.tier };
        let Some(last) = self.last_evidence(tag) else { return program.tier };
        let level = last.value.and_then(|value| self.plan.limit_near(tag, value, near.within));
        let Some(level) = level else { return program.tier };
        story.near = Some(format!("{} {} {}", level.name, level.comparator.symbol(), level.written).into());
        if story.evidence.readings.first() != Some(&last) {
            story.evidence.readings.insert(0, last);
        }
        near.tier
    }

    fn story_of_silence(&self, deadline: &Deadline, program: &SilenceProgram, tag: TagIndex) -> Story {
        let state = &self.tags[tag.0 as usize];
        let described = self.plan.site.tag(tag);
        let readings = self.last_readings(tag);
        let (kind, required_us) = match deadline.cause {
            Silence::Quiet => (DelayKind::Silence, program.after_us),
            Silence::NodeLost => {
                let grace = self
                    .plan
                    .site
                    .edge_nodes
                    .get(state.node as usize)
                    .map_or(0, |node| micros(node.loss_grace));
                (DelayKind::LossGrace, grace)
            }
        };
        let since_us = deadline.at_us - required_us;
        let after_s = Duration::from_micros(required_us.unsigned_abs()).as_secs_f64();
        Story {
            limit: Some(LimitView {
                name: "stale".into(),
                comparator: Comparator::AtOrAbove,
                set_point: after_s,
                clear_point: after_s,
                clear_inclusive: false,
                written: Arc::clone(&program.written),
            }),
            value: readings.first().and_then(|reading| reading.value),
            unit: Some(described.unit),
            quality: readings.last().map_or(Quality::Bad(QualityReason::Stale), |reading| reading.quality),
            first_out: Some(Timestamp::from_micros(since_us)),
            evidence: Evidence {
                readings_held: 0,
                readings,
                delay: Some(Delay {
                    kind,
                    since: Timestamp::from_micros(since_us),
                    elapsed: Duration::from_micros(required_us.unsigned_abs()),
                    required: Duration::from_micros(required_us.unsigned_abs()),
                }),
                ..Evidence::default()
            },
            re_alarm_us: program.re_alarm_us,
            ..Story::default()
        }
    }

    /// A usable reading ends a silence.
    pub(crate) fn break_silence(
        &mut self,
        watch: u32,
        seen: Seen,
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        let slot = self.slots[watch as usize];
        if slot == NONE || !self.alarms[(slot & !LIVE) as usize].is_active() {
            return;
        }
        let alarm = slot & !LIVE;
        let tag = self.plan.site.tag(self.plan.watches[watch as usize].tag);
        let story = Story {
            value: Some(seen.value),
            unit: Some(tag.unit),
            quality: seen.quality,
            evidence: Evidence {
                readings: vec![seen.named(&tag.name)],
                readings_held: 1,
                ..Evidence::default()
            },
            ..Story::default()
        };
        // Silence is on the arrival clock, and so is its end.
        let moment = Moment { clock_us: moment.arrival_us, late: false, catching_up: false, ..moment };
        let latch = self.alarms[alarm as usize].latch_tier.is_some();
        // The process is never refused.
        let _ = self.change(alarm, Event::Clear { latch }, moment, story, out);
        self.mark(watch, alarm);
    }
}

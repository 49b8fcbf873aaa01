//! Plant logic that quiets a rule: while a tag says that a tank is emptied, its low level is no news.
//!
//! A bad or stale value quiets nothing: when in doubt, alarms sound.

use davy_model::{TagIndex, Timestamp, Transition};
use std::sync::Arc;

use crate::{
    alarm::NEVER,
    engine::{Engine, Mode, Moment},
    lifecycle::Event,
    tag::NONE,
    timers::Due,
    transitions::Story,
};

impl Engine {
    /// Reads the modes out of the plan; all off.
    pub(crate) fn modes_of_plan(&mut self) {
        let rules = self.plan.rules.iter().enumerate();
        self.modes = rules
            .filter_map(|(rule, described)| {
                let mode = described.suppressed_while?;
                Some(Mode {
                    rule: rule as u32,
                    tag: mode.tag,
                    at_or_above: mode.at_or_above,
                    on: false,
                    hold_us: NEVER,
                })
            })
            .collect();
        for mode in &self.modes {
            self.tags[mode.tag.0 as usize].set_mode(true);
        }
    }

    /// A good value of the tag, or none that can be believed.
    pub(crate) fn switch_modes(
        &mut self,
        tag: TagIndex,
        value: Option<f64>,
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        if !self.tags[tag.0 as usize].is_mode() {
            return;
        }
        for place in 0..self.modes.len() {
            let mode = self.modes[place];
            if mode.tag != tag {
                continue;
            }
            let on = value.is_some_and(|value| value >= mode.at_or_above);
            if on != mode.on {
                self.modes[place].on = on;
                self.quiet_rule(mode.rule, on, moment, out);
            }
            self.schedule_mode(place as u32);
        }
    }

    pub(crate) fn quiet_rule(&mut self, rule: u32, on: bool, moment: Moment, out: &mut Vec<Transition>) {
        let by = Arc::clone(&self.plan.site.tag(self.mode_tag(rule)).name);
        for watch in 0..self.plan.watches.len() {
            if self.plan.watches[watch].rule != rule {
                continue;
            }
            if !on && self.slots[watch] == NONE {
                continue;
            }
            let alarm = self.alarm_of_watch(watch as u32);
            let suppressed_by = &self.alarms[alarm as usize].facts.suppressed_by;
            if !on && suppressed_by.as_ref() != Some(&by) {
                continue;
            }
            let event = if on { Event::Suppress(Arc::clone(&by)) } else { Event::Unsuppress };
            // Somebody may have suppressed it before: then there is nothing left to do.
            let _ = self.change(alarm, event, moment, Story::default(), out);
            self.mark(watch as u32, alarm);
        }
    }

    fn mode_tag(&self, rule: u32) -> TagIndex {
        let mode = self.modes.iter().find(|mode| mode.rule == rule);
        mode.expect("only a rule with a mode is quieted").tag
    }

    pub(crate) fn mode_due(&self, mode: u32) -> Option<i64> {
        let mode = &self.modes[mode as usize];
        mode.on.then(|| self.held_until(mode.tag))
    }

    pub(crate) fn schedule_mode(&mut self, mode: u32) {
        let at_us = self.mode_due(mode).unwrap_or(NEVER);
        if at_us != self.modes[mode as usize].hold_us {
            self.schedule(Due::Mode(mode), at_us);
        }
    }

    pub(crate) fn fire_mode(
        &mut self,
        mode: u32,
        at_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        self.modes[mode as usize].hold_us = NEVER;
        let tag = self.modes[mode as usize].tag;
        if let Some(node) = self.node_that_holds(tag) {
            self.nodes[node].has_waiting_tags = true;
        }
        self.switch_modes(tag, None, Moment::at_arrival(at_us, recorded), out);
    }
}

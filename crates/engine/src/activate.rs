//! Other files become active: what stands, stands on; what nobody watches any more is withdrawn.

use std::{collections::BTreeMap, mem, sync::Arc};

use davy_model::{TagIndex, Timestamp, Transition};
use davy_rules::{Plan, WatchKind};

use crate::{
    alarm::{Alarm, Origin},
    engine::{Engine, LIVE, Moment},
    hold::LevelState,
    lifecycle::Event,
    nodes::NodeState,
    tag::{NONE, Policy, TagState},
    transitions::Story,
};

impl Engine {
    /// Makes another plan active. Alarms are carried over by rule and subject, levels by name, tags and edge nodes by
    /// name; the next reading of each tag judges it by the new limits.
    pub fn activate(&mut self, now: Timestamp, plan: Arc<Plan>, out: &mut Vec<Transition>) {
        self.advance_to(now, out);
        let moment = Moment::now(now);
        let places = new_places(&self.alarms, &self.plan, &plan);
        for alarm in 0..self.alarms.len() as u32 {
            if places[alarm as usize].is_none()
                && matches!(self.alarms[alarm as usize].origin, Origin::Watch(_))
            {
                // Time is never refused.
                let _ = self.change(alarm, Event::Withdraw, moment, Story::default(), out);
            }
        }
        let old = mem::replace(&mut self.plan, plan);
        self.policy = Policy::from(&self.plan.site.time);
        self.carry_tags(&old);
        self.carry_alarms(&old, &places);
        self.oddities.clear();
        self.carry_modes(&old, moment, out);
        for alarm in 0..self.alarms.len() as u32 {
            self.reconcile(alarm, moment, out);
        }
        self.schedule_everything();
    }

    fn carry_tags(&mut self, old: &Plan) {
        let node_of = |place: u32| {
            let id = &old.site.edge_nodes.get(place as usize)?.id;
            self.plan.site.node_index(id).map(|index| index.0)
        };
        let unheard = TagState::unheard(self.clock_us);
        let carry = |place: usize| {
            let tag = &self.plan.site.tags[place];
            let before = old.site.tag_index(&tag.name)?;
            let described = old.site.tag(before);
            let mut state = self.tags[before.0 as usize];
            state.set_mode(false);
            if described.unit != tag.unit {
                let conversion = described.unit.conversion(tag.unit, &tag.substance).ok()?;
                state.value = conversion.apply(state.value);
            }
            state.node = node_of(state.node).unwrap_or(NONE);
            Some(state)
        };
        let tags = (0..self.plan.site.tags.len()).map(|place| carry(place).unwrap_or(unheard)).collect();
        let nodes = self.plan.site.edge_nodes.iter().map(|node| {
            let before = old.site.node_index(&node.id);
            before.map_or(NodeState::unheard(self.clock_us), |index| self.nodes[index.0 as usize])
        });
        self.nodes = nodes.collect();
        self.tags = tags;
    }

    fn carry_alarms(&mut self, old: &Plan, places: &[Option<Origin>]) {
        self.slots = vec![NONE; self.plan.watches.len()];
        self.built_in.clear();
        let plan = Arc::clone(&self.plan);
        for (place, mut alarm) in mem::take(&mut self.alarms).into_iter().enumerate() {
            let Some(origin) = places[place] else {
                let key = (alarm.key.rule, alarm.key.subject);
                self.retired.insert(key, (alarm.occurrence, alarm.step));
                continue;
            };
            let at = self.alarms.len() as u32;
            match (alarm.origin, origin) {
                (Origin::Watch(before), Origin::Watch(watch)) => {
                    carry_levels(&mut alarm, old, before, &plan, watch);
                    self.slots[watch as usize] = if alarm.is_live() { at | LIVE } else { at };
                }
                _ => {
                    let key = (Arc::clone(&alarm.key.rule), Arc::clone(&alarm.key.subject));
                    self.built_in.insert(key, at);
                }
            }
            alarm.origin = origin;
            self.alarms.push(alarm);
        }
    }

    fn carry_modes(&mut self, old: &Plan, moment: Moment, out: &mut Vec<Transition>) {
        let was_on: BTreeMap<Arc<str>, Arc<str>> = mem::take(&mut self.modes)
            .into_iter()
            .filter(|mode| mode.on)
            .map(|mode| {
                (Arc::clone(&old.rules[mode.rule as usize].id), Arc::clone(&old.site.tag(mode.tag).name))
            })
            .collect();
        self.modes_of_plan();
        for mode in &mut self.modes {
            let rule = &self.plan.rules[mode.rule as usize].id;
            mode.on = was_on.get(rule) == Some(&self.plan.site.tag(mode.tag).name);
        }
        for alarm in 0..self.alarms.len() as u32 {
            let record = &self.alarms[alarm as usize];
            let Some(by) = &record.facts.suppressed_by else { continue };
            let on = self
                .modes
                .iter()
                .any(|mode| mode.on && self.plan.rules[mode.rule as usize].id == record.key.rule);
            if was_on.get(&record.key.rule) == Some(by) && !on {
                // It is suppressed, as was just seen.
                let _ = self.change(alarm, Event::Unsuppress, moment, Story::default(), out);
            }
        }
    }

    /// An alarm whose levels changed under it moves to the tier its levels have now, or clears.
    fn reconcile(&mut self, alarm: u32, moment: Moment, out: &mut Vec<Transition>) {
        let record = &self.alarms[alarm as usize];
        let Origin::Watch(watch) = record.origin else { return };
        let WatchKind::Limit(program) = self.plan.watches[watch as usize].kind else { return };
        if !record.is_active() {
            return;
        }
        let levels = record.levels.iter().zip(&self.plan.limits[program as usize].levels);
        let tier = levels.filter(|(state, _)| state.is_active()).map(|(_, level)| level.tier).max();
        let event = match tier.max(record.latch_tier) {
            Some(tier) if record.levels.iter().any(LevelState::is_active) => Event::Retier(tier),
            _ => Event::Clear { latch: record.latch_tier.is_some() },
        };
        // The process is never refused.
        let _ = self.change(alarm, event, moment, Story::default(), out);
        let live = self.alarms[alarm as usize].is_live();
        self.slots[watch as usize] = if live { alarm | LIVE } else { alarm };
    }
}

/// What makes each alarm under the new plan; nothing, where its rule or tag is gone or the rule is of another kind.
fn new_places(alarms: &[Alarm], old: &Plan, plan: &Plan) -> Vec<Option<Origin>> {
    let find = |alarm: &Alarm| {
        let Origin::Watch(before) = alarm.origin else { return Some(alarm.origin) };
        let rule = plan.rules.binary_search_by(|rule| rule.id.cmp(&alarm.key.rule)).ok()?;
        let tag: TagIndex = plan.site.tag_index(&alarm.key.subject)?;
        let watch = plan.watches_of(tag).find(|&watch| plan.watches[watch].rule as usize == rule)?;
        let same_kind = mem::discriminant(&plan.watches[watch].kind)
            == mem::discriminant(&old.watches[before as usize].kind);
        same_kind.then_some(Origin::Watch(watch as u32))
    };
    alarms.iter().map(find).collect()
}

fn carry_levels(alarm: &mut Alarm, old: &Plan, before: u32, plan: &Plan, watch: u32) {
    let (WatchKind::Limit(old_program), WatchKind::Limit(program)) =
        (old.watches[before as usize].kind, plan.watches[watch as usize].kind)
    else {
        return;
    };
    let names = old.limits[old_program as usize].levels.iter().map(|level| &level.name);
    let mut states: BTreeMap<&Arc<str>, LevelState> = names.zip(mem::take(&mut alarm.levels)).collect();
    let levels = &plan.limits[program as usize].levels;
    alarm.levels =
        levels.iter().map(|level| states.remove(&level.name).unwrap_or(LevelState::Normal)).collect();
    if alarm.facts.condition == davy_model::Condition::Normal && !alarm.facts.latched {
        alarm.latch_tier = None;
    }
}

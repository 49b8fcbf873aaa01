//! Other files become active: what stands, stands on; what nobody watches any more is withdrawn.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
};

use davy_model::{Conversion, TagIndex, Timestamp, Transition};
use davy_rules::{Calculated, Plan, WatchKind};

use crate::{
    alarm::{Alarm, Origin},
    engine::{Engine, LIVE, Moment, memories_of},
    hold::{LevelState, Seen},
    lifecycle::Event,
    load::{FLOOD_RULE, Load},
    nodes::NodeState,
    oddity::clock_owner,
    tag::{NONE, Policy, TagState},
    transitions::Story,
};

impl Engine {
    /// Makes another plan active. Alarms are carried over by rule and subject, levels by name, tags and edge nodes by
    /// name. What a tag is known to do now is judged by the new limits at once.
    pub fn activate(&mut self, now: Timestamp, plan: Arc<Plan>, out: &mut Vec<Transition>) {
        self.advance_to(now, out);
        let moment = Moment::at_arrival(self.clock_us, now);
        self.count_delays(moment, out);
        let places = new_places(&self.alarms, &self.plan, &plan);
        for alarm in 0..self.alarms.len() as u32 {
            if places[alarm as usize].is_none() {
                // Time is never refused.
                let _ = self.change(alarm, Event::Withdraw, moment, Story::default(), out);
            }
        }
        let old = mem::replace(&mut self.plan, plan);
        self.policy = Policy::from(&self.plan.site.time);
        let calculated = self.carry_calculated(&old);
        self.carry_tags(&old);
        self.tags.extend(calculated);
        self.carry_loads(&old);
        self.observers_due.clear();
        let unchanged = self.carry_alarms(&old, &places);
        self.oddities.clear();
        self.ahead.clear();
        self.carry_modes(&old, moment, out);
        self.judge_again(&unchanged, moment, out);
        for alarm in 0..self.alarms.len() as u32 {
            self.reconcile(alarm, moment, out);
            self.note_escalation(alarm, moment.arrival_us);
            self.note_lateness(alarm, moment.arrival_us);
        }
        self.schedule_everything();
        self.calculate_again(now, out);
        self.sound_after_floods(moment, out);
    }

    /// Time up to now was under the files before.
    fn count_delays(&mut self, moment: Moment, out: &mut Vec<Transition>) {
        for tag in 0..self.tags.len() as u32 {
            let clock_us = self.tags[tag as usize].clock_at(moment.arrival_us);
            self.complete_holds_of(TagIndex(tag), clock_us, moment, out);
        }
    }

    /// What has sounded at each desk that is there still; a flood without rules for one is over.
    fn carry_loads(&mut self, old: &Plan) {
        let before = mem::replace(&mut self.loads, vec![Load::none(); self.plan.site.desks.len() + 1]);
        if self.plan.site.annunciation.flood.is_none() {
            return;
        }
        let place = |id: Option<&Arc<str>>| {
            let desks = &self.plan.site.desks;
            id.map_or(Some(desks.len()), |id| desks.iter().position(|desk| desk.id == *id))
        };
        for (at, load) in before.into_iter().enumerate() {
            if let Some(now) = place(old.site.desks.get(at).map(|desk| &desk.id)) {
                self.loads[now] = load;
            }
        }
    }

    /// What is kept for calculated tags that are made as before of the same tags; all others begin anew. Gives their states.
    fn carry_calculated(&mut self, old: &Plan) -> Vec<TagState> {
        let unheard = TagState::unheard(self.clock_us);
        let mut memories = memories_of(&self.plan);
        let mut states = vec![unheard; self.plan.calculated.len()];
        for (place, made) in self.plan.calculated.iter().enumerate() {
            let Some(before) = same_calculated(old, &self.plan, made) else { continue };
            memories[place] = mem::take(&mut self.memories[before]);
            states[place] = self.tags[old.site.tags.len() + before];
        }
        self.memories = memories;
        states
    }

    /// What alarms make, and what several tags make, is calculated of what stands and holds now.
    fn calculate_again(&mut self, now: Timestamp, out: &mut Vec<Transition>) {
        let plan = Arc::clone(&self.plan);
        self.observers_due.clear();
        for (place, made) in plan.calculated.iter().enumerate() {
            if made.is_on_arrival() {
                self.observers_due.insert(place as u32);
            }
        }
        self.observe(self.clock_us, now, out);
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
            let mut state = self.tags[before.0 as usize];
            state.set_mode(false);
            state.set_silent(false);
            state.set_odd(false);
            state.value = conversion(old, before, &self.plan, TagIndex(place as u32))?.apply(state.value);
            state.node = node_of(state.node).unwrap_or(NONE);
            Some(state)
        };
        for (name, lapse) in &mut self.lapses {
            let (before, tag) = (old.site.tag_index(name), self.plan.site.tag_index(name));
            let line = before.zip(tag).and_then(|(before, tag)| conversion(old, before, &self.plan, tag));
            lapse.good = lapse.good.zip(line).map(|((value, said), line)| (line.apply(value), said));
        }
        let tags = (0..self.plan.site.tags.len()).map(|place| carry(place).unwrap_or(unheard)).collect();
        let nodes = self.plan.site.edge_nodes.iter().map(|node| {
            let before = old.site.node_index(&node.id);
            before.map_or(NodeState::unheard(self.clock_us), |index| self.nodes[index.0 as usize])
        });
        self.nodes = nodes.collect();
        self.tags = tags;
    }

    /// The alarms that stay, in their order; gives those whose levels are as before.
    fn carry_alarms(&mut self, old: &Plan, places: &[Option<Origin>]) -> BTreeSet<u32> {
        self.slots = vec![NONE; self.plan.watches.len()];
        self.built_in.clear();
        self.active_clock_alarms = 0;
        let plan = Arc::clone(&self.plan);
        let mut unchanged = BTreeSet::new();
        for (place, mut alarm) in mem::take(&mut self.alarms).into_iter().enumerate() {
            let key = (Arc::clone(&alarm.key.rule), Arc::clone(&alarm.key.subject));
            let Some(origin) = places[place] else {
                self.retired.insert(key, (alarm.occurrence, alarm.step));
                continue;
            };
            let at = self.alarms.len() as u32;
            match (alarm.origin, origin) {
                (Origin::Watch(before), Origin::Watch(watch)) => {
                    let tag = plan.watches[watch as usize].tag;
                    let state = &mut self.tags[tag.0 as usize];
                    if carry_levels(&mut alarm, state, old, before, &plan, watch) {
                        unchanged.insert(at);
                    }
                    let silent = matches!(plan.watches[watch as usize].kind, WatchKind::Silence(_));
                    state.set_silent(state.is_silent() || (silent && alarm.is_active()));
                    self.slots[watch as usize] = if alarm.is_live() { at | LIVE } else { at };
                }
                (Origin::Watch(_) | Origin::Clock | Origin::Fault | Origin::Load, _) => {
                    self.active_clock_alarms += u32::from(origin == Origin::Clock && alarm.is_active());
                    self.built_in.insert(key, at);
                }
            }
            alarm.origin = origin;
            self.alarms.push(alarm);
        }
        unchanged
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
        for place in 0..self.modes.len() {
            let mode = self.modes[place];
            let rule = &self.plan.rules[mode.rule as usize].id;
            let is_reached = self.tags[mode.tag.0 as usize].value >= mode.at_or_above;
            if is_reached && was_on.get(rule) == Some(&self.plan.site.tag(mode.tag).name) {
                self.modes[place].on = true;
                self.quiet_rule(mode.rule, true, moment, out);
            }
        }
        for alarm in 0..self.alarms.len() as u32 {
            let record = &self.alarms[alarm as usize];
            let Some(by) = &record.facts.suppressed_by else { continue };
            let mut modes = self.modes.iter().filter(|mode| mode.on);
            let on = modes.any(|mode| self.plan.rules[mode.rule as usize].id == record.key.rule);
            if was_on.get(&record.key.rule) == Some(by) && !on {
                // It is suppressed, as was just seen.
                let _ = self.change(alarm, Event::Unsuppress, moment, Story::default(), out);
            }
        }
    }

    /// Shows what each tag does now to the limits that are new.
    fn judge_again(&mut self, unchanged: &BTreeSet<u32>, moment: Moment, out: &mut Vec<Transition>) {
        for tag in (0..self.tags.len() as u32).map(TagIndex) {
            let state = &self.tags[tag.0 as usize];
            let held = state.is_holding() && state.has_evidence();
            if !held || self.held_until(tag) < moment.arrival_us {
                continue;
            }
            let clock_us = state.clock_at(moment.arrival_us);
            let seen = Seen { judged_us: clock_us, ..self.last_seen(tag) };
            for watch in self.plan.watches_of(tag) {
                let slot = self.slots[watch];
                let is_new = slot == NONE || !unchanged.contains(&(slot & !LIVE));
                if let (WatchKind::Limit(program), true) = (self.plan.watches[watch].kind, is_new) {
                    self.look_at_limit(watch as u32, program, seen, Moment { clock_us, ..moment }, out);
                }
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
        let mut levels = record.levels.iter().zip(&self.plan.limits[program as usize].levels).rev();
        let gravest = levels.find(|(state, _)| state.is_active()).map(|(_, level)| level);
        let event = match gravest {
            Some(level) => {
                Event::Retier(record.latch_tier.map_or(level.tier, |latched| latched.max(level.tier)))
            }
            None => Event::Clear { latch: record.latch_tier.is_some() },
        };
        let story = Story { re_alarm_us: gravest.and_then(|level| level.re_alarm_us), ..Story::default() };
        // The process is never refused.
        let _ = self.change(alarm, event, moment, story, out);
        self.mark(watch, alarm);
    }
}

/// What makes each alarm under the new plan; nothing, where its rule or tag is gone or the rule is of another kind.
fn new_places(alarms: &[Alarm], old: &Plan, plan: &Plan) -> Vec<Option<Origin>> {
    let clocks: BTreeSet<&Arc<str>> = plan.site.tags.iter().map(clock_owner).collect();
    let find = |alarm: &Alarm| match alarm.origin {
        Origin::Watch(before) => plan.same_watch(old, before).map(Origin::Watch),
        Origin::Clock => clocks.contains(&alarm.key.subject).then_some(Origin::Clock),
        Origin::Fault => Some(Origin::Fault),
        Origin::Load => stays_loaded(alarm, plan).then_some(Origin::Load),
    };
    alarms.iter().map(find).collect()
}

/// The place under the old plan of what is calculated in the same way of the same tags, in the same units.
fn same_calculated(old: &Plan, plan: &Plan, made: &Calculated) -> Option<usize> {
    let id = &plan.rules[made.rule as usize].id;
    let rule = old.rules.binary_search_by(|rule| rule.id.cmp(id)).ok()?;
    let watch = old.watch_on(rule as u32, &made.subject)?;
    let place = (old.watches[watch as usize].tag.0 as usize).checked_sub(old.site.tags.len())?;
    let before = &old.calculated[place];
    let described = |plan: &Plan, tag: TagIndex| {
        let tag = plan.site.tag(tag);
        (Arc::clone(&tag.name), tag.unit)
    };
    let same_inputs = before.inputs.len() == made.inputs.len()
        && before.inputs.iter().zip(&made.inputs).all(|(a, b)| described(old, *a) == described(plan, *b));
    (same_inputs && before.program == made.program && before.unit == made.unit).then_some(place)
}

/// Whether there is still somebody who would tell when a flood, or a chattering, is over.
fn stays_loaded(alarm: &Alarm, plan: &Plan) -> bool {
    let annunciation = &plan.site.annunciation;
    let is_place = |id: &str| id == &*plan.site.id || plan.site.desks.iter().any(|desk| *desk.id == *id);
    if *alarm.key.rule == *FLOOD_RULE {
        return annunciation.flood.is_some() && is_place(&alarm.key.subject);
    }
    let Some((rule, subject)) = alarm.key.subject.split_once(':') else { return false };
    let rule = plan.rules.binary_search_by(|other| (*other.id).cmp(rule)).ok();
    annunciation.chatter.is_some() && rule.is_some_and(|rule| plan.watch_on(rule as u32, subject).is_some())
}

/// From a tag's old unit to its new one; nothing, where they do not convert.
fn conversion(old: &Plan, before: TagIndex, plan: &Plan, tag: TagIndex) -> Option<Conversion> {
    if plan.calculated(tag).is_some() || old.calculated(before).is_some() {
        return (plan.unit(tag) == old.unit(before)).then_some(Conversion::IDENTITY);
    }
    let tag = plan.site.tag(tag);
    old.site.tag(before).unit.conversion(tag.unit, &tag.substance).ok()
}

/// Carries levels by name. True when the limits are what they were.
fn carry_levels(alarm: &mut Alarm, tag: &TagState, old: &Plan, before: u32, plan: &Plan, watch: u32) -> bool {
    let (old_watch, new_watch) = (&old.watches[before as usize], &plan.watches[watch as usize]);
    let (WatchKind::Limit(old_program), WatchKind::Limit(program)) = (old_watch.kind, new_watch.kind) else {
        return true;
    };
    let conversion = conversion(old, old_watch.tag, plan, new_watch.tag);
    let (old_levels, levels) =
        (&old.limits[old_program as usize].levels, &plan.limits[program as usize].levels);
    if old_levels == levels && conversion == Some(Conversion::IDENTITY) {
        return true;
    }
    for level in &mut alarm.levels {
        carry_delay(level, conversion);
    }
    let names = old_levels.iter().map(|level| &level.name);
    let mut states: BTreeMap<&Arc<str>, LevelState> = names.zip(mem::take(&mut alarm.levels)).collect();
    let mut carried: Vec<Option<LevelState>> =
        levels.iter().map(|level| states.remove(&level.name)).collect();
    let orphaned = states.values().any(LevelState::is_active);
    if orphaned {
        adopt(&mut carried, levels, tag);
    }
    alarm.levels = carried.into_iter().map(|state| state.unwrap_or(LevelState::Normal)).collect();
    for (state, level) in alarm.levels.iter_mut().zip(levels) {
        prove_delay(state, level);
    }
    false
}

/// A level that was active is gone, renamed perhaps: a new level that the tag's value is past takes over. Where the
/// value proves nothing the least grave new one does, for without evidence nothing clears.
fn adopt(carried: &mut [Option<LevelState>], levels: &[davy_rules::Level], tag: &TagState) {
    let known = tag.is_holding() && tag.has_evidence();
    for (state, level) in carried.iter_mut().zip(levels).filter(|(state, _)| state.is_none()) {
        if !known || level.is_past(tag.value) {
            *state = Some(LevelState::Active);
        }
        if !known {
            return;
        }
    }
}

/// The readings of a delay in the tag's new unit; without one they mean nothing, and it begins anew.
fn carry_delay(level: &mut LevelState, conversion: Option<Conversion>) {
    match (conversion, &mut *level) {
        (_, LevelState::Normal | LevelState::Active) => {}
        (Some(conversion), LevelState::Rising(hold) | LevelState::Falling(hold)) => {
            hold.first.value = conversion.apply(hold.first.value);
            hold.last.value = conversion.apply(hold.last.value);
        }
        (None, LevelState::Rising(_)) => *level = LevelState::Normal,
        (None, LevelState::Falling(_)) => *level = LevelState::Active,
    }
}

/// A delay goes on where the readings it rests on say of the new level what they said of the old; else it begins anew.
fn prove_delay(state: &mut LevelState, level: &davy_rules::Level) {
    match state {
        LevelState::Rising(hold) if !level.is_past(hold.first.value) || !level.is_past(hold.last.value) => {
            *state = LevelState::Normal;
        }
        LevelState::Falling(hold)
            if !level.is_clear(hold.first.value) || !level.is_clear(hold.last.value) =>
        {
            *state = LevelState::Active;
        }
        _ => {}
    }
}

//! More than a person can take: a desk that is flooded, an alarm that chatters. Each is told by an alarm of its own. What is
//! quieted meanwhile is judged, journalled and listed as ever, and sounds when it is over, if it still stands.

use std::{collections::VecDeque, sync::Arc};

use davy_model::{Text, Tier, Timestamp, Transition, TransitionKind, micros};

use crate::{
    alarm::{NEVER, Origin},
    engine::{Engine, Moment},
    lifecycle::Event,
    timers::Due,
    transitions::Story,
    words,
};

/// Rule id of the alarms that tell of a flood; the subject is the desk.
pub const FLOOD_RULE: &str = "davy-flood";
/// Rule id of the alarms that tell of chattering; the subject is the alarm, `rule:subject`.
pub const CHATTER_RULE: &str = "davy-chatter";
/// Alarms that are remembered at most to tell a flood: past so many nothing more is learnt.
const REMEMBERED_MAX: usize = 4096;

/// What has sounded at one desk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Load {
    /// When alarms came, the oldest first, arrival µs.
    pub(crate) came_us: VecDeque<i64>,
    /// Whether the desk is flooded.
    pub(crate) is_flooded: bool,
    /// When that may be over, arrival µs.
    pub(crate) due_us: i64,
}

/// Why an alarm does not sound though it is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// Its desk is flooded.
    Flood,
    /// It chatters.
    Chatter,
}

impl Engine {
    /// When people can hear of what is decided at a moment, arrival µs: a delay may have been over before it was looked at.
    pub(crate) fn decided_at(&self, moment: Moment) -> i64 {
        self.clock_us.max(moment.arrival_us)
    }

    /// An alarm would sound: whether it does, seen against all that sounds.
    pub(crate) fn quiet_of(&mut self, alarm: u32, moment: Moment) -> Option<Quiet> {
        let record = &self.alarms[alarm as usize];
        if !matches!(record.origin, Origin::Watch(_)) {
            return None;
        }
        let tier = record.facts.tier;
        let below = |bound: Option<Tier>| bound.is_some_and(|bound| tier < bound);
        let annunciation = &self.plan.site.annunciation;
        let chatters = record.chatter_us != NEVER;
        if annunciation.chatter.is_some_and(|policy| chatters && below(policy.quiet_below)) {
            return Some(Quiet::Chatter);
        }
        let policy = annunciation.flood?;
        let within_us = micros(policy.within);
        let now_us = self.decided_at(moment);
        let desk = self.desk_at(alarm);
        let load = &mut self.loads[desk];
        while load.came_us.front().is_some_and(|came_us| now_us.saturating_sub(*came_us) >= within_us) {
            load.came_us.pop_front();
        }
        if load.came_us.len() == REMEMBERED_MAX {
            load.came_us.pop_front();
        }
        load.came_us.push_back(now_us);
        (load.is_flooded && below(policy.quiet_below)).then_some(Quiet::Flood)
    }

    /// After an alarm was raised: a desk may be flooded by it, and it may chatter.
    pub(crate) fn weigh(
        &mut self,
        alarm: u32,
        kind: TransitionKind,
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        if !matches!(self.alarms[alarm as usize].origin, Origin::Watch(_)) {
            return;
        }
        if kind == TransitionKind::Raised {
            self.note_chatter(alarm, moment, out);
        }
        if matches!(kind, TransitionKind::Raised | TransitionKind::TierRaised) {
            self.note_flood(self.desk_at(alarm), moment, out);
        }
    }

    fn note_flood(&mut self, desk: usize, moment: Moment, out: &mut Vec<Transition>) {
        let Some(policy) = self.plan.site.annunciation.flood else { return };
        let load = &mut self.loads[desk];
        let count = load.came_us.len();
        if !load.is_flooded && count <= policy.starts as usize {
            return;
        }
        let begins = !load.is_flooded;
        load.is_flooded = true;
        // It is over when so many have fallen out of the time that fewer than `ends` are left.
        let last_us = load.came_us[count.saturating_sub(policy.ends as usize)];
        self.schedule(Due::Flood(desk as u32), last_us.saturating_add(micros(policy.within)));
        if begins {
            let text = words::flood(count, policy.within);
            let subject = self.desk_name(desk);
            self.tell(FLOOD_RULE, &subject, (Event::Raise(Tier::Yellow), text), moment, out);
        }
    }

    pub(crate) fn fire_flood(
        &mut self,
        desk: u32,
        at_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let desk = desk as usize;
        let within_us = self.plan.site.annunciation.flood.map_or(0, |policy| micros(policy.within));
        let load = &mut self.loads[desk];
        (load.is_flooded, load.due_us) = (false, NEVER);
        load.came_us.retain(|came_us| at_us.saturating_sub(*came_us) < within_us);
        let moment = Moment::at_arrival(at_us, recorded);
        let subject = self.desk_name(desk);
        self.tell(FLOOD_RULE, &subject, (Event::Clear { latch: false }, Text::default()), moment, out);
        self.sound_after_floods(moment, out);
    }

    /// What a flood quieted sounds where its desk is not flooded any more.
    pub(crate) fn sound_after_floods(&mut self, moment: Moment, out: &mut Vec<Transition>) {
        for alarm in 0..self.alarms.len() as u32 {
            let is_quiet = self.alarms[alarm as usize].quiet == Some(Quiet::Flood);
            if is_quiet && !self.loads[self.desk_at(alarm)].is_flooded {
                self.sound_after_quiet(alarm, moment, out);
            }
        }
    }

    fn note_chatter(&mut self, alarm: u32, moment: Moment, out: &mut Vec<Transition>) {
        let Some(policy) = self.plan.site.annunciation.chatter else { return };
        let within_us = micros(policy.within);
        let now_us = self.decided_at(moment);
        let record = &mut self.alarms[alarm as usize];
        record.raises_us.push_back(now_us);
        while record.raises_us.len() > policy.raises as usize {
            record.raises_us.pop_front();
        }
        let first_us = record.raises_us.front().copied().unwrap_or(now_us);
        let is_quick =
            record.raises_us.len() == policy.raises as usize && now_us.saturating_sub(first_us) < within_us;
        let chatters = record.chatter_us != NEVER;
        if !chatters && !is_quick {
            return;
        }
        let subject: Arc<str> = format!("{}:{}", record.key.rule, record.key.subject).into();
        self.schedule(Due::Chatter(alarm), now_us.saturating_add(within_us));
        if !chatters {
            let text = words::chatter(policy.raises, policy.within);
            self.tell(CHATTER_RULE, &subject, (Event::Raise(Tier::Blue), text), moment, out);
        }
    }

    pub(crate) fn fire_chatter(
        &mut self,
        alarm: u32,
        at_us: i64,
        recorded: Timestamp,
        out: &mut Vec<Transition>,
    ) {
        let record = &mut self.alarms[alarm as usize];
        record.chatter_us = NEVER;
        record.raises_us.clear();
        let subject: Arc<str> = format!("{}:{}", record.key.rule, record.key.subject).into();
        let moment = Moment::at_arrival(at_us, recorded);
        self.tell(CHATTER_RULE, &subject, (Event::Clear { latch: false }, Text::default()), moment, out);
        if self.alarms[alarm as usize].quiet == Some(Quiet::Chatter) {
            self.sound_after_quiet(alarm, moment, out);
        }
    }

    /// What kept an alarm quiet is over: it sounds now, if it still stands and nobody has seen it.
    fn sound_after_quiet(&mut self, alarm: u32, moment: Moment, out: &mut Vec<Transition>) {
        self.alarms[alarm as usize].quiet = None;
        // The process is never refused.
        let _ = self.change(alarm, Event::Sound, moment, Story::default(), out);
    }

    fn tell(
        &mut self,
        rule: &str,
        subject: &Arc<str>,
        (event, text): (Event, Text),
        moment: Moment,
        out: &mut Vec<Transition>,
    ) {
        let tier = if let Event::Raise(tier) = event { tier } else { Tier::Blue };
        let told = self.built_in_alarm(Origin::Load, rule, subject, tier);
        let moment = Moment { clock_us: moment.arrival_us, late: false, catching_up: false, ..moment };
        let first_out = Some(Timestamp::from_micros(moment.arrival_us));
        // The process is never refused.
        let _ =
            self.change(told, event, moment, Story { text: Some(text), first_out, ..Story::default() }, out);
    }

    /// The place of the desk that answers for an alarm; one past the last where none does.
    fn desk_at(&self, alarm: u32) -> usize {
        let desks = &self.plan.site.desks;
        let of = self.desk_of(alarm).and_then(|desk| desks.iter().position(|other| other.id == desk.id));
        of.unwrap_or(desks.len())
    }

    /// What the desk at a place is called; the site, where none answers.
    fn desk_name(&self, desk: usize) -> Arc<str> {
        Arc::clone(self.plan.site.desks.get(desk).map_or(&self.plan.site.id, |desk| &desk.id))
    }
}

impl Load {
    /// A desk at which nothing has sounded yet.
    pub(crate) fn none() -> Load {
        Load { came_us: VecDeque::new(), is_flooded: false, due_us: NEVER }
    }
}

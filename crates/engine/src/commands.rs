//! Operators act. What they may not do is refused with a reason, and changes nothing.

use davy_model::{
    AlarmKey, Command, CommandKind, Refusal, Shelving, Tier, Timestamp, Transition, Verdict, micros,
};

use crate::{
    alarm::Origin,
    engine::{Engine, Moment},
    lifecycle::Event,
    transitions::Story,
};

impl Engine {
    pub(crate) fn command(
        &mut self,
        command: &Command,
        now: Timestamp,
        out: &mut Vec<Transition>,
    ) -> Result<(), Refusal> {
        if command.actor.name.trim().is_empty() {
            return Err(Refusal::ActorMissing);
        }
        let alarm = self.find(&command.alarm).ok_or(Refusal::AlarmUnknown)?;
        let standing = self.alarms[alarm as usize].occurrence;
        if command.occurrence.is_some_and(|seen| seen != standing) {
            return Err(Refusal::OccurrenceChanged { now: standing });
        }
        let event = self.event_of(command, alarm, now)?;
        let story = Story { actor: Some(command.actor.clone()), ..Story::default() };
        self.change(alarm, event, Moment::now(now), story, out)?;
        Ok(())
    }

    fn event_of(&self, command: &Command, alarm: u32, now: Timestamp) -> Result<Event, Refusal> {
        Ok(match command.kind {
            CommandKind::Acknowledge => Event::Acknowledge,
            CommandKind::Unshelve => Event::Unshelve,
            CommandKind::Reset => Event::Reset,
            CommandKind::ReturnToService => Event::ReturnToService,
            CommandKind::Suppress => {
                self.may_agree(command, alarm)?;
                Event::Suppress(command.actor.name.clone())
            }
            CommandKind::Unsuppress => Event::Unsuppress,
            CommandKind::Verify(verdict) => {
                if verdict != Verdict::Real {
                    needs_words(command)?;
                }
                Event::Verify(verdict, self.alarms[alarm as usize].occurrence)
            }
            CommandKind::Act => needs_words(command).map(|()| Event::Act)?,
            CommandKind::GiveFeedback => needs_words(command).map(|()| Event::GiveFeedback)?,
            CommandKind::Comment => needs_words(command).map(|()| Event::Comment)?,
            CommandKind::Close => Event::Close,
            CommandKind::SetOutOfService => {
                self.may_quiet(command, alarm)?;
                Event::SetOutOfService
            }
            CommandKind::Shelve { duration, one_shot } => {
                self.may_quiet(command, alarm)?;
                let max = self.plan.site.shelving.max;
                if duration.is_zero() || micros(duration) > micros(max) {
                    return Err(Refusal::ShelveDuration { max });
                }
                Event::Shelve(Shelving {
                    until: now.plus(duration),
                    one_shot,
                    by: command.actor.name.clone(),
                })
            }
        })
    }

    /// An operator's quieting needs a reason in words, and what [`Engine::may_agree`] asks for.
    fn may_quiet(&self, command: &Command, alarm: u32) -> Result<(), Refusal> {
        needs_words(command)?;
        self.may_agree(command, alarm)
    }

    /// Quieting an alarm that can get grave, in whatever way, needs a second person.
    fn may_agree(&self, command: &Command, alarm: u32) -> Result<(), Refusal> {
        let second = command.actor.approved_by.as_ref().map(|name| name.trim());
        let agreed = second.is_some_and(|name| !name.is_empty() && name != command.actor.name.trim());
        if self.tier_max(alarm) >= self.plan.site.shelving.two_person_from && !agreed {
            return Err(Refusal::SecondPersonNeeded);
        }
        Ok(())
    }

    fn tier_max(&self, alarm: u32) -> Tier {
        let record = &self.alarms[alarm as usize];
        match record.origin {
            Origin::Watch(watch) => self.plan.rules[self.plan.watches[watch as usize].rule as usize].tier_max,
            Origin::Clock | Origin::Fault | Origin::Load => record.facts.tier_highest,
        }
    }

    /// The alarm with that key, if an active rule makes one; its record is made when it had none.
    fn find(&mut self, key: &AlarmKey) -> Option<u32> {
        if key.site != self.plan.site.id {
            return None;
        }
        if let Some(alarm) = self.built_in.get(&(key.rule.clone(), key.subject.clone())) {
            return Some(*alarm);
        }
        let rule = self.plan.rules.binary_search_by(|rule| rule.id.cmp(&key.rule)).ok()? as u32;
        let watch = self.plan.watch_on(rule, &key.subject)?;
        self.plan.rules[rule as usize].is_alarm.then(|| self.alarm_of_watch(watch))
    }
}

/// Some commands mean nothing without a reason in words.
fn needs_words(command: &Command) -> Result<(), Refusal> {
    if command.actor.comment.trim().is_empty() { Err(Refusal::CommentMissing) } else { Ok(()) }
}

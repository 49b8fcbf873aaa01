//! Parts of Davy that fail raise alarms like anything else: silence must never be mistaken for health.

use davy_model::{Fault, Timestamp, Transition};

use crate::{
    alarm::Origin,
    engine::{Engine, Moment},
    lifecycle::Event,
    transitions::Story,
};

/// Rule id of the alarms of Davy's own parts.
pub const FAULT_RULE: &str = "davy-fault";

impl Engine {
    pub(crate) fn fault(&mut self, fault: &Fault, now: Timestamp, out: &mut Vec<Transition>) {
        let alarm = self.built_in_alarm(Origin::Fault, FAULT_RULE, &fault.part, fault.tier);
        let event = match fault.active {
            true if self.alarms[alarm as usize].is_active() => Event::Retier(fault.tier),
            true => Event::Raise(fault.tier),
            false => Event::Clear { latch: false },
        };
        let story = Story { text: Some(fault.text.clone()), first_out: Some(now), ..Story::default() };
        // The process is never refused.
        let _ = self.change(alarm, event, Moment::now(now), story, out);
    }
}

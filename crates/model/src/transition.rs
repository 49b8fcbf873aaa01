//! One journalled change of an alarm, with everything needed to explain it.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    Actor, AlarmFacts, AlarmKey, Comparator, Quality, Text, Tier, Timestamp, TransitionId, Unit, micros,
};

/// One change of one alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// Its number in the site: 1, 2, 3... without a hole.
    pub sequence: u64,
    /// Of which alarm.
    pub alarm: AlarmKey,
    /// Which time the alarm stood, from 1; 0 before it ever did.
    pub occurrence: u64,
    /// Which change within that occurrence, from 1.
    pub step: u32,
    /// What changed.
    pub kind: TransitionKind,
    /// How the alarm stands after it.
    pub facts: AlarmFacts,
    /// The revision of the files under which it was decided.
    pub rule_revision: Arc<str>,
    /// The rule's title.
    pub title: Text,
    /// The tags that were judged.
    pub tags: Vec<Arc<str>>,
    /// The limit that spoke.
    pub limit: Option<LimitView>,
    /// The value that decided.
    pub value: Option<f64>,
    /// The unit of value and limit.
    pub unit: Option<Unit>,
    /// How far the value may be believed.
    pub quality: Quality,
    /// When it became true, on the tag's clock.
    pub source_time: Timestamp,
    /// When Davy could know it.
    pub arrival_time: Timestamp,
    /// When it was decided, and written down.
    pub recorded_time: Timestamp,
    /// When the first reading past a limit of this occurrence was measured.
    pub first_out_time: Option<Timestamp>,
    /// Decided from a backlog.
    pub late: bool,
    /// Calls for attention now.
    pub sounds: bool,
    /// The incident that this occurrence is a part of: the id of the transition that began it.
    pub incident: Option<Arc<str>>,
    /// Who is asked: the desk that answers for it, or the one it was escalated to last.
    pub desk: Option<Arc<str>>,
    /// Who did it, where somebody did.
    pub actor: Option<Actor>,
    /// What it was decided from.
    pub evidence: Evidence,
    /// In words.
    pub message: Text,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransitionKind {
    /// The condition became active: a new occurrence.
    Raised,
    /// Graver than before; un-acknowledges.
    TierRaised,
    /// Less grave than before, and still active.
    TierLowered,
    /// The condition returned to normal.
    Cleared,
    /// An operator has seen it.
    Acknowledged,
    /// Still active after the re-alarm time; un-acknowledges.
    ReAlarmed,
    /// Raised, or let out of its quiet, from a backlog or in a flood before, and active still: it sounds now.
    Sounded,
    /// Quieted by an operator.
    Shelved,
    /// Quiet no longer, by an operator.
    Unshelved,
    /// Quiet no longer, its time is over.
    ShelveExpired,
    /// Quieted by plant logic.
    Suppressed,
    /// Plant logic no longer asks for quiet.
    Unsuppressed,
    /// Taken out of service.
    OutOfService,
    /// Returned to service.
    InService,
    /// A latch was let go.
    Reset,
    /// The rule or the tag is gone from the active files.
    Withdrawn,
    /// Nobody acknowledged it in time, or gave feedback: another desk is asked as well.
    Escalated,
    /// Somebody found what it is; the verdict is in the facts of its case.
    Verified,
    /// Somebody did something about it.
    Acted,
    /// Somebody told what was done, and how it went.
    FeedbackGiven,
    /// Its case was closed.
    Closed,
    /// Somebody wrote something down.
    Commented,
}

impl TransitionKind {
    /// All kinds, in the order of their codes.
    pub const ALL: [TransitionKind; 22] = [
        TransitionKind::Raised,
        TransitionKind::TierRaised,
        TransitionKind::TierLowered,
        TransitionKind::Cleared,
        TransitionKind::Acknowledged,
        TransitionKind::ReAlarmed,
        TransitionKind::Sounded,
        TransitionKind::Shelved,
        TransitionKind::Unshelved,
        TransitionKind::ShelveExpired,
        TransitionKind::Suppressed,
        TransitionKind::Unsuppressed,
        TransitionKind::OutOfService,
        TransitionKind::InService,
        TransitionKind::Reset,
        TransitionKind::Withdrawn,
        TransitionKind::Escalated,
        TransitionKind::Verified,
        TransitionKind::Acted,
        TransitionKind::FeedbackGiven,
        TransitionKind::Closed,
        TransitionKind::Commented,
    ];

    /// The word on the wire and on the terminal.
    pub const fn word(self) -> &'static str {
        match self {
            TransitionKind::Raised => "raised",
            TransitionKind::TierRaised => "tier_raised",
            TransitionKind::TierLowered => "tier_lowered",
            TransitionKind::Cleared => "cleared",
            TransitionKind::Acknowledged => "acknowledged",
            TransitionKind::ReAlarmed => "re_alarmed",
            TransitionKind::Sounded => "sounded",
            TransitionKind::Shelved => "shelved",
            TransitionKind::Unshelved => "unshelved",
            TransitionKind::ShelveExpired => "shelve_expired",
            TransitionKind::Suppressed => "suppressed",
            TransitionKind::Unsuppressed => "unsuppressed",
            TransitionKind::OutOfService => "out_of_service",
            TransitionKind::InService => "in_service",
            TransitionKind::Reset => "reset",
            TransitionKind::Withdrawn => "withdrawn",
            TransitionKind::Escalated => "escalated",
            TransitionKind::Verified => "verified",
            TransitionKind::Acted => "acted",
            TransitionKind::FeedbackGiven => "feedback_given",
            TransitionKind::Closed => "closed",
            TransitionKind::Commented => "commented",
        }
    }

    /// The kind that `word` names.
    pub fn from_word(word: &str) -> Option<TransitionKind> {
        TransitionKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Its place in [`TransitionKind::ALL`], for encodings.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with that code.
    pub fn from_code(code: u8) -> Option<TransitionKind> {
        TransitionKind::ALL.get(usize::from(code)).copied()
    }
}

/// A trip level as it was when it spoke, in the tag's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitView {
    /// LL, L, H, HH, L1...; `stale` for silence.
    pub name: Arc<str>,
    /// How the value is compared.
    pub comparator: Comparator,
    /// Passed, it raises.
    pub set_point: f64,
    /// Back past it, it clears.
    pub clear_point: f64,
    /// Whether reaching the clear point is enough (`≤`, `≥`), or it must be passed.
    pub clear_inclusive: bool,
    /// The set point as the file has it: `10 mg/m3`.
    pub written: Arc<str>,
}

impl LimitView {
    /// Whether `value` is back past the clear point. Never true for NaN.
    pub fn is_clear(&self, value: f64) -> bool {
        self.comparator.is_clear(value, self.clear_point, self.clear_inclusive)
    }
}

/// What a transition was decided from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The readings that decided: the first and the last of those that held; or the last value before a silence, and the
    /// reading without a value that came after it.
    pub readings: Vec<SeenReading>,
    /// How many readings held in all, the named ones among them.
    pub readings_held: u32,
    /// The delay that ran, with its arithmetic.
    pub delay: Option<Delay>,
    /// Where a value calculated of the readings was judged: the first and the last such value that held, under the name
    /// of the alarm's subject. Empty where readings themselves were judged.
    pub calculated: Vec<SeenReading>,
    /// What is left of readings that were too many to keep one by one.
    pub summaries: Vec<Summary>,
    /// The alarms that were counted.
    pub alarms: Vec<SeenAlarm>,
}

/// Readings of one tag in one part of a window, as what is left of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Of which tag.
    pub tag: Arc<str>,
    /// Where its first reading was judged.
    pub from: Timestamp,
    /// Up to where it is known what the process did: not past the end of the part.
    pub until: Timestamp,
    /// How many readings.
    pub readings: u32,
    /// For how much of the time between there was evidence.
    pub covered: Duration,
    /// The sum of value times time over the time covered, in the tag's unit · µs.
    pub area: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// The last.
    pub last: f64,
    /// The least to be believed among them.
    pub quality: Quality,
}

impl Summary {
    /// The mean over the time covered, in the tag's unit; of one instant, its value.
    pub fn mean(&self) -> f64 {
        let covered_us = micros(self.covered);
        if covered_us > 0 { self.area / covered_us as f64 } else { self.last }
    }
}

/// An alarm that stood when others were decided by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAlarm {
    /// Which.
    pub alarm: AlarmKey,
    /// Which time it stood.
    pub occurrence: u64,
    /// How grave it was.
    pub tier: Tier,
    /// When the first reading past its limit was measured.
    pub first_out: Timestamp,
}

/// A reading as it was judged.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenReading {
    /// Of which tag.
    pub tag: Arc<str>,
    /// In the tag's unit; none where nothing was measured.
    pub value: Option<f64>,
    /// How far it may be believed.
    pub quality: Quality,
    /// As the source stamped it.
    pub source_time: Timestamp,
    /// When it arrived.
    pub arrival_time: Timestamp,
    /// The time it was judged at: the source's, or the arrival's where the source's clock is suspect.
    pub judged_time: Timestamp,
}

/// A delay that ran, with its arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// Which delay.
    pub kind: DelayKind,
    /// Since when, on the clock it runs on.
    pub since: Timestamp,
    /// How much of it had passed with evidence when it decided.
    pub elapsed: Duration,
    /// How much had to.
    pub required: Duration,
}

/// Which delay ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DelayKind {
    /// Past a limit for this long before it raises; on the tag's clock.
    OnDelay,
    /// Back from a limit for this long before it clears; on the tag's clock.
    OffDelay,
    /// No usable reading for this long; on the arrival clock.
    Silence,
    /// A lost edge node may come back within this; on the arrival clock.
    LossGrace,
    /// Active for this long without a change; on the arrival clock.
    ReAlarm,
    /// Not acknowledged for this long; on the arrival clock.
    Escalation,
    /// No feedback for this long; on the arrival clock.
    Feedback,
}

impl DelayKind {
    /// All kinds, in the order of their codes.
    pub const ALL: [DelayKind; 7] = [
        DelayKind::OnDelay,
        DelayKind::OffDelay,
        DelayKind::Silence,
        DelayKind::LossGrace,
        DelayKind::ReAlarm,
        DelayKind::Escalation,
        DelayKind::Feedback,
    ];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            DelayKind::OnDelay => "on_delay",
            DelayKind::OffDelay => "off_delay",
            DelayKind::Silence => "silence",
            DelayKind::LossGrace => "loss_grace",
            DelayKind::ReAlarm => "re_alarm",
            DelayKind::Escalation => "escalation",
            DelayKind::Feedback => "feedback",
        }
    }

    /// Its place in [`DelayKind::ALL`], for encodings.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with that code.
    pub fn from_code(code: u8) -> Option<DelayKind> {
        DelayKind::ALL.get(usize::from(code)).copied()
    }
}

impl Transition {
    /// Its id, the same however often it is decided.
    pub fn id(&self) -> TransitionId {
        TransitionId { alarm: self.alarm.clone(), occurrence: self.occurrence, step: self.step }
    }
}

impl fmt::Display for TransitionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

//! What an operator asks of an alarm, and why it may be refused.

use std::{fmt, sync::Arc, time::Duration};

use crate::{AlarmKey, Timestamp, Verdict};

/// One operator command, as it is journalled.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// On which alarm.
    pub alarm: AlarmKey,
    /// The occurrence the operator saw, so that a stale click cannot act on a new one. Not checked when absent.
    pub occurrence: Option<u64>,
    /// Who asks.
    pub actor: Actor,
    /// What for.
    pub kind: CommandKind,
    /// Chosen by whoever asks, so that the same command, sent again, is known again; empty where they chose none.
    pub request_id: Arc<str>,
}

/// Who acts, and what they wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// The person or system; never empty.
    pub name: Arc<str>,
    /// A second person who agrees, where one is needed.
    pub approved_by: Option<Arc<str>>,
    /// In their words; may be empty where no reason is needed.
    pub comment: Arc<str>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// Seen, and owned.
    Acknowledge,
    /// Quiet for a bounded time. Needs a comment.
    Shelve {
        /// For how long.
        duration: Duration,
        /// Ends early when the condition returns to normal.
        one_shot: bool,
    },
    /// Quiet no longer.
    Unshelve,
    /// Lets go of a latched alarm whose condition is normal.
    Reset,
    /// Taken out for maintenance. Needs a comment.
    SetOutOfService,
    /// Back from maintenance.
    ReturnToService,
    /// Quiet by plant logic.
    Suppress,
    /// Plant logic no longer asks for quiet.
    Unsuppress,
    /// Found to be this. Needs a comment, unless it is real.
    Verify(Verdict),
    /// Something was done about it. Needs a comment that says what.
    Act,
    /// How it went. Needs a comment that says it.
    GiveFeedback,
    /// The response is over.
    Close,
    /// A comment, and nothing else.
    Comment,
}

impl CommandKind {
    /// The word on the wire and in the journal.
    pub const fn word(self) -> &'static str {
        match self {
            CommandKind::Acknowledge => "acknowledge",
            CommandKind::Shelve { .. } => "shelve",
            CommandKind::Unshelve => "unshelve",
            CommandKind::Reset => "reset",
            CommandKind::SetOutOfService => "out_of_service",
            CommandKind::ReturnToService => "in_service",
            CommandKind::Suppress => "suppress",
            CommandKind::Unsuppress => "unsuppress",
            CommandKind::Verify(_) => "verify",
            CommandKind::Act => "act",
            CommandKind::GiveFeedback => "feedback",
            CommandKind::Close => "close",
            CommandKind::Comment => "comment",
        }
    }
}

/// Why a command was refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No active rule watches that subject.
    AlarmUnknown,
    /// The alarm has been raised anew since the operator looked.
    OccurrenceChanged {
        /// The occurrence that stands now.
        now: u64,
    },
    /// The alarm is normal: there is nothing to acknowledge.
    NothingToAcknowledge,
    /// It was acknowledged before.
    AlreadyAcknowledged,
    /// It is shelved already.
    AlreadyShelved {
        /// Until when.
        until: Timestamp,
    },
    /// It is not shelved.
    NotShelved,
    /// Zero, or longer than the site allows.
    ShelveDuration {
        /// The longest allowed.
        max: Duration,
    },
    /// Quieting an alarm that can reach this tier needs two different people.
    SecondPersonNeeded,
    /// The command needs a comment that says why.
    CommentMissing,
    /// The command does not say who asks.
    ActorMissing,
    /// Nothing is latched.
    NotLatched,
    /// The condition is still active: a latch holds as long as it is, and a case stays open.
    StillActive,
    /// An alarm is acknowledged before its latch is reset, and before its case goes on.
    NotAcknowledged,
    /// It is out of service already.
    AlreadyOutOfService,
    /// It is in service.
    NotOutOfService,
    /// It is suppressed already.
    AlreadySuppressed,
    /// It is not suppressed.
    NotSuppressed,
    /// Nothing stands, and no case is open.
    NoOpenCase,
    /// The verdict was the same before.
    AlreadyVerified {
        /// The verdict.
        verdict: Verdict,
    },
    /// There is no verdict yet.
    NotVerified,
    /// No feedback was given yet.
    FeedbackMissing,
}

impl Refusal {
    /// The reason code on the wire.
    pub const fn word(&self) -> &'static str {
        match self {
            Refusal::AlarmUnknown => "ALARM_UNKNOWN",
            Refusal::OccurrenceChanged { .. } => "OCCURRENCE_CHANGED",
            Refusal::NothingToAcknowledge => "NOTHING_TO_ACKNOWLEDGE",
            Refusal::AlreadyAcknowledged => "ALREADY_ACKNOWLEDGED",
            Refusal::AlreadyShelved { .. } => "ALREADY_SHELVED",
            Refusal::NotShelved => "NOT_SHELVED",
            Refusal::ShelveDuration { .. } => "SHELVE_DURATION",
            Refusal::SecondPersonNeeded => "SECOND_PERSON_NEEDED",
            Refusal::CommentMissing => "COMMENT_MISSING",
            Refusal::ActorMissing => "ACTOR_MISSING",
            Refusal::NotLatched => "NOT_LATCHED",
            Refusal::StillActive => "STILL_ACTIVE",
            Refusal::NotAcknowledged => "NOT_ACKNOWLEDGED",
            Refusal::AlreadyOutOfService => "ALREADY_OUT_OF_SERVICE",
            Refusal::NotOutOfService => "NOT_OUT_OF_SERVICE",
            Refusal::AlreadySuppressed => "ALREADY_SUPPRESSED",
            Refusal::NotSuppressed => "NOT_SUPPRESSED",
            Refusal::NoOpenCase => "NO_OPEN_CASE",
            Refusal::AlreadyVerified { .. } => "ALREADY_VERIFIED",
            Refusal::NotVerified => "NOT_VERIFIED",
            Refusal::FeedbackMissing => "FEEDBACK_MISSING",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::AlarmUnknown => f.write_str("no active rule makes an alarm of that id"),
            Refusal::OccurrenceChanged { now } => {
                write!(f, "the alarm has been raised anew: occurrence {now} stands now, look again")
            }
            Refusal::NothingToAcknowledge => {
                f.write_str("the alarm is normal, there is nothing to acknowledge")
            }
            Refusal::AlreadyAcknowledged => f.write_str("the alarm was acknowledged before"),
            Refusal::AlreadyShelved { until } => write!(f, "the alarm is shelved until {until}"),
            Refusal::NotShelved => f.write_str("the alarm is not shelved"),
            Refusal::ShelveDuration { max } => {
                write!(f, "shelve for more than nothing and at most {} min", max.as_secs() / 60)
            }
            Refusal::SecondPersonNeeded => {
                f.write_str("an alarm that can get this grave is quieted by two people: name who approves")
            }
            Refusal::CommentMissing => f.write_str("say why, in a comment"),
            Refusal::ActorMissing => f.write_str("say who asks"),
            Refusal::NotLatched => f.write_str("the alarm is not latched, there is nothing to reset"),
            Refusal::StillActive => f.write_str("the condition is still active: it must be normal first"),
            Refusal::NotAcknowledged => f.write_str("acknowledge the alarm first"),
            Refusal::AlreadyOutOfService => f.write_str("the alarm is out of service already"),
            Refusal::NotOutOfService => f.write_str("the alarm is in service"),
            Refusal::AlreadySuppressed => f.write_str("the alarm is suppressed already"),
            Refusal::NotSuppressed => f.write_str("the alarm is not suppressed"),
            Refusal::NoOpenCase => f.write_str("the alarm is normal, and no case of it is open"),
            Refusal::AlreadyVerified { verdict } => write!(f, "it was verified as {verdict} before"),
            Refusal::NotVerified => f.write_str("say first what it was found to be: verify it"),
            Refusal::FeedbackMissing => f.write_str("nobody has said how it went: give feedback first"),
        }
    }
}

impl std::error::Error for Refusal {}

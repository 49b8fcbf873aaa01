//! The response that an alarm asks of people, from when it calls until somebody closes it.

use std::{fmt, sync::Arc};

use crate::{AlarmFacts, Condition, Tier, Timestamp};

/// The open response to an alarm: 核警、处置、反馈、销警. It outlasts the condition, and the occurrence that it began with: an
/// alarm raised anew goes on with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The occurrence that it began with.
    pub began: u64,
    /// How grave the alarm has been since: whose duty it is goes by this.
    pub tier: Tier,
    /// What it was found to be.
    pub verdict: Option<Verdict>,
    /// Whether somebody did something about it.
    pub acted: bool,
    /// Whether feedback was given.
    pub feedback: bool,
    /// Whether it was raised anew, or became graver, while it was quieted: what was said of it is of what was before.
    pub unheard: bool,
    /// Desks that hear of it beside the one that answers: told at once, or late.
    pub told: Vec<Arc<str>>,
    /// By when it is acknowledged; none while nobody has to.
    pub acknowledge: Option<Deadline>,
    /// By when feedback is given; none while nobody has to.
    pub give_feedback: Option<Deadline>,
}

/// What an alarm was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// 属实: it is what it says.
    Real,
    /// 误报: nothing was the matter.
    False,
    /// 检修: somebody worked there.
    Maintenance,
    /// 演练.
    Drill,
}

/// By when something is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Since when it was asked for, arrival time.
    pub since: Timestamp,
    /// By when, arrival time.
    pub by: Timestamp,
}

/// What a case waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseStage {
    /// Somebody who has seen it: 待确认.
    Acknowledge,
    /// A verdict: 待核警.
    Verify,
    /// Somebody who does something about it: 待处置.
    Act,
    /// Feedback: 待反馈.
    Feedback,
    /// The condition: 待恢复.
    Clear,
    /// Somebody who closes it: 待销警.
    Close,
}

impl Case {
    /// A case that has just begun.
    pub fn new(began: u64, tier: Tier) -> Case {
        Case {
            began,
            tier,
            verdict: None,
            acted: false,
            feedback: false,
            unheard: false,
            told: Vec::new(),
            acknowledge: None,
            give_feedback: None,
        }
    }
}

impl AlarmFacts {
    /// What its case waits for; nothing, where no case is open.
    pub fn stage(&self) -> Option<CaseStage> {
        let case = self.case.as_deref()?;
        Some(match case.verdict {
            _ if !self.acknowledged => CaseStage::Acknowledge,
            None => CaseStage::Verify,
            Some(Verdict::Real) if !case.acted && !case.feedback => CaseStage::Act,
            Some(_) if !case.feedback => CaseStage::Feedback,
            Some(_) if self.condition == Condition::Active => CaseStage::Clear,
            Some(_) => CaseStage::Close,
        })
    }
}

impl Verdict {
    /// All verdicts, in the order of their codes.
    pub const ALL: [Verdict; 4] = [Verdict::Real, Verdict::False, Verdict::Maintenance, Verdict::Drill];

    /// The word on the wire and on the terminal.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Real => "real",
            Verdict::False => "false",
            Verdict::Maintenance => "maintenance",
            Verdict::Drill => "drill",
        }
    }

    /// The Chinese word.
    pub const fn word_zh(self) -> &'static str {
        match self {
            Verdict::Real => "属实",
            Verdict::False => "误报",
            Verdict::Maintenance => "检修",
            Verdict::Drill => "演练",
        }
    }

    /// The verdict that `word` names.
    pub fn from_word(word: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.word() == word)
    }

    /// 1 for real to 4 for a drill, for encodings, where 0 is none yet.
    pub const fn code(self) -> u8 {
        self as u8 + 1
    }

    /// The verdict with that code.
    pub fn from_code(code: u8) -> Option<Verdict> {
        Verdict::ALL.get(usize::from(code.checked_sub(1)?)).copied()
    }
}

impl CaseStage {
    /// All stages, the earliest first.
    pub const ALL: [CaseStage; 6] = [
        CaseStage::Acknowledge,
        CaseStage::Verify,
        CaseStage::Act,
        CaseStage::Feedback,
        CaseStage::Clear,
        CaseStage::Close,
    ];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            CaseStage::Acknowledge => "acknowledge",
            CaseStage::Verify => "verify",
            CaseStage::Act => "act",
            CaseStage::Feedback => "feedback",
            CaseStage::Clear => "clear",
            CaseStage::Close => "close",
        }
    }
}

impl Deadline {
    /// The earlier of two: what was promised once is not put off.
    pub fn earlier(self, other: Deadline) -> Deadline {
        if other.by < self.by { other } else { self }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for CaseStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

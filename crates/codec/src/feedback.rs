//! What a sender is told on its feedback topic.

use serde::Serialize;

use crate::{Rejection, Summary};

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// The sender's own number for it.
    pub seq: Option<u64>,
    /// How many of its readings were accepted.
    pub accepted: u32,
    /// How many of its readings were refused.
    pub rejected: u32,
    /// What was refused or odd: the first [`Feedback::PROBLEMS_MAX`].
    pub problems: Vec<Rejection>,
    /// How many problems more there were.
    pub problems_omitted: u32,
}

#[derive(Serialize)]
struct FeedbackDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    accepted: u32,
    rejected: u32,
    problems: Vec<ProblemDocument<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    problems_omitted: u32,
}

#[derive(Serialize)]
struct ProblemDocument<'a> {
    code: &'static str,
    severity: &'static str,
    message: String,
    message_zh: String,
    pointer: &'a str,
    got: &'a str,
    expected: &'a str,
    fix: &'a str,
    doc: String,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands it so.
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Feedback {
    /// How many problems one feedback lists: enough to see the pattern, and bounded.
    pub const PROBLEMS_MAX: usize = 20;

    /// Of a message that came to `summary`, without a problem yet.
    pub const fn of(summary: &Summary) -> Feedback {
        Feedback {
            seq: summary.seq,
            accepted: summary.accepted,
            rejected: summary.rejected,
            problems: Vec::new(),
            problems_omitted: 0,
        }
    }

    /// Lists a problem, or counts it when the list is full.
    pub fn add(&mut self, rejection: Rejection) {
        if self.problems.len() < Feedback::PROBLEMS_MAX {
            self.problems.push(rejection);
        } else {
            self.problems_omitted = self.problems_omitted.saturating_add(1);
        }
    }

    /// One JSON object: `seq`, `accepted`, `rejected`, and `problems` with `code`, `severity`, `message`, `message_zh`,
    /// `pointer`, `got`, `expected`, `fix` and `doc` each.
    pub fn to_json(&self) -> Vec<u8> {
        let problems = self.problems.iter().map(problem_document).collect();
        let document = FeedbackDocument {
            seq: self.seq,
            accepted: self.accepted,
            rejected: self.rejected,
            problems,
            problems_omitted: self.problems_omitted,
        };
        serde_json::to_vec(&document).expect("plain fields always serialize")
    }
}

fn problem_document(rejection: &Rejection) -> ProblemDocument<'_> {
    let message = rejection.message();
    ProblemDocument {
        code: rejection.reason.word(),
        severity: rejection.reason.severity().word(),
        message: message.en,
        message_zh: message.zh,
        pointer: &rejection.pointer,
        got: &rejection.got,
        expected: &rejection.expected,
        fix: &rejection.fix,
        doc: format!("docs/errors/{}.md", rejection.reason.word()),
    }
}

//! Commands asked for before: a client that repeats one under the same `request_id` gets the answer it had.

use std::collections::VecDeque;

use davy_intake::Answer;
use davy_model::Command;
use parking_lot::Mutex;

/// How many answers are remembered.
const REMEMBERED_MAX: usize = 1024;

/// The answers to the last commands.
#[derive(Default)]
pub(super) struct Asked {
    answers: Mutex<VecDeque<(String, Command, Answer)>>,
}

impl Asked {
    /// The answer the same command had under that id. An empty id is none.
    pub(super) fn answer(&self, request_id: &str, command: &Command) -> Option<Answer> {
        let answers = self.answers.lock();
        let same = |(id, asked, _): &&(String, Command, Answer)| id == request_id && asked == command;
        answers
            .iter()
            .rev()
            .find(same)
            .filter(|_| !request_id.is_empty())
            .map(|(_, _, answer)| answer.clone())
    }

    /// Remembers an answer; the oldest is forgotten.
    pub(super) fn note(&self, request_id: String, command: Command, answer: Answer) {
        if request_id.is_empty() {
            return;
        }
        let mut answers = self.answers.lock();
        if answers.len() == REMEMBERED_MAX {
            answers.pop_front();
        }
        answers.push_back((request_id, command, answer));
    }
}

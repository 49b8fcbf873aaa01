//! History that is taken out by the port, page after page: an entry for each question, not for each page.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// Questions that are remembered; one that comes again after so many others is noted again.
const REMEMBERED_MAX: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Exports(Mutex<VecDeque<(String, String)>>);

impl Exports {
    /// Whether somebody's question is not noted yet; it is from now on.
    pub(super) fn is_new(&self, who: &str, question: &str) -> bool {
        let mut noted = self.0.lock();
        if noted.iter().any(|(by, asked)| by == who && asked == question) {
            return false;
        }
        if noted.len() == REMEMBERED_MAX {
            noted.pop_front();
        }
        noted.push_back((who.to_owned(), question.to_owned()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_new_once_for_each_who_asks() {
        let exports = Exports::default();
        assert!(exports.is_new("li", "a") && !exports.is_new("li", "a"));
        assert!(exports.is_new("wang", "a") && exports.is_new("li", "b"));
        for number in 0..REMEMBERED_MAX {
            assert!(exports.is_new("li", &number.to_string()));
        }
        assert!(exports.is_new("li", "a"), "forgotten by now");
        assert_eq!(exports.0.lock().len(), REMEMBERED_MAX);
    }
}

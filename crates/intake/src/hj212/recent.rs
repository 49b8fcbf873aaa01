//! Which requests of a box came lately: a frame sent again has the number it had.

use std::collections::{BTreeMap, VecDeque};

use parking_lot::Mutex;

/// Requests remembered for each box: more than a box leaves unanswered.
const REQUESTS_MAX: usize = 64;
/// Boxes remembered; the sites' files name them, so there are no more in earnest.
const BOXES_MAX: usize = 10_000;

/// The last requests of each box. Outlives its connections.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<BTreeMap<String, VecDeque<(u16, u64)>>>);

impl Recent {
    /// Notes a request (command, and request number) of a box the sites know. True when it came before.
    pub(super) fn note(&self, mn: &str, command: u16, qn: &str) -> bool {
        let Ok(number) = qn.parse::<u64>() else { return false };
        let mut boxes = self.0.lock();
        if boxes.len() >= BOXES_MAX && !boxes.contains_key(mn) {
            return false;
        }
        let requests = boxes.entry(mn.to_owned()).or_default();
        if requests.contains(&(command, number)) {
            return true;
        }
        if requests.len() >= REQUESTS_MAX {
            requests.pop_front();
        }
        requests.push_back((command, number));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_comes_again_is_known_for_a_while() {
        let recent = Recent::default();
        let qn = |at: usize| format!("202611231600{at:05}");
        assert!(!recent.note("B1", 2011, &qn(0)));
        assert!(recent.note("B1", 2011, &qn(0)));
        assert!(!recent.note("B1", 2051, &qn(0)), "another command");
        assert!(!recent.note("B2", 2011, &qn(0)), "another box");
        for at in 1..REQUESTS_MAX {
            recent.note("B1", 2011, &qn(at));
        }
        assert!(!recent.note("B1", 2011, &qn(0)), "forgotten");
        assert!(!recent.note("B1", 2011, "today"));
    }
}

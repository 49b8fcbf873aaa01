//! Which of a sender's last messages have been seen.

/// How many numbers back from the highest are remembered.
const WIDTH: u64 = 1024;

/// A jump by so many is no loss: the sender counts from somewhere else now.
const JUMP_MAX: u64 = 1_000_000;

/// What a message's number tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noted {
    /// The first that is known, or the sender began anew.
    Began,
    /// One more than the highest.
    Next,
    /// Those between have not come, or not yet.
    Skipped {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// One that had been skipped.
    Filled,
    /// Seen before.
    Repeated,
}

/// A sliding window over a sender's message numbers.
#[derive(Debug)]
pub(crate) struct SeqWindow {
    seen: Box<[u64; (WIDTH / 64) as usize]>,
    highest: Option<u64>,
}

impl SeqWindow {
    pub(crate) fn new() -> SeqWindow {
        SeqWindow { seen: Box::new([0; (WIDTH / 64) as usize]), highest: None }
    }

    /// Notes a number. `redelivered` is what the transport says of its message.
    pub(crate) fn note(&mut self, seq: u64, redelivered: bool) -> Noted {
        let Some(highest) = self.highest else { return self.begin(seq) };
        if seq > highest {
            return self.advance(highest, seq);
        }
        // Nobody counts to 0 but who begins; a message that comes again begins nothing.
        if highest - seq >= WIDTH || (seq == 0 && !redelivered && highest > 0) {
            return self.begin(seq);
        }
        if self.set(seq) { Noted::Repeated } else { Noted::Filled }
    }

    fn begin(&mut self, seq: u64) -> Noted {
        self.seen.fill(0);
        self.set(seq);
        self.highest = Some(seq);
        Noted::Began
    }

    fn advance(&mut self, highest: u64, seq: u64) -> Noted {
        let skipped = seq - highest - 1;
        if skipped >= JUMP_MAX {
            return self.begin(seq);
        }
        if skipped >= WIDTH {
            self.seen.fill(0);
        } else {
            (highest + 1..=seq).for_each(|number| self.clear(number));
        }
        self.set(seq);
        self.highest = Some(seq);
        if skipped == 0 { Noted::Next } else { Noted::Skipped { first: highest + 1, last: seq - 1 } }
    }

    fn set(&mut self, seq: u64) -> bool {
        let (word, bit) = place(seq);
        let before = self.seen[word] & bit != 0;
        self.seen[word] |= bit;
        before
    }

    fn clear(&mut self, seq: u64) {
        let (word, bit) = place(seq);
        self.seen[word] &= !bit;
    }
}

fn place(seq: u64) -> (usize, u64) {
    let place = seq % WIDTH;
    ((place / 64) as usize, 1 << (place % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_told_for_what_it_is() {
        let mut window = SeqWindow::new();
        for (seq, redelivered, told) in [
            (5, false, Noted::Began),
            (6, false, Noted::Next),
            (5, true, Noted::Repeated),
            (9, false, Noted::Skipped { first: 7, last: 8 }),
            (7, false, Noted::Filled),
            (7, false, Noted::Repeated),
            (8, false, Noted::Filled),
            (5 + WIDTH, false, Noted::Skipped { first: 10, last: 4 + WIDTH }),
            (9, true, Noted::Repeated),
            // Whoever counts from 0 began anew, unless that message comes again.
            (0, false, Noted::Began),
            (0, true, Noted::Repeated),
            (1, false, Noted::Next),
            (4000, false, Noted::Skipped { first: 2, last: 3999 }),
            // Far below: anew as well.
            (100, false, Noted::Began),
            // Far above: counted from elsewhere.
            (u64::MAX, false, Noted::Began),
            (u64::MAX, false, Noted::Repeated),
        ] {
            assert_eq!(window.note(seq, redelivered), told, "{seq}");
        }
    }

    #[test]
    fn a_place_used_again_is_forgotten_first() {
        let mut window = SeqWindow::new();
        for seq in 0..10 * WIDTH {
            assert_ne!(window.note(seq, false), Noted::Repeated, "{seq}");
        }
    }
}

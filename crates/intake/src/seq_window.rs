//! Which of a sender's last messages have been seen.

/// How many numbers back from the highest are remembered.
const WIDTH: u64 = 1024;

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

    /// Notes a number; true when it was seen before. A number far below the highest means that the sender began anew.
    pub(crate) fn note(&mut self, seq: u64) -> bool {
        match self.highest {
            Some(highest) if seq > highest => {
                if seq - highest >= WIDTH {
                    self.seen.fill(0);
                } else {
                    (highest + 1..seq).for_each(|skipped| self.clear(skipped));
                }
                self.highest = Some(seq);
            }
            Some(highest) if highest - seq < WIDTH => return self.set(seq),
            Some(_) | None => {
                self.seen.fill(0);
                self.highest = Some(seq);
            }
        }
        self.clear(seq);
        self.set(seq)
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
    fn a_number_seen_before_is_recognised_within_the_window() {
        let mut window = SeqWindow::new();
        for (seq, seen) in [
            (5, false),
            (6, false),
            (5, true),
            (9, false),
            (7, false),
            (7, true),
            (8, false),
            (5 + WIDTH, false),
            (9, true),
            // Out of the window: the sender began anew.
            (0, false),
            (0, true),
            (1, false),
            (u64::MAX, false),
            (u64::MAX, true),
            (0, false),
        ] {
            assert_eq!(window.note(seq), seen, "{seq}");
        }
    }

    #[test]
    fn a_place_used_again_is_forgotten_first() {
        let mut window = SeqWindow::new();
        for seq in 0..10 * WIDTH {
            assert!(!window.note(seq), "{seq}");
        }
    }
}

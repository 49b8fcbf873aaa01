//! Which of an edge node's last messages these are: enough to know one that comes twice.

/// How many messages back one is known again.
const KEPT: usize = 32;

/// What tells a message from another with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print {
    seq: u8,
    timestamp: Option<u64>,
    len: usize,
    ends: [u8; 32],
}

/// The last messages read.
#[derive(Debug, Default)]
pub(super) struct Prints {
    ring: Vec<Print>,
    next: usize,
}

impl Print {
    pub(super) fn of(seq: u8, timestamp: Option<u64>, payload: &[u8]) -> Print {
        let mut ends = [0; 32];
        let half = payload.len().min(16);
        ends[..half].copy_from_slice(&payload[..half]);
        ends[16..16 + half].copy_from_slice(&payload[payload.len() - half..]);
        Print { seq, timestamp, len: payload.len(), ends }
    }
}

impl Prints {
    pub(super) fn note(&mut self, print: Print) {
        if self.ring.len() < KEPT {
            self.ring.push(print);
        } else {
            self.ring[self.next] = print;
            self.next = (self.next + 1) % KEPT;
        }
    }

    pub(super) fn knows(&self, print: &Print) -> bool {
        self.ring.contains(print)
    }

    pub(super) fn clear(&mut self) {
        self.ring.clear();
        self.next = 0;
    }
}

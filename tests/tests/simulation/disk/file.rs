//! One file: what is seen of it, what is on the platter, and what is on its way there.

/// What a power cut leaves of what was not flushed is a function of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Salt(pub(crate) u64);

#[derive(Debug, Default)]
pub(super) struct Cached {
    seen: Vec<u8>,
    kept: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Debug)]
enum Pending {
    Write { at: usize, bytes: Vec<u8> },
    Len(usize),
}

impl Salt {
    /// A number for one of several choices.
    fn pick(self, file: u64, place: usize) -> u64 {
        // SplitMix64: the same everywhere, and good enough to choose by.
        let mut x = self.0 ^ file.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((place as u64) << 17);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }
}

impl Cached {
    pub(super) fn len(&self) -> u64 {
        self.seen.len() as u64
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.seen
    }

    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let at = at as usize;
        put(&mut self.seen, at, bytes);
        self.pending.push(Pending::Write { at, bytes: bytes.to_vec() });
    }

    pub(super) fn set_len(&mut self, len: u64) {
        self.seen.resize(len as usize, 0);
        self.pending.push(Pending::Len(len as usize));
    }

    /// A flush: what is on its way arrives.
    pub(super) fn keep(&mut self) {
        for pending in self.pending.drain(..) {
            apply(&mut self.kept, pending);
        }
    }

    /// A flush that fails: what was on its way never arrives, and nobody will be told again.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
    }

    /// Of what is on its way each write arrives whole, in part, or not.
    pub(super) fn cut_power(&mut self, salt: Salt, file: u64) {
        for (place, pending) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            let pick = salt.pick(file, place);
            // A third of all power cuts keep nothing, a third everything but a torn write here and there.
            let survives = match salt.0 % 3 {
                0 => false,
                1 => true,
                _ => pick.is_multiple_of(2),
            };
            match pending {
                _ if !survives => {}
                Pending::Write { at, mut bytes } => {
                    if (pick >> 8).is_multiple_of(4) {
                        bytes.truncate((pick >> 16) as usize % (bytes.len() + 1));
                    }
                    put(&mut self.kept, at, &bytes);
                }
                Pending::Len(len) => self.kept.resize(len, 0),
            }
        }
        self.seen = self.kept.clone();
    }
}

fn apply(kept: &mut Vec<u8>, pending: Pending) {
    match pending {
        Pending::Write { at, bytes } => put(kept, at, &bytes),
        Pending::Len(len) => kept.resize(len, 0),
    }
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}

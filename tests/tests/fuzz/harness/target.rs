//! One parser, and what is known of what it reads.

use super::{Dice, Gauge};

/// One parser under fuzz. A target is a file in `targets/` and a line in its list.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// Names its test, its corpus and its regressions.
    pub(crate) name: &'static str,
    /// How many inputs CI tries.
    pub(crate) runs: u64,
    /// Feeds the parser, and asserts what must hold of its answer whatever the input.
    pub(crate) check: fn(&mut Gauge, &[u8]),
    /// Good inputs, from which bad ones are made.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
    /// Pieces that inputs are made of.
    pub(crate) words: &'static [&'static str],
    /// Makes an input by the format's own grammar.
    pub(crate) make: Option<fn(&mut Dice) -> Vec<u8>>,
    /// Makes lengths and sums right again, so that a change reaches what lies behind them.
    pub(crate) mend: Option<fn(&mut Vec<u8>)>,
    /// Inputs that can be made as long as one likes: time is to grow with them, no faster.
    pub(crate) growth: &'static [Growth],
    /// The heap one input may take.
    pub(crate) heap: Heap,
    /// The stack it has, bytes.
    pub(crate) stack_len: usize,
    /// The longest input made by chance, bytes.
    pub(crate) len_max: usize,
}

/// Inputs of one kind, of any length.
#[derive(Clone, Copy)]
pub(crate) struct Growth {
    /// What they are made of.
    pub(crate) what: &'static str,
    /// One of about that many bytes.
    pub(crate) make: fn(usize) -> Vec<u8>,
}

/// The heap an input may take at its peak: so many times its length, and so many bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heap {
    pub(crate) times: u64,
    pub(crate) bytes: u64,
}

impl Heap {
    /// For what strangers send.
    pub(crate) const OF_A_MESSAGE: Heap = Heap { times: 16, bytes: 64 * 1024 };

    /// The most an input of `len` bytes may take, bytes.
    pub(crate) fn max(self, len: usize) -> u64 {
        self.times * len as u64 + self.bytes
    }
}

impl Target {
    /// What holds where a target does not say otherwise.
    pub(crate) const PLAIN: Target = Target {
        name: "",
        runs: 20_000,
        check: |_, _| {},
        seeds: Vec::new,
        words: &[],
        make: None,
        mend: None,
        growth: &[],
        heap: Heap::OF_A_MESSAGE,
        // An eighth of the 2 MiB that a worker of the server has.
        stack_len: 256 * 1024,
        len_max: 4096,
    };
}

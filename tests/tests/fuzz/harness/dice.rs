//! Chance that comes again: the same seed throws the same.

use rand::{RngCore, SeedableRng, rngs::StdRng};

/// A seeded source of numbers.
#[derive(Debug)]
pub(crate) struct Dice(StdRng);

impl Dice {
    /// Of a run with that seed, of the target of that name.
    pub(crate) fn new(seed: u64, name: &str) -> Dice {
        // FNV-1a: two targets with one seed do not throw the same.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        Dice(StdRng::seed_from_u64(seed ^ hash))
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    /// Once in `often` times.
    pub(crate) fn once_in(&mut self, often: usize) -> bool {
        self.below(often) == 0
    }

    /// A byte.
    pub(crate) fn byte(&mut self) -> u8 {
        self.number() as u8
    }

    /// One of several.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// One of several texts.
    pub(crate) fn word<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

//! The last commits that were told, as many as there is room for.

use std::{collections::VecDeque, sync::Arc};

use super::Told;

/// Most readings of a site that wait for those who watch it, bytes. The newest commit waits in any case.
pub(crate) const BYTES_MAX: usize = 16 << 20;
/// Most commits that wait.
const COMMITS_MAX: usize = 4096;

/// Commits by their number, from 0.
#[derive(Debug, Default)]
pub(super) struct Ring {
    /// The number of the first of them.
    first: u64,
    told: VecDeque<Arc<Told>>,
    bytes: usize,
}

impl Ring {
    /// Takes the next commit; the oldest make room. Gives the number of the one after it.
    pub(super) fn push(&mut self, told: Arc<Told>) -> u64 {
        self.bytes += told.bytes();
        self.told.push_back(told);
        while self.told.len() > COMMITS_MAX || (self.bytes > BYTES_MAX && self.told.len() > 1) {
            let Some(gone) = self.told.pop_front() else { break };
            self.bytes -= gone.bytes();
            self.first += 1;
        }
        self.end()
    }

    /// The number that the next commit will have.
    pub(super) fn end(&self) -> u64 {
        self.first + self.told.len() as u64
    }

    /// The commit of that number, or the first after it, with its number.
    pub(super) fn from(&self, number: u64) -> Option<(u64, Arc<Told>)> {
        let number = number.max(self.first);
        let place = usize::try_from(number - self.first).ok()?;
        self.told.get(place).map(|told| (number, Arc::clone(told)))
    }

    /// Lets everything go; numbers go on.
    pub(super) fn clear(&mut self) {
        self.first = self.end();
        self.told = VecDeque::new();
        self.bytes = 0;
    }
}

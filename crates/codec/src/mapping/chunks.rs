//! A list that grows piece by piece: nothing is copied when it does, and never is more than a piece of it empty.

use std::ops::{Index, IndexMut};

/// Things in one piece.
const PIECE: usize = 32;

/// A list in pieces.
#[derive(Debug)]
pub(super) struct Chunks<T> {
    pieces: Vec<Vec<T>>,
    len: usize,
}

impl<T> Chunks<T> {
    /// Of nothing.
    pub(super) const fn new() -> Chunks<T> {
        Chunks { pieces: Vec::new(), len: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn push(&mut self, thing: T) {
        let piece = self.len / PIECE;
        if piece == self.pieces.len() {
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        self.pieces[piece].push(thing);
        self.len += 1;
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.pieces.get(at / PIECE)?.get(at % PIECE)
    }

    pub(super) fn last(&self) -> Option<&T> {
        self.get(self.len.checked_sub(1)?)
    }

    /// Leaves the first `len` of them. The pieces stay, for what comes next.
    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        while self.len > len {
            let piece = (self.len - 1) / PIECE;
            let begins = piece * PIECE;
            self.pieces[piece].truncate(len.saturating_sub(begins));
            self.len = len.max(begins);
        }
    }
}

impl<T> Index<usize> for Chunks<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: usize) -> &T {
        &self.pieces[at / PIECE][at % PIECE]
    }
}

impl<T> IndexMut<usize> for Chunks<T> {
    #[inline]
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.pieces[at / PIECE][at % PIECE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_list_that_was_pushed_wherever_it_was_cut() {
        for end in [0, 1, 31, 32, 33, 64, 99] {
            let mut chunks = Chunks::new();
            (0..100).for_each(|thing| chunks.push(thing));
            chunks.truncate(end);
            chunks.truncate(200);
            assert_eq!((chunks.len(), chunks.is_empty()), (end, end == 0));
            assert_eq!(chunks.last().copied(), end.checked_sub(1));
            chunks.push(1000);
            let all: Vec<usize> = (0..chunks.len()).map(|at| chunks[at]).collect();
            assert_eq!(all, (0..end).chain([1000]).collect::<Vec<_>>());
            assert_eq!(chunks.get(end + 1), None);
            chunks[end] = 7;
            assert_eq!(chunks.last(), Some(&7));
        }
    }
}

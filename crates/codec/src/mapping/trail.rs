//! The way to where the walk is, and the ways that are kept: each step once, however many ways lead over it.

use super::chunks::Chunks;
use crate::place::push_token;

/// A step of a way.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'de> {
    Key(&'de str),
    Index(u32),
}

/// A way that is kept, by the place of its last step among those kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way(u32);

/// A step that is kept.
#[derive(Clone, Copy, Debug)]
struct Kept<'de> {
    step: Step<'de>,
    /// The place of the step before it, [`NONE`] of the first.
    before: u32,
    /// How many steps are before it.
    depth: u32,
}

/// Not kept; no payload has as many bytes as to hold so many steps.
const NONE: u32 = u32::MAX;

/// The steps to here, and those kept.
#[derive(Debug)]
pub(super) struct Trail<'de> {
    /// Each with its place among those kept. Before one that is kept, all are.
    here: Vec<(Step<'de>, u32)>,
    kept: Chunks<Kept<'de>>,
}

impl<'de> Trail<'de> {
    /// At the beginning.
    pub(super) const fn new() -> Trail<'de> {
        Trail { here: Vec::new(), kept: Chunks::new() }
    }

    /// Goes on by a step.
    #[inline]
    pub(super) fn push(&mut self, step: Step<'de>) {
        self.here.push((step, NONE));
    }

    /// Goes back by a step.
    #[inline]
    pub(super) fn pop(&mut self) {
        self.here.pop();
    }

    /// How many steps it is to here.
    pub(super) fn len(&self) -> usize {
        self.here.len()
    }

    /// Goes back to where it was so many steps.
    pub(super) fn truncate(&mut self, len: usize) {
        self.here.truncate(len);
    }

    /// Keeps the way to here.
    #[allow(clippy::cast_possible_truncation)] // A step that is kept is a byte of the payload at least.
    pub(super) fn keep(&mut self) -> Way {
        let from = self.here.iter().rposition(|(_, kept)| *kept != NONE).map_or(0, |last| last + 1);
        let mut before = from.checked_sub(1).map_or(NONE, |last| self.here[last].1);
        for (depth, (step, kept)) in (0..).zip(&mut self.here).skip(from) {
            *kept = self.kept.len() as u32;
            self.kept.push(Kept { step: *step, before, depth });
            before = *kept;
        }
        Way(before)
    }

    /// How many steps are kept.
    #[allow(clippy::cast_possible_truncation)] // As above.
    pub(super) fn kept(&self) -> u32 {
        self.kept.len() as u32
    }

    /// Forgets all that was kept since there were so many.
    pub(super) fn forget(&mut self, kept: u32) {
        self.kept.truncate(kept as usize);
        let gone = self.here.iter_mut().rev().take_while(|(_, place)| *place == NONE || *place >= kept);
        gone.for_each(|(_, place)| *place = NONE);
    }

    /// A step of a way, counted from its beginning.
    pub(super) fn step(&self, way: Way, at: usize) -> Step<'de> {
        let mut kept = self.kept[way.0 as usize];
        while kept.depth as usize > at {
            kept = self.kept[kept.before as usize];
        }
        kept.step
    }

    /// The JSON pointer at the end of a way.
    pub(super) fn pointer(&self, way: Way) -> String {
        let mut steps = Vec::new();
        let mut at = way.0;
        while let Some(kept) = self.kept.get(at as usize) {
            steps.push(kept.step);
            at = kept.before;
        }
        pointer(steps.into_iter().rev())
    }

    /// The JSON pointer to here.
    pub(super) fn place(&self) -> String {
        pointer(self.here.iter().map(|(step, _)| *step))
    }
}

fn pointer<'de>(steps: impl Iterator<Item = Step<'de>>) -> String {
    let mut pointer = String::new();
    for step in steps {
        match step {
            Step::Key(name) => push_token(&mut pointer, name),
            Step::Index(at) => pointer.push_str(&format!("/{at}")),
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_kept_over_steps_that_others_keep_and_none_is_mistaken_for_one_that_was_forgotten() {
        let mut trail = Trail::new();
        trail.push(Step::Key("a"));
        trail.push(Step::Index(0));
        trail.push(Step::Key("x"));
        let first = trail.keep();
        assert_eq!(trail.keep(), first);
        trail.pop();
        trail.push(Step::Key("y/z"));
        let second = trail.keep();
        assert_eq!((trail.pointer(first), trail.pointer(second)), ("/a/0/x".into(), "/a/0/y~1z".into()));
        assert_eq!((trail.kept(), trail.place()), (4, "/a/0/y~1z".to_owned()));
        assert!(matches!(trail.step(second, 0), Step::Key("a")));
        assert!(matches!(trail.step(second, 1), Step::Index(0)));

        trail.forget(1);
        trail.truncate(1);
        trail.push(Step::Index(7));
        trail.push(Step::Key("x"));
        assert_eq!(trail.pointer(trail.here.last().map_or(Way(NONE), |(_, kept)| Way(*kept))), "");
        let third = trail.keep();
        assert_eq!((trail.kept(), trail.pointer(third)), (3, "/a/7/x".to_owned()));
        assert_eq!(Trail::new().keep(), Way(NONE));
    }
}

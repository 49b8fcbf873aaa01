//! A series of values → which level speaks after each.

use davy_rules::Level;

use super::{
    edge::Turn,
    profile::{Moves, Profile},
};

/// The levels of a rule under a profile, the least grave first.
#[derive(Clone, Debug)]
pub(super) struct Walker {
    turns: Vec<Turn>,
    moves: Moves,
}

impl Walker {
    pub(super) fn new(profile: Profile, levels: &[Level]) -> Walker {
        Walker { turns: levels.iter().map(|level| profile.turn(level)).collect(), moves: profile.moves() }
    }

    /// Nothing has been passed yet.
    pub(super) fn begin(&self) -> Vec<bool> {
        vec![false; self.turns.len()]
    }

    /// Which levels are active after one more value.
    pub(super) fn step(&self, active: &[bool], value: f64) -> Vec<bool> {
        match self.moves {
            Moves::EachForItself => active
                .iter()
                .zip(&self.turns)
                .map(
                    |(active, turn)| {
                        if *active { !turn.clears.is_past(value) } else { turn.raises.is_past(value) }
                    },
                )
                .collect(),
            Moves::OneAtATime => {
                let next = self.only(speaking(active), value);
                (0..active.len()).map(|level| Some(level) == next).collect()
            }
        }
    }

    fn only(&self, now: Option<usize>, value: f64) -> Option<usize> {
        let entered = self.turns.iter().rposition(|turn| turn.raises.is_past(value));
        let Some(now) = now.filter(|now| !self.turns[*now].clears.is_past(value)) else { return entered };
        let is_rising = |level: usize| self.turns[level].raises.comparator.is_rising();
        let leaves = |level: &usize| *level > now || is_rising(*level) != is_rising(now);
        entered.filter(leaves).or(Some(now))
    }

    pub(super) fn points(&self) -> impl Iterator<Item = f64> + '_ {
        self.turns.iter().flat_map(|turn| [turn.raises.point, turn.clears.point])
    }
}

/// The gravest level that is active.
pub(super) fn speaking(active: &[bool]) -> Option<usize> {
    active.iter().rposition(|active| *active)
}

/// For each value, the place of the level that speaks after it; none, when it is normal.
pub fn path(profile: Profile, levels: &[Level], values: &[f64]) -> Vec<Option<usize>> {
    let walker = Walker::new(profile, levels);
    let mut active = walker.begin();
    let one = |value: &f64| {
        active = walker.step(&active, *value);
        speaking(&active)
    };
    values.iter().map(one).collect()
}

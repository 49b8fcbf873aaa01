//! The order of levels: a graver one must not be easier to pass than a lesser one of the same direction.

use std::cmp::Ordering;

use davy_model::Comparator;

use crate::Level;

/// The first pair of a lesser and a graver level, by place, that stand the wrong way round.
/// `levels` are sorted by tier.
pub(crate) fn misplaced(levels: &[Level]) -> Option<(usize, usize)> {
    let pairs =
        (0..levels.len()).flat_map(|lesser| (lesser + 1..levels.len()).map(move |graver| (lesser, graver)));
    pairs.into_iter().find(|(lesser, graver)| {
        let (lesser, graver) = (&levels[*lesser], &levels[*graver]);
        let comparable =
            lesser.comparator.is_rising() == graver.comparator.is_rising() && lesser.tier < graver.tier;
        comparable && ease(graver, lesser) == Ordering::Greater
    })
}

/// The level before this one in its direction: the hardest to pass among those of a lesser tier.
pub(crate) fn next_lesser(levels: &[Level], of: usize) -> Option<&Level> {
    let this = &levels[of];
    let lesser = levels[..of].iter().filter(|other| {
        other.comparator.is_rising() == this.comparator.is_rising() && other.tier < this.tier
    });
    lesser.min_by(|a, b| ease(a, b))
}

/// `Greater` when `a` is passed by more values than `b` of the same direction.
fn ease(a: &Level, b: &Level) -> Ordering {
    let reached = |level: &Level| matches!(level.comparator, Comparator::AtOrAbove | Comparator::AtOrBelow);
    let further = if a.comparator.is_rising() {
        b.set_point.total_cmp(&a.set_point)
    } else {
        a.set_point.total_cmp(&b.set_point)
    };
    further.then(reached(a).cmp(&reached(b)))
}

//! Which commits a journal lets go, and why. Pure: it is told how the journal stands.
//!
//! Invariant: nothing goes that a restart needs, and nothing that history has not taken goes while there is room.

use std::time::Duration;

/// How much of the record of a site is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Commits older than this go; 1 h to 10 years.
    pub keep: Duration,
    /// When the journal is larger than this, its oldest commits go; bytes on disk, 64 MiB to 64 TiB.
    pub bytes_max: u64,
}

impl Default for Retention {
    /// 400 days: a year's alarms stay whole, where 30 days of readings are asked for (Order 40 of the State Administration
    /// of Work Safety, article 13) and a year of alarms is usual. And 20 GiB.
    fn default() -> Retention {
        Retention { keep: Duration::from_secs(400 * 86_400), bytes_max: 20 << 30 }
    }
}

/// How a journal stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// The first commit kept.
    pub(crate) first: u64,
    /// The last commit.
    pub(crate) head: u64,
    /// The last commit that is older than is asked for; before `first` when none is.
    pub(crate) aged: u64,
    /// The last commit that a restart can do without.
    pub(crate) seen: u64,
    /// Bytes on disk.
    pub(crate) bytes: u64,
    /// The last commit that history has taken; `None` when nothing waits for them.
    pub(crate) taken: Option<u64>,
}

/// Why commits go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// They are older than is asked for.
    Age,
    /// The journal is too large, and nothing waits for them.
    Size,
    /// The journal is too large, and history has not taken them: it has a hole from now on.
    Owed,
}

/// What goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LetGo {
    /// All commits up to this one.
    pub(crate) through: u64,
    pub(crate) why: Why,
}

/// What goes now, if anything. Asked again once that is gone.
pub(crate) fn let_go(standing: &Standing, bytes_max: u64) -> Option<LetGo> {
    let Standing { first, aged, seen, taken, .. } = *standing;
    let free = seen.min(taken.unwrap_or(u64::MAX));
    let go = |through: u64, why| (through >= first).then_some(LetGo { through, why });
    let too_much = excess(standing, bytes_max).map(|commits| first.saturating_add(commits - 1));
    go(aged.min(free), Why::Age)
        .or_else(|| go(too_much?.min(free), Why::Size))
        .or_else(|| go(too_much?.min(seen), Why::Owed))
}

/// How many commits are too many, were all of a size.
fn excess(standing: &Standing, bytes_max: u64) -> Option<u64> {
    let over = standing.bytes.checked_sub(bytes_max).filter(|over| *over > 0)?;
    let commits = standing.head.saturating_sub(standing.first) + 1;
    let share = u128::from(over) * u128::from(commits) / u128::from(standing.bytes);
    Some(u64::try_from(share).unwrap_or(u64::MAX).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = 1000;

    #[track_caller]
    fn check(standing: Standing, due: Option<(u64, Why)>) {
        assert_eq!(let_go(&standing, MAX), due.map(|(through, why)| LetGo { through, why }), "{standing:?}");
    }

    /// Commits 11 to 110 of 10 bytes each, which is just as much as there may be.
    const FULL: Standing = Standing { first: 11, head: 110, aged: 10, seen: 105, bytes: MAX, taken: None };

    #[test]
    fn what_is_young_enough_and_small_enough_stays() {
        check(FULL, None);
        check(Standing { taken: Some(0), ..FULL }, None);
        check(Standing { first: 1, head: 0, aged: 0, seen: 0, bytes: 0, taken: None }, None);
    }

    #[test]
    fn what_is_too_old_goes_when_nobody_waits_for_it() {
        check(Standing { aged: 40, ..FULL }, Some((40, Why::Age)));
        check(Standing { aged: 40, taken: Some(90), ..FULL }, Some((40, Why::Age)));
        check(Standing { aged: 40, taken: Some(30), ..FULL }, Some((30, Why::Age)));
        check(Standing { aged: 40, taken: Some(10), ..FULL }, None);
        check(Standing { aged: 110, ..FULL }, Some((105, Why::Age)));
        check(Standing { aged: 110, seen: 0, ..FULL }, None);
    }

    #[test]
    fn what_is_too_much_goes_from_the_oldest_on() {
        let over = Standing { bytes: 2 * MAX, ..FULL };
        check(over, Some((60, Why::Size)));
        check(Standing { bytes: MAX + 1, ..FULL }, Some((11, Why::Size)));
        check(Standing { taken: Some(30), ..over }, Some((30, Why::Size)));
        check(Standing { taken: Some(90), ..over }, Some((60, Why::Size)));
        check(Standing { seen: 20, ..over }, Some((20, Why::Size)));
        check(Standing { seen: 10, ..over }, None);
        check(Standing { bytes: u64::MAX, ..FULL }, Some((105, Why::Size)));
        // What is old goes first, and then it is looked at anew.
        check(Standing { aged: 12, ..over }, Some((12, Why::Age)));
    }

    #[test]
    fn what_history_has_not_taken_goes_last() {
        let over = Standing { bytes: 2 * MAX, taken: Some(10), ..FULL };
        check(over, Some((60, Why::Owed)));
        check(Standing { taken: Some(0), ..over }, Some((60, Why::Owed)));
        check(Standing { aged: 50, ..over }, Some((60, Why::Owed)));
        check(Standing { seen: 20, ..over }, Some((20, Why::Owed)));
        check(Standing { seen: 10, ..over }, None);
        check(Standing { taken: Some(11), ..over }, Some((11, Why::Size)));
    }
}

//! Callers that were turned away: each is noted, but not so many that they fill the disk.

use std::{collections::BTreeMap, time::Duration};

use davy_model::Timestamp;
use parking_lot::Mutex;

/// Entries of a kind in a minute at the most; what is more is counted in the next one.
const A_MINUTE_MAX: u32 = 120;
const MINUTE: Duration = Duration::from_secs(60);

/// What is refused. Each kind is counted by itself: a flood of one hides none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefusalOf {
    /// A call of somebody who is not known, or may not.
    Call,
    /// A name and a password that were looked at. Whoever guesses is to be seen behind a flood of what is not even looked at.
    TriedLogin,
    /// A name and a password that were not.
    UntriedLogin,
}

#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<BTreeMap<RefusalOf, Noted>>);

#[derive(Debug, Default)]
struct Noted {
    since: Option<Timestamp>,
    count: u32,
    left_out: u64,
}

impl Refusals {
    /// How many of its kind were left out before one, unless it is, too: there were too many this minute.
    pub(super) fn room_for(&self, kind: RefusalOf, now: Timestamp) -> Option<u64> {
        let mut kinds = self.0.lock();
        let noted = kinds.entry(kind).or_default();
        if noted.since.is_none_or(|since| now.since(since) >= MINUTE) {
            (noted.since, noted.count) = (Some(now), 0);
        }
        if noted.count >= A_MINUTE_MAX {
            noted.left_out += 1;
            return None;
        }
        noted.count += 1;
        Some(std::mem::take(&mut noted.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_them_is_counted_told_with_the_next_and_hides_none_of_another_kind() {
        let refusals = Refusals::default();
        let at = |second: u64| Timestamp::from_micros(0).plus(Duration::from_secs(second));
        let room = |kind, second| refusals.room_for(kind, at(second));
        let noted = (0..1000).filter_map(|_| room(RefusalOf::UntriedLogin, 5)).count();
        assert_eq!(noted, A_MINUTE_MAX as usize);
        assert_eq!(room(RefusalOf::UntriedLogin, 64), None);
        assert_eq!(room(RefusalOf::TriedLogin, 64), Some(0));
        assert_eq!(room(RefusalOf::Call, 64), Some(0));
        assert_eq!(room(RefusalOf::UntriedLogin, 65), Some(881), "another minute");
    }
}

//! When more alarms came than one person can read.

use davy_model::{FloodPolicy, Timestamp, micros};

/// One flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flood {
    /// When the call came that was one too many.
    pub from: Timestamp,
    /// When fewer were left than end it.
    pub until: Timestamp,
    /// How many calls came from the first that is counted to the end.
    pub calls: usize,
}

/// The floods among calls, which stand in their order (ISA-18.2-2016, 16.5.4): one begins when more than `starts` came
/// within the time, and is over when fewer than `ends` are left within it.
pub fn floods(calls: &[Timestamp], policy: &FloodPolicy) -> Vec<Flood> {
    let (starts, ends) = (policy.starts as usize, (policy.ends as usize).max(1));
    let within_us = micros(policy.within);
    let mut found: Vec<Flood> = Vec::new();
    let mut open: Option<Flood> = None;
    for (place, at) in calls.iter().enumerate() {
        if let Some(flood) = open.take_if(|flood| flood.until <= *at) {
            found.push(flood);
        }
        let left = |count: usize| calls[(place + 1).saturating_sub(count)];
        if let Some(flood) = &mut open {
            flood.calls += 1;
            flood.until = left(ends).plus(policy.within);
            continue;
        }
        let is_full = place >= starts && at.micros_since(left(starts + 1)) < within_us;
        if is_full {
            open = Some(Flood { from: *at, until: left(ends).plus(policy.within), calls: starts + 1 });
        }
    }
    found.extend(open);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn eleven_calls_in_ten_minutes_are_a_flood_and_ten_are_none() {
        let ten: Vec<Timestamp> = (0..10).map(at).collect();
        assert_eq!(floods(&ten, &FloodPolicy::USUAL), []);
        let eleven: Vec<Timestamp> = (0..11).map(at).collect();
        // Fewer than five are left when the seventh of them is ten minutes old.
        let flood = Flood { from: at(10), until: at(606), calls: 11 };
        assert_eq!(floods(&eleven, &FloodPolicy::USUAL), [flood]);
    }

    #[test]
    fn a_flood_goes_on_while_calls_come_and_a_later_one_is_another() {
        let mut calls: Vec<Timestamp> = (0..11).map(at).collect();
        calls.extend([605, 1300].map(at));
        calls.extend((0..11).map(|second| at(5000 + second)));
        let found = floods(&calls, &FloodPolicy::USUAL);
        assert_eq!(found.len(), 2, "{found:?}");
        // The call at 605 s came while it lasted: the eighth of the first eleven is now the fifth from the end.
        assert_eq!((found[0].until, found[0].calls), (at(607), 12));
        assert_eq!(found[1].from, at(5010));
    }

    #[test]
    fn eleven_calls_over_more_than_ten_minutes_are_none() {
        let calls: Vec<Timestamp> = (0..11).map(|place| at(place * 60)).collect();
        assert_eq!(floods(&calls, &FloodPolicy::USUAL), []);
    }
}

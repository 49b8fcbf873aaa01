//! Heartbeats on their way: numbered when they set out, and how long they waited when they arrive.

use std::{collections::VecDeque, time::Duration};

use davy_model::Timestamp;
use parking_lot::Mutex;

/// How many may be on their way and still be measured; more are sent, and their wait is that of the oldest known.
const UNDER_WAY_MAX: usize = 64;

/// The heartbeats of one site that have set out and are not judged yet.
#[derive(Debug)]
pub(crate) struct Beats {
    under_way: Mutex<UnderWay>,
}

#[derive(Debug)]
struct UnderWay {
    last: u64,
    sent: VecDeque<(u64, Timestamp)>,
}

impl Beats {
    /// Goes on after heartbeat `last`.
    pub(crate) fn after(last: u64) -> Beats {
        Beats { under_way: Mutex::new(UnderWay { last, sent: VecDeque::new() }) }
    }

    /// Number of the last one that set out.
    pub(crate) fn last(&self) -> u64 {
        self.under_way.lock().last
    }

    /// Sends the next one by `put`. One that finds no room is not sent, and its number is used again: that is what its
    /// absence says.
    pub(crate) fn send(&self, now: Timestamp, put: impl FnOnce(u64) -> bool) {
        let mut under_way = self.under_way.lock();
        let number = under_way.last + 1;
        if put(number) {
            under_way.last = number;
            if under_way.sent.len() < UNDER_WAY_MAX {
                under_way.sent.push_back((number, now));
            }
        }
    }

    /// How long heartbeat `number`, judged at `at`, waited to be judged.
    pub(crate) fn arrived(&self, number: u64, at: Timestamp) -> Duration {
        let mut under_way = self.under_way.lock();
        let mut lag = Duration::ZERO;
        while let Some((sent, when)) = under_way.sent.front().copied() {
            if sent > number {
                break;
            }
            lag = at.since(when);
            under_way.sent.pop_front();
        }
        lag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn what_finds_no_room_is_not_sent_and_leaves_no_hole_in_the_numbers() {
        let beats = Beats::after(41);
        let mut taken = Vec::new();
        for (second, room) in [(0, true), (5, false), (10, false), (15, true)] {
            beats.send(at(second), |number| {
                if room {
                    taken.push(number);
                }
                room
            });
        }
        assert_eq!(taken, [42, 43]);
        assert_eq!(beats.arrived(42, at(7)), Duration::from_secs(7));
        assert_eq!(beats.arrived(43, at(16)), Duration::from_secs(1));
    }

    #[test]
    fn a_long_stall_is_measured_and_its_memory_bounded() {
        let beats = Beats::after(0);
        for second in 0..1000 {
            beats.send(at(second), |_| true);
        }
        assert!(beats.under_way.lock().sent.len() <= UNDER_WAY_MAX);
        assert_eq!(beats.arrived(1, at(1000)), Duration::from_secs(1000));
    }
}

//! Wrong tries, by name and by address.

use std::{collections::BTreeMap, time::Duration};

use davy_model::Timestamp;

/// Wrong tries after which nothing more is tried (IEC 62443-4-2, CR 1.11: a number that can be told).
const TRIES_MAX: u32 = 5;
/// How long wrong tries are remembered, and how long nothing more is tried after the last of them.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);
/// Names and addresses remembered at most.
const KEYS_MAX: usize = 10_000;
/// Bytes of a name that are remembered.
const NAME_LEN_MAX: usize = 128;

/// Wrong tries of passwords. The table is bounded: where it is full, those who tried longest ago are forgotten.
#[derive(Clone, Debug, Default)]
pub struct Lockout {
    tries: BTreeMap<Key, Tries>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Name(Box<str>),
    Address(Box<str>),
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    last: Timestamp,
}

impl Lockout {
    /// Whether that name, or that address, is to wait.
    pub fn is_locked(&self, name: &str, address: &str, now: Timestamp) -> bool {
        keys(name, address).into_iter().any(|key| {
            self.tries.get(&key).is_some_and(|tries| tries.count >= TRIES_MAX && tries.is_fresh(now))
        })
    }

    /// Notes a wrong try.
    pub fn failed(&mut self, name: &str, address: &str, now: Timestamp) {
        for key in keys(name, address) {
            self.make_room(&key, now);
            let tries = self.tries.entry(key).or_insert(Tries { count: 0, last: now });
            let before = if tries.is_fresh(now) { tries.count } else { 0 };
            *tries = Tries { count: before.saturating_add(1), last: now };
        }
    }

    /// Notes that the name came in: what was tried for it is forgotten. The address keeps its count, or whoever has one
    /// account could try all others for ever.
    pub fn succeeded(&mut self, name: &str) {
        self.tries.remove(&Key::Name(shortened(name)));
    }

    /// How many names and addresses are remembered.
    pub fn len(&self) -> usize {
        self.tries.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.tries.is_empty()
    }

    fn make_room(&mut self, key: &Key, now: Timestamp) {
        if self.tries.len() < KEYS_MAX || self.tries.contains_key(key) {
            return;
        }
        self.tries.retain(|_, tries| tries.is_fresh(now));
        if self.tries.len() >= KEYS_MAX {
            // A tenth at once, so that a full table costs no more than an empty one.
            let mut last: Vec<Timestamp> = self.tries.values().map(|tries| tries.last).collect();
            let (_, oldest, _) = last.select_nth_unstable(KEYS_MAX / 10);
            let oldest = *oldest;
            self.tries.retain(|_, tries| tries.last > oldest);
        }
    }
}

impl Tries {
    fn is_fresh(self, now: Timestamp) -> bool {
        now.since(self.last) < REMEMBERED
    }
}

fn keys(name: &str, address: &str) -> [Key; 2] {
    [Key::Name(shortened(name)), Key::Address(shortened(address))]
}

fn shortened(text: &str) -> Box<str> {
    let end = text.floor_char_boundary(NAME_LEN_MAX);
    text[..end].into()
}

//! Places for so many at once, of which one address, or one caller, gets only some.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use davy_door::network;
use parking_lot::Mutex;

/// Places, of which one is taken by [`Places::take`] and given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Places<K: Ord> {
    max: usize,
    each_max: usize,
    taken: Mutex<Taken<K>>,
}

#[derive(Debug)]
struct Taken<K> {
    all: usize,
    by_whom: BTreeMap<K, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// All are taken.
    Full,
    /// This one has as many as one may have.
    Each,
}

/// One place.
#[derive(Debug)]
pub(crate) struct Place<K: Ord> {
    of: Arc<Places<K>>,
    whose: Option<K>,
}

/// By which address somebody is counted. Whoever is on this machine is counted with all others, not by address.
pub(super) fn counted(address: IpAddr) -> Option<IpAddr> {
    (!address.to_canonical().is_loopback()).then(|| network(address))
}

impl<K: Ord + Clone> Places<K> {
    pub(crate) fn new(max: usize, each_max: usize) -> Arc<Places<K>> {
        Arc::new(Places { max, each_max, taken: Mutex::new(Taken { all: 0, by_whom: BTreeMap::new() }) })
    }

    /// Takes a place; nobody's is counted with all others alone.
    pub(crate) fn take(self: &Arc<Places<K>>, whose: Option<K>) -> Result<Place<K>, NoPlace> {
        let mut taken = self.taken.lock();
        if taken.all >= self.max {
            return Err(NoPlace::Full);
        }
        if let Some(whose) = &whose {
            let of_one = taken.by_whom.entry(whose.clone()).or_default();
            if *of_one >= self.each_max {
                return Err(NoPlace::Each);
            }
            *of_one += 1;
        }
        taken.all += 1;
        Ok(Place { of: Arc::clone(self), whose })
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.lock().all
    }
}

impl<K: Ord> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.of.taken.lock();
        taken.all -= 1;
        let Some(whose) = &self.whose else { return };
        if let Some(of_one) = taken.by_whom.get_mut(whose) {
            *of_one -= 1;
            if *of_one == 0 {
                taken.by_whom.remove(whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<IpAddr> {
        counted(text.parse().expect("an address"))
    }

    #[test]
    fn one_address_leaves_room_for_others_and_what_is_left_can_be_taken_again() {
        let places = Places::new(3, 2);
        let first = places.take(of("203.0.113.5")).expect("there is room");
        let second = places.take(of("203.0.113.5")).expect("there is room");
        assert_eq!(places.take(of("203.0.113.5")).err(), Some(NoPlace::Each));
        let third = places.take(of("203.0.113.6")).expect("another address");
        assert_eq!(places.take(of("203.0.113.7")).err(), Some(NoPlace::Full));
        drop(first);
        let fourth = places.take(of("203.0.113.5")).expect("it was given back");
        assert_eq!(places.taken(), 3);
        drop((second, third, fourth));
        assert_eq!((places.taken(), places.taken.lock().by_whom.len()), (0, 0), "nothing is remembered");
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_loopback_is_none() {
        let places = Places::new(8, 1);
        let _first = places.take(of("2001:db8::1")).expect("there is room");
        assert_eq!(places.take(of("2001:db8::2")).err(), Some(NoPlace::Each));
        for loopback in ["127.0.0.1", "127.0.0.1", "::1", "::1", "::ffff:127.0.0.1"] {
            std::mem::forget(places.take(of(loopback)).expect("loopback is not counted by address"));
        }
        assert_eq!(places.taken(), 6);
    }
}

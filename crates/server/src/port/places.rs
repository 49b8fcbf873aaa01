//! Places for so many at once, of which one address gets only some.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use davy_door::network;
use parking_lot::Mutex;

/// Places, of which one is taken by [`Places::take`] and given back when it is dropped.
#[derive(Debug)]
pub(super) struct Places {
    max: usize,
    address_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// All are taken.
    Full,
    /// This address has as many as one may have.
    Address,
}

/// One place.
#[derive(Debug)]
pub(super) struct Place {
    of: Arc<Places>,
    address: Option<IpAddr>,
}

impl Places {
    pub(super) fn new(max: usize, address_max: usize) -> Arc<Places> {
        Arc::new(Places { max, address_max, taken: Mutex::default() })
    }

    /// Takes a place for an address. Whoever is on this machine is counted with all others, not by address.
    pub(super) fn take(self: &Arc<Places>, address: IpAddr) -> Result<Place, NoPlace> {
        let address = (!address.to_canonical().is_loopback()).then(|| network(address));
        let mut taken = self.taken.lock();
        if taken.all >= self.max {
            return Err(NoPlace::Full);
        }
        if let Some(address) = address {
            let of_address = taken.by_address.entry(address).or_default();
            if *of_address >= self.address_max {
                return Err(NoPlace::Address);
            }
            *of_address += 1;
        }
        taken.all += 1;
        Ok(Place { of: Arc::clone(self), address })
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.lock().all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.of.taken.lock();
        taken.all -= 1;
        let Some(address) = self.address else { return };
        if let Some(of_address) = taken.by_address.get_mut(&address) {
            *of_address -= 1;
            if *of_address == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_leaves_room_for_others_and_what_is_left_can_be_taken_again() {
        let places = Places::new(3, 2);
        let first = places.take(of("203.0.113.5")).expect("there is room");
        let second = places.take(of("203.0.113.5")).expect("there is room");
        assert_eq!(places.take(of("203.0.113.5")).err(), Some(NoPlace::Address));
        let third = places.take(of("203.0.113.6")).expect("another address");
        assert_eq!(places.take(of("203.0.113.7")).err(), Some(NoPlace::Full));
        drop(first);
        let fourth = places.take(of("203.0.113.5")).expect("it was given back");
        assert_eq!(places.taken(), 3);
        drop((second, third, fourth));
        assert_eq!((places.taken(), places.taken.lock().by_address.len()), (0, 0), "nothing is remembered");
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_loopback_is_none() {
        let places = Places::new(8, 1);
        let _first = places.take(of("2001:db8::1")).expect("there is room");
        assert_eq!(places.take(of("2001:db8::2")).err(), Some(NoPlace::Address));
        for loopback in ["127.0.0.1", "127.0.0.1", "::1", "::1", "::ffff:127.0.0.1"] {
            std::mem::forget(places.take(of(loopback)).expect("loopback is not counted by address"));
        }
        assert_eq!(places.taken(), 6);
    }
}

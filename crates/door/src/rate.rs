//! How often one address may connect.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::config::ConnectRate;

/// Addresses remembered at once. Beyond it strangers share one bucket.
const ADDRESSES_MAX: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn refill(&mut self, rate: ConnectRate, now: Instant) {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * f64::from(rate.per_s)).min(f64::from(rate.burst));
        self.at = now;
    }
}

/// Token buckets by address.
#[derive(Debug)]
pub struct RateLimit {
    rate: Option<ConnectRate>,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

impl RateLimit {
    /// `None` is no limit.
    pub fn new(rate: Option<ConnectRate>) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes one connection from the address's bucket; `false` when it is empty.
    pub fn admit(&self, addr: IpAddr, now: Instant) -> bool {
        let Some(rate) = self.rate else { return true };
        if addr.to_canonical().is_loopback() {
            return true;
        }
        let mut buckets = self.buckets.lock();
        let key = self.key(&mut buckets, rate, addr, now);
        let full = Bucket { tokens: f64::from(rate.burst), at: now };
        let bucket = buckets.entry(key).or_insert(full);
        bucket.refill(rate, now);
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }

    fn key(
        &self,
        buckets: &mut HashMap<IpAddr, Bucket>,
        rate: ConnectRate,
        addr: IpAddr,
        now: Instant,
    ) -> IpAddr {
        let network = network(addr);
        if buckets.len() >= ADDRESSES_MAX && !buckets.contains_key(&network) {
            // A full bucket says nothing that a new one would not.
            buckets.retain(|_, bucket| {
                bucket.refill(rate, now);
                bucket.tokens < f64::from(rate.burst)
            });
            if buckets.len() >= ADDRESSES_MAX {
                return IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        network
    }
}

/// The address that is counted when connections are counted by address: IPv4 as it is, IPv6 by its /64.
pub fn network(addr: IpAddr) -> IpAddr {
    match addr.to_canonical() {
        IpAddr::V4(addr) => IpAddr::V4(addr),
        IpAddr::V6(addr) => IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limit() -> RateLimit {
        RateLimit::new(Some(ConnectRate { per_s: 1, burst: 2 }))
    }

    #[test]
    fn a_burst_is_let_through_and_then_the_rate() {
        let (limit, start) = (limit(), Instant::now());
        let addr = "203.0.113.5".parse().expect("an address");
        let at = |after_ms| limit.admit(addr, start + Duration::from_millis(after_ms));
        assert_eq!(
            [at(0), at(0), at(0), at(500), at(1000), at(1100)],
            [true, true, false, false, true, false]
        );
        assert!(limit.admit("203.0.113.6".parse().expect("an address"), start), "another address");
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let (limit, now) = (limit(), Instant::now());
        let admit = |text: &str| limit.admit(text.parse().expect("an address"), now);
        assert!(admit("2001:db8::1") && admit("2001:db8::2"));
        assert!(!admit("2001:db8::3"));
        assert!(admit("2001:db8:0:1::3"));
    }

    #[test]
    fn loopback_is_not_counted() {
        let (limit, now) = (limit(), Instant::now());
        for addr in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            let addr = addr.parse().expect("an address");
            assert!((0..10).all(|_| limit.admit(addr, now)), "{addr}");
        }
    }

    #[test]
    fn a_scan_of_many_addresses_does_not_grow_the_table() {
        let (limit, now) = (limit(), Instant::now());
        for n in 0..20_000u32 {
            limit.admit(IpAddr::V4((0x0B00_0000 + n).into()), now);
        }
        assert!(limit.buckets.lock().len() <= ADDRESSES_MAX + 1);
        let later = now + Duration::from_secs(10);
        assert!(limit.admit("203.0.113.5".parse().expect("an address"), later));
        assert!(limit.buckets.lock().len() < 10, "refilled buckets are forgotten");
    }
}

//! How much one client may bring: bytes and readings a second, with room for a burst.
//!
//! Asked before anything is decoded. A client that waits for acknowledgements is made to wait longer and loses nothing; what
//! it sends without waiting for one is refused unread, counted and told.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// How much each client may bring. Zero is without bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaConfig {
    /// Bytes of payload a second.
    pub bytes_per_s: u32,
    /// Readings a second.
    pub readings_per_s: u32,
    /// For how long a client may be as fast as it can after it was idle, in seconds of its rates.
    pub burst_s: u32,
}

impl Default for QuotaConfig {
    /// 4 MiB and 20,000 readings a second, ten seconds of it at once: a gateway of 20,000 tags that report each second.
    fn default() -> QuotaConfig {
        QuotaConfig { bytes_per_s: 4 << 20, readings_per_s: 20_000, burst_s: 10 }
    }
}

/// Whose a quota is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    /// A client that is known, by its name: all its connections together.
    Client(Arc<str>),
    /// Somebody whom nobody asks for a name, by the client identifier.
    Identifier(Arc<str>),
}

/// The quotas of all clients of one door, so that who comes in anew finds what it left.
#[derive(Debug)]
pub(crate) struct Quotas {
    config: QuotaConfig,
    clients: Mutex<HashMap<Whose, Arc<Quota>>>,
    throttled_us: AtomicU64,
}

/// What one client has left.
#[derive(Debug)]
pub(crate) struct Quota(Mutex<(Bucket, Bucket)>);

/// Tokens that come back at a rate. What was taken beyond them is owed.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    per_s: f64,
    most: f64,
    tokens: f64,
    at: Instant,
}

/// Clients remembered at once; those that owe nothing are forgotten first.
const CLIENTS_MAX: usize = 16_384;

impl Bucket {
    fn full(per_s: u32, burst_s: u32, now: Instant) -> Bucket {
        let per_s = f64::from(per_s);
        let most = per_s * f64::from(burst_s.max(1));
        Bucket { per_s, most, tokens: most, at: now }
    }

    /// How long until nothing is owed. Of a bucket without bound, no time.
    fn wait(&mut self, now: Instant) -> Duration {
        if self.per_s == 0.0 {
            return Duration::ZERO;
        }
        let passed_s = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed_s * self.per_s).min(self.most);
        self.at = now;
        Duration::from_secs_f64((-self.tokens / self.per_s).max(0.0))
    }

    #[allow(clippy::cast_precision_loss)] // A message holds far fewer than 2^52 of anything.
    fn take(&mut self, count: u64) {
        self.tokens -= count as f64;
    }

    fn owes_nothing(&mut self, now: Instant) -> bool {
        self.wait(now).is_zero() && self.tokens >= self.most
    }
}

impl Quota {
    fn new(config: QuotaConfig, now: Instant) -> Quota {
        let bytes = Bucket::full(config.bytes_per_s, config.burst_s, now);
        let readings = Bucket::full(config.readings_per_s, config.burst_s, now);
        Quota(Mutex::new((bytes, readings)))
    }

    /// How long the client has to wait before more of it is read; no time when it may go on.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        let (bytes, readings) = &mut *self.0.lock();
        bytes.wait(now).max(readings.wait(now))
    }

    /// Takes what it brought, owed or not: how many readings are in a message is known when it has been read.
    pub(crate) fn take(&self, bytes: u64, readings: u64) {
        let buckets = &mut *self.0.lock();
        buckets.0.take(bytes);
        buckets.1.take(readings);
    }

    fn owes_nothing(&self, now: Instant) -> bool {
        let (bytes, readings) = &mut *self.0.lock();
        bytes.owes_nothing(now) && readings.owes_nothing(now)
    }
}

impl Quotas {
    pub(crate) fn new(config: QuotaConfig) -> Quotas {
        Quotas { config, clients: Mutex::default(), throttled_us: AtomicU64::new(0) }
    }

    /// What that client has left.
    pub(crate) fn of(&self, client: &Whose, now: Instant) -> Arc<Quota> {
        let mut clients = self.clients.lock();
        if clients.len() >= CLIENTS_MAX && !clients.contains_key(client) {
            clients.retain(|_, quota| Arc::strong_count(quota) > 1 || !quota.owes_nothing(now));
        }
        let fresh = || Arc::new(Quota::new(self.config, now));
        if clients.len() >= CLIENTS_MAX {
            // All of them are here, or owe: a stranger more is bounded by its connection.
            return clients.get(client).map_or_else(fresh, Arc::clone);
        }
        Arc::clone(clients.entry(client.clone()).or_insert_with(fresh))
    }

    /// Waits until the client owes nothing.
    pub(crate) async fn admit(&self, quota: &Quota) {
        loop {
            let wait = quota.wait(Instant::now());
            if wait.is_zero() {
                return;
            }
            let micros = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
            self.throttled_us.fetch_add(micros, Ordering::Relaxed);
            tokio::time::sleep(wait).await;
        }
    }

    /// For how long clients were made to wait, all together.
    pub(crate) fn throttled(&self) -> Duration {
        Duration::from_micros(self.throttled_us.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: QuotaConfig = QuotaConfig { bytes_per_s: 1000, readings_per_s: 10, burst_s: 2 };

    fn client(name: &str) -> Whose {
        Whose::Client(name.into())
    }

    #[test]
    fn a_burst_passes_and_what_is_beyond_it_waits_for_as_long_as_it_is_owed() {
        let start = Instant::now();
        let quota = Quota::new(CONFIG, start);
        quota.take(0, 20);
        assert_eq!(quota.wait(start), Duration::ZERO, "two seconds' worth at once");
        quota.take(0, 10);
        assert_eq!(quota.wait(start), Duration::from_secs(1), "ten readings are owed at ten a second");
        assert_eq!(quota.wait(start + Duration::from_millis(600)), Duration::from_millis(400));
        assert_eq!(quota.wait(start + Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn bytes_and_readings_count_apart_and_the_longer_wait_decides() {
        let start = Instant::now();
        let quota = Quota::new(CONFIG, start);
        quota.take(5000, 25);
        assert_eq!(quota.wait(start), Duration::from_secs(3), "3,000 bytes and 5 readings are owed");
    }

    #[test]
    fn zero_is_without_bound() {
        let start = Instant::now();
        let quota = Quota::new(QuotaConfig { bytes_per_s: 0, readings_per_s: 0, burst_s: 1 }, start);
        quota.take(u64::MAX >> 12, u64::MAX >> 12);
        assert_eq!(quota.wait(start), Duration::ZERO);
    }

    #[test]
    fn who_comes_in_anew_still_owes() {
        let (quotas, start) = (Quotas::new(CONFIG), Instant::now());
        quotas.of(&client("gw-1"), start).take(0, 30);
        assert_eq!(quotas.of(&client("gw-1"), start).wait(start), Duration::from_secs(1));
        assert_eq!(
            quotas.of(&client("gw-2"), start).wait(start),
            Duration::ZERO,
            "others owe nothing for it"
        );
        let called_so = Whose::Identifier("gw-1".into());
        assert_eq!(quotas.of(&called_so, start).wait(start), Duration::ZERO, "nor who calls itself so");
    }

    #[test]
    fn a_flood_of_names_is_bounded_and_forgets_no_debt() {
        let (quotas, start) = (Quotas::new(CONFIG), Instant::now());
        quotas.of(&client("debtor"), start).take(0, 30);
        for name in 0..3 * CLIENTS_MAX {
            quotas.of(&client(&name.to_string()), start);
        }
        assert!(quotas.clients.lock().len() <= CLIENTS_MAX);
        assert_eq!(quotas.of(&client("debtor"), start).wait(start), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_clients_wait_is_told() {
        let quotas = Quotas::new(CONFIG);
        let quota = quotas.of(&client("gw-1"), Instant::now());
        quota.take(0, 40);
        let before = Instant::now();
        quotas.admit(&quota).await;
        assert!(before.elapsed() >= Duration::from_secs(2));
        assert!(quotas.throttled() >= Duration::from_secs(2));
    }
}

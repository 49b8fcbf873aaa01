//! How the demo goes, on one line.

use std::time::Duration;

use davy_model::Tier;
use davy_proto::v1::SystemServiceGetStatusResponse;

use crate::{figures, looks, span};

/// Readings a second, from one look to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    received: u64,
    elapsed: Duration,
}

impl Rate {
    fn since(&mut self, received: u64, elapsed: Duration) -> f64 {
        let (came, passed) = (received.saturating_sub(self.received), elapsed.saturating_sub(self.elapsed));
        *self = Rate { received, elapsed };
        if passed.is_zero() { 0.0 } else { came as f64 / passed.as_secs_f64() }
    }
}

/// The line: `42.0 s  1234 readings, 31/s  standing: ■ 1 red, ▲ 2 orange...  heartbeats 9`.
pub(super) fn line(
    rate: &mut Rate,
    elapsed: Duration,
    status: &SystemServiceGetStatusResponse,
    heartbeats: u64,
) -> String {
    let received: u64 =
        status.sites.iter().filter_map(|site| site.readings.as_ref()).map(|counts| counts.received).sum();
    let a_second = rate.since(received, elapsed);
    let standing: Vec<String> = Tier::ALL
        .into_iter()
        .rev()
        .map(|tier| {
            let counts = status.sites.iter().flat_map(|site| &site.alarms);
            let of_tier = counts.filter(|count| figures::tier(count.tier()) == Some(tier));
            let standing: u32 = of_tier.map(|count| count.standing).sum();
            format!("{} {standing} {tier}", looks::shape(tier))
        })
        .collect();
    format!(
        "{}  {received} readings, {a_second:.0}/s  standing: {}  heartbeats {heartbeats}",
        span::words(elapsed),
        standing.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use davy_proto::v1::{AlarmCount, ReadingCounts, SiteStatus, Tier as WireTier};

    #[test]
    fn the_line_adds_up_over_sites() {
        let site = |received, standing| SiteStatus {
            readings: Some(ReadingCounts { received, ..ReadingCounts::default() }),
            alarms: vec![AlarmCount { tier: WireTier::Red.into(), standing, ..AlarmCount::default() }],
            ..SiteStatus::default()
        };
        let status = SystemServiceGetStatusResponse {
            sites: vec![site(40, 1), site(20, 2)],
            ..SystemServiceGetStatusResponse::default()
        };
        let mut rate = Rate::default();
        let told = line(&mut rate, Duration::from_secs(2), &status, 3);
        assert_eq!(
            told,
            "2.0 s  60 readings, 30/s  standing: ■ 3 red, ▲ 0 orange, ▼ 0 yellow, ● 0 blue  heartbeats 3"
        );
    }
}

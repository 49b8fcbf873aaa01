//! Alarms by tier and site, counted from what was delivered.

use std::collections::BTreeMap;

use davy_model::Tier;
use davy_proto::v1::{Alert, TransitionKind};

use crate::figures;

/// What was delivered of one site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SiteTally {
    /// Alerts.
    pub(super) alerts: u64,
    /// Occurrences raised, by the gravest tier each reached; the least grave first.
    pub(super) raised: [u64; 4],
    last_sequence: u64,
    /// The site's last transition before the beginning.
    began_after: u64,
    /// The gravest tier of every occurrence, by alarm and number.
    occurrences: BTreeMap<(String, u64), Tier>,
}

/// What was delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    sites: BTreeMap<String, SiteTally>,
}

impl SiteTally {
    /// Adds another site's alerts and occurrences.
    pub(super) fn add(&mut self, other: &SiteTally) {
        self.alerts += other.alerts;
        self.raised.iter_mut().zip(other.raised).for_each(|(sum, part)| *sum += part);
    }
}

impl Tally {
    /// Counts a transition.
    pub(super) fn alert(&mut self, alert: &Alert) {
        let site = self.sites.entry(alert.site.clone()).or_default();
        // Delivered at least once, counted once.
        if alert.sequence <= site.last_sequence {
            return;
        }
        site.last_sequence = alert.sequence;
        site.alerts += 1;
        let (Some(tier), occurrence) =
            (figures::tier(alert.tier_highest()), (alert.alarm.clone(), alert.occurrence))
        else {
            return;
        };
        let is_new = alert.transition() == TransitionKind::Raised;
        let before = site.occurrences.get(&occurrence).copied();
        // An occurrence that stood before the demo began is not counted as raised in it.
        if !is_new && before.is_none() {
            return;
        }
        if let Some(before) = before {
            site.raised[usize::from(before.code())] -= 1;
        }
        site.raised[usize::from(tier.code())] += 1;
        site.occurrences.insert(occurrence, tier);
    }

    /// Takes note of where a site stood at the beginning.
    pub(super) fn begin(&mut self, site: &str, sequence: u64) {
        self.sites.entry(site.to_owned()).or_default().began_after = sequence;
    }

    /// The last transition seen of a site, or the last before the beginning.
    pub(super) fn last_sequence(&self, site: &str) -> u64 {
        self.sites.get(site).map_or(0, |site| site.last_sequence.max(site.began_after))
    }

    /// What was delivered of a site.
    pub(super) fn site(&self, site: &str) -> SiteTally {
        self.sites.get(site).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use davy_proto::v1;

    fn alert(sequence: u64, kind: TransitionKind, tier: Tier, occurrence: u64) -> Alert {
        Alert {
            sequence,
            site: "park".to_owned(),
            alarm: "park:h2s:AT-0412/h2s".to_owned(),
            transition: kind.into(),
            tier_highest: v1::Tier::from(tier).into(),
            occurrence,
            ..Alert::default()
        }
    }

    #[test]
    fn an_occurrence_counts_once_under_the_gravest_tier_it_reached() {
        let mut tally = Tally::default();
        for found in [
            alert(1, TransitionKind::Raised, Tier::Orange, 1),
            alert(2, TransitionKind::TierRaised, Tier::Red, 1),
            alert(2, TransitionKind::TierRaised, Tier::Red, 1),
            alert(3, TransitionKind::Cleared, Tier::Red, 1),
            alert(4, TransitionKind::Raised, Tier::Blue, 2),
        ] {
            tally.alert(&found);
        }
        let site = tally.site("park");
        assert_eq!((site.alerts, site.raised), (4, [1, 0, 0, 1]));
        assert_eq!(tally.last_sequence("park"), 4);
        assert_eq!(tally.site("mine"), SiteTally::default());
    }

    #[test]
    fn what_stood_before_the_beginning_is_neither_missing_nor_counted_as_raised() {
        let mut tally = Tally::default();
        tally.begin("park", 9);
        assert_eq!(tally.last_sequence("park"), 9);
        tally.alert(&alert(10, TransitionKind::Cleared, Tier::Red, 1));
        let site = tally.site("park");
        assert_eq!((site.alerts, site.raised), (1, [0; 4]));
    }
}

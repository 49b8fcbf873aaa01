//! How the link to the upper Davy stands.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use davy_model::Timestamp;
use davy_proto::v1 as wire;
use parking_lot::Mutex;

/// A call that lasted so long was a good one: an outage before it is over, even if there was nothing to bring.
pub(super) const GOOD_CALL: Duration = Duration::from_secs(30);

const NOTHING_CONFIRMED: &str = "it takes what it is brought, and does not confirm it";

/// How the link to the upper Davy stands, told by whoever drives it.
#[derive(Debug)]
pub(crate) struct Standing {
    told: Mutex<Told>,
}

#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) node: String,
    pub(super) since: Timestamp,
    /// Why it is down; `None` while it is up.
    pub(super) why: Option<String>,
    /// By site: the last transition that is on the upper one's disk.
    pub(super) confirmed: BTreeMap<Arc<str>, u64>,
    pub(super) refused: Vec<wire::LinkTaken>,
    /// By site: the last transition that was brought in this call and is not confirmed.
    unconfirmed: BTreeMap<Arc<str>, u64>,
    /// Since when there are such, and no more of them was confirmed.
    unconfirmed_since: Timestamp,
    /// Goes on over calls that are answered and bring nothing.
    outage: Option<Outage>,
}

#[derive(Clone, Debug)]
struct Outage {
    since: Timestamp,
    /// Why the last call ended.
    why: String,
}

impl Told {
    fn call_is_good(&self, now: Timestamp) -> bool {
        self.why.is_none() && self.unconfirmed.is_empty() && now.since(self.since) >= GOOD_CALL
    }

    /// What lasts: calls that come to nothing, or one in which nothing is confirmed.
    fn trouble(&self, now: Timestamp) -> Option<Outage> {
        let unconfirmed = (!self.unconfirmed.is_empty())
            .then(|| Outage { since: self.unconfirmed_since, why: NOTHING_CONFIRMED.to_owned() });
        self.outage.clone().filter(|_| !self.call_is_good(now)).or(unconfirmed)
    }
}

impl Standing {
    pub(super) fn new(now: Timestamp) -> Standing {
        let why = "not called yet".to_owned();
        Standing {
            told: Mutex::new(Told {
                node: String::new(),
                since: now,
                why: Some(why.clone()),
                confirmed: BTreeMap::new(),
                refused: Vec::new(),
                unconfirmed: BTreeMap::new(),
                unconfirmed_since: now,
                outage: Some(Outage { since: now, why }),
            }),
        }
    }

    /// It answered.
    pub(super) fn up(&self, now: Timestamp, welcome: &wire::LinkWelcome) {
        let mut told = self.told.lock();
        told.node.clone_from(&welcome.node);
        (told.since, told.why) = (now, None);
        told.unconfirmed.clear();
        told.refused = welcome.sites.iter().filter(|site| !site.refused.is_empty()).cloned().collect();
        let taken = welcome.sites.iter().filter(|site| site.refused.is_empty());
        told.confirmed = taken.map(|site| (site.site.as_str().into(), site.sequence)).collect();
    }

    /// It cannot be reached, or brought anything. True when that is new.
    pub(super) fn lost(&self, now: Timestamp, why: String) -> bool {
        let mut told = self.told.lock();
        let before = told.trouble(now);
        let is_new = before.as_ref().is_none_or(|before| before.why != why);
        let since = before.map_or(now, |before| before.since);
        told.outage = Some(Outage { since, why: why.clone() });
        if told.why.replace(why).is_none() {
            told.since = now;
        }
        is_new
    }

    /// A site's transitions up to there are brought.
    pub(super) fn bring(&self, now: Timestamp, site: &Arc<str>, sequence: u64) {
        let mut told = self.told.lock();
        if told.call_is_good(now) {
            told.outage = None;
        }
        if told.unconfirmed.is_empty() {
            told.unconfirmed_since = now;
        }
        told.unconfirmed.insert(Arc::clone(site), sequence);
    }

    /// Everything of a site up to there is on its disk.
    pub(super) fn confirm(&self, now: Timestamp, site: &str, sequence: u64) {
        let mut told = self.told.lock();
        (told.outage, told.unconfirmed_since) = (None, now);
        told.unconfirmed.retain(|of, brought| **of != *site || *brought > sequence);
        if let Some(confirmed) = told.confirmed.get_mut(site) {
            *confirmed = sequence.max(*confirmed);
        }
    }

    pub(super) fn told(&self) -> Told {
        self.told.lock().clone()
    }

    /// For how long nothing was brought that it keeps, and why.
    pub(super) fn down(&self, now: Timestamp) -> Option<(Duration, String)> {
        let trouble = self.told.lock().trouble(now)?;
        Some((now.since(trouble.since), trouble.why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn welcome() -> wire::LinkWelcome {
        let taken = wire::LinkTaken { site: "park".to_owned(), ..Default::default() };
        wire::LinkWelcome { node: "city".to_owned(), sites: vec![taken] }
    }

    fn down_s(standing: &Standing, second: i64) -> Option<u64> {
        standing.down(at(second)).map(|(lasting, _)| lasting.as_secs())
    }

    #[test]
    fn calls_that_are_answered_and_bring_nothing_are_one_outage() {
        let standing = Standing::new(at(0));
        for second in (10..100).step_by(15) {
            standing.up(at(second), &welcome());
            standing.lost(at(second + 1), "its disk is full".to_owned());
        }
        assert_eq!(standing.down(at(100)), Some((Duration::from_secs(100), "its disk is full".to_owned())));
        standing.up(at(101), &welcome());
        assert_eq!(down_s(&standing, 102), Some(102), "an answer is no proof");
    }

    #[test]
    fn an_outage_is_over_when_something_is_kept_above_or_a_call_lasts() {
        let standing = Standing::new(at(0));
        standing.up(at(10), &welcome());
        standing.confirm(at(11), "park", 1);
        assert_eq!(down_s(&standing, 11), None, "something is kept");
        standing.lost(at(20), "hung up".to_owned());
        assert_eq!(down_s(&standing, 25), Some(5), "another outage");
        standing.up(at(30), &welcome());
        assert_eq!((down_s(&standing, 59), down_s(&standing, 60)), (Some(39), None), "the call lasts");
        standing.lost(at(90), "hung up".to_owned());
        assert_eq!(down_s(&standing, 91), Some(1), "another outage");
    }

    #[test]
    fn a_call_in_which_nothing_is_confirmed_is_an_outage_however_long_it_lasts() {
        let (standing, park, jetty): (_, Arc<str>, Arc<str>) =
            (Standing::new(at(0)), "park".into(), "jetty".into());
        standing.up(at(1), &welcome());
        standing.confirm(at(1), "park", 4);
        assert_eq!(down_s(&standing, 40), None, "there was nothing to bring");
        standing.bring(at(40), &park, 5);
        standing.bring(at(50), &park, 9);
        standing.bring(at(50), &jetty, 2);
        assert_eq!(standing.down(at(100)), Some((Duration::from_secs(60), NOTHING_CONFIRMED.to_owned())));
        standing.confirm(at(101), "park", 5);
        assert_eq!(down_s(&standing, 111), Some(10), "some of it is");
        standing.lost(at(120), "hung up".to_owned());
        standing.up(at(121), &welcome());
        standing.bring(at(121), &park, 9);
        assert_eq!(down_s(&standing, 171), Some(70), "one outage, with what the next call does not bring");
        standing.confirm(at(172), "park", 9);
        assert_eq!(down_s(&standing, 200), None);
    }

    #[test]
    fn an_outage_that_a_quiet_call_has_ended_does_not_come_back_with_the_first_alert() {
        let standing = Standing::new(at(0));
        standing.up(at(1), &welcome());
        standing.bring(at(7200), &"park".into(), 1);
        assert_eq!(down_s(&standing, 7205), Some(5));
        standing.lost(at(7210), "hung up".to_owned());
        assert_eq!(down_s(&standing, 7215), Some(15));
    }

    #[test]
    fn why_it_is_away_is_news_once() {
        let standing = Standing::new(at(0));
        for (why, is_new) in [("no route", true), ("no route", false), ("refused", true), ("refused", false)]
        {
            standing.up(at(1), &welcome());
            assert_eq!(standing.lost(at(2), why.to_owned()), is_new, "{why}");
        }
    }
}

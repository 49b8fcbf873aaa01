//! The figures of one desk.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use davy_model::{AlarmKey, ChatterPolicy, Condition, FloodPolicy, Site, Tier, Timestamp, Verdict};

use super::{Figure, Period, flood::floods};
use crate::{
    ledger::{Call, Ledger, Occurrence},
    statistics::percentile,
};

/// How many of the worst alarms are named.
const TOP: usize = 10;
/// An alarm that was over before anybody could act, and that nobody acknowledged (ISA-18.2-2016, 16.5.5).
const FLEETING: Duration = Duration::from_secs(60);
/// An alarm that stands for longer tells nobody anything (ISA-18.2-2016, 16.5.6).
const STANDING: Duration = Duration::from_secs(86_400);
const TEN_MINUTES: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3600);
const ISA: &str = "ISA-18.2-2016, 16.5; EEMUA 191";

/// What the alarms of one desk cost it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeskPerformance {
    /// Which; `None` where no desk answers for them.
    pub desk: Option<Arc<str>>,
    /// Over which time.
    pub period: Period,
    /// The figures, each with its target.
    pub figures: Vec<Figure>,
    /// The alarms that called most, the worst first.
    pub top: Vec<BadActor>,
    /// The alarms that chattered.
    pub chattering: Vec<AlarmKey>,
}

/// An alarm that calls more than others.
#[derive(Clone, Debug, PartialEq)]
pub struct BadActor {
    /// Which.
    pub alarm: AlarmKey,
    /// How often it called.
    pub calls: u64,
    /// Which share of the desk's calls that is.
    pub share: f64,
}

struct Desk<'a> {
    ledger: &'a Ledger,
    period: Period,
    site: &'a Site,
    calls: Vec<Call>,
    occurrences: Vec<Occurrence>,
}

/// The figures of every desk of a site over a period, in the site's order; then those of desks that the site has no more, and
/// last those of alarms that none answers for, if there are any or there is no desk at all.
pub fn desks(ledger: &Ledger, site: &Site, period: Period) -> Vec<DeskPerformance> {
    let mut names: Vec<Option<Arc<str>>> = site.desks.iter().map(|desk| Some(Arc::clone(&desk.id))).collect();
    let is_ours = |alarm: u32, desk: &Option<Arc<str>>| ledger.alarm(alarm).desk == *desk;
    let asked: BTreeSet<&Option<Arc<str>>> =
        ledger.occurrences().iter().map(|found| &ledger.alarm(found.alarm).desk).collect();
    let others: Vec<Option<Arc<str>>> =
        asked.into_iter().rev().filter(|desk| !names.contains(desk)).cloned().collect();
    names.extend(others);
    if names.is_empty() {
        names.push(None);
    }
    let each = names.into_iter().map(|desk| {
        let calls = ledger.calls().iter().filter(|call| period.holds(call.at) && is_ours(call.alarm, &desk));
        let occurrences = ledger.occurrences().iter().filter(|found| is_ours(found.alarm, &desk));
        let occurrences = occurrences.filter_map(|found| found.until(period.until)).collect();
        let calls = calls.copied().collect();
        Desk { ledger, period, site, calls, occurrences }.performance(desk)
    });
    each.collect()
}

impl Desk<'_> {
    fn performance(&self, desk: Option<Arc<str>>) -> DeskPerformance {
        let top = self.top();
        let chattering = self.chattering();
        let mut figures = self.rates();
        figures.extend(self.flood());
        figures.extend(self.nuisance(&top, chattering.len()));
        figures.extend(self.answers());
        figures.extend(self.verdicts());
        figures.extend(self.tiers());
        DeskPerformance { desk, period: self.period, figures, top, chattering }
    }

    fn rates(&self) -> Vec<Figure> {
        let count = self.calls.len() as f64;
        let days = self.period.days();
        let per_day = if days > 0.0 { count / days } else { 0.0 };
        let ten = self.bins(TEN_MINUTES);
        let over = |bins: &[f64], most: f64| share(bins.iter().filter(|n| **n > most).count(), bins.len());
        vec![
            plain("alarms", count, ""),
            aimed("alarms_per_day", per_day, "/d", 150.0, Some(300.0)),
            aimed("alarms_per_hour", per_day / 24.0, "/h", 6.0, Some(12.0)),
            aimed("alarms_per_10_min", per_day / 144.0, "/10 min", 1.0, Some(2.0)),
            plain("alarms_per_10_min_p95", percentile(&ten, 0.95).unwrap_or(0.0), "/10 min"),
            aimed("alarms_per_10_min_peak", ten.iter().copied().fold(0.0, f64::max), "/10 min", 10.0, None),
            aimed("ten_minutes_over_10", over(&ten, 10.0), "%", 1.0, None),
            aimed("hours_over_30", over(&self.bins(HOUR), 30.0), "%", 1.0, None),
        ]
    }

    /// How many calls came in each whole or begun part of the period.
    fn bins(&self, width: Duration) -> Vec<f64> {
        let width_s = width.as_secs_f64();
        let count = (self.period.span().as_secs_f64() / width_s).ceil() as usize;
        let mut bins = vec![0.0; count];
        for call in &self.calls {
            let place = call.at.since(self.period.from).as_secs_f64() / width_s;
            bins[place as usize] += 1.0;
        }
        bins
    }

    fn flood(&self) -> Vec<Figure> {
        let policy = self.site.annunciation.flood.unwrap_or(FloodPolicy::USUAL);
        let calls: Vec<Timestamp> = self.calls.iter().map(|call| call.at).collect();
        let floods = floods(&calls, &policy);
        let lasted = floods.iter().map(|flood| flood.until.min(self.period.until).since(flood.from));
        let flooded: Duration = lasted.sum();
        let span = self.period.span().as_secs_f64();
        let part = if span > 0.0 { 100.0 * flooded.as_secs_f64() / span } else { 0.0 };
        let peak = floods.iter().map(|flood| flood.calls).max().unwrap_or(0);
        vec![
            aimed("time_in_flood", part, "%", 1.0, Some(5.0)),
            plain("floods", floods.len() as f64, ""),
            plain("alarms_in_worst_flood", peak as f64, ""),
        ]
    }

    fn nuisance(&self, top: &[BadActor], chattering: usize) -> Vec<Figure> {
        let ours = || self.occurrences.iter().filter(|found| self.period.holds(found.raised));
        let fleeting = ours().filter(|found| {
            found.acknowledged.is_none()
                && found.cleared.is_some()
                && found.stood(self.period.until) < FLEETING
        });
        let long = self.occurrences.iter().filter(|found| {
            found.overlaps(self.period.from, self.period.until) && found.stood(self.period.until) > STANDING
        });
        let days = self.period.days().max(1.0);
        let silent = ours().filter(|found| found.called.is_none());
        vec![
            aimed("top_10_share", 100.0 * top.iter().map(|actor| actor.share).sum::<f64>(), "%", 5.0, None),
            aimed("chattering", chattering as f64, "", 0.0, None),
            aimed("fleeting", fleeting.count() as f64, "", 0.0, None),
            aimed("standing_over_24_h", long.count() as f64 / days, "/d", 5.0, None),
            plain("never_heard", silent.count() as f64, ""),
        ]
    }

    fn answers(&self) -> Vec<Figure> {
        let heard = self.occurrences.iter().filter(|found| self.period.holds(found.raised));
        let took = |found: &Occurrence| Some(found.acknowledged?.since(found.called?).as_secs_f64());
        let took: Vec<f64> = heard.filter_map(took).collect();
        let standing = |found: &&Occurrence| found.cleared.is_none_or(|cleared| cleared >= self.period.until);
        let at_end = self.occurrences.iter().filter(standing).count();
        let ours: BTreeSet<u32> = self.occurrences.iter().map(|found| found.alarm).collect();
        let facts = || ours.iter().map(|alarm| &self.ledger.alarm(*alarm).facts);
        let quieted = facts().filter(|facts| facts.is_quieted()).count();
        let unseen = facts().filter(|facts| facts.condition == Condition::Active && !facts.acknowledged);
        let mut figures = vec![
            plain("standing_at_end", at_end as f64, ""),
            plain("unacknowledged_at_end", unseen.count() as f64, ""),
            plain("quieted_at_end", quieted as f64, ""),
        ];
        if let (Some(median), Some(p95)) = (percentile(&took, 0.5), percentile(&took, 0.95)) {
            figures.push(plain("time_to_acknowledge_median", median, "s"));
            figures.push(plain("time_to_acknowledge_p95", p95, "s"));
        }
        figures
    }

    /// What occurrences were found to be, where anybody said.
    fn verdicts(&self) -> Vec<Figure> {
        let ours = self.occurrences.iter().filter(|found| self.period.holds(found.raised));
        let said: Vec<Verdict> = ours.filter_map(|found| Some(found.verified?.1)).collect();
        let part = |verdict| share(said.iter().filter(|said| **said == verdict).count(), said.len());
        if said.is_empty() {
            return Vec::new();
        }
        vec![
            plain("verified", said.len() as f64, ""),
            plain("verified_real", part(Verdict::Real), "%"),
            plain("verified_false", part(Verdict::False), "%"),
            plain("verified_maintenance", part(Verdict::Maintenance), "%"),
            plain("verified_drill", part(Verdict::Drill), "%"),
        ]
    }

    /// Alarms of a grave tier are to be few (ISA-18.2-2016, 16.5.8: about 80, 15 and 5 % by priority).
    fn tiers(&self) -> Vec<Figure> {
        let part =
            |tier: Tier| share(self.calls.iter().filter(|call| call.tier == tier).count(), self.calls.len());
        vec![
            plain("tier_blue", part(Tier::Blue), "%"),
            plain("tier_yellow", part(Tier::Yellow), "%"),
            plain("tier_orange", part(Tier::Orange), "%"),
            plain("tier_red", part(Tier::Red), "%"),
        ]
    }

    fn top(&self) -> Vec<BadActor> {
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for call in &self.calls {
            *counts.entry(call.alarm).or_default() += 1;
        }
        let mut actors: Vec<BadActor> = counts
            .into_iter()
            .map(|(alarm, calls)| BadActor {
                alarm: self.ledger.alarm(alarm).key.clone(),
                calls,
                share: calls as f64 / self.calls.len() as f64,
            })
            .collect();
        actors.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.alarm.cmp(&b.alarm)));
        actors.truncate(TOP);
        actors
    }

    fn chattering(&self) -> Vec<AlarmKey> {
        let policy = self.site.annunciation.chatter.unwrap_or(ChatterPolicy::USUAL);
        let mut raises: BTreeMap<u32, Vec<Timestamp>> = BTreeMap::new();
        for found in self.occurrences.iter().filter(|found| self.period.holds(found.raised)) {
            raises.entry(found.alarm).or_default().push(found.raised);
        }
        // What comes late is raised in the past.
        raises.values_mut().for_each(|times| times.sort_unstable());
        let quick = |times: &Vec<Timestamp>| {
            times
                .windows((policy.raises as usize).max(1))
                .any(|few| few[few.len() - 1].since(few[0]) < policy.within)
        };
        let found = raises.into_iter().filter(|(_, times)| quick(times));
        found.map(|(alarm, _)| self.ledger.alarm(alarm).key.clone()).collect()
    }
}

impl DeskPerformance {
    /// The value of a figure, by its name.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

fn plain(name: &'static str, value: f64, unit: &'static str) -> Figure {
    Figure { name, value, unit, target: None, manageable: None, source: "" }
}

fn aimed(name: &'static str, value: f64, unit: &'static str, target: f64, manageable: Option<f64>) -> Figure {
    Figure { name, value, unit, target: Some(target), manageable, source: ISA }
}

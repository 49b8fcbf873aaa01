//! How much of what should have been measured is in the log: nothing found in a hole proves nothing.

use std::{sync::Arc, time::Duration};

use davy_model::{Quality, ReadingBlock, Reporting, Site, Timestamp};

use crate::performance::Period;

/// Gaps that are kept, the longest.
const GAPS_MAX: usize = 100;
/// A tag that is this many intervals late has a gap.
const LATE_INTERVALS: u32 = 3;

/// What is in the log of every tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// By tag, in the site's order.
    pub tags: Vec<TagCoverage>,
    /// The gaps, the longest first.
    pub gaps: Vec<Gap>,
    /// Readings in all.
    pub readings: u64,
    /// Of these, good ones.
    pub good: u64,
}

/// What is in the log of one tag.
#[derive(Clone, Debug, PartialEq)]
pub struct TagCoverage {
    /// Which.
    pub tag: Arc<str>,
    /// Its readings.
    pub readings: u64,
    /// Of these, good ones.
    pub good: u64,
    /// For which share of the period good readings are there; `None` for a tag that reports by exception.
    pub share: Option<f64>,
}

/// A time without good readings of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Of which.
    pub tag: Arc<str>,
    /// The last good reading before it.
    pub from: Timestamp,
    /// The first after it.
    pub until: Timestamp,
}

/// Counts as the log goes by.
#[derive(Debug)]
pub(super) struct Counting {
    site: Site,
    seen: Vec<Seen>,
    gaps: Vec<Gap>,
    period: Period,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    readings: u64,
    good: u64,
    last_us: Option<i64>,
    missing_us: i64,
}

impl Counting {
    /// For a site's tags, within a period.
    pub(super) fn new(site: &Site, period: Period) -> Counting {
        let seen = vec![Seen::default(); site.tags.len()];
        Counting { site: site.clone(), seen, gaps: Vec::new(), period }
    }

    /// Counts readings whose places are this site's.
    pub(super) fn take(&mut self, block: &ReadingBlock) {
        for reading in &block.readings {
            if !self.period.holds(reading.source_time) {
                continue;
            }
            let tag = reading.tag.0 as usize;
            self.seen[tag].readings += 1;
            if reading.quality == Quality::Good {
                self.seen[tag].good += 1;
                self.good(tag, reading.source_time);
            }
        }
    }

    fn good(&mut self, tag: usize, at: Timestamp) {
        let last = self.seen[tag].last_us.map_or(self.period.from, Timestamp::from_micros);
        if at >= last {
            self.seen[tag].last_us = Some(at.as_micros());
            self.gap(tag, last, at);
        }
    }

    fn gap(&mut self, tag: usize, from: Timestamp, until: Timestamp) {
        let Some(interval) = interval(&self.site, tag) else { return };
        let between = until.since(from);
        if between <= interval * LATE_INTERVALS {
            return;
        }
        self.seen[tag].missing_us += davy_model::micros(between - interval);
        self.gaps.push(Gap { tag: Arc::clone(&self.site.tags[tag].name), from, until });
        if self.gaps.len() > 2 * GAPS_MAX {
            self.keep_longest();
        }
    }

    fn keep_longest(&mut self) {
        self.gaps.sort_by_key(|gap| std::cmp::Reverse(gap.until.since(gap.from)));
        self.gaps.truncate(GAPS_MAX);
    }

    /// What is there, up to the end of the period.
    pub(super) fn finish(mut self) -> Coverage {
        let end = self.period.until;
        for tag in 0..self.seen.len() {
            let last = self.seen[tag].last_us.map_or(self.period.from, Timestamp::from_micros);
            self.gap(tag, last, end);
        }
        self.keep_longest();
        let span_us = davy_model::micros(self.period.span()).max(1);
        let tags: Vec<TagCoverage> = self
            .seen
            .iter()
            .enumerate()
            .map(|(place, seen)| TagCoverage {
                tag: Arc::clone(&self.site.tags[place].name),
                readings: seen.readings,
                good: seen.good,
                share: interval(&self.site, place)
                    .map(|_| (1.0 - seen.missing_us as f64 / span_us as f64).clamp(0.0, 1.0)),
            })
            .collect();
        let sum = |of: fn(&TagCoverage) -> u64| tags.iter().map(of).sum();
        let (readings, good) = (sum(|tag| tag.readings), sum(|tag| tag.good));
        Coverage { tags, gaps: self.gaps, readings, good }
    }
}

impl Coverage {
    /// For which share of the period good readings are there, over all tags that report at an interval; `None` when there
    /// is no such tag.
    pub fn share(&self) -> Option<f64> {
        let shares: Vec<f64> = self.tags.iter().filter_map(|tag| tag.share).collect();
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    }
}

fn interval(site: &Site, tag: usize) -> Option<Duration> {
    let tag = &site.tags[tag];
    (tag.reporting == Reporting::Periodic).then_some(tag.expected_interval)
}

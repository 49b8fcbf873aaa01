//! What a site would make of a metric: bound as intake binds, and held against its rules.

use std::{path::Path, sync::Arc};

use anyhow::bail;
use davy_intake::{Trial, TrialReading};
use davy_model::{Quality, Reading, Reason, TagIndex};
use davy_rules::{Plan, WatchKind};
use davy_server::SiteSource;

/// A site's files, and what binds by them.
pub(super) struct SiteTrial {
    plan: Arc<Plan>,
    pub(super) trial: Trial,
}

/// What becomes of a metric that the site takes.
pub(super) struct Bound {
    /// The tag's name.
    pub(super) tag: String,
    /// In the tag's unit; none where nothing was measured.
    pub(super) value: Option<f64>,
    pub(super) unit: String,
    pub(super) quality: String,
    /// What its rules would make of it, at once and were it to stay so.
    pub(super) verdict: String,
}

impl SiteTrial {
    /// Reads the files of that folder.
    pub(super) fn load(folder: &Path) -> anyhow::Result<SiteTrial> {
        match SiteSource::Dir(folder.to_owned()).load() {
            Ok(loaded) => {
                let trial = Trial::new(loaded.plan.site.clone(), loaded.ways);
                Ok(SiteTrial { plan: loaded.plan, trial })
            }
            Err(findings) => {
                bail!("{}: {} errors in its files; try davy rules check", folder.display(), findings.len())
            }
        }
    }

    /// What becomes of a reading, when there is one.
    pub(super) fn bound(&self, tried: &TrialReading) -> Option<Bound> {
        let reading = tried.reading.as_ref()?;
        let tag = self.plan.site.tag(reading.tag);
        Some(Bound {
            tag: tag.name.to_string(),
            value: reading.value.get(),
            unit: tag.unit.to_string(),
            quality: reading.quality.to_string(),
            verdict: self.verdict(reading, tried),
        })
    }

    fn verdict(&self, reading: &Reading, tried: &TrialReading) -> String {
        let says = |reason| tried.findings.iter().any(|finding| finding.reason == reason);
        if says(Reason::TimestampTooOld) {
            return "too old: kept, not judged".to_owned();
        }
        let Some(value) = reading.value.get().filter(|_| reading.quality.is_evidence()) else {
            return "no evidence".to_owned();
        };
        let mut verdict = past(&self.plan, reading.tag, value);
        if reading.quality != Quality::Good && says(Reason::OutOfSensorRange) {
            verdict += ", and clears nothing";
        }
        if says(Reason::TimestampFuture) {
            verdict += ", judged at its arrival";
        }
        verdict
    }
}

/// The gravest level of each limit rule that the value is past.
fn past(plan: &Plan, tag: TagIndex, value: f64) -> String {
    let mut found = Vec::new();
    for watch in &plan.watches[plan.watches_of(tag)] {
        let WatchKind::Limit(program) = watch.kind else { continue };
        let levels = &plan.limits[program as usize].levels;
        if let Some(level) = levels.iter().rev().find(|level| level.is_past(value)) {
            let rule = &plan.rules[watch.rule as usize].id;
            let delay_s = level.on_delay_us / 1_000_000;
            let after = if delay_s == 0 { "at once".to_owned() } else { format!("after {delay_s} s") };
            found.push(format!(
                "past {} ({} {}) of {rule}, {} {after}",
                level.name,
                level.comparator.symbol(),
                level.written,
                level.tier.word()
            ));
        }
    }
    if found.is_empty() { "within its limits".to_owned() } else { found.join("; ") }
}

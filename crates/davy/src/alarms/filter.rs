//! Which transitions of history, as people ask for them.

use davy_model::{Tier, TransitionKind};
use davy_proto::{time_to_wire, v1};

use super::{parse_tier, period::PeriodArgs};

/// Which transitions of history; all, without.
#[derive(Debug, clap::Args)]
pub(crate) struct FilterArgs {
    /// Only these sites
    #[arg(long = "site", value_name = "SITE", value_delimiter = ',')]
    sites: Vec<String>,
    #[command(flatten)]
    period: PeriodArgs,
    /// Only of alarms at least as grave then
    #[arg(long, value_parser = parse_tier, value_name = "TIER")]
    tier: Option<Tier>,
    /// Only of these rules
    #[arg(long = "rule", value_name = "RULE", value_delimiter = ',')]
    rules: Vec<String>,
    /// Only of alarms on these tags, or what else a rule judges
    #[arg(long = "subject", value_name = "SUBJECT", value_delimiter = ',')]
    subjects: Vec<String>,
    /// Only of alarms in these areas, or in an area within
    #[arg(long = "area", value_name = "AREA", value_delimiter = ',')]
    areas: Vec<String>,
    /// Only of alarms of these hazard sources
    #[arg(long = "hazard-source", value_name = "ID", value_delimiter = ',')]
    hazard_sources: Vec<String>,
    /// Only these changes: raised, cleared, acknowledged, ...
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',', value_parser = parse_kind)]
    kinds: Vec<TransitionKind>,
}

impl FilterArgs {
    /// What the fields are called.
    pub(super) const NAMES: [&str; 10] =
        ["sites", "from", "to", "last", "tier", "rules", "subjects", "areas", "hazard_sources", "kinds"];

    /// Whether more than one site is asked for by name, or anything but a site.
    pub(super) fn is_more_than_a_site(&self) -> bool {
        self.sites.len() > 1
            || !self.period.is_empty()
            || self.tier.is_some()
            || !self.kinds.is_empty()
            || [&self.rules, &self.subjects, &self.areas, &self.hazard_sources]
                .iter()
                .any(|list| !list.is_empty())
    }

    /// The one site asked for, if it is one.
    pub(super) fn site(&self) -> Option<&str> {
        self.sites.first().map(String::as_str)
    }

    /// As it goes over the wire.
    pub(super) fn wire(&self) -> v1::HistoryFilter {
        v1::HistoryFilter {
            sites: self.sites.clone(),
            from: self.period.from().map(time_to_wire),
            until: self.period.until().map(time_to_wire),
            tier_at_least: self.tier.map_or(v1::Tier::Unspecified, v1::Tier::from).into(),
            rules: self.rules.clone(),
            subjects: self.subjects.clone(),
            areas: self.areas.clone(),
            hazard_sources: self.hazard_sources.clone(),
            kinds: self.kinds.iter().map(|kind| v1::TransitionKind::from(*kind).into()).collect(),
        }
    }
}

fn parse_kind(word: &str) -> Result<TransitionKind, String> {
    TransitionKind::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = TransitionKind::ALL.iter().map(|kind| kind.word()).collect();
        format!("expected one of {}", words.join(", "))
    })
}

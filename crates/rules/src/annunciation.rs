//! `annunciation` of `site.yaml`: how much is told at once.

use davy_model::{Annunciation, ChatterPolicy, FloodPolicy, Grouping, IncidentPolicy, Tier};

use crate::{
    Code,
    fields::{Fields, Item},
    report::Report,
};

/// Its keys.
pub(crate) const KEYS: [&str; 3] = ["flood", "chatter", "incident"];
/// The keys of `flood`.
pub(crate) const FLOOD: [&str; 4] = ["starts", "ends", "within", "quiet_below"];
/// The keys of `chatter`.
pub(crate) const CHATTER: [&str; 3] = ["raises", "within", "quiet_below"];
/// The keys of `incident`.
pub(crate) const INCIDENT: [&str; 2] = ["group_by", "within"];
/// What alarms of an incident have in common.
pub(crate) const GROUPINGS: [&str; 3] = ["site", "area", "equipment"];

/// Reads how much is told at once. What is wrong goes to the report, and then the usual is taken.
pub(crate) fn read(fields: &Fields<'_>, report: &mut Report) -> Annunciation {
    let mut annunciation = Annunciation::default();
    let Some(item) = fields.get("annunciation") else { return annunciation };
    let Some(fields) = Fields::open(item.node(), "site: annunciation", &KEYS, report) else {
        return annunciation;
    };
    annunciation.flood = fields.get("flood").and_then(|item| flood(&item, report));
    annunciation.chatter = fields.get("chatter").and_then(|item| chatter(&item, report));
    if let Some(policy) = fields.get("incident").and_then(|item| incident(&item, report)) {
        annunciation.incident = policy;
    }
    annunciation
}

fn flood(item: &Item<'_>, report: &mut Report) -> Option<FloodPolicy> {
    let usual = FloodPolicy::USUAL;
    let fields = Fields::open(item.node(), item.about_key(), &FLOOD, report)?;
    let starts = fields.count("starts", usual.starts, 1..=1000, report)?;
    let ends = fields.count("ends", usual.ends, 1..=1000, report)?;
    let within = fields.get("within").map_or(Some(usual.within), |item| item.span(report))?;
    let quiet_below = quiet_below(&fields, report)?;
    if ends > starts {
        let finding = item.finding(Code::NumberRange).found_words(format!("ends {ends}, starts {starts}"));
        report.error(item.place, finding.expected("ends at most starts"));
        return None;
    }
    Some(FloodPolicy { starts, ends, within, quiet_below })
}

fn chatter(item: &Item<'_>, report: &mut Report) -> Option<ChatterPolicy> {
    let usual = ChatterPolicy::USUAL;
    let fields = Fields::open(item.node(), item.about_key(), &CHATTER, report)?;
    let raises = fields.count("raises", usual.raises, 2..=100, report)?;
    let within = fields.get("within").map_or(Some(usual.within), |item| item.span(report))?;
    Some(ChatterPolicy { raises, within, quiet_below: quiet_below(&fields, report)? })
}

fn quiet_below(fields: &Fields<'_>, report: &mut Report) -> Option<Option<Tier>> {
    let Some(item) = fields.get("quiet_below") else { return Some(None) };
    item.tier(report).map(Some)
}

fn incident(item: &Item<'_>, report: &mut Report) -> Option<IncidentPolicy> {
    let usual = Annunciation::default().incident;
    let fields = Fields::open(item.node(), item.about_key(), &INCIDENT, report)?;
    let group_by = match fields.get("group_by") {
        None => usual.group_by,
        Some(item) => match item.word(&GROUPINGS, report)? {
            "site" => Grouping::Site,
            "area" => Grouping::Area,
            _ => Grouping::Equipment,
        },
    };
    let within = fields.get("within").map_or(Some(usual.within), |item| item.span(report))?;
    Some(IncidentPolicy { group_by, within })
}

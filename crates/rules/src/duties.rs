//! `duties` of `site.yaml`: who is told of which tier, and by when they answer.

use davy_model::{Duties, Duty, Tier};

use crate::{
    Code,
    desks::level,
    duration,
    fields::{Fields, Item},
    report::{Finding, Report},
    site_file::{Ids, unknown},
    yaml::Value,
};

/// The keys of `duties`: what it begins with, and the tiers.
pub(crate) const KEYS: [&str; 5] = ["like", "blue", "yellow", "orange", "red"];
/// The keys of one tier's duty.
pub(crate) const DUTY: [&str; 5] =
    ["notify", "notify_up_to", "acknowledge_within", "feedback_within", "then_every"];
/// Duties by a name.
pub(crate) const NAMED: [&str; 1] = ["usual"];

/// Reads the duties. What is wrong with them goes to the report.
pub(crate) fn read(fields: &Fields<'_>, desks: &Ids, report: &mut Report) -> Duties {
    let Some(item) = fields.get("duties") else { return Duties::default() };
    if desks.is_empty() {
        let finding = item.finding(Code::KeyMissing).found_words("no desks");
        report.error(item.place, finding.expected("desks: somebody has to be told"));
    }
    if matches!(item.node().value, Value::Scalar(_)) {
        return named(&item, report);
    }
    let Some(tiers) = Fields::open(item.node(), "site: duties", &KEYS, report) else {
        return Duties::default();
    };
    let mut duties = tiers.get("like").map(|item| named(&item, report)).unwrap_or_default();
    for tier in Tier::ALL {
        let Some(item) = tiers.get(tier.word()) else { continue };
        let like = duties.of(tier).cloned().unwrap_or_default();
        if let Some(duty) = duty(&item, like, desks, report) {
            duties.set(tier, duty);
        }
    }
    duties
}

fn named(item: &Item<'_>, report: &mut Report) -> Duties {
    item.word(&NAMED, report).map(|_| Duties::usual()).unwrap_or_default()
}

/// A tier's duty: what it is like, but for the keys that are there.
fn duty(item: &Item<'_>, mut duty: Duty, desks: &Ids, report: &mut Report) -> Option<Duty> {
    let fields = Fields::open(item.node(), item.about_key(), &DUTY, report)?;
    if let Some(item) = fields.get("notify") {
        duty.notify.clear();
        for (id, place) in item.texts(report) {
            if desks.contains_key(id) {
                duty.notify.push(id.into());
            } else {
                report.error(place, unknown(Code::DeskUnknown, item.about_key(), id, "desk", desks, report));
            }
        }
    }
    if let Some(item) = fields.get("notify_up_to") {
        duty.notify_up_to = level(&item, report);
    }
    let mut span = |key: &'static str, like| match fields.get(key) {
        Some(item) => item.span(report),
        None => like,
    };
    duty.acknowledge_within = span("acknowledge_within", duty.acknowledge_within);
    duty.feedback_within = span("feedback_within", duty.feedback_within);
    duty.then_every = span("then_every", duty.then_every);
    check(&fields, &duty, report);
    Some(duty)
}

/// Feedback comes after the acknowledgement, and what is repeated has a first time.
fn check(fields: &Fields<'_>, duty: &Duty, report: &mut Report) {
    if let (Some(first), Some(then)) = (duty.acknowledge_within, duty.feedback_within)
        && then < first
    {
        let finding = Finding::new(Code::DurationRange, format!("{}: feedback_within", fields.about()));
        let least = format!("at least acknowledge_within, {}", duration::show(first));
        let place = fields.get("feedback_within").map_or(fields.place, |item| item.place);
        report.error(place, finding.found_words(duration::show(then)).expected(least));
    }
    if duty.acknowledge_within.is_none()
        && duty.feedback_within.is_none()
        && let Some(item) = fields.get("then_every")
    {
        let finding = Finding::new(Code::KeyMissing, fields.about()).found_words("then_every alone");
        report.error(item.place, finding.expected("acknowledge_within or feedback_within beside it"));
    }
}

//! What a site would make of a metric.

use davy_codec::{Metric, Rejection};
use davy_model::{Reason, TagIndex, Unit};
use davy_rules::{Plan, WatchKind};

/// What becomes of a metric that the site takes.
pub(super) struct Bound {
    /// The tag's name.
    pub(super) tag: String,
    /// In the tag's unit.
    pub(super) value: f64,
    pub(super) unit: String,
    /// What its rules would make of it, at once and were it to stay so.
    pub(super) verdict: String,
    /// Outside what the sensor can measure.
    pub(super) warning: Option<Rejection>,
}

/// Binds a metric to a tag of the site, as intake would.
pub(super) fn bind(plan: &Plan, metric: &Metric<'_>) -> Result<Bound, Box<Rejection>> {
    let site = &plan.site;
    let sent_as = || site.tags.iter().position(|tag| tag.sent_as.as_deref() == Some(&metric.name));
    let index = sent_as()
        .and_then(|at| u32::try_from(at).ok())
        .map(TagIndex)
        .or_else(|| site.tag_index(&metric.name));
    let Some(index) = index else {
        let expected = format!("one of the {} tags of {}", site.tags.len(), site.id);
        let fix = "send a name that davy tags list shows; or give a tag this name under sent_as in tags.csv";
        return Err(Rejection::new(
            Reason::PointUnknown,
            metric.pointer("tag"),
            &metric.name,
            &expected,
            fix,
        )
        .into());
    };
    let tag = site.tag(index);
    let value = match metric.unit.as_deref() {
        None => metric.value,
        Some(sent) => {
            let refused = |reason| {
                let expected = format!("{} or a unit that converts to it", tag.unit);
                let fix = "send the unit the value is in; leave it out when it is the tag's own";
                Box::new(Rejection::new(reason, metric.pointer("unit"), sent, &expected, fix))
            };
            let unit = Unit::parse(sent).ok_or_else(|| refused(Reason::UnitUnknown))?;
            let conversion =
                unit.conversion(tag.unit, &tag.substance).map_err(|_| refused(Reason::UnitMismatch))?;
            conversion.apply(metric.value)
        }
    };
    let outside = tag.range.as_ref().filter(|range| value < range.low || value > range.high);
    let warning = outside.map(|range| {
        let (got, expected) = (value.to_string(), format!("{} to {} {}", range.low, range.high, tag.unit));
        let fix = "look at the sensor, and at its range in tags.csv";
        Rejection {
            readings: 0,
            ..Rejection::new(Reason::OutOfSensorRange, metric.pointer("value"), &got, &expected, fix)
        }
    });
    let verdict =
        if metric.quality.is_evidence() { past(plan, index, value) } else { "no evidence".to_owned() };
    Ok(Bound { tag: tag.name.to_string(), value, unit: tag.unit.to_string(), verdict, warning })
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

//! A revision, for people.

use std::{io, time::Duration};

use davy_model::Tier;
use davy_proto::{
    time_from_wire,
    v1::{Actual, Prediction, Revision, RuleChange, ShadowAlarm, ShadowFigures},
};
use prost_types::Timestamp as Moment;

use crate::{figures, out, rules::changed::Changed, span};

/// What a revision did in a shorter time says nothing of a day.
const COMPARED_FROM: Duration = Duration::from_secs(3600);

/// Where it stands, in a word.
pub(super) fn state(revision: &Revision) -> String {
    let name = revision.state().as_str_name();
    name.strip_prefix("REVISION_STATE_").unwrap_or(name).to_lowercase()
}

/// Where it stands, in a line.
pub(super) fn standing(revision: &Revision) -> String {
    let Revision { site, revision: name, .. } = revision;
    let next = match state(revision).as_str() {
        "proposed" if revision.needs_second_person => "; somebody else must approve it",
        "proposed" => "; somebody must approve it",
        "approved" => "; it can be activated, or be in shadow first",
        "shadow" => "; it is judged beside what is active, and never sounds",
        _ => "",
    };
    format!("{site}: revision {name} is {}{next}", state(revision))
}

/// All that is known of it.
pub(super) fn whole(revision: &Revision) -> io::Result<()> {
    out::line(standing(revision))?;
    if !revision.base.is_empty() {
        let changes = match revision.changes.len() {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        };
        out::line(format_args!("in place of {}: {changes}", revision.base))?;
    }
    for change in &revision.changes {
        out::line(change_line(change))?;
    }
    if revision.needs_second_person {
        out::line("a second person must agree: something loosens, or may, from orange on")?;
    }
    if !revision.withdraws.is_empty() {
        out::line(format_args!("alarms that stand are withdrawn: {}", revision.withdraws.join(", ")))?;
    }
    if !revision.expected.is_empty() {
        out::line(format_args!("expected: {}", revision.expected))?;
    }
    if let Some(found) = &revision.predicted {
        out::line(format_args!("predicted: {}", predicted(found)))?;
    }
    if let Some(found) = &revision.actual {
        out::line(format_args!("actual: {}", actual(found)))?;
    }
    if let Some(found) = &revision.shadow {
        shadow(found)?;
    }
    for event in &revision.events {
        let actor = event.actor.clone().unwrap_or_default();
        let by = if actor.name.is_empty() { String::new() } else { format!(" by {}", actor.name) };
        let why = if actor.comment.is_empty() { String::new() } else { format!(": {}", actor.comment) };
        out::line(format_args!("  {}  {}{by}{why}", figures::moment(event.at.as_ref()), event.what))?;
    }
    Ok(())
}

fn change_line(change: &RuleChange) -> String {
    let changed = Changed {
        direction: &change.direction,
        tier: figures::tier(change.tier()).map_or("", Tier::word),
        rule: &change.rule,
        what: &change.what,
        before: &change.before,
        after: &change.after,
        subjects: change.subjects.iter().map(String::as_str).collect(),
    };
    changed.line()
}

/// `12 -> 4`.
pub(super) fn predicted_short(found: &Prediction) -> String {
    if found.problem.is_empty() {
        format!("{} -> {}", found.raises_before, found.raises_after)
    } else {
        "?".to_owned()
    }
}

fn predicted(found: &Prediction) -> String {
    if !found.problem.is_empty() {
        return format!("nothing: {}", found.problem);
    }
    let over = length(found.from.as_ref(), found.until.as_ref());
    let covered =
        found.coverage.map(|share| format!(", {:.1} % of it covered", 100.0 * share)).unwrap_or_default();
    format!(
        "over {over}{covered}: {} alarms as it was, {} under it: {} gained, {} lost, {} moved",
        found.raises_before, found.raises_after, found.gained, found.lost, found.moved
    )
}

fn actual(found: &Actual) -> String {
    if !found.problem.is_empty() {
        return format!("nobody knows: {}", found.problem);
    }
    let over = length(found.from.as_ref(), found.until.as_ref());
    let mut line = format!("over {over}: {} alarms", found.raises);
    if length_of(found.from.as_ref(), found.until.as_ref()) < COMPARED_FROM {
        return line + "; too short a time to be compared";
    }
    if let (Some(predicted), Some(before)) = (found.predicted_per_day, found.before_per_day) {
        let came = found.raises_per_day;
        line +=
            &format!(", {came:.1} a day; {predicted:.1} were predicted, and there were {before:.1} before");
        if let (Some(expected), Some(came)) = (share(before, predicted), share(before, found.raises_per_day))
        {
            line += &format!(": predicted {expected:+.0} %, actual {came:+.0} %");
        }
    }
    line
}

fn share(before: f64, after: f64) -> Option<f64> {
    (before > 0.0).then(|| 100.0 * (after / before - 1.0))
}

fn shadow(found: &ShadowFigures) -> io::Result<()> {
    let over = length(found.from.as_ref(), found.until.as_ref());
    let behind = if found.is_current { "" } else { ", still catching up" };
    out::line(format_args!(
        "shadow: over {over}{behind}: {} alarms did sound or stand, {} would have: {} gained, {} lost, {} moved, {} the same",
        found.raises_active,
        found.raises_shadow,
        found.gained_count,
        found.lost_count,
        found.moved_count,
        found.same
    ))?;
    if !found.problem.is_empty() {
        out::line(format_args!("  it is judged no more: {}", found.problem))?;
    }
    for (what, alarms) in [("gained", &found.gained), ("lost", &found.lost), ("moved", &found.moved)] {
        alarms.iter().try_for_each(|alarm| out::line(format_args!("  {what:6} {}", alarm_line(alarm))))?;
    }
    Ok(())
}

fn alarm_line(alarm: &ShadowAlarm) -> String {
    let tier = figures::tier(alarm.tier()).map_or("", Tier::word);
    let mut line = format!("{} {tier:6} {}", figures::moment(alarm.raised.as_ref()), alarm.alarm);
    if let Some(at) = &alarm.shadow_raised {
        let tier = figures::tier(alarm.shadow_tier()).map_or("", Tier::word);
        line += &format!(" -> {} {tier}", figures::moment(Some(at)));
    }
    line
}

fn length(from: Option<&Moment>, until: Option<&Moment>) -> String {
    span::words(length_of(from, until))
}

fn length_of(from: Option<&Moment>, until: Option<&Moment>) -> Duration {
    let read = |time: Option<&Moment>| time.and_then(|time| time_from_wire(time).ok());
    read(from).zip(read(until)).map_or(Duration::ZERO, |(from, until)| until.since(from))
}

#[cfg(test)]
mod tests {
    use davy_model::Timestamp;
    use davy_proto::time_to_wire;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn moment(after: Duration) -> Option<Moment> {
        let begin: Timestamp = "2026-03-01T00:00:00Z".parse().expect("a time");
        Some(time_to_wire(begin.plus(after)))
    }

    #[test]
    fn what_was_predicted_stands_beside_what_came() {
        let found = Prediction {
            from: moment(Duration::ZERO),
            until: moment(7 * 24 * HOUR),
            coverage: Some(0.992),
            raises_before: 58,
            raises_after: 22,
            lost: 36,
            moved: 4,
            ..Prediction::default()
        };
        assert_eq!(
            predicted(&found),
            "over 7 d 00 h, 99.2 % of it covered: 58 alarms as it was, 22 under it: 0 gained, 36 lost, 4 moved"
        );
        let did = Actual {
            from: moment(Duration::ZERO),
            until: moment(74 * HOUR),
            raises: 11,
            raises_per_day: 11.0 * 24.0 / 74.0,
            predicted_per_day: Some(22.0 / 7.0),
            before_per_day: Some(58.0 / 7.0),
            problem: String::new(),
        };
        assert_eq!(
            actual(&did),
            "over 3 d 02 h: 11 alarms, 3.6 a day; 3.1 were predicted, and there were 8.3 before: predicted -62 %, actual -57 %"
        );
        let short = Actual { until: moment(HOUR / 2), ..did };
        assert_eq!(actual(&short), "over 30 min 00 s: 11 alarms; too short a time to be compared");
    }
}

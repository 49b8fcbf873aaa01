//! Revisions and findings, as they go over the wire.

use davy_model::{AlarmKey, BundleFile, Tier, Timestamp};
use davy_proto::{time_to_wire, v1 as wire};
use davy_rules::{Diagnostic, Severity};
use davy_workbench::{
    backtest::{Moved, Occurred},
    performance::Period,
    revision::State,
};

use crate::{
    hub::Hub,
    revisions::{Event, Forecast, Note, Record, Seen},
    rpc::alarm_past::AlarmPast,
};

/// Alarms of a shadow that are told one by one.
const ALARMS_MAX: usize = 100;

pub(super) fn files(files: Vec<wire::SiteFile>) -> Vec<BundleFile> {
    files.into_iter().map(|file| BundleFile { path: file.path, text: file.text }).collect()
}

pub(super) fn finding(found: &Diagnostic) -> wire::RuleFinding {
    wire::RuleFinding {
        file: found.file.to_string(),
        line: found.line,
        column: found.column,
        is_error: found.severity == Severity::Error,
        code: found.code.word().to_owned(),
        message: found.to_string(),
    }
}

pub(super) fn state(state: State) -> wire::RevisionState {
    match state {
        State::Proposed => wire::RevisionState::Proposed,
        State::Approved => wire::RevisionState::Approved,
        State::Shadow => wire::RevisionState::Shadow,
        State::Active => wire::RevisionState::Active,
        State::Retired => wire::RevisionState::Retired,
        State::Rejected => wire::RevisionState::Rejected,
    }
}

pub(super) fn tier(tier: Tier) -> i32 {
    wire::Tier::from(tier).into()
}

fn tier_of_word(word: &str) -> i32 {
    Tier::ALL.into_iter().find(|tier| tier.word() == word).map_or(0, tier)
}

fn time(us: i64) -> Option<prost_types::Timestamp> {
    Some(time_to_wire(Timestamp::from_micros(us)))
}

/// A revision without the figures of what it does or did.
pub(super) fn listed(record: &Record) -> wire::Revision {
    wire::Revision {
        site: record.site.clone(),
        revision: record.revision.clone(),
        state: state(record.state).into(),
        base: record.base.clone(),
        changes: record.changes.iter().map(change).collect(),
        needs_second_person: record.needs_second_person,
        withdraws: record.withdraws.clone(),
        expected: record.expected.clone(),
        predicted: record.predicted.as_ref().map(prediction),
        actual: None,
        shadow: None,
        events: record.events.iter().map(event).collect(),
        etag: record.etag(),
    }
}

/// A revision after a step: with its figures and its etag, unless the step was only validated.
pub(super) fn after(hub: &Hub, record: &Record, validates: bool) -> wire::Revision {
    // What does not stand has nothing that it is known by.
    if validates { wire::Revision { etag: String::new(), ..listed(record) } } else { revision(hub, record) }
}

/// A revision with them. It reads the journal: not for a task that must not wait.
pub(super) fn revision(hub: &Hub, record: &Record) -> wire::Revision {
    let seen = hub.revisions.seen(&record.site, &record.revision);
    wire::Revision {
        actual: actual(hub, record),
        shadow: seen.map(|seen| shadow(&record.site, &seen)),
        ..listed(record)
    }
}

fn change(note: &Note) -> wire::RuleChange {
    wire::RuleChange {
        rule: note.rule.clone(),
        what: note.what.clone(),
        before: note.before.clone(),
        after: note.after.clone(),
        direction: note.direction.clone(),
        tier: tier_of_word(&note.tier),
        subjects: note.subjects.clone(),
    }
}

fn event(event: &Event) -> wire::RevisionEvent {
    wire::RevisionEvent {
        what: event.what.clone(),
        at: time(event.at_us),
        actor: Some(wire::Actor {
            name: event.actor.clone(),
            approved_by: String::new(),
            comment: event.comment.clone(),
        }),
    }
}

pub(super) fn prediction(found: &Forecast) -> wire::Prediction {
    let has_figures = found.problem.is_empty();
    wire::Prediction {
        from: has_figures.then(|| time(found.from_us)).flatten(),
        until: has_figures.then(|| time(found.until_us)).flatten(),
        coverage: found.coverage,
        raises_before: found.before,
        raises_after: found.after,
        gained: found.gained,
        lost: found.lost,
        moved: found.moved,
        problem: found.problem.clone(),
    }
}

fn actual(hub: &Hub, record: &Record) -> Option<wire::Actual> {
    let (from, ended) = record.active_time()?;
    let period = Period { from, until: ended.unwrap_or_else(|| hub.clock.now()) };
    let service = hub.sites.get(record.site.as_str())?;
    let (raises, problem) = match AlarmPast::of(hub, service).raised_in(period) {
        Ok(raises) => (raises, String::new()),
        Err(problem) => (0, problem),
    };
    let a_day = |raises: u64, days: f64| if days > 0.0 { raises as f64 / days } else { 0.0 };
    let predicted = record.predicted.as_ref().filter(|found| found.problem.is_empty());
    let before = |count: fn(&Forecast) -> u64| {
        predicted.map(|found| {
            let period = Period {
                from: Timestamp::from_micros(found.from_us),
                until: Timestamp::from_micros(found.until_us),
            };
            a_day(count(found), period.days())
        })
    };
    Some(wire::Actual {
        from: Some(time_to_wire(period.from)),
        until: Some(time_to_wire(period.until)),
        raises,
        raises_per_day: a_day(raises, period.days()),
        predicted_per_day: before(|found| found.after),
        before_per_day: before(|found| found.before),
        problem,
    })
}

fn shadow(site: &str, seen: &Seen) -> wire::ShadowFigures {
    let found = &seen.difference;
    let count = |len: usize| len as u64;
    wire::ShadowFigures {
        from: Some(time_to_wire(seen.period.from)),
        until: Some(time_to_wire(seen.period.until)),
        raises_active: seen.active,
        raises_shadow: seen.shadow,
        gained: last(&found.gained).iter().map(|one| occurred(site, one)).collect(),
        lost: last(&found.lost).iter().map(|one| occurred(site, one)).collect(),
        moved: last(&found.moved).iter().map(|one| moved(site, one)).collect(),
        same: found.same,
        gained_count: count(found.gained.len()),
        lost_count: count(found.lost.len()),
        moved_count: count(found.moved.len()),
        is_current: seen.is_current,
        problem: seen.problem.clone(),
    }
}

fn last<T>(found: &[T]) -> &[T] {
    &found[found.len().saturating_sub(ALARMS_MAX)..]
}

fn id(site: &str, alarm: &AlarmKey) -> String {
    format!("{site}:{}:{}", alarm.rule, alarm.subject)
}

fn occurred(site: &str, one: &Occurred) -> wire::ShadowAlarm {
    wire::ShadowAlarm {
        alarm: id(site, &one.alarm),
        raised: Some(time_to_wire(one.raised)),
        tier: tier(one.tier),
        shadow_raised: None,
        shadow_tier: 0,
    }
}

fn moved(site: &str, one: &Moved) -> wire::ShadowAlarm {
    wire::ShadowAlarm {
        alarm: id(site, &one.alarm),
        raised: Some(time_to_wire(one.before.0)),
        tier: tier(one.before.1),
        shadow_raised: Some(time_to_wire(one.after.0)),
        shadow_tier: tier(one.after.1),
    }
}

//! A backtest as one JSON object.

use davy_model::AlarmKey;
use davy_workbench::{
    backtest::{Difference, PolicyLine, Score, Setting, SideReport},
    performance::{DeskPerformance, Figure},
    statistics::{change_interval, percentile, poisson_interval, share_interval},
};
use serde_json::{Value, json};

use super::{
    BacktestArgs, Judged,
    facts::{Facts, Numbers},
    reached::Reached,
};

/// All of it.
pub(super) fn report(judged: &Judged, facts: &Facts<'_>, lines: &[PolicyLine], args: &BacktestArgs) -> Value {
    let (candidate, side) = &judged.candidates[0];
    let before = judged.baseline.as_ref();
    json!({
        "site": *candidate.plan.site.id, "rules": args.rules, "from": judged.period.from.to_string(),
        "until": judged.period.until.to_string(), "head": judged.head, "coverage": coverage(side, facts),
        "history": judged.reached.as_ref().map(Reached::json),
        "candidate": numbers(&facts.candidate, side),
        "baseline": before.zip(facts.baseline).map(|(side, found)| {
            let mut told = numbers(found, side);
            told["name"] = json!(judged.names[0]);
            told["differs_at"] = json!(side.differs_at.map(|at| at.to_string()));
            told
        }),
        "difference": facts.difference.as_ref().map(|found| difference(found, facts, args.list)),
        "remarks": judged.remarks, "policy": lines.iter().map(line).collect::<Vec<_>>(),
        "kept": lines.iter().all(|line| line.kept),
    })
}

fn coverage(side: &SideReport, facts: &Facts<'_>) -> Value {
    let Some(found) = &side.coverage else { return Value::Null };
    let gaps = found
        .gaps
        .iter()
        .map(|gap| json!({"tag": *gap.tag, "from": gap.from.to_string(), "until": gap.until.to_string()}));
    json!({
        "readings": found.readings, "good": found.good, "share": facts.coverage, "gaps": gaps.collect::<Vec<_>>(),
        "tags_judged": facts.tags, "readings_untaken": side.readings_untaken,
    })
}

/// What was found of one rule set.
pub(super) fn numbers(found: &Numbers, side: &SideReport) -> Value {
    let (low, high) = poisson_interval(found.raises);
    json!({
        "revision": *side.plan.revision, "raises": found.raises, "raises_95": [low, high],
        "raises_unkept": found.unkept, "transitions": side.transitions,
        "chattering": found.chattering, "commands": side.commands, "commands_void": side.commands_void,
        "desks": found.desks.iter().map(desk).collect::<Vec<_>>(), "events": found.score.as_ref().map(score),
    })
}

/// The figures of a desk.
pub(crate) fn desk(found: &DeskPerformance) -> Value {
    let alarm = |alarm: &AlarmKey| format!("{}:{}", alarm.rule, alarm.subject);
    let figure = |figure: &Figure| {
        json!({
            "name": figure.name, "value": figure.value, "unit": figure.unit, "target": figure.target,
            "manageable": figure.manageable, "verdict": figure.verdict().word(), "source": figure.source,
        })
    };
    let top = found
        .top
        .iter()
        .map(|actor| json!({"alarm": alarm(&actor.alarm), "calls": actor.calls, "share": actor.share}));
    json!({
        "desk": found.desk.as_deref(), "figures": found.figures.iter().map(figure).collect::<Vec<_>>(),
        "top": top.collect::<Vec<_>>(), "chattering": found.chattering.iter().map(alarm).collect::<Vec<_>>(),
    })
}

fn score(found: &Score) -> Value {
    let delays = found.delays_s();
    let (low, high) = share_interval(found.caught(), found.events.len() as u64);
    let each = found.events.iter().map(|event| {
        json!({
            "event": *event.event, "delay_s": event.delay.map(|delay| delay.as_secs_f64()),
            "lead_s": event.lead.map(|lead| lead.as_secs_f64()), "stood_before": event.stood_before,
        })
    });
    json!({
        "due": found.events.len(), "caught": found.caught(), "recall_95": [low, high],
        "missed": found.missed().iter().map(|id| id.to_string()).collect::<Vec<_>>(),
        "delay_median_s": percentile(&delays, 0.5), "delay_p95_s": percentile(&delays, 0.95),
        "outside": found.outside, "nuisance": found.nuisance, "each": each.collect::<Vec<_>>(),
    })
}

fn difference(found: &Difference, facts: &Facts<'_>, list: usize) -> Value {
    let before = facts.baseline.map_or(0, |before| before.raises);
    let (gained, lost) = (found.gained.len() as u64, found.lost.len() as u64);
    let mut told = alarms(found, list);
    told["change_95"] = json!(change_interval(before, gained, lost).map(|(low, high)| [low, high]));
    told
}

/// What changes from one rule set to another, each list cut to a length.
pub(in crate::rules) fn alarms(found: &Difference, list: usize) -> Value {
    let occurred = |found: &davy_workbench::backtest::Occurred| {
        json!({
            "rule": *found.alarm.rule, "subject": *found.alarm.subject, "occurrence": found.number, "raised": found.raised.to_string(),
            "cleared": found.cleared.map(|at| at.to_string()), "tier": found.tier.word(),
        })
    };
    let moved = found.moved.iter().take(list).map(|moved| {
        json!({
            "rule": *moved.alarm.rule, "subject": *moved.alarm.subject,
            "before": {"raised": moved.before.0.to_string(), "tier": moved.before.1.word()},
            "after": {"raised": moved.after.0.to_string(), "tier": moved.after.1.word()},
        })
    });
    json!({
        "gained": found.gained.len(), "lost": found.lost.len(), "moved": found.moved.len(), "same": found.same,
        "alarms_gained": found.gained.iter().take(list).map(occurred).collect::<Vec<_>>(),
        "alarms_lost": found.lost.iter().take(list).map(occurred).collect::<Vec<_>>(),
        "alarms_moved": moved.collect::<Vec<_>>(),
    })
}

fn line(line: &PolicyLine) -> Value {
    json!({"key": line.key, "wanted": line.wanted, "found": line.found, "kept": line.kept})
}

/// What a sweep sets.
pub(super) fn settings(tried: &[Setting]) -> Value {
    tried
        .iter()
        .map(|setting| (setting.path.clone(), json!(setting.value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

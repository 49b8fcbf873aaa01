//! A backtest, for people.

use std::time::Duration;

use davy_workbench::{
    backtest::{Difference, PolicyLine, Score},
    statistics::{change_interval, percentile, poisson_interval, share_interval},
};

use super::{
    BacktestArgs, Judged,
    facts::{Facts, Numbers, rules_told},
};
use crate::{out, span, table};

/// Gaps that are named.
const GAPS: usize = 3;
/// Fewer labelled events than this prove little.
const EVENTS_FEW: usize = 2;

/// Tells all of it: what there was to judge first, then what came of it.
pub(super) fn tell(
    judged: &Judged,
    facts: &Facts<'_>,
    lines: &[PolicyLine],
    args: &BacktestArgs,
) -> anyhow::Result<()> {
    out::line(head(judged, args))?;
    out::line(data(judged, facts))?;
    out::line(numbers(judged, facts))?;
    if let Some(score) = &facts.candidate.score {
        out::line(scored(score, facts))?;
    }
    for line in changes(facts, args.list) {
        out::line(line)?;
    }
    for line in remarks(judged, facts) {
        out::line(line)?;
    }
    for line in lines {
        let word = if line.kept { "ok" } else { "NOT KEPT" };
        out::line(format_args!("policy {}: {} found, {} wanted: {word}", line.key, line.found, line.wanted))?;
    }
    if lines.is_empty() {
        out::line("policy: none, so nothing is held against the candidate")?;
    }
    Ok(())
}

fn head(judged: &Judged, args: &BacktestArgs) -> String {
    let (candidate, _) = &judged.candidates[0];
    let what = match &judged.baseline {
        Some(before) => format!("{} (revision {})", judged.names[0], before.plan.revision),
        None => "nothing".to_owned(),
    };
    let rules = rules_told(args, &candidate.plan);
    format!("site {}: candidate {} against {what}; {rules}", candidate.plan.site.id, judged.names[1])
}

fn data(judged: &Judged, facts: &Facts<'_>) -> String {
    let report = &judged.candidates[0].1;
    let (from, until) = (judged.period.from, judged.period.until);
    let mut told = format!("data {}: {from} to {until}", span::words(judged.period.span()));
    if let Some(coverage) = &report.coverage {
        let good = 100.0 * coverage.good as f64 / coverage.readings.max(1) as f64;
        told += &format!("\n  {} readings, {good:.1} % good", coverage.readings);
        if let Some(share) = facts.coverage {
            told += &format!("; of the time, {:.1} % covered", 100.0 * share);
        }
        let longest = coverage.gaps.iter().take(GAPS);
        let gaps: Vec<String> = longest
            .map(|gap| format!("{} {} from {}", gap.tag, span::words(gap.until.since(gap.from)), gap.from))
            .collect();
        if !gaps.is_empty() {
            told += &format!("\n  {} gaps, the longest: {}", coverage.gaps.len(), gaps.join(", "));
        }
    }
    for line in judged.reached.iter().flat_map(|reached| reached.lines(judged.period)) {
        told += &format!("\n  {line}");
    }
    told
}

fn numbers(judged: &Judged, facts: &Facts<'_>) -> String {
    type Of = fn(&Numbers) -> f64;
    let rows: [(&str, &str, Of); 10] = [
        ("raises", "", |numbers| numbers.raises as f64),
        ("calls for attention", "", |numbers| numbers.sum("alarms")),
        ("a day", "", |numbers| numbers.sum("alarms_per_day")),
        ("in 10 min, p95 of the worst desk", "", |numbers| numbers.worst("alarms_per_10_min_p95")),
        ("in 10 min, peak of the worst desk", "", |numbers| numbers.worst("alarms_per_10_min_peak")),
        ("time in flood, worst desk", " %", |numbers| numbers.worst("time_in_flood")),
        ("chattering alarms", "", |numbers| numbers.chattering as f64),
        ("fleeting (< 60 s)", "", |numbers| numbers.sum("fleeting")),
        ("top-10 share, worst desk", " %", |numbers| numbers.worst("top_10_share")),
        ("never heard", "", |numbers| numbers.sum("never_heard")),
    ];
    let told = |value: f64, unit: &str| {
        let decimals = usize::from(value.fract() != 0.0);
        format!("{value:.decimals$}{unit}")
    };
    let mut table = Vec::new();
    for (name, unit, of) in rows {
        let after = of(&facts.candidate);
        let mut row: Vec<table::Field> = vec![name.into()];
        match facts.baseline {
            Some(before) => {
                let before = of(before);
                let change = after - before;
                row.extend([told(before, unit).into(), told(after, unit).into()]);
                row.push(format!("{change:+.1}{unit}").replace(".0", "").into());
            }
            None => row.push(told(after, unit).into()),
        }
        table.push(row);
    }
    let names = [&*judged.names[0], "candidate", "change"];
    let headings: Vec<&str> = match facts.baseline {
        Some(_) => std::iter::once("").chain(names).collect(),
        None => vec!["", "candidate"],
    };
    let (low, high) = poisson_interval(facts.candidate.raises);
    let mut text = table::render(&headings, table);
    let raises = facts.candidate.raises;
    text += &format!(
        "\n  the candidate's {raises} raises are {low:.0} to {high:.0}, if they come at random (95 %)"
    );
    if let (Some(difference), Some(before)) = (&facts.difference, facts.baseline)
        && let Some((low, high)) =
            change_interval(before.raises, difference.gained.len() as u64, difference.lost.len() as u64)
    {
        let change = 100.0 * (facts.candidate.raises as f64 / before.raises as f64 - 1.0);
        text += &format!(
            "\n  raises change by {change:+.1} % ({:+.0} to {:+.0}, 95 %)",
            100.0 * low,
            100.0 * high
        );
    }
    text
}

fn scored(score: &Score, facts: &Facts<'_>) -> String {
    let of = |score: &Score| format!("{} of {}", score.caught(), score.events.len());
    let (low, high) = share_interval(score.caught(), score.events.len() as u64);
    let before = facts.baseline.and_then(|before| before.score.as_ref());
    let was = before.map_or_else(String::new, |before| format!(", was {}", of(before)));
    let mut told = format!(
        "events caught {}{was} (recall {:.0} to {:.0} %, 95 %)",
        of(score),
        100.0 * low,
        100.0 * high
    );
    let missed: Vec<String> = score.missed().iter().map(ToString::to_string).collect();
    told += &format!("; missed: {}", if missed.is_empty() { "none".to_owned() } else { missed.join(", ") });
    told += &format!("\n  delay {}", delays(score));
    if let Some(before) = before {
        told += &format!(", was {}", delays(before));
    }
    if let Some(lead) = score.lead_least() {
        told += &format!("\n  least time from alarm to consequence {}", span::words(lead));
    }
    let stood = score.events.iter().filter(|event| event.stood_before && event.delay.is_none()).count();
    if stood > 0 {
        told += &format!(
            "\n  {stood} of the missed began while an alarm stood already: that is not counted as caught"
        );
    }
    let (days, tags) = (facts.period.days(), facts.tags.max(1) as f64);
    let outside = (score.outside + score.nuisance) as f64;
    told += &format!(
        "\n  outside every event: {outside} of {} raises, {:.3} a day, {:.3} for each of {} tags a day; false, if the list is complete",
        score.occurrences,
        outside / days,
        outside / days / tags,
        facts.tags
    );
    if score.nuisance > 0 {
        told += &format!("\n  {} of them within an event that is labelled a nuisance", score.nuisance);
    }
    told
}

fn delays(score: &Score) -> String {
    let delays = score.delays_s();
    let words = |share: f64| {
        percentile(&delays, share).map_or_else(|| "-".to_owned(), |s| span::words(Duration::from_secs_f64(s)))
    };
    format!("median {}, p95 {}, longest {}", words(0.5), words(0.95), words(1.0))
}

fn changes(facts: &Facts<'_>, list: usize) -> Vec<String> {
    let Some(difference) = &facts.difference else { return Vec::new() };
    told(difference, list)
}

/// What changes from one rule set to another, each list cut to a length.
pub(in crate::rules) fn told(difference: &Difference, list: usize) -> Vec<String> {
    let (gained, lost, moved) = (&difference.gained, &difference.lost, &difference.moved);
    let mut lines = vec![format!(
        "alarms: {} gained, {} lost, {} moved, {} the same",
        gained.len(),
        lost.len(),
        moved.len(),
        difference.same
    )];
    for (sign, found) in [("+", gained), ("-", lost)] {
        lines.extend(found.iter().take(list).map(|found| {
            let stood =
                found.cleared.map_or_else(|| "stands".to_owned(), |at| span::words(at.since(found.raised)));
            format!(
                "  {sign} {} {}:{} {}, {stood}",
                found.raised, found.alarm.rule, found.alarm.subject, found.tier
            )
        }));
    }
    lines.extend(moved.iter().take(list).map(|moved| {
        let ((at, tier), (was, tier_was)) = (moved.after, moved.before);
        let shift = if at >= was {
            format!("{} later", span::words(at.since(was)))
        } else {
            format!("{} sooner", span::words(was.since(at)))
        };
        let shift = if at == was { "at the same time".to_owned() } else { shift };
        format!("  ~ {was} {}:{} {tier_was}: {shift}, {tier}", moved.alarm.rule, moved.alarm.subject)
    }));
    lines
}

fn remarks(judged: &Judged, facts: &Facts<'_>) -> Vec<String> {
    let mut lines: Vec<String> = judged.remarks.iter().map(|remark| format!("note: {remark}")).collect();
    let report = &judged.candidates[0].1;
    if let Some(before) = &judged.baseline
        && judged.names[0] == "as recorded"
    {
        let head = judged.head.as_deref().unwrap_or_default();
        lines.push(match before.differs_at {
            None => format!("judged again, the journal is the same to the byte: {} transitions, head {head}", before.transitions),
            Some(at) => format!("warning: judged again, the journal DIFFERS from {at} on: another release wrote it; try davy journal verify"),
        });
    }
    if report.commands > 0 {
        lines.push(format!(
            "note: {} commands of operators are in the log; {} of them find nothing to act on under the candidate",
            report.commands, report.commands_void
        ));
    }
    if report.readings_untaken > 0 {
        let tags: Vec<&str> = report.tags_untaken.iter().take(5).map(|tag| &**tag).collect();
        lines.push(format!(
            "warning: {} readings of {} tags are not judged, the candidate lacks them or has another unit: {}",
            report.readings_untaken, report.tags_untaken.len(), tags.join(", ")
        ));
    }
    if facts.candidate.unkept > 0 {
        lines.push(format!(
            "warning: {} raises were too many to keep: the figures are of those before",
            facts.candidate.unkept
        ));
    }
    if facts.coverage.is_some_and(|share| share < 0.95) {
        lines.push("warning: less than 95 % is covered: what is not in the log proves nothing".to_owned());
    }
    match &facts.candidate.score {
        None => lines
            .push("note: no labelled events (--events): how many raises were right is not known".to_owned()),
        Some(score) if score.events.len() < EVENTS_FEW => {
            lines.push(
                "warning: fewer than two labelled events in that time: recall and delay prove little"
                    .to_owned(),
            );
        }
        Some(_) => {}
    }
    lines.push(
        "not simulated: what operators would have done otherwise, and what never reached the log".to_owned(),
    );
    lines
}

//! Many candidates at once, and those of them that no other beats.

use davy_workbench::{
    backtest::{Policy, Setting, front},
    statistics::percentile,
};
use serde_json::json;

use super::{
    BacktestArgs, Judged,
    facts::{Baseline, Facts},
    json,
};
use crate::{exit::Exit, out, table};

/// One candidate of a sweep.
struct Point<'b> {
    tried: Vec<Setting>,
    facts: Facts<'b>,
    kept: bool,
    is_front: bool,
}

/// Tells every candidate. With a policy, it is a finding when none keeps to it.
pub(super) fn tell(args: &BacktestArgs, judged: &Judged, policy: Option<&Policy>) -> anyhow::Result<Exit> {
    let before = Baseline::of(judged, args);
    let mut points: Vec<Point<'_>> = judged
        .candidates
        .iter()
        .map(|(candidate, report)| {
            let facts = Facts::of(judged, report, before.as_ref(), args);
            let kept =
                policy.is_none_or(|policy| policy.judge(&facts.measured()).iter().all(|line| line.kept));
            Point { tried: candidate.tried.clone(), facts, kept, is_front: false }
        })
        .collect();
    let costs: Vec<Vec<f64>> = points.iter().map(Point::costs).collect();
    for (point, is_front) in points.iter_mut().zip(front(&costs)) {
        point.is_front = is_front;
    }
    if args.json {
        for (point, (_, report)) in points.iter().zip(&judged.candidates) {
            let mut told = json::numbers(&point.facts.candidate, report);
            told["settings"] = json::settings(&point.tried);
            told["front"] = json!(point.is_front);
            told["kept"] = json!(point.kept);
            out::line(told)?;
        }
    } else {
        text(&points, policy.is_some())?;
    }
    Ok(Exit::found(points.iter().all(|point| !point.kept)))
}

fn text(points: &[Point<'_>], has_policy: bool) -> std::io::Result<()> {
    let scored = points.iter().any(|point| point.facts.candidate.score.is_some());
    let paths = points
        .first()
        .map(|point| point.tried.iter().map(|setting| setting.path.as_str()).collect::<Vec<_>>());
    let mut headings = vec![""];
    headings.extend(paths.unwrap_or_default());
    headings.extend(["raises", "calls", "flood %"]);
    if scored {
        headings.extend(["missed", "outside", "delay median s", "delay p95 s"]);
    }
    if has_policy {
        headings.push("policy");
    }
    let rows = points.iter().map(|point| point.row(scored, has_policy)).collect();
    out::line(table::render(&headings, rows))?;
    out::line(if scored {
        "* no other is at least as good in events missed, raises outside them and median delay, and better in one"
    } else {
        "* no other has both fewer raises and fewer alarms lost: without labelled events (--events), nobody knows which raises were right"
    })
}

impl Point<'_> {
    /// What is to be little.
    fn costs(&self) -> Vec<f64> {
        let found = &self.facts.candidate;
        match &found.score {
            Some(score) => vec![
                score.missed().len() as f64,
                (score.outside + score.nuisance) as f64,
                percentile(&score.delays_s(), 0.5).unwrap_or(f64::NAN),
            ],
            None => {
                let lost = self.facts.difference.as_ref().map_or(0, |difference| difference.lost.len());
                vec![found.raises as f64, lost as f64]
            }
        }
    }

    fn row(&self, scored: bool, has_policy: bool) -> Vec<table::Field> {
        let found = &self.facts.candidate;
        let mut row: Vec<table::Field> = vec![if self.is_front { "*" } else { "" }.into()];
        row.extend(self.tried.iter().map(|setting| setting.value.clone().into()));
        row.push(found.raises.to_string().into());
        row.push(format!("{:.0}", found.sum("alarms")).into());
        row.push(format!("{:.2}", found.worst("time_in_flood")).into());
        if let (true, Some(score)) = (scored, &found.score) {
            let delay = |share| {
                percentile(&score.delays_s(), share).map_or_else(|| "-".to_owned(), |s| format!("{s:.0}"))
            };
            row.push(format!("{} of {}", score.missed().len(), score.events.len()).into());
            row.push((score.outside + score.nuisance).to_string().into());
            row.extend([delay(0.5).into(), delay(0.95).into()]);
        }
        if has_policy {
            row.push(if self.kept { "ok" } else { "not kept" }.into());
        }
        row
    }
}

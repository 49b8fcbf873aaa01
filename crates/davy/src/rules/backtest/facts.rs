//! What was found of one candidate, beside what it is compared with.

use std::{collections::BTreeSet, sync::Arc};

use davy_model::TagIndex;
use davy_rules::{Plan, coverage::Coverage as RuleCoverage};
use davy_workbench::{
    backtest::{Difference, Measured, Score, SideReport, difference, score},
    ledger::{Ledger, Occurrence},
    performance::{DeskPerformance, Period, desks},
    statistics::percentile,
};

use super::{BacktestArgs, Judged};

/// What was found of a candidate, and of what it is compared with.
pub(super) struct Facts<'b> {
    pub(super) period: Period,
    pub(super) candidate: Numbers,
    pub(super) baseline: Option<&'b Numbers>,
    /// Only where there are two to compare.
    pub(super) difference: Option<Difference>,
    /// For which share of the period good readings are there.
    pub(super) coverage: Option<f64>,
    /// The tags that the counted rules look at.
    pub(super) tags: usize,
}

/// What candidates are compared with: looked at once, however many they are.
pub(super) struct Baseline {
    numbers: Numbers,
    ledger: Ledger,
}

/// What was found of one rule set.
pub(super) struct Numbers {
    /// Occurrences raised within the period.
    pub(super) raises: u64,
    pub(super) chattering: usize,
    pub(super) desks: Vec<DeskPerformance>,
    pub(super) score: Option<Score>,
    pub(super) unkept: u64,
}

impl Baseline {
    pub(super) fn of(judged: &Judged, args: &BacktestArgs) -> Option<Baseline> {
        let report = judged.baseline.as_ref()?;
        let ledger = report.ledger.of_rules(&|rule| args.counts(rule));
        Some(Baseline { numbers: Numbers::of(&ledger, report, judged), ledger })
    }
}

impl<'b> Facts<'b> {
    pub(super) fn of(
        judged: &Judged,
        report: &SideReport,
        before: Option<&'b Baseline>,
        args: &BacktestArgs,
    ) -> Facts<'b> {
        let ledger = report.ledger.of_rules(&|rule| args.counts(rule));
        Facts {
            period: judged.period,
            candidate: Numbers::of(&ledger, report, judged),
            baseline: before.map(|before| &before.numbers),
            difference: before.map(|before| difference(&before.ledger, &ledger, judged.period)),
            coverage: report.coverage.as_ref().and_then(|coverage| coverage.share()),
            tags: tags_of(&report.plan, &|rule| args.counts(rule)),
        }
    }

    /// What a policy asks for.
    pub(super) fn measured(&self) -> Measured {
        let days = self.period.days();
        let score = self.candidate.score.as_ref();
        let before = self.baseline;
        let missed = |score: &Score| score.missed().len() as u64;
        let outside = score.map(|score| (score.outside + score.nuisance) as f64 / days);
        let alarms = |numbers: &Numbers| numbers.sum("alarms");
        Measured {
            coverage: self.coverage,
            missed: score.map(missed),
            missed_now: before.and_then(|before| before.score.as_ref()).map(missed),
            delay_p95_s: score.and_then(|score| percentile(&score.delays_s(), 0.95)),
            outside_per_day: outside,
            outside_per_tag_day: outside.map(|outside| outside / self.tags.max(1) as f64),
            alarms_per_day: Some(alarms(&self.candidate) / days),
            alarms_more: before
                .map(alarms)
                .filter(|now| *now > 0.0)
                .map(|now| alarms(&self.candidate) / now - 1.0),
            time_in_flood: Some(self.candidate.worst("time_in_flood") / 100.0),
            lost: self.difference.as_ref().map(|difference| difference.lost.len() as u64),
        }
    }
}

impl Numbers {
    /// Of a rule set whose counted alarms are in `ours`.
    fn of(ours: &Ledger, report: &SideReport, judged: &Judged) -> Numbers {
        let (site, period) = (&report.plan.site, judged.period);
        let raised = |found: &&Occurrence| period.holds(found.raised);
        let desks = desks(ours, site, period);
        Numbers {
            raises: ours.occurrences().iter().filter(raised).count() as u64,
            chattering: desks.iter().map(|desk| desk.chattering.len()).sum(),
            score: judged.events.as_ref().map(|events| score(ours, site, events, period)),
            unkept: ours.unkept(),
            desks,
        }
    }

    /// A figure of all desks together.
    pub(super) fn sum(&self, figure: &str) -> f64 {
        self.desks.iter().filter_map(|desk| desk.value(figure)).sum()
    }

    /// A figure of the desk that has most of it.
    pub(super) fn worst(&self, figure: &str) -> f64 {
        self.desks.iter().filter_map(|desk| desk.value(figure)).fold(0.0, f64::max)
    }
}

/// How many measured tags the counted rules look at, straight or through what they calculate or count.
fn tags_of(plan: &Plan, counts: &dyn Fn(&str) -> bool) -> usize {
    let coverage = RuleCoverage::of(plan);
    let tags: BTreeSet<TagIndex> = plan
        .rules
        .iter()
        .zip(&coverage.of_rules)
        .filter(|(rule, _)| counts(&rule.id))
        .flat_map(|(_, tags)| tags.iter().copied())
        .collect();
    tags.len()
}

/// The rules that are counted, for people.
pub(super) fn rules_told(args: &BacktestArgs, plan: &Arc<Plan>) -> String {
    if args.rules.is_empty() { format!("all {} rules", plan.rules.len()) } else { args.rules.join(", ") }
}

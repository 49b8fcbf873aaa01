//! `davy rules backtest`: what a rule set would have done.

pub(super) mod candidate;
mod facts;
pub(super) mod json;
pub(super) mod log;
mod past;
mod reached;
mod recording;
mod sweep;
pub(super) mod text;

use std::{collections::BTreeSet, fs, num::NonZeroUsize, path::PathBuf, time::Duration};

use anyhow::{Context, anyhow};
use davy_model::{BundleFile, Timestamp};
use davy_rules::Plan;
use davy_workbench::{
    backtest::{Axis, Event, Policy, PolicyLine, Setting, Side, SideReport, grid, read_events, read_policy},
    performance::Period,
};

use self::{
    candidate::{Candidate, Refused},
    facts::{Baseline, Facts},
    log::{Entries, Log, LogArgs, Reports},
    reached::Reached,
};
use crate::{
    exit::{Exit, Misuse},
    out, span,
};

/// The policy of a site, where it has one.
const POLICY: &str = "policy.yaml";

/// Under which rules, over which log, against what.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The log is what really came, judged by the engine itself: nothing is estimated.
  davy rules backtest SITE --journal data/park.sqlite                       the site's folder against what is active
  davy rules backtest --journal data/park.sqlite --set 'h2s.L1.at_or_above=12 ppm'
  davy rules backtest SITE --history --from 2026-11-01T00:00:00Z            what history has, against what is active
  davy rules backtest SITE --csv week.csv.gz --map week.yaml --events leaks.csv
  davy rules backtest SITE --csv week.csv --map week.yaml --sweep 'h2s.L1.at_or_above=8..16:1 ppm' --sweep h2s.L1.on_delay=0s,5s
With a policy (policy.yaml in the site's folder, or --policy), the exit code is 1 when the candidate does not keep to it.")]
pub(crate) struct BacktestArgs {
    /// The candidate: a site's folder. Without it, the files that the journal ends with, or that are active
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    log: LogArgs,
    /// What to compare with: another folder of the site. Without it: the journal as it was; of history, what is
    /// active; or the folder before --set
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
    /// A field of a rule, set otherwise: RULE.LEVEL.FIELD=VALUE
    #[arg(long = "set", value_name = "SETTING")]
    settings: Vec<Setting>,
    /// Try every value of a field, and every combination: RULE.FIELD=FROM..TO:STEP UNIT, or RULE.FIELD=A,B,C
    #[arg(long = "sweep", value_name = "AXIS", value_parser = Axis::parse)]
    axes: Vec<Axis>,
    /// Count alarms from then on, RFC 3339; what came before is judged all the same
    #[arg(long, value_name = "TIME", conflicts_with = "last")]
    from: Option<Timestamp>,
    /// Count up to then
    #[arg(long, alias = "to", value_name = "TIME")]
    until: Option<Timestamp>,
    /// Count the last so much of the log
    #[arg(long, value_name = "SPAN", value_parser = span::parse)]
    last: Option<Duration>,
    /// What really happened: CSV with start, end, and id, scope, kind (true, test, nuisance) and consequence where known
    #[arg(long, value_name = "FILE.csv")]
    events: Option<PathBuf>,
    /// What the candidate must keep to
    #[arg(long, value_name = "FILE.yaml")]
    policy: Option<PathBuf>,
    /// Count the alarms of this rule only; may be given more than once
    #[arg(long = "rule", value_name = "ID")]
    rules: Vec<String>,
    /// List alarms gained, lost and moved at most
    #[arg(long, value_name = "N", default_value_t = 10)]
    list: usize,
    /// Cores to judge on; each judges its share of the rule sets
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl BacktestArgs {
    /// Whether the alarms of a rule are counted.
    fn counts(&self, rule: &str) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|id| id == rule)
    }
}

/// What there is to compare.
struct Judged {
    names: [String; 2],
    period: Period,
    baseline: Option<SideReport>,
    candidates: Vec<(Candidate, SideReport)>,
    events: Option<Vec<Event>>,
    remarks: Vec<String>,
    head: Option<String>,
    reached: Option<Reached>,
}

/// Does it.
pub(crate) fn run(args: &BacktestArgs) -> anyhow::Result<Exit> {
    let log = Log::open(&args.log)?;
    let judged = match judge(args, &log) {
        Ok(judged) => judged,
        Err(error) => return Refused::tell(error),
    };
    let policy = policy(args)?;
    if !args.axes.is_empty() {
        return sweep::tell(args, &judged, policy.as_ref());
    }
    let before = Baseline::of(&judged, args);
    let facts = Facts::of(&judged, &judged.candidates[0].1, before.as_ref(), args);
    let lines = policy.map(|policy| policy.judge(&facts.measured())).unwrap_or_default();
    if args.json {
        out::line(json::report(&judged, &facts, &lines, args))?;
    } else {
        text::tell(&judged, &facts, &lines, args)?;
    }
    Ok(Exit::found(lines.iter().any(|line: &PolicyLine| !line.kept)))
}

fn judge(args: &BacktestArgs, log: &Log) -> anyhow::Result<Judged> {
    let plain = match &args.folder {
        Some(folder) => candidate::files(folder)?,
        None => log.files()?,
    };
    let settings = grid(&args.axes).map_err(Misuse)?;
    let mut candidates = Vec::new();
    for tried in settings {
        let all: Vec<Setting> = args.settings.iter().chain(&tried).cloned().collect();
        candidates.push(Candidate::new(plain.clone(), &all, tried)?);
    }
    let entries = log.entries(&candidates[0], args.log.latency())?;
    entries.reaches(args.from.or(args.until))?;
    let period = period(args, entries.period())?;
    let before = Before::of(args, log, &entries, plain)?;
    let judged: Vec<&Candidate> = candidates.first().into_iter().chain(&before.candidate).collect();
    check_sites(&judged)?;
    check_rules(args, &judged)?;
    let events = events(args, &candidates[0])?;
    let candidate = |candidate| entries.side(candidate).counting(period);
    let sides: Vec<Side> = before
        .recorded
        .into_iter()
        .chain(before.candidate.as_ref().map(|candidate| entries.side(candidate)))
        .chain(candidates.iter().map(candidate))
        .collect();
    let has_baseline = sides.len() > candidates.len();
    let cores = args.jobs.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let head = entries.head();
    let mut remarks = entries.remarks();
    let plans: Vec<&Plan> = candidates.iter().chain(&before.candidate).map(|one| &*one.plan).collect();
    let Reports { sides, reached } = entries.judge(sides, cores, &plans, period)?;
    let reached = reached.map(|reached| reached.asked(args.from));
    let mut reports = sides.into_iter();
    let baseline = if has_baseline { reports.next() } else { None };
    let (events, told) = events.unzip();
    remarks.extend(told.unwrap_or_default());
    let names = [before.name, candidates[0].plan.revision.to_string()];
    let candidates = candidates.into_iter().zip(reports).collect();
    Ok(Judged { names, period, baseline, candidates, events, remarks, head, reached })
}

/// What candidates are compared with.
#[derive(Default)]
struct Before {
    name: String,
    /// The log as it was; or else a rule set, or nothing.
    recorded: Option<Side>,
    candidate: Option<Candidate>,
}

impl Before {
    fn of(
        args: &BacktestArgs,
        log: &Log,
        entries: &Entries<'_>,
        plain: Vec<BundleFile>,
    ) -> anyhow::Result<Before> {
        let under = |name: String, files| {
            Ok(Before { name, candidate: Some(Candidate::of_files(files)?), recorded: None })
        };
        if let Some(folder) = &args.baseline {
            return under(folder.display().to_string(), candidate::files(folder)?);
        }
        if let Some(recorded) = log.recorded()? {
            let name = "as recorded".to_owned();
            return Ok(Before { name, recorded: Some(recorded), candidate: None });
        }
        if let (Some(_), Some(active)) = (&args.folder, entries.active()) {
            return under("what is active".to_owned(), active.files.clone());
        }
        if !args.settings.is_empty() || !args.axes.is_empty() {
            return under("as it stands".to_owned(), plain);
        }
        Ok(Before::default())
    }
}

fn period(args: &BacktestArgs, log: Period) -> anyhow::Result<Period> {
    let until = args.until.unwrap_or(log.until).min(log.until);
    let from =
        args.from.or_else(|| args.last.map(|last| until.minus(last))).unwrap_or(log.from).max(log.from);
    if from >= until {
        return Err(
            Misuse(format!("the log is from {} to {}: nothing is left of it", log.from, log.until)).into()
        );
    }
    Ok(Period { from, until })
}

fn check_sites(judged: &[&Candidate]) -> anyhow::Result<()> {
    let sites: BTreeSet<&str> = judged.iter().map(|candidate| &*candidate.bundle.site).collect();
    let names: Vec<&str> = sites.into_iter().collect();
    match names[..] {
        [] | [_] => Ok(()),
        _ => Err(Misuse(format!("the folders are of several sites: {}", names.join(", "))).into()),
    }
}

fn check_rules(args: &BacktestArgs, judged: &[&Candidate]) -> anyhow::Result<()> {
    let ids = || judged.iter().flat_map(|candidate| &candidate.plan.rules).map(|rule| &*rule.id);
    for wanted in &args.rules {
        if !ids().any(|id| id == wanted) {
            let near = davy_rules::reader::nearest(wanted, ids());
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            return Err(Misuse(format!("--rule {wanted}: there is no such rule{hint}")).into());
        }
    }
    Ok(())
}

fn events(args: &BacktestArgs, candidate: &Candidate) -> anyhow::Result<Option<(Vec<Event>, Vec<String>)>> {
    let Some(path) = &args.events else { return Ok(None) };
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let read = read_events(&text, &candidate.plan.site);
    read.map(Some).map_err(|problems| {
        let lines: Vec<String> =
            problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
        anyhow!(lines.join("\n"))
    })
}

fn policy(args: &BacktestArgs) -> anyhow::Result<Option<Policy>> {
    let own = || args.folder.as_ref().map(|folder| folder.join(POLICY)).filter(|path| path.is_file());
    let Some(path) = args.policy.clone().or_else(own) else { return Ok(None) };
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let read = read_policy(&text, path.display().to_string().into());
    read.map(Some)
        .map_err(|findings| anyhow!(findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

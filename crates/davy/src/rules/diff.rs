//! `davy rules diff`.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc, thread};

use davy_workbench::{
    backtest::{Difference, difference},
    change::{Change, Changes, SECOND_PERSON_FROM, changes_of_files, needs_second_person},
};
use serde_json::json;

use super::backtest::{
    candidate::{self, Candidate, Refused},
    json,
    log::{Log, LogArgs},
    text,
};
use super::changed::Changed;
use crate::{
    exit::{Exit, Misuse},
    out,
};

/// Which files.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// A site's folder, as it is
    #[arg(value_name = "OLD")]
    before: PathBuf,
    /// Its folder, as it is to be
    #[arg(value_name = "NEW")]
    after: PathBuf,
    #[command(flatten)]
    log: LogArgs,
    /// List alarms gained, lost and moved at most
    #[arg(long, value_name = "N", default_value_t = 1000)]
    list: usize,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) fn run(args: &DiffArgs) -> anyhow::Result<Exit> {
    let candidate = |folder| Candidate::of_files(candidate::files(folder)?);
    let both = candidate(&args.before).and_then(|before| Ok((before, candidate(&args.after)?)));
    let (before, after) = match both {
        Ok(both) => both,
        Err(error) => return Refused::tell(error),
    };
    if before.plan.site.id != after.plan.site.id {
        let sites = (&before.plan.site.id, &after.plan.site.id);
        return Err(Misuse(format!("two sites have nothing in common: {} and {}", sites.0, sites.1)).into());
    }
    let changes = changes_of_files((&before.bundle, &before.plan), (&after.bundle, &after.plan));
    let alarms = args.log.is_given().then(|| alarms(args, &before, &after)).transpose()?;
    if args.json {
        out::line(report(&before, &after, &changes, alarms.as_ref(), args.list))?;
        return Ok(Exit::Ok);
    }
    out::line(format_args!(
        "site {}: revision {} to {}, {} changes of rules",
        after.plan.site.id,
        before.plan.revision,
        after.plan.revision,
        changes.len()
    ))?;
    for (change, subjects) in &changes {
        out::line(line(change, subjects))?;
    }
    if needs_second_person(&changes, SECOND_PERSON_FROM) {
        out::line(format_args!(
            "a second person must agree: something loosens, or may, from {SECOND_PERSON_FROM} on"
        ))?;
    }
    for line in alarms.iter().flat_map(|found| text::told(found, args.list)) {
        out::line(line)?;
    }
    Ok(Exit::Ok)
}

/// What the log makes of both.
fn alarms(args: &DiffArgs, before: &Candidate, after: &Candidate) -> anyhow::Result<Difference> {
    let log = Log::open(&args.log)?;
    let entries = log.entries(before, args.log.latency())?;
    let period = entries.period();
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let sides = vec![entries.side(before), entries.side(after)];
    let reports = entries.judge(sides, cores, &[&before.plan, &after.plan], period)?.sides;
    Ok(difference(&reports[0].ledger, &reports[1].ledger, period))
}

fn line(change: &Change, subjects: &[Arc<str>]) -> String {
    let Change { rule, what, before, after, direction, tier } = change;
    let subjects = subjects.iter().map(|subject| &**subject).collect();
    let (direction, tier) = (direction.word(), tier.word());
    Changed { direction, tier, rule, what, before, after, subjects }.line()
}

fn report(
    before: &Candidate,
    after: &Candidate,
    changes: &Changes,
    alarms: Option<&Difference>,
    list: usize,
) -> serde_json::Value {
    let each = changes.iter().map(|(change, subjects)| {
        json!({
            "rule": *change.rule, "what": change.what, "before": change.before, "after": change.after,
            "direction": change.direction.word(), "tier": change.tier.word(),
            "subjects": subjects.iter().map(|subject| &**subject).collect::<Vec<_>>(),
        })
    });
    json!({
        "site": *after.plan.site.id, "before": *before.plan.revision, "after": *after.plan.revision,
        "changes": each.collect::<Vec<_>>(), "second_person": needs_second_person(changes, SECOND_PERSON_FROM),
        "alarms": alarms.map(|found| json::alarms(found, list)),
    })
}

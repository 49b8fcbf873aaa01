//! What other files would have done over the last days of a journal, beside what was.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use davy_workbench::{
    backtest::{Side, SideReport, difference},
    performance::Period,
};

use super::record::Forecast;
use crate::{Loaded, RecoverError, backtest::run, log::JournalLog};

/// How long judging may take; a longer journal is for `davy rules backtest`.
pub(super) const TIME_MAX: Duration = Duration::from_secs(60);

/// Over how much of the journal, when nobody says.
pub(crate) const USUAL: Duration = Duration::from_secs(7 * 86_400);

/// Judges them. On one core, so that the line keeps the others.
pub(crate) fn forecast(journal: &Path, candidate: &Loaded, last: Duration) -> Forecast {
    of_judged("the journal", judge(journal, candidate, last))
}

/// Whether a journal let go of a part of its last so much time.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn falls_short(journal: &Path, last: Duration) -> Result<bool, RecoverError> {
    let log = JournalLog::open(journal)?;
    Ok(log.first_kept() > 1 && log.since()? > log.until()?.minus(last))
}

/// Both rule sets, the one that was first, and what was counted.
pub(super) type Judged = ([SideReport; 2], Period);

/// The figures, or why there are none.
pub(super) fn of_judged<E: std::fmt::Display>(log: &str, judged: Result<Option<Judged>, E>) -> Forecast {
    let problem = |problem: String| Forecast { problem, ..Forecast::default() };
    match judged {
        Ok(Some((reports, period))) => figures(&reports, period),
        Ok(None) => problem(format!(
            "{log} is too long to be judged in {} s: davy rules backtest does it in its own time",
            TIME_MAX.as_secs()
        )),
        Err(error) => problem(error.to_string()),
    }
}

/// Nothing, when it takes too long.
fn judge(journal: &Path, candidate: &Loaded, last: Duration) -> Result<Option<Judged>, RecoverError> {
    let log = JournalLog::open(journal)?;
    let began = Instant::now();
    let until = log.until()?;
    let period = Period { from: until.minus(last).max(log.since()?), until };
    let mut is_late = false;
    let in_time = log.entries(period.until).take_while(|_| {
        is_late = began.elapsed() > TIME_MAX;
        !is_late
    });
    let (bundle, plan) = (Arc::clone(&candidate.bundle), Arc::clone(&candidate.plan));
    let sides = vec![log.recorded()?, Side::under(bundle, plan).counting(period)];
    let reports = run(in_time, sides, NonZeroUsize::MIN)?;
    let both = <[SideReport; 2]>::try_from(reports).expect("a report of each");
    Ok((!is_late).then_some((both, period)))
}

fn figures([before, after]: &[SideReport; 2], period: Period) -> Forecast {
    let raises = |report: &SideReport| {
        let found = report.ledger.occurrences().iter().filter(|found| period.holds(found.raised));
        found.count() as u64 + report.ledger.unkept()
    };
    let differs = difference(&before.ledger, &after.ledger, period);
    Forecast {
        from_us: period.from.as_micros(),
        until_us: period.until.as_micros(),
        coverage: after.coverage.as_ref().and_then(|coverage| coverage.share()),
        before: raises(before),
        after: raises(after),
        gained: differs.gained.len() as u64,
        lost: differs.lost.len() as u64,
        moved: differs.moved.len() as u64,
        problem: String::new(),
    }
}

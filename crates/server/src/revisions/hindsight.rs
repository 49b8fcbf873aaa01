//! What other files would have done over the last days that history has, beside what the active ones would have done.

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use davy_history::Store;
use davy_workbench::{
    backtest::{Side, SideReport},
    performance::Period,
};
use tokio::runtime::Handle;

use super::{
    forecast::{Judged, TIME_MAX, of_judged},
    record::Forecast,
};
use crate::{
    Loaded,
    backtest::run,
    past::{Asked, Past, PastError},
};

/// How long a reading took to arrive of which that is not known.
const LATENCY: Duration = Duration::from_secs(1);

/// Judges them. On one core, so that the line keeps the others, and not on a thread of the runtime.
pub(crate) fn hindsight(
    store: &Arc<dyn Store>,
    active: &Loaded,
    candidate: &Loaded,
    last: Duration,
) -> Forecast {
    of_judged("history", judge(store, active, candidate, last))
}

/// Nothing, when it takes too long.
fn judge(
    store: &Arc<dyn Store>,
    active: &Loaded,
    candidate: &Loaded,
    last: Duration,
) -> Result<Option<Judged>, PastError> {
    let began = Instant::now();
    let past = Handle::current().block_on(Past::open(Arc::clone(store), &active.bundle.site))?;
    let there = past.measured();
    let until = there.until.plus(LATENCY);
    let period = Period { from: until.minus(last).max(there.from), until };
    let plans = [&*active.plan, &*candidate.plan];
    let mut is_late = false;
    let in_time =
        past.entries(&Asked::around(period, LATENCY, &plans), Arc::clone(&active.bundle)).take_while(|_| {
            is_late = began.elapsed() > TIME_MAX;
            !is_late
        });
    let side = |files: &Loaded| {
        Side::under(Arc::clone(&files.bundle), Arc::clone(&files.plan)).of_series(past.series())
    };
    let reports = run(in_time, vec![side(active), side(candidate).counting(period)], NonZeroUsize::MIN)?;
    let both = <[SideReport; 2]>::try_from(reports).expect("a report of each");
    Ok((!is_late).then_some((both, period)))
}

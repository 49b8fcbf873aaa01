//! Ways out to receivers: opened from the configuration, and told of as Davy's own faults when they fail.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use davy_delivery::{
    Feed,
    exits::{Bounds, Door, Exits, LentClock, Outbox, StoreError},
};
use davy_model::{Text, Tier, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, config::ExitConfig};

/// How long a receiver may take nothing before that is told: one that starts again is none of an operator's business.
const GRACE: Duration = Duration::from_secs(60);
/// How long nothing more may be refused for that alarm to clear.
const REFUSAL_OVER: Duration = Duration::from_secs(600);

/// Opens the file of exits, where any are configured.
///
/// # Errors
/// [`StoreError`].
pub(crate) fn outbox(configured: &[ExitConfig], data_dir: &Path) -> Result<Option<Outbox>, StoreError> {
    match configured {
        [] => Ok(None),
        [..] => Outbox::open(&data_dir.join("exits.db"), Bounds::default()).map(Some),
    }
}

/// Opens the exits. `plants` has the last transition of each site before its line began to run.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn open(
    outbox: Outbox,
    configured: &[ExitConfig],
    feed: &Feed,
    plants: &BTreeMap<Arc<str>, u64>,
    clock: &Clock,
    stop: &CancellationToken,
) -> Result<Exits, StoreError> {
    let lent = clock.clone();
    let clock: LentClock = Arc::new(move || lent.now());
    let openings = configured.iter().map(|exit| exit.opening(&clock)).collect();
    Exits::open(outbox, openings, feed, plants, clock, stop).await
}

/// How grave it is how an exit does, and what is told; nothing when it does well.
pub(crate) fn fault(exits: &Exits, door: &Door, now: Timestamp) -> Option<(Tier, Text)> {
    let name = &door.name;
    if let Some((since, why)) = exits.trouble(door) {
        let gone = door.health.figures().gone.is_some();
        let mend = if gone { "davy exits resume" } else { "davy exits list" };
        return (gone || now.since(since) >= GRACE).then(|| {
            let text = Text::both(
                format!("alerts do not reach {name} ({why}): they are kept for it; look at its receiver, and at {mend}"),
                format!("报警无法送达 {name}（{why}）：已为其保留；请检查接收端，并查看 {mend}"),
            );
            (Tier::Orange, text)
        });
    }
    let (at, why) = door.health.figures().last_refused?;
    (now.since(at) < REFUSAL_OVER).then(|| {
        let text = Text::both(
            format!("{name} refuses alerts ({why}): look at davy exits dead-letters, mend it, and davy exits replay"),
            format!("{name} 拒收报警（{why}）：请查看 davy exits dead-letters，排除后执行 davy exits replay"),
        );
        (Tier::Yellow, text)
    })
}

#[cfg(test)]
mod tests;

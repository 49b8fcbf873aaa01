//! What was refused, counted by the hour: told again as often as wanted, it takes its own place.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use davy_history::{HistoryError, LetterCount, Store, start_of};
use davy_model::Timestamp;

use crate::hub::Hub;

const HOUR: Duration = Duration::from_secs(3600);

/// What was refused in this hour, by site and code.
#[derive(Debug, Default)]
pub(super) struct Letters {
    hour: Option<Timestamp>,
    /// As the books stood when the hour began.
    before: BTreeMap<(Arc<str>, &'static str), u64>,
}

impl Letters {
    /// Tells the store how the hour stands. Where that fails, the same is told the next time.
    pub(super) async fn tell(&mut self, hub: &Hub, store: &dyn Store) -> Result<(), HistoryError> {
        let now = hub.clock.now();
        let hour = start_of(now, HOUR);
        let books = books(hub);
        let told_of = *self.hour.get_or_insert(hour);
        for door in hub.intake.directory.sites() {
            let site = &door.site.id;
            let counts = books.iter().filter(|((of, _), _)| of == site).map(|((_, code), total)| {
                let before = self.before.get(&(Arc::clone(site), *code)).copied().unwrap_or(0);
                LetterCount { hour: told_of, code: (*code).into(), count: total - before }
            });
            let counts: Vec<LetterCount> = counts.filter(|one| one.count > 0).collect();
            if !counts.is_empty() {
                store.count_letters(site, hub.started, &counts).await?;
            }
        }
        if told_of != hour {
            self.hour = Some(hour);
            self.before = books;
        }
        Ok(())
    }
}

fn books(hub: &Hub) -> BTreeMap<(Arc<str>, &'static str), u64> {
    let mut books = BTreeMap::new();
    for door in hub.intake.directory.sites() {
        for (reason, count) in door.account.totals().rejected {
            books.insert((Arc::clone(&door.site.id), reason.word()), count);
        }
    }
    books
}

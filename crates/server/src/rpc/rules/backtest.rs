//! Over what a backtest is.

use std::time::Duration;

use davy_proto::v1::ReadingsSource;

use crate::{
    Loaded,
    hub::Hub,
    revisions::{Forecast, falls_short, forecast, hindsight},
    site::SiteService,
};

/// Judges files over the last so much of what was asked for: the journal, or history where the journal falls short.
pub(super) fn judge(
    hub: &Hub,
    service: &SiteService,
    candidate: &Loaded,
    last: Duration,
    wanted: ReadingsSource,
) -> (Forecast, ReadingsSource) {
    let journal = service.feed.journal();
    // A journal that cannot be read says why itself.
    let falls_short = || falls_short(journal, last).unwrap_or(false);
    let history = hub.history.as_ref().filter(|_| match wanted {
        ReadingsSource::History => true,
        ReadingsSource::Journal => false,
        ReadingsSource::Unspecified => falls_short(),
    });
    match history {
        Some(history) => {
            let active = service.loaded.load_full();
            (hindsight(&history.store, &active, candidate, last), ReadingsSource::History)
        }
        None => (forecast(journal, candidate, last), ReadingsSource::Journal),
    }
}

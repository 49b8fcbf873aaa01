//! `AlarmService.ListTransitions`: what the journal keeps of alarms, page by page.

use std::{path::Path, sync::Arc};

use davy_journal::{JournalError, JournalReader};
use davy_model::{AlarmKey, Transition};
use davy_proto::{alert_of, v1 as wire};
use tonic::Status;

use super::{alarms, page_len::OF_ENTRIES, page_token, status};
use crate::{aside::aside, guard::Admitted, hub::Hub};

/// One page of transitions.
pub(super) async fn list(
    hub: &Arc<Hub>,
    by: &Admitted,
    request: wire::AlarmServiceListTransitionsRequest,
) -> Result<wire::AlarmServiceListTransitionsResponse, Status> {
    let len = OF_ENTRIES.of(request.page_size)?;
    let key = match request.alarm.as_str() {
        "" => None,
        alarm => Some(alarms::key(hub, by, alarm)?),
    };
    let id = key.as_ref().map_or(request.site.as_str(), |key| &key.site);
    let site = hub.site_of(&by.caller, by.permission, id).ok_or_else(|| status::unknown_site(id))?;
    let after = page_token::number(&request.page_token)?.unwrap_or(request.after_sequence);
    let path = site.feed.journal().to_owned();
    let look = Look { key, occurrence: request.occurrence, after, len };
    let (found, next) = aside(move || look.read(&path))
        .await
        .map_err(|_| status::stopping())?
        .map_err(|error| status::journal(&error))?;
    Ok(wire::AlarmServiceListTransitionsResponse {
        transitions: found.iter().map(|transition| alert_of(transition, true)).collect(),
        next_page_token: next.map(|sequence| sequence.to_string()).unwrap_or_default(),
    })
}

/// What transitions are looked for.
struct Look {
    key: Option<AlarmKey>,
    occurrence: Option<u64>,
    after: u64,
    len: usize,
}

/// Transitions looked at for one page at the most: a rare alarm in a long journal takes several pages, empty ones among
/// them.
const LOOKED_AT_MAX: usize = 50_000;

impl Look {
    fn read(&self, path: &Path) -> Result<(Vec<Transition>, Option<u64>), JournalError> {
        let reader = JournalReader::open(path)?;
        let (mut found, mut looked) = (Vec::new(), 0);
        // All is all that is kept.
        let mut after = if self.after == 0 { reader.first_kept()?.sequence - 1 } else { self.after };
        loop {
            let page = reader.transitions_after(after, OF_ENTRIES.most)?;
            let Some(last) = page.last().map(|transition| transition.sequence) else {
                return Ok((found, None));
            };
            looked += page.len();
            for transition in page {
                after = transition.sequence;
                if self.wants(&transition) {
                    found.push(transition);
                    if found.len() == self.len {
                        return Ok((found, Some(after)));
                    }
                }
            }
            if looked >= LOOKED_AT_MAX {
                return Ok((found, Some(last)));
            }
        }
    }

    fn wants(&self, transition: &Transition) -> bool {
        self.key.as_ref().is_none_or(|key| *key == transition.alarm)
            && self.occurrence.is_none_or(|occurrence| occurrence == transition.occurrence)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::explain::tests::journal_without, *};

    #[test]
    fn all_is_all_that_is_kept_and_a_page_that_is_gone_is_said_to_be() {
        for (gone, after, due) in [
            (0, 0, Ok(vec![1, 2, 3, 4, 5, 6, 7, 8, 9])),
            (0, 7, Ok(vec![8, 9])),
            (6, 0, Ok(vec![7, 8, 9])),
            (6, 6, Ok(vec![7, 8, 9])),
            (6, 5, Err(7)),
            (9, 0, Ok(vec![])),
        ] {
            let (_folder, path) = journal_without(gone);
            let read = Look { key: None, occurrence: None, after, len: 100 }.read(&path);
            let read = match read {
                Ok((found, _)) => Ok(found.iter().map(|transition| transition.sequence).collect()),
                Err(JournalError::NoLongerKept { first, .. }) => Err(first.sequence),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(read, due, "gone up to {gone}, after {after}");
        }
    }
}

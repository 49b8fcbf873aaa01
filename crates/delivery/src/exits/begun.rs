//! Where an exit begins: behind what it told before a restart, or with what comes next, and with what was found missing.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::Timestamp;

use super::{Gap, Health, Opening, store::Known};
use crate::GapReason;

/// Where an exit begins.
pub(super) struct Begun {
    pub(super) dealt_with: BTreeMap<Arc<str>, u64>,
    /// What is told first.
    pub(super) first: Vec<Gap>,
    /// Cursors to be noted.
    pub(super) new: Vec<(Arc<str>, u64)>,
    pub(super) health: Health,
}

pub(super) fn begin(
    opening: &Opening,
    known: Known,
    plants: &BTreeMap<Arc<str>, u64>,
    is_new_after_damage: bool,
    now: Timestamp,
) -> Begun {
    let Known { cursors, gaps, trouble, gone, refused } = known;
    let health = Health::new(trouble, gone, refused);
    let (mut dealt_with, mut new, mut found) = (BTreeMap::new(), Vec::new(), Vec::new());
    let sites = &opening.wanted.sites;
    for (site, head) in plants.iter().filter(|(site, _)| sites.is_empty() || sites.contains(site)) {
        let known = cursors.get(site).copied();
        let gap = match known {
            // It was told of transitions that the journal does not have: this is another, or an older copy.
            Some(told) if told > *head => Some((*head + 1, told)),
            None if is_new_after_damage && *head > 0 => Some((1, *head)),
            Some(_) | None => None,
        };
        if let Some((from_sequence, to_sequence)) = gap {
            let (site, reason) = (Arc::clone(site), GapReason::UnknownToken);
            found.push(Gap { site, from_sequence, to_sequence, reason, found: now });
        }
        let cursor = known.map_or(*head, |told| told.min(*head));
        if known != Some(cursor) {
            new.push((Arc::clone(site), cursor));
        }
        dealt_with.insert(Arc::clone(site), cursor);
    }
    let of_before = gaps.into_iter().filter(|gap| dealt_with.contains_key(&gap.site));
    let first = of_before.chain(found).collect();
    health.note(|figures| figures.dealt_with.clone_from(&dealt_with));
    Begun { dealt_with, first, new, health }
}

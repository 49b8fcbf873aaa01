//! Alarms that no desk answers for.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{TagIndex, Tier};

use crate::{
    Code, Plan,
    report::{Finding, Place, Report, quoted},
};

/// What is watched in an area without a desk.
struct Unserved {
    first: Place,
    count: usize,
    gravest: Tier,
}

pub(super) fn warn(plan: &Plan, places: &[Place], report: &mut Report) {
    if plan.site.desks.is_empty() {
        return;
    }
    let mut unserved: BTreeMap<Option<Arc<str>>, Option<Unserved>> = BTreeMap::new();
    for ((index, tag), place) in (0..).map(TagIndex).zip(&plan.site.tags).zip(places) {
        let watches =
            plan.watches[plan.watches_of(index)].iter().map(|watch| &plan.rules[watch.rule as usize]);
        let Some(gravest) = watches.filter(|rule| rule.is_alarm).map(|rule| rule.tier_max).max() else {
            continue;
        };
        let new = || {
            let is_served = plan.site.desk_of(tag.area.as_deref()).is_some();
            (!is_served).then_some(Unserved { first: *place, count: 0, gravest })
        };
        if let Some(found) = unserved.entry(tag.area.clone()).or_insert_with(new) {
            found.count += 1;
            found.gravest = found.gravest.max(gravest);
        }
    }
    for (area, found) in unserved {
        let Some(Unserved { first, count, gravest }) = found else { continue };
        let about =
            area.map_or_else(|| "tags without an area".to_owned(), |area| format!("area {}", quoted(&area)));
        let finding = Finding::new(Code::AreaWithoutDesk, about)
            .found_words(format!("alarms up to {gravest} of {count} tags, and no desk that answers for them"))
            .expected(
                "the area at one of the desks, or a desk without areas, which has all that no other has",
            );
        report.warn(first, finding);
    }
}

//! Two silence watches.

use std::sync::Arc;

use davy_rules::SilenceProgram;

use super::{Change, Direction};

/// Compares them.
pub(super) fn compare(rule: &Arc<str>, old: &SilenceProgram, new: &SilenceProgram) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |what: &str, before: String, after: String, looser: bool| {
        let direction = if looser { Direction::Looser } else { Direction::Tighter };
        let tier = old.tier.max(new.tier);
        changes.push(Change {
            rule: Arc::clone(rule),
            what: what.to_owned(),
            before,
            after,
            direction,
            tier,
        });
    };
    if old.tier != new.tier {
        note("tier", old.tier.to_string(), new.tier.to_string(), new.tier < old.tier);
    }
    if old.after_us != new.after_us {
        note("silent for", old.written.to_string(), new.written.to_string(), new.after_us > old.after_us);
    }
    if old.latch != new.latch {
        note("latch", old.latch.to_string(), new.latch.to_string(), old.latch);
    }
    if old.near_limit != new.near_limit {
        let looser = match (old.near_limit, new.near_limit) {
            (Some(old), Some(new)) => new.within < old.within || new.tier < old.tier,
            (old, _) => old.is_some(),
        };
        note("near a limit", near(old), near(new), looser);
    }
    changes
}

fn near(program: &SilenceProgram) -> String {
    let Some(near) = program.near_limit else { return "no different".to_owned() };
    format!("{} within {} of the set point", near.tier, near.within)
}

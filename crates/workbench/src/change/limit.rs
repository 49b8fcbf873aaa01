//! Two lists of trip levels, in one unit.

use std::sync::Arc;

use davy_rules::{Level, reader::show_duration};

use super::{Change, Direction};

/// Compares levels of one name.
pub(super) fn compare(rule: &Arc<str>, before: &[Level], after: &[Level]) -> Vec<Change> {
    let mut changes = Vec::new();
    for old in before {
        match after.iter().find(|level| level.name == old.name) {
            Some(new) => changes.extend(both(rule, old, new)),
            None => changes.push(whole(rule, old, Direction::Looser)),
        }
    }
    let added = after.iter().filter(|level| before.iter().all(|old| old.name != level.name));
    changes.extend(added.map(|level| whole(rule, level, Direction::Tighter)));
    changes
}

fn whole(rule: &Arc<str>, level: &Level, direction: Direction) -> Change {
    let told = format!("{} {}", level.comparator.symbol(), level.written);
    let (before, after) =
        if direction == Direction::Tighter { (String::new(), told) } else { (told, String::new()) };
    Change {
        rule: Arc::clone(rule),
        what: format!("{}: the level", level.name),
        before,
        after,
        direction,
        tier: level.tier,
    }
}

fn both(rule: &Arc<str>, old: &Level, new: &Level) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut note = |what: &str, before: String, after: String, direction| {
        let what = format!("{}: {what}", old.name);
        let tier = old.tier.max(new.tier);
        changes.push(Change { rule: Arc::clone(rule), what, before, after, direction, tier });
    };
    let way = |looser: bool| if looser { Direction::Looser } else { Direction::Tighter };
    let is_rising = old.comparator.is_rising();
    if old.tier != new.tier {
        note("tier", old.tier.to_string(), new.tier.to_string(), way(new.tier < old.tier));
    }
    if is_rising != new.comparator.is_rising() {
        note(
            "comparator",
            old.comparator.symbol().into(),
            new.comparator.symbol().into(),
            Direction::Unclear,
        );
        return changes;
    }
    let told = |level: &Level| format!("{} {}", level.comparator.symbol(), level.written);
    if old.set_point.to_bits() != new.set_point.to_bits() {
        note("set point", told(old), told(new), way((new.set_point > old.set_point) == is_rising));
    } else if old.comparator != new.comparator {
        // Of two levels of one set point, the one that the point itself passes is the tighter.
        note("set point", told(old), told(new), way(!new.is_past(new.set_point)));
    }
    let clear = (old.clear_point, old.clear_inclusive);
    if clear.0.to_bits() != new.clear_point.to_bits() || clear.1 != new.clear_inclusive {
        // It holds longer when it must come further back.
        let sooner = match clear.0.total_cmp(&new.clear_point) {
            std::cmp::Ordering::Equal => new.clear_inclusive,
            order => (order == std::cmp::Ordering::Less) == is_rising,
        };
        note("clear point", clear.0.to_string(), new.clear_point.to_string(), way(sooner));
    }
    let span = |us: i64| show_duration(std::time::Duration::from_micros(us.unsigned_abs()));
    if old.on_delay_us != new.on_delay_us {
        note(
            "on_delay",
            span(old.on_delay_us),
            span(new.on_delay_us),
            way(new.on_delay_us > old.on_delay_us),
        );
    }
    if old.off_delay_us != new.off_delay_us {
        note(
            "off_delay",
            span(old.off_delay_us),
            span(new.off_delay_us),
            way(new.off_delay_us < old.off_delay_us),
        );
    }
    if old.latch != new.latch {
        note("latch", old.latch.to_string(), new.latch.to_string(), way(old.latch));
    }
    if old.re_alarm_us != new.re_alarm_us {
        let told = |us: Option<i64>| us.map_or_else(|| "never".to_owned(), span);
        let seldom = |us: Option<i64>| us.unwrap_or(i64::MAX);
        let direction = way(seldom(new.re_alarm_us) > seldom(old.re_alarm_us));
        note("re_alarm", told(old.re_alarm_us), told(new.re_alarm_us), direction);
    }
    changes
}

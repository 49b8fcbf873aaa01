//! What a site's files say beside its rules: it bears on every alarm, and nobody can tell how without a log.

use davy_model::{Tag, Tier};
use davy_rules::{Plan, reader::show_duration};

use super::{Change, Direction, Gathered};

/// Compares what both say beside rules.
pub(super) fn compare(before: &Plan, after: &Plan, gathered: &mut Gathered) {
    let (old, new) = (&before.site, &after.site);
    let mut part = |what: &str, is_same: bool| {
        if !is_same {
            gathered.add(unclear("site.yaml", what, Tier::Red, ("as it was", "otherwise")), None);
        }
    };
    part("time", old.time == new.time);
    part("shelving", old.shelving == new.shelving);
    part("desks", old.desks == new.desks);
    part("annunciation", old.annunciation == new.annunciation);
    part("edge nodes", old.edge_nodes == new.edge_nodes);
    part("devices", old.devices == new.devices);
    part("hazard sources", before.hazard_sources == after.hazard_sources);
    for tag in &old.tags {
        let Some(now) = new.tag_index(&tag.name).map(|place| new.tag(place)) else { continue };
        for (what, told) in said(tag, now) {
            let change = unclear("tags.csv", what, tier(before, tag), (&told.0, &told.1));
            gathered.add(change, Some(&tag.name));
        }
    }
}

fn unclear(file: &str, what: &str, tier: Tier, (before, after): (&str, &str)) -> Change {
    Change {
        rule: file.into(),
        what: what.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
        direction: Direction::Unclear,
        tier,
    }
}

/// What it is called, and how it is told.
type Field = (&'static str, fn(&Tag) -> String);

/// What of a tag is said otherwise: all but its names, which decide nothing.
fn said(old: &Tag, new: &Tag) -> Vec<(&'static str, (String, String))> {
    let fields: [Field; 6] = [
        ("range", |tag| {
            tag.range.map_or_else(String::new, |range| format!("{} to {}", range.low, range.high))
        }),
        ("interval", |tag| show_duration(tag.expected_interval)),
        ("silence limit", |tag| show_duration(tag.silence_limit)),
        ("reporting", |tag| format!("{:?}", tag.reporting)),
        ("edge node", |tag| tag.edge_node.as_deref().unwrap_or_default().to_owned()),
        ("substance", |tag| format!("{:?}", tag.substance)),
    ];
    let both = fields.into_iter().map(|(what, told)| (what, (told(old), told(new))));
    both.filter(|(_, (old, new))| old != new).collect()
}

/// The gravest tier that a rule on the tag itself can reach.
fn tier(plan: &Plan, tag: &Tag) -> Tier {
    let place = plan.site.tag_index(&tag.name).expect("a tag of this site");
    let own = plan.watches_of(place).map(|watch| plan.watches[watch].rule);
    let made = plan.readers_of(place).iter().map(|made| plan.calculated[*made as usize].rule);
    let tiers = own.chain(made).map(|rule| plan.rules[rule as usize].tier_max);
    tiers.max().unwrap_or(Tier::Blue)
}

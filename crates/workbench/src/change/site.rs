//! What a site's files say beside its rules: it bears on every alarm, and nobody can tell how without a log.

use davy_model::{Bundle, Reporting, Substance, Tag, Tier};
use davy_rules::{Plan, mapping_name, reader::show_duration};

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
    part("duties", old.duties == new.duties);
    part("annunciation", old.annunciation == new.annunciation);
    part("edge nodes", old.edge_nodes == new.edge_nodes);
    part("devices", old.devices == new.devices);
    part("sources", old.sources == new.sources);
    part("hazard sources", before.hazard_sources == after.hazard_sources);
    for tag in &old.tags {
        let Some(now) = new.tag_index(&tag.name).map(|place| new.tag(place)) else { continue };
        for (what, told) in said(tag, now) {
            let change = unclear("tags.csv", what, tier(before, tag), (&told.0, &told.1));
            gathered.add(change, Some(&tag.name));
        }
    }
}

/// Compares the files that readings are read by. One that is new is used by nobody, until a source says so.
pub(super) fn compare_mappings(before: &Bundle, after: &Bundle, gathered: &mut Gathered) {
    let mappings = before.files.iter().filter(|file| mapping_name(&file.path).is_some());
    for old in mappings {
        let now = after.files.iter().find(|file| file.path == old.path);
        let told = match now {
            Some(now) if now.text == old.text => continue,
            Some(_) => "otherwise",
            None => "",
        };
        gathered.add(unclear(&old.path, "the mapping", Tier::Red, ("as it was", told)), None);
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

/// What of a tag is said otherwise. What it is called decides nothing; what groups it is seen at the rules that group.
fn said(old: &Tag, new: &Tag) -> Vec<(&'static str, (String, String))> {
    let fields: [Field; 9] = [
        ("unit", |tag| tag.unit.to_string()),
        ("sent as", |tag| word(tag.sent_as.as_deref())),
        ("device", |tag| word(tag.device.as_deref())),
        ("range", |tag| {
            tag.range.map_or_else(String::new, |range| format!("{} to {}", range.low, range.high))
        }),
        ("interval", |tag| show_duration(tag.expected_interval)),
        ("silence limit", |tag| show_duration(tag.silence_limit)),
        ("reporting", |tag| match tag.reporting {
            Reporting::Periodic => "periodic".to_owned(),
            Reporting::ByException => "by_exception".to_owned(),
        }),
        ("edge node", |tag| word(tag.edge_node.as_deref())),
        ("substance", |tag| substance(&tag.substance)),
    ];
    let both = fields.into_iter().map(|(what, told)| (what, (told(old), told(new))));
    both.filter(|(_, (old, new))| old != new).collect()
}

fn word(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn substance(substance: &Substance) -> String {
    let mass = substance.molar_mass_g_per_mol.map(|mass| format!("{mass} g/mol"));
    let lel = substance.lel_percent_volume.map(|lel| format!("LEL {lel} %vol"));
    mass.into_iter().chain(lel).collect::<Vec<_>>().join(", ")
}

/// The gravest tier that a rule on the tag itself can reach.
fn tier(plan: &Plan, tag: &Tag) -> Tier {
    let place = plan.site.tag_index(&tag.name).expect("a tag of this site");
    let own = plan.watches_of(place).map(|watch| plan.watches[watch].rule);
    let made = plan.readers_of(place).iter().map(|made| plan.calculated[*made as usize].rule);
    let tiers = own.chain(made).map(|rule| plan.rules[rule as usize].tier_max);
    tiers.max().unwrap_or(Tier::Blue)
}

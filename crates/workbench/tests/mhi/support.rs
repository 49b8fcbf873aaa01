//! A site with hazard sources, and what is reckoned of it.

use std::collections::BTreeMap;

use davy_model::BundleFile;
use davy_rules::{Plan, bundle, compile};
use davy_workbench::mhi::{self, SourceReport};

const TAGS: &str = "\
tag,quantity,unit
TK-1/level,level,m
TK-2/level,level,cm
TK-3/level,ratio,%
TK-4/volume,volume,L
WT-5/mass,mass,kg
";

/// A plan of one source, a storage unit, with so many people near it and these members.
pub(crate) fn plan(people: u32, members: &[&str]) -> Plan {
    let members: String = members.iter().map(|member| format!("      - {{{member}}}\n")).collect();
    let site = format!(
        "site: park\nhazard_sources:\n  - id: farm\n    unit: storage\n    people_exposed: {people}\n    members:\n{members}"
    );
    let files = [("site.yaml", site.as_str()), ("tags.csv", TAGS)];
    let files = files.map(|(path, text)| BundleFile { path: path.to_owned(), text: text.to_owned() });
    let compiled = bundle(files.into()).and_then(|bundle| compile(&bundle));
    compiled.unwrap_or_else(|found| panic!("{site}\n{found:#?}"))
}

/// What comes of its one source while tags read so.
pub(crate) fn report<'a>(plan: &'a Plan, readings: &[(&str, f64)]) -> SourceReport<'a> {
    let index = |name: &str| plan.site.tag_index(name).unwrap_or_else(|| panic!("no {name}"));
    let values: BTreeMap<_, _> = readings.iter().map(|(name, value)| (index(name), *value)).collect();
    mhi::report(&plan.hazard_sources[0], &values)
}

pub(crate) fn near(got: f64, want: f64) -> bool {
    (got - want).abs() <= 1e-9 * want.abs().max(1.0)
}

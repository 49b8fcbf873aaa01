//! A site with one rule on one tag.

use std::sync::Arc;

use davy_model::{Bundle, BundleFile};
use davy_rules::{Level, Plan, bundle, compile};

/// The files and the plan of a rule `lim` with these levels, as its file has them, on the tag `T`.
pub(crate) fn site(levels: &str) -> (Arc<Bundle>, Arc<Plan>) {
    let rules = format!(
        "rules:\n  - id: lim\n    applies_to: {{tag: T}}\n    limit: [{levels}]\n    response: {{action: Go and see, time_to_respond: 5m}}\n"
    );
    let files = [
        ("site.yaml", "site: park\n"),
        ("tags.csv", "tag,quantity,unit\nT,temperature,degC\n"),
        ("rules/r.yaml", &rules),
    ];
    let files = files.map(|(path, text)| BundleFile { path: path.to_owned(), text: text.to_owned() });
    let bundle = bundle(files.into()).unwrap_or_else(|found| panic!("{levels}\n{found:#?}"));
    let plan = compile(&bundle).unwrap_or_else(|found| panic!("{levels}\n{found:#?}"));
    (Arc::new(bundle), Arc::new(plan))
}

/// The levels as the engine has them.
pub(crate) fn levels(levels: &str) -> Vec<Level> {
    site(levels).1.limits[0].levels.clone()
}

/// Which level speaks after each value: `. H H .`.
pub(crate) fn shown(levels: &[Level], path: &[Option<usize>]) -> String {
    let name = |level: &Option<usize>| level.map_or(".", |level| &*levels[level].name).to_owned();
    path.iter().map(name).collect::<Vec<_>>().join(" ")
}

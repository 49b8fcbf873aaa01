//! Sites that use a pack, with a tag for whatever it can cover.

use std::{fmt::Write, sync::Arc};

use davy_model::{Bundle, BundleFile, TagIndex};
use davy_rules::{Level, Plan, WatchKind, bundle, compile, describe_pack, pack_names, pack_text, with_packs};

use super::figures::METHANE;

/// What a site chooses of a pack.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The pack.
    pub(crate) pack: &'static str,
    /// Option and choice.
    pub(crate) options: Vec<(String, String)>,
    /// The list of the pack that all tags of the site stand in.
    pub(crate) list: Option<String>,
    /// Rules turned on, with commas between.
    pub(crate) on: &'static str,
}

/// One level of one rule on one tag.
pub(crate) struct Judged {
    /// The rule.
    pub(crate) rule: Arc<str>,
    /// The tag.
    pub(crate) tag: TagIndex,
    /// The levels beside it, itself among them.
    pub(crate) levels: Vec<Level>,
    /// The level.
    pub(crate) level: Level,
}

impl Choice {
    /// What is chosen of an option.
    pub(crate) fn of(&self, option: &str) -> Option<&str> {
        self.options.iter().find(|(name, _)| name == option).map(|(_, choice)| choice.as_str())
    }
}

/// Every combination of choices of every pack, with no tag in a list, and with all in each.
pub(crate) fn choices() -> Vec<Choice> {
    let mut all = Vec::new();
    for name in pack_names() {
        let pack = describe_pack(name, pack_text(name).expect("it ships"));
        let pack = pack.unwrap_or_else(|found| panic!("{}", found[0]));
        let mut combined = vec![Vec::new()];
        for option in &pack.options {
            let with = |chosen: &Vec<(String, String)>| {
                let each = option.choices.iter().map(|choice| {
                    let mut longer = chosen.clone();
                    longer.push((option.name.clone(), choice.clone()));
                    longer
                });
                each.collect::<Vec<_>>()
            };
            combined = combined.iter().flat_map(with).collect();
        }
        let lists = std::iter::once(None).chain(pack.lists.iter().map(|(name, _)| Some(name.clone())));
        for list in lists {
            let choice = |options: &Vec<_>| Choice {
                pack: name,
                options: options.clone(),
                list: list.clone(),
                on: doubtful(name),
            };
            all.extend(combined.iter().map(choice));
        }
    }
    all
}

/// What a pack has off because its figures are doubtful, and is tested all the same.
fn doubtful(pack: &str) -> &'static str {
    match pack {
        "city-gas" => "adjacent-space, indoor",
        "mhi-gb18218" => "becomes-major, class",
        "tank" => "lpg-level",
        _ => "",
    }
}

/// Name, quantity, unit and role of tags that stand in sites of one pack alone.
const PLACES: &[(&str, &[[&str; 4]])] = &[
    (
        "city-gas",
        &[
            ["well-o2", "gas.o2", "%vol", "city-gas.well"],
            ["well-ch4", "gas.ch4", "%LEL", "city-gas.well"],
            ["duct", "gas.ch4", "%vol", "city-gas.adjacent-space"],
            ["supply", "pressure", "kPa", "city-gas.domestic"],
            ["kitchen", "gas.ch4", "%LEL", "city-gas.indoor"],
        ],
    ),
    ("dust-ammonia-workshop", &[["engine-room", "gas.nh3", "mg/m3", "ammonia.workshop"]]),
    (
        "lifeline-basic",
        &[
            ["turbidity", "number.turbidity", "1", "lifeline.water-turbidity"],
            ["ph", "number.ph", "1", "lifeline.water-ph"],
        ],
    ),
    ("mhi-gb18218", &[["stock-cl2", "mass", "t", ""], ["stock-nh3", "mass", "t", ""]]),
    ("noncoal-aq2031", &[["air-co", "gas.co", "ppm", "mine.air"], ["air-no2", "gas.no2", "ppm", "mine.air"]]),
    (
        "tank",
        &[
            ["sphere", "ratio", "%", "tank.lpg-level"],
            ["tank-share", "ratio", "%", "tank.filling"],
            ["tank-temperature", "temperature", "degC", "tank.temperature"],
        ],
    ),
    ("utility-tunnel", &[["tunnel", "gas.ch4", "%LEL", "tunnel.gas"]]),
];

/// A store of 40 t of chlorine (Q 5 t, beta 4) and 20 t of ammonia (Q 10 t, beta 2), with alpha 1: by design S = 10, R = 36.
const HAZARD_SOURCES: &str = "\
hazard_sources:
  - id: store
    unit: storage
    people_exposed: 10
    members:
      - {substance: chlorine, design: 40 t, live: {tag: stock-cl2}}
      - {substance: ammonia, design: 20 t, live: {tag: stock-nh3}}
";

/// Name, quantity and unit of the tags of every site.
const TAGS: &[(&str, &str)] = &[
    ("h2s", "mg/m3"),
    ("co", "mg/m3"),
    ("nh3", "mg/m3"),
    ("cl2", "mg/m3"),
    ("so2", "mg/m3"),
    ("no2", "mg/m3"),
    ("hcn", "mg/m3"),
    ("hf", "mg/m3"),
    ("hcl", "mg/m3"),
    ("cocl2", "mg/m3"),
    ("benzene", "mg/m3"),
    ("toluene", "mg/m3"),
    ("xylene", "mg/m3"),
    ("methanol", "mg/m3"),
    ("vinyl_chloride", "mg/m3"),
    ("ethylene_oxide", "mg/m3"),
    ("formaldehyde", "mg/m3"),
    ("ch3cl", "mg/m3"),
    ("no", "mg/m3"),
    ("br2", "mg/m3"),
    ("o3", "mg/m3"),
    ("acrylonitrile", "mg/m3"),
    ("phenol", "mg/m3"),
    ("h2o2", "mg/m3"),
    ("co2", "mg/m3"),
    ("combustible", "%LEL"),
    ("o2", "%vol"),
];

/// The site that chooses so, and its plan.
pub(crate) fn compiled(choice: &Choice) -> (Arc<Bundle>, Arc<Plan>) {
    let mut tags = "tag,quantity,unit,interval,role,area\n".to_owned();
    let mut names = Vec::new();
    for (gas, unit) in TAGS {
        // Whether a gas burns is measured in %LEL; of this list only those that are toxic too.
        let is_combustible = choice.list.as_deref() == Some("combustible");
        let unit = if is_combustible { "%LEL" } else { unit };
        if is_combustible && !["h2s", "co", "nh3", "methanol", "benzene"].contains(gas) {
            continue;
        }
        writeln!(tags, "{gas},gas.{gas},{unit},1s,,").expect("in memory");
        names.push(*gas);
    }
    tags.push_str("path,gas_path.ch4,LEL.m,1s,,\n");
    if choice.pack.starts_with("coal") {
        for (name, role, ..) in METHANE {
            writeln!(tags, "{name},gas.ch4,%vol,1s,{role},mine").expect("in memory");
        }
        tags.push_str("feeder,state.feeder,on/off,1s,,mine\n");
    }
    let places = PLACES.iter().filter(|(pack, _)| *pack == choice.pack).flat_map(|(_, places)| *places);
    for [name, quantity, unit, role] in places {
        writeln!(tags, "{name},{quantity},{unit},1s,{role},").expect("in memory");
    }
    if choice.pack == "tailings-gb39496" {
        for (name, quantity, unit, role) in [
            ("beach", "length", "m", "tailings.beach"),
            ("freeboard", "length", "m", "tailings.freeboard"),
            ("phreatic-1", "level", "m", "tailings.phreatic-depth"),
            ("phreatic-2", "level", "m", "tailings.phreatic-depth"),
            ("rain", "length", "mm", "tailings.rain-24h"),
        ] {
            writeln!(tags, "{name},{quantity},{unit},1s,{role},mine").expect("in memory");
        }
    }
    let options: Vec<String> = choice.options.iter().map(|(name, it)| format!("{name}: {it}")).collect();
    let list = choice.list.as_ref().map(|list| format!(", tags: {{{list}: [{}]}}", names.join(", ")));
    let site = format!(
        "site: s\nareas: [{{id: mine}}]\npacks: [{{pack: {}, options: {{{}}}{}{}}}]\n",
        choice.pack,
        options.join(", "),
        list.unwrap_or_default(),
        if choice.on.is_empty() { String::new() } else { format!(", on: [{}]", choice.on) }
    );
    let site = if choice.pack == "mhi-gb18218" { site + HAZARD_SOURCES } else { site };
    let files = [("site.yaml", site), ("tags.csv", tags)];
    let files = files.map(|(path, text)| BundleFile { path: path.to_owned(), text }).to_vec();
    let bundle = bundle(with_packs(files)).unwrap_or_else(|found| panic!("{choice:?}: {}", found[0]));
    let plan = compile(&bundle).unwrap_or_else(|found| panic!("{choice:?}: {}", found[0]));
    (Arc::new(bundle), Arc::new(plan))
}

/// Every level of every limit of a plan, on every tag of its site. Those of calculated tags have stories of their own.
pub(crate) fn levels(plan: &Plan) -> Vec<Judged> {
    let mut all = Vec::new();
    for watch in &plan.watches {
        let WatchKind::Limit(program) = watch.kind else { continue };
        if watch.tag.0 as usize >= plan.site.tags.len() {
            continue;
        }
        let levels = &plan.limits[program as usize].levels;
        for level in levels {
            let rule = Arc::clone(&plan.rules[watch.rule as usize].id);
            all.push(Judged { rule, tag: watch.tag, levels: levels.clone(), level: level.clone() });
        }
    }
    all
}

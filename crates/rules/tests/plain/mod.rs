//! A small good site to bend, and how findings are shown.

use davy_model::BundleFile;

pub(crate) const SITE: &str = "\
site: park
title: {en: A park, zh: 园区}
time: {max_ahead: 5s}
shelving: {max: 12h, two_person_from: red}
areas:
  - {id: farm}
  - {id: bund, parent: farm}
edge_nodes:
  - {id: gw-1, loss_grace: 3s}
  - {id: gw-2}
devices:
  - {id: AT-1, edge_node: gw-1}
";

pub(crate) const TAGS: &str = "\
tag,quantity,unit,low,high,interval,area,edge_node,device,equipment
AT-1/h2s,gas.h2s,ppm,0,100,1s,bund,gw-1,AT-1,P-1
AT-2/h2s,gas.h2s,mg/m3,0,150,1s,farm,gw-1,,P-1
AT-3/mix,gas.mixture,ppm,0,100,1s,farm,gw-1,,P-2
TK-1/level,level,m,0,12,2s,farm,gw-2,,TK-1
";

pub(crate) const RULES: &str = "\
rules:
  - id: h2s
    title: {en: Hydrogen sulfide, zh: 硫化氢}
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: L1, tier: orange, at_or_above: 7.05 ppm, clear_below: 6.5 ppm, off_delay: 30s}
      - {name: L2, tier: red, at_or_above: 14.1 ppm, deadband: 1 ppm, latch: true}
    basis: {standard: GB/T 50493-2019, clause: 5.5.2, confidence: verified}
    response: {action: Leave crosswind, time_to_respond: 3m}
  - id: level
    applies_to: {equipment: TK-1}
    suppressed_while: {tag: AT-3/mix, at_or_above: 1}
    limit:
      - {name: LL, tier: orange, below: 0.6 m, deadband: 20 cm}
      - {name: HH, tier: red, above: 10.8 m, off_delay: 10s}
    response: {action: Stop the pump, time_to_respond: 10m}
  - id: silent
    applies_to: {tag: \"*\"}
    stale: {after: 3 intervals, tier: yellow}
    response: {action: Look there, time_to_respond: 30m}
";

/// The good site, with one text in one file replaced.
pub(crate) fn bent(path: &str, from: &str, to: &str) -> Vec<BundleFile> {
    let files = [("site.yaml", SITE), ("tags.csv", TAGS), ("rules/a.yaml", RULES)];
    files
        .map(|(name, text)| {
            let hit = name == path;
            assert!(!hit || text.contains(from), "{name} has no {from:?} to bend");
            let text = if hit { text.replacen(from, to, 1) } else { text.to_owned() };
            BundleFile { path: name.to_owned(), text }
        })
        .into()
}

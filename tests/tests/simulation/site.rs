//! The files of a simulated site: small, with every kind of limit the oracle knows.

use std::fmt::Write;

use davy_model::BundleFile;
use davy_server::{Loaded, SiteSource};

/// Edge nodes of a site.
pub(crate) const NODES: usize = 2;
/// The last letters of an edge node's tags: with delays and a latch, with a deadband, and plain.
pub(crate) const LETTERS: [char; 3] = ['p', 'l', 'q'];
/// How long a tag's last value counts, s.
pub(crate) const SILENCE_S: u64 = 15;
/// How long a lost edge node may be away, s.
pub(crate) const GRACE_S: u64 = 4;

const RULES: &str = "
rules:
  - id: high
    response: {action: Look, time_to_respond: 1m}
    applies_to: {tag: '*/p'}
    limit:
      - {name: H, tier: orange, above: 70, deadband: 5, on_delay: 4s, off_delay: 6s}
      - {name: HH, tier: red, at_or_above: 90, clear_below: 85, off_delay: 3s, latch: true}
  - id: low
    response: {action: Look, time_to_respond: 1m}
    applies_to: {tag: '*/l'}
    limit:
      - {name: L, tier: yellow, below: 10, clear_above: 15, on_delay: 2s}
  - id: quick
    response: {action: Look, time_to_respond: 1m}
    applies_to: {tag: '*/q'}
    limit:
      - {name: H, tier: yellow, at_or_above: 50}
      - {name: HH, tier: red, above: 80, clear_at_or_below: 60}
  - id: silent
    response: {action: Look, time_to_respond: 1m}
    applies_to: {tag: '*'}
    stale: {tier: blue}
";

/// The site of that number.
pub(crate) fn load(number: usize) -> Loaded {
    let mut site = format!(
        "site: s{number}\ntime: {{max_ahead: 2s, late_after: 20s, max_age: 1h, backlog_settle: 1s}}\nedge_nodes:\n"
    );
    let mut tags = "tag,quantity,unit,low,high,interval,silence_limit,edge_node\n".to_owned();
    for node in 0..NODES {
        writeln!(site, "  - {{id: n{node}, loss_grace: {GRACE_S}s}}").expect("a string takes all");
        for letter in LETTERS {
            writeln!(tags, "n{node}/{letter},number,1,0,100,3s,{SILENCE_S}s,n{node}")
                .expect("a string takes all");
        }
    }
    let file = |path: &str, text: String| BundleFile { path: path.to_owned(), text };
    let files =
        vec![file("site.yaml", site), file("tags.csv", tags), file("rules/all.yaml", RULES.to_owned())];
    SiteSource::Files(files).load().expect("the files of the simulation compile")
}

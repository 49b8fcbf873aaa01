//! Whatever is sent, the sender is told what to mend, it is kept and counted, and the good reading beside it is judged.
//! Whatever is wrong in the files, all of it is told at once, and a running Davy keeps the files it has.

mod cases;
mod files;
mod inbox;
mod payloads;

use davy_tests::Setup;

/// A site with a reading for every case, all watched, and a second edge node that others speak for.
fn works() -> Setup {
    let mut tags =
        "tag,quantity,unit,low,high,edge_node\nX/h2s,gas.h2s,ppm,0,100,gw-1\nW/h2s,gas.h2s,ppm,0,100,gw-1\nY/h2s,gas.h2s,ppm,0,100,gw-2\n"
            .to_owned();
    for place in 0..cases::CASES.len() {
        tags.push_str(&format!("{},gas.h2s,ppm,0,100,gw-1\n", good_tag(place)));
    }
    let mut setup = Setup::new();
    setup.site("works", &[("site.yaml", SITE), ("tags.csv", &tags), ("rules/h2s.yaml", RULES)]);
    setup
}

const SITE: &str = "site: works\nedge_nodes: [{id: gw-1}, {id: gw-2}]\n";

const RULES: &str = "rules:
  - id: h2s
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: L1, tier: orange, at_or_above: 7.05 ppm}
    response: {action: Leave crosswind, time_to_respond: 3m}
";

/// The tag of the good reading beside the bad one.
fn good_tag(place: usize) -> String {
    format!("G-{place:02}/h2s")
}

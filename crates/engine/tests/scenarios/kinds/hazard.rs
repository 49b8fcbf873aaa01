//! `hazard`.

use crate::support::{World, plan_at, tell};

/// A level in m, 50 t a metre, a weighed store, and a drum store that no tag tells of: α is 2.
const SITE: &str = "
hazard_sources:
  - id: farm
    unit: storage
    people_exposed: 100
    members:
      - {substance: methanol, design: 500 t, live: {tag: TK/level, tonnes_per_unit: 50}}
      - {substance: chlorine, design: 50 t, live: {tag: WT, density: 1.25}}
      - {substance: toluene, design: 250 t}
";
const TAGS: &str = "tag,quantity,unit,low,high,interval,silence_limit,reporting,edge_node
TK/level,level,m,0,20,10s,30s,periodic,gw1
WT,volume,m3,0,60,10s,30s,periodic,gw2
";

fn farm(of: &str, levels: &str, story: &str) {
    let rule = format!(
        "  - id: class\n    applies_to: {{hazard_source: farm}}\n    hazard: {{of: {of}, levels: [{levels}]}}\n    response: {{action: look, time_to_respond: 3m}}\n"
    );
    tell(World::new(plan_at(SITE, TAGS, &rule)), story);
}

const CLASSES: &str = "{name: III, tier: yellow, at_or_above: 10}, {name: II, tier: orange, at_or_above: 50}";

#[test]
fn a_farm_that_fills_rises_by_class_and_one_that_empties_falls() {
    // R: toluene 2·250/500 = 1; a metre of methanol 2·50/500 = 0.2; a m³ of chlorine 2·4·1.25/5 = 2.
    farm(
        "r",
        CLASSES,
        "0 TK/level=0 WT=1
         1 WT=4.4
         2 WT=4.5 -> class:farm raised yellow!
         3 TK/level=10
         4 WT=23.4
         5 WT=23.5 -> class:farm tier_raised orange!
         6 WT=23 -> class:farm tier_lowered yellow
         7 TK/level=0
         8 WT=4 -> class:farm cleared yellow",
    );
}

#[test]
fn s_is_1_when_the_unit_becomes_a_source() {
    // S: toluene 0.5, a metre 0.1, a m³ 0.25.
    farm(
        "s",
        "{name: S, tier: blue, at_or_above: 1}",
        "0 TK/level=2 WT=1
         1 TK/level=2.4
         2 TK/level=2.5 -> class:farm raised blue!
         3 TK/level=2 -> class:farm cleared blue",
    );
}

#[test]
fn a_tank_that_says_nothing_makes_no_farm_safe() {
    farm(
        "r",
        CLASSES,
        "0 TK/level=0 WT=5 -> class:farm raised yellow!
         2 WT=1!
         3 TK/level=1
         4 WT=1 -> class:farm cleared yellow",
    );
}

#[test]
fn what_is_known_may_be_enough() {
    farm(
        "r",
        CLASSES,
        "0 WT=5 -> class:farm raised yellow!
         1 WT=1
         2 TK/level=0 -> class:farm cleared yellow",
    );
}

#[test]
fn a_gauge_past_its_scale_raises_and_does_not_clear() {
    farm(
        "r",
        CLASSES,
        "0 TK/level=0 WT=5 -> class:farm raised yellow!
         1 WT=1^
         2 WT=1 -> class:farm cleared yellow",
    );
}

#[test]
fn a_share_of_1_is_all_that_there_may_be_by_design() {
    // R by design: toluene 1, methanol 2, chlorine 80; so much are 10 m and 40 m³.
    farm(
        "share",
        "{name: OVER, tier: orange, above: 1.001, deadband: 0.002}",
        "0 TK/level=10 WT=40
         1 WT=40.1 -> class:farm raised orange!
         2 TK/level=9.8
         3 WT=39.5 -> class:farm cleared orange",
    );
}

/// Chlorine and ammonia, both weighed, whose shares of R by design are 0.727... and 0.272...: in binary they add up to more
/// than 1.
const STORE: &str = "
hazard_sources:
  - id: farm
    unit: storage
    people_exposed: 10
    members:
      - {substance: chlorine, design: 20 t, live: {tag: CL}}
      - {substance: ammonia, design: 30 t, live: {tag: NH}}
";

/// Ten tenths of ammonia, of which one is weighed: in binary they add up to less than 1.
const TENTHS: &str = "
hazard_sources:
  - id: farm
    unit: storage
    people_exposed: 10
    members:
      - {substance: ammonia, design: 1 t, live: {tag: NH}}
      - {substance: ammonia, design: 1 t}
      - {substance: ammonia, design: 1 t}
      - {substance: ammonia, design: 1 t}
      - {substance: ammonia, design: 1 t}
      - {substance: ammonia, design: 1 t}
      - {substance: ammonia, design: 1 t}
      - {substance: ammonia, design: 1 t}
      - {substance: ammonia, design: 1 t}
      - {substance: ammonia, design: 1 t}
";

#[test]
fn what_adding_up_rounds_moves_nobody_past_a_bound() {
    let weighed = "tag,quantity,unit,low,high,interval,silence_limit,reporting,edge_node
CL,mass,t,0,60,10s,30s,periodic,gw1
NH,mass,t,0,60,10s,30s,periodic,gw2
";
    for (site, hazard, story) in [
        (
            STORE,
            "{of: share, levels: [{name: OVER, tier: orange, above: 1, deadband: 0.02}]}",
            "0 CL=20 NH=30
             1 NH=30.001 -> class:farm raised orange!",
        ),
        (
            TENTHS,
            "{of: s, levels: [{name: S, tier: blue, at_or_above: 1}]}",
            "0 NH=0.99999
             1 NH=1 -> class:farm raised blue!
             2 NH=0.99999 -> class:farm cleared blue",
        ),
    ] {
        let rule = format!(
            "  - id: class\n    applies_to: {{hazard_source: farm}}\n    hazard: {hazard}\n    response: {{action: look, time_to_respond: 3m}}\n"
        );
        tell(World::new(plan_at(site, weighed, &rule)), story);
    }
}

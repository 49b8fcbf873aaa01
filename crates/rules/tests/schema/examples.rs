//! Rules of every kind with every key, and a site with every key.

/// By kind: what stands in a rule beside `id` and `response`. Between them they have every key that a rule knows.
#[rustfmt::skip]
pub(crate) const RULES: &[(&str, &str)] = &[
    ("limit", "{title: {en: A, zh: 甲}, applies_to: {quantity: [gas.h2s, gas.*], role: chem.*, area: farm, equipment: P-1, device: AT-1, edge_node: gw-1, tag: 'AT-*'},
        basis: {standard: GB/T 50493-2019, clause: 5.5.2, confidence: verified}, suppressed_while: {tag: TK-1/level, at_or_above: 1 m},
        limit: [{name: L, tier: blue, below: 1, clear_above: 2 ppm, re_alarm: 5m}, {name: LL, tier: red, at_or_below: 0.5 ppm, clear_at_or_above: 1 ppm},
                {name: H, tier: blue, above: 6 ppm, clear_below: 5 ppm, on_delay: 1m30s, off_delay: 30s}, {name: HH, tier: orange, at_or_above: 10 mg/m3, clear_at_or_below: 6 ppm, latch: true},
                {name: HHH, tier: red, above: 50, deadband: 1 ppm}]}"),
    ("limit", "{tunes: gb50493.h2s, deviation: {reference: M-1, reason: Purge, approved_by: Chief},
        limit: [{name: L1, tier: orange, at_or_above: 5 ppm, basis: {standard: S, clause: C, edition: E, confidence: known}}]}"),
    ("stale", "{applies_to: {tag: '*'}, basis: {confidence: engineering}, stale: {after: 3 intervals, tier: yellow, latch: false, re_alarm: 10m, near_limit: {within: 0.2, tier: red}}}"),
    ("rate_of_change", "{applies_to: {tag: TK-1/level}, rate_of_change: {over: 1m, at_least: 5, slope: regression, levels: [{name: F, tier: yellow, above: 1 mm/min}]}}"),
    ("window", "{applies_to: {tag: TK-1/level}, window: {of: mean, over: 1h, coverage: 0.5, levels: [{name: M, tier: yellow, above: 5 m}]}}"),
    ("window", "{applies_to: {tag: AT-1/h2s}, window: {of: stel, levels: [{name: M, tier: yellow, above: 5 ppm}]}}"),
    ("flatline", "{applies_to: {tag: TK-1/level}, flatline: {over: 1h, spread: 1 mm, at_least: 3, tier: blue, on_delay: 1m, off_delay: 1m, latch: true, re_alarm: 1h}}"),
    ("deviation", "{applies_to: {tag: AT-1/h2s}, deviation: {from: {tag: AT-3/mix}, signed: true, levels: [{name: D, tier: yellow, above: 5 ppm}]}}"),
    ("deviation", "{applies_to: {tag: AT-1/h2s}, deviation: {from: {itself: 24h}, levels: [{name: D, tier: yellow, above: 5 ppm}]}}"),
    ("deviation", "{applies_to: {tag: AT-1/h2s}, deviation: {from: {peers: {radius: 50 m}, at_least: 1}, levels: [{name: D, tier: yellow, above: 5 ppm}]}}"),
    ("deviation", "{applies_to: {tag: AT-1/h2s}, deviation: {from: {tag: AT-3/mix, otherwise: 5 ppm, not_below: 1 ppm, not_above: 9 ppm}, levels: [{name: D, tier: yellow, above: 0}]}}"),
    ("deviation", "{applies_to: {tag: AT-1/h2s}, deviation: {from: {mode: AT-3/mix, values: [{is: 1, limit: 5 ppm}], otherwise: 4 ppm}, levels: [{name: D, tier: yellow, above: 0}]}}"),
    ("deviation", "{applies_to: {tag: AT-1/h2s}, deviation: {from: {hours: [{from: '22:00', until: '24:00', limit: 5 ppm}], utc_offset: '+08:00', otherwise: 4 ppm}, levels: [{name: D, tier: yellow, above: 0}]}}"),
    ("limit", "{applies_to: {tag: AT-1/h2s}, limit: [{name: L, tier: yellow, above: {of: H, times: 0.5, minus: 1 ppm}}, {name: H, tier: red, above: 20 ppm}]}"),
    ("corroborate", "{corroborate: {of: h2s, at_least: 2, within: 5m, downwind: {direction: AT-3/mix, speed: AT-3/mix, spread: 45, tolerance: 0.3, calm: 1 m/s}, tier: red}}"),
    ("spike", "{applies_to: {tag: AT-1/h2s}, spike: {over: 1m, at_least: 5, sigma_min: 0.5 ppm, levels: [{name: S, tier: yellow, above: 5}]}}"),
    ("time_to_limit", "{applies_to: {tag: TK-1/level}, time_to_limit: {to: 11 m, direction: rising, over: 5m, at_least: 5, slope: theil_sen, levels: [{name: SOON, tier: orange, at_or_below: 40 min}]}}"),
    ("cusum", "{applies_to: {tag: TK-1/level}, cusum: {target: 5 m, sigma: 1 cm, slack: 0.5, direction: falling, over: 1h, levels: [{name: C, tier: yellow, above: 5}]}}"),
    ("ewma", "{applies_to: {tag: TK-1/level}, ewma: {itself: 24h, sigma_min: 1 cm, lambda: 0.2, at_least: 3, over: 1h, levels: [{name: E, tier: yellow, above: 3}]}}"),
    ("quality", "{applies_to: {tag: AT-1/h2s}, quality: {is: [calibration, warm_up], tier: blue, on_delay: 5s}}"),
    ("vote", "{applies_to: {equipment: P-2}, vote: {need: 1, group_by: area, degraded: safe, faulty: {at_least: 1, tier: blue}, levels: [{name: V, tier: red, above: 5 ppm}]}}"),
    ("count", "{count: {of: [h2s, level], group_by: {radius: 50 m}, steps: [{at_least: 2, at: orange, gives: red}]}}"),
    ("interlock", "{applies_to: {tag: AT-1/h2s}, interlock: {when: {at_or_above: 10 ppm, until_below: 5 ppm}, proof: {quantity: level, is: off}, within: 5s, tier: red, off_delay: 1s, latch: true, re_alarm: 1m}}"),
    ("interlock", "{applies_to: {tag: AT-1/h2s}, interlock: {when: {above: 10 ppm, until_at_or_below: 5 ppm}, proof: {tag: AT-2/h2s, same: equipment, is: on}, within: 5s, tier: red}}"),
    ("corroborate", "{corroborate: {of: h2s, group_by: area, at_least: 2, within: 1m, tier: red}}"),
    ("balance", "{applies_to: {tag: TK-1/level}, balance: {subject: tank, out: AT-9, inventory: [{tag: TK-1/level, times: 2}], over: 1h, coverage: 0.9, levels: [{name: B, tier: yellow, above: 5}]}}"),
    ("hazard", "{applies_to: {hazard_source: farm}, hazard: {of: r, levels: [{name: X, tier: red, at_or_above: 100}]}}"),
    ("expression", "{applies_to: {tag: AT-1/h2s}, expression: {inputs: {a: TK-1/level, b: {quantity: gas.mixture}, c: {tag: AT-2/h2s, same: equipment}}, value: 'this * 2.0', levels: [{name: X, tier: blue, above: 5}]}}"),
    ("expression", "{applies_to: {tag: AT-1/h2s}, alarm: false, expression: {when: 'this > 2.0', tier: blue, latch: false}}"),
];

/// What beside the rule is in its file, for those that look at others.
pub(crate) const RESPONSE: &str = "{cause: a, consequence: {en: b}, action: Go out, time_to_respond: 3m}";

pub(crate) const SITE: &str = "
site: park
title: {en: A park, zh: 园区}
time: {max_ahead: 5s, late_after: 60s, max_age: 366d, backlog_settle: 1s}
shelving: {max: 12h, two_person_from: red}
areas: [{id: farm, title: Farm}, {id: bund, parent: farm}]
edge_nodes: [{id: gw-1, title: One, loss_grace: 3s, silence_limit: 5m}, {id: gw-2}]
devices: [{id: AT-1, title: A, edge_node: gw-1}]
desks: [{id: gas, title: Gas, areas: [farm], escalates: [{after: 3m, to: shift, tier_from: orange}]}, {id: shift, level: park, above: top}, {id: top, level: province, areas: [bund]}, {id: safety, areas: []}]
duties: {like: usual, blue: {notify: shift, notify_up_to: park, acknowledge_within: 15m, feedback_within: 24h, then_every: 15m}, yellow: {}, orange: {}, red: {notify: [shift, top]}}
annunciation: {flood: {starts: 10, ends: 5, within: 10m, quiet_below: orange}, chatter: {raises: 3, within: 1m, quiet_below: red}, incident: {group_by: area, within: 10m}}
sources: [{mapping: tasmota-sensor, topic: 'tele/{device}/SENSOR', edge_node: gw-1}, {sparkplug: Plant1, edge_nodes: {Node-7: gw-2}}, {hj212: '888', edge_node: gw-2}]
packs: [{pack: gb50493, options: {oel_basis: mac-twa}, tags: {combustible: [AT-1]}, on: [a], off: b}]
hazard_sources: [{id: farm, title: Farm, unit: storage, people_exposed: 40, members: [{title: TK-1, substance: methanol, design: 600 t, live: {tag: TK-1/level, density: 0.8, table: [[0, 5], [1.5, 80]]}}, {substance: chlorine, design: 5}, {substance: MTBE, category: W5.3, design: 20 t}, {substance: bromine, beta: 1, basis: {standard: a, confidence: engineering}, design: 1 t}, {substance: own, critical: 5 t, beta: 2, basis: {standard: a, clause: b, confidence: known}, design: 900 kg}]}]
";

/// The file of a rule: JSON, which is YAML too.
pub(crate) fn rule(at: usize) -> serde_json::Value {
    let mut rule = super::yaml(RULES[at].1);
    rule["id"] = "x".into();
    rule["response"] = super::yaml(RESPONSE);
    let mut file = super::yaml(super::plain::RULES);
    file["rules"].as_array_mut().expect("a list").insert(0, rule);
    file
}

//! What an engineer gets told: every way of getting a file wrong, with the place, what was found and what was expected.

mod editor;
mod plain;

use davy_model::BundleFile;
use davy_rules::{Diagnostic, bundle, compile_with_warnings, schema};
use plain::bent;

fn told(files: Vec<BundleFile>) -> Vec<String> {
    match bundle(files).and_then(|bundle| compile_with_warnings(&bundle)) {
        Ok((_, warnings)) => warnings.iter().map(Diagnostic::to_string).collect(),
        Err(findings) => findings.iter().map(Diagnostic::to_string).collect(),
    }
}

/// File, what is replaced by what, and what is told.
type Case = (&'static str, &'static str, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("site.yaml", "areas:\n", "desks: [{id: a, areas: [farm]}, {id: b, areas: [farm, frm]}]\nareas:\n", &[
        "site.yaml:5:49: desk 2: areas: found \"farm\", expected an area of one desk: it is another's at site.yaml:5 [NAME_TWICE]",
        "site.yaml:5:55: desk 2: areas: found \"frm\", expected the id of a known area; did you mean \"farm\"? [AREA_UNKNOWN]",
    ]),
    ("site.yaml", "areas:\n", "desks: [{id: a, escalates: [{after: 3m, to: sift}]}, {id: shift}]\nareas:\n", &[
        "site.yaml:5:45: desk 1: escalates: to: found \"sift\", expected the id of a known desk; did you mean \"shift\"? [DESK_UNKNOWN]",
        "site.yaml:5:54: desk 2: found a second desk without areas, beside a, expected areas, [] for none: one desk at most has all that no other has [KEY_MISSING]",
    ]),
    ("site.yaml", "areas:\n", "desks: [{id: a, escalates: [{after: 60s, to: a}, {after: 1m, to: a, tier_from: blue}, {after: 1m, to: a, tier_from: red}]}]\nareas:\n", &[
        "site.yaml:5:50: desk 1: escalates: found a step to \"a\" twice, expected each step once [STEP_TWICE]",
    ]),
    ("site.yaml", "areas:\n", "desks: [{id: a, areas: [farm], above: b}, {id: b, level: county, above: c}, {id: c, level: park, above: a}, {id: d, areas: [], level: town, above: e}]\nareas:\n", &[
        "site.yaml:5:39: desk 1: above: found \"a\" above itself, expected desks that end at one without above [DESK_CYCLE]",
        "site.yaml:5:73: desk 2: above: found \"c\", a desk of level park, expected a desk of level county or higher [DESK_LEVEL]",
        "site.yaml:5:73: desk 2: above: found \"b\" above itself, expected desks that end at one without above [DESK_CYCLE]",
        "site.yaml:5:105: desk 3: above: found \"a\", a desk of level enterprise, expected a desk of level park or higher [DESK_LEVEL]",
        "site.yaml:5:105: desk 3: above: found \"c\" above itself, expected desks that end at one without above [DESK_CYCLE]",
        "site.yaml:5:135: desk 4: level: found \"town\", expected enterprise, park, county, city or province [WORD_UNKNOWN]",
        "site.yaml:5:148: desk 4: above: found \"e\", expected the id of a known desk; did you mean \"a\"? [DESK_UNKNOWN]",
    ]),
    ("site.yaml", "areas:\n", "duties: often\nareas:\n", &[
        "site.yaml:5:9: site: duties: found no desks, expected desks: somebody has to be told [KEY_MISSING]",
        "site.yaml:5:9: site: duties: found \"often\", expected usual [WORD_UNKNOWN]",
    ]),
    ("site.yaml", "areas:\n", "desks: [{id: a}]\nduties: {like: usual, blue: {then_every: 1m}, red: {notify: [a, b], notify_up_to: town, acknowledge_within: 1h}}\nareas:\n", &[
        "site.yaml:6:52: site: duties: red: feedback_within: found 30m, expected at least acknowledge_within, 1h [DURATION_RANGE]",
        "site.yaml:6:65: site: duties: red: notify: found \"b\", expected the id of a known desk; did you mean \"a\"? [DESK_UNKNOWN]",
        "site.yaml:6:83: site: duties: red: notify_up_to: found \"town\", expected enterprise, park, county, city or province [WORD_UNKNOWN]",
    ]),
    ("site.yaml", "areas:\n", "desks: [{id: a}]\nduties: {blue: {then_every: 1m}}\nareas:\n", &[
        "site.yaml:6:29: site: duties: blue: found then_every alone, expected acknowledge_within or feedback_within beside it [KEY_MISSING]",
    ]),
    ("site.yaml", "areas:\n", "annunciation: {flood: {starts: 5, ends: 6}, chatter: {raises: 1}, incident: {group_by: room}}\nareas:\n", &[
        "site.yaml:5:23: site: annunciation: flood: found ends 6, starts 5, expected ends at most starts [NUMBER_RANGE]",
        "site.yaml:5:63: site: annunciation: chatter: raises: found \"1\", expected a whole number, 2 to 100 [NUMBER_RANGE]",
        "site.yaml:5:88: site: annunciation: incident: group_by: found \"room\", expected site, area or equipment [WORD_UNKNOWN]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "rate_of_change: {over: 1m, at_least: 1, levels: [{name: H, tier: blue, above: 5 ppm}]}", &[
        "rules/a.yaml:19:42: rule \"silent\": rate_of_change: at_least: found \"1\", expected a whole number, 2 to 120 [NUMBER_RANGE]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "window: {of: mean, levels: []}", &[
        "rules/a.yaml:19:13: rule \"silent\": window: found nothing, expected the key over [KEY_MISSING]",
        "rules/a.yaml:19:32: rule \"silent\": window: levels: found 0 levels, expected a list of 1 to 32 levels [VALUE_TYPE]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "deviation: {from: {tag: AT-9}, levels: [{name: H, tier: blue, above: 5}]}", &[
        "rules/a.yaml:19:29: rule \"silent\": tag: found \"AT-9\", expected the name of a known tag [TAG_UNKNOWN]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "deviation: {from: {itself: 1h, otherwise: 5, at_least: 2}, levels: [{name: H, tier: blue, above: 5}]}", &[
        "rules/a.yaml:19:23: rule \"silent\": deviation: from: found at_least and otherwise, expected itself alone [KEY_CONFLICT]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "deviation: {from: {mode: AT-3/mix, at_least: 2}, levels: [{name: H, tier: blue, above: 5}]}", &[
        "rules/a.yaml:19:23: rule \"silent\": deviation: from: found at_least, expected beside mode: values or otherwise [KEY_CONFLICT]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "deviation: {from: {mode: AT-3/mix, values: [{is: 1}], otherwise: 5}, levels: [{name: H, tier: blue, above: 5}]}", &[
        "rules/a.yaml:19:49: rule \"silent\": deviation: from: values: found nothing, expected the key limit [KEY_MISSING]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "deviation: {from: {hours: [{from: '8:00', until: '25:00', limit: 5}], utc_offset: '+15:00', otherwise: 5}, levels: [{name: H, tier: blue, above: 5}]}", &[
        "rules/a.yaml:19:39: rule \"silent\": deviation: from: hours: from: found \"8:00\", expected a time of day, 00:00 to 24:00 [WORD_UNKNOWN]",
        "rules/a.yaml:19:54: rule \"silent\": deviation: from: hours: until: found \"25:00\", expected a time of day, 00:00 to 24:00 [WORD_UNKNOWN]",
        "rules/a.yaml:19:87: rule \"silent\": deviation: from: utc_offset: found \"+15:00\", expected local time less UTC, +08:00, at most 14 hours [WORD_UNKNOWN]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "deviation: {from: {hours: [{from: '08:00', until: '08:00', limit: 5 m}], utc_offset: Z, otherwise: 5}, levels: [{name: H, tier: blue, above: 5}]}", &[
        "rules/a.yaml:19:32: rule \"silent\": deviation: from: hours: found no time between them, expected from and until that differ [NUMBER_RANGE]",
    ]),
    ("rules/a.yaml", "at_or_above: 14.1 ppm", "at_or_above: {of: L3, times: 2}", &[
        "rules/a.yaml:7:44: rule \"h2s\", level \"L2\": found \"L3\", expected a level of this rule, or RULE/LEVEL of another of kind limit; did you mean \"L1\"? [LEVEL_UNKNOWN]",
    ]),
    ("rules/a.yaml", "at_or_above: 14.1 ppm", "at_or_above: {of: L2, times: 2}", &[
        "rules/a.yaml:7:44: rule \"h2s\", level \"L2\": found \"L2\", expected a level that does not rest on this one [RULE_CYCLE]",
    ]),
    ("rules/a.yaml", "at_or_above: 14.1 ppm", "at_or_above: {of: h2z/L1, times: 2}", &[
        "rules/a.yaml:7:44: rule \"h2s\", level \"L2\": found \"h2z/L1\", expected a level of this rule, or RULE/LEVEL of another of kind limit [LEVEL_UNKNOWN]",
    ]),
    ("rules/a.yaml", "at_or_above: 14.1 ppm", "at_or_above: {of: L1, plus: 3 mg/m3}", &[
        "rules/a.yaml:7:59: rule \"h2s\", level \"L2\": found \"3 mg/m3\", expected a figure in the unit of L1, which is 7.05 ppm [UNIT_MISMATCH]",
    ]),
    ("rules/a.yaml", "at_or_above: 7.05 ppm, clear_below: 6.5 ppm, off_delay: 30s}\n      - {name: L2, tier: red, at_or_above: 14.1 ppm", "at_or_above: 7.05}\n      - {name: L2, tier: red, at_or_above: {of: L1, plus: 1 ppm}", &[
        "rules/a.yaml:7:59: rule \"h2s\", level \"L2\": found \"1 ppm\", expected a figure in the unit of L1, which is 7.05 [UNIT_MISMATCH]",
    ]),
    ("rules/a.yaml", "below: 0.6 m, deadband: 20 cm}\n      - {name: HH, tier: red, above: 10.8 m", "below: 0.6}\n      - {name: HH, tier: red, above: {of: h2s/L1, plus: 1 ppm}", &[
        "rules/a.yaml:15:38: rule \"level\", level \"HH\", tag \"TK-1/level\": found \"8.05 ppm\", expected a unit that converts to m [UNIT_MISMATCH]",
    ]),
    ("rules/a.yaml", "at_or_above: 14.1 ppm", "at_or_above: {of: L1, plus: 3 ppm, minus: 1 ppm}", &[
        "rules/a.yaml:7:73: rule \"h2s\", level 2: at_or_above: found plus and minus, expected one of them [KEY_CONFLICT]",
    ]),
    ("rules/a.yaml", "at_or_above: 14.1 ppm", "at_or_above: {of: L1, times: 0.5}", &[
        "rules/a.yaml:7:44: rule \"h2s\", level \"L2\": found \"≥ 3.525 ppm\", expected a set point at or above that of the lesser level \"L1\", ≥ 7.05 ppm; compared in ppm, the unit of AT-1/h2s [LEVEL_ORDER]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "window: {of: mean, over: 1h, levels: [{name: H, tier: blue, above: {of: L1}}]}", &[
        "rules/a.yaml:19:72: rule \"silent\": window, level 1: above: found keys and values, expected a number and a unit, such as 7.05 ppm [VALUE_TYPE]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "vote: {need: 2, degraded: safe, levels: [{name: H, tier: blue, above: 5}]}", &[
        "rules/a.yaml:17:5: rule \"silent\", tag \"AT-2/h2s\": found mg/m3, expected ppm, the unit of the others [UNIT_MISMATCH]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "count: {of: [h3s], steps: [{at_least: 2, at: blue, gives: red}]}", &[
        "rules/a.yaml:19:18: rule \"silent\": found \"h3s\", expected the id of a rule; did you mean \"h2s\"? [RULE_UNKNOWN]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "count: {of: [silent], steps: [{at_least: 2, at: blue, gives: red}]}", &[
        "rules/a.yaml:19:18: rule \"silent\": found \"silent\", expected rules that do not look at each other in a circle [RULE_CYCLE]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "cusum: {target: 1, sigma: 0, over: 1m, levels: [{name: H, tier: blue, above: 5}]}", &[
        "rules/a.yaml:19:31: rule \"silent\": cusum: sigma: found \"0\", expected more than 0 [NUMBER_RANGE]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "quality: {is: calibraton, tier: blue}", &[
        "rules/a.yaml:19:19: rule \"silent\": quality: is: found \"calibraton\", expected a reason of a quality, such as calibration, warm_up or over_range; did you mean \"calibration\"? [WORD_UNKNOWN]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "expression: {inputs: {flow: {tag: TK-1/level}}, when: 'this > flow', tier: blue}", &[
        "rules/a.yaml:19:27: rule \"silent\": found 0 tags for flow of TK-1/level, expected exactly one [TAG_UNKNOWN]",
        "rules/a.yaml:19:59: rule \"silent\": character 6: found this in ppm, flow in m, expected both in one unit; they cannot be compared [UNIT_MISMATCH]",
        "rules/a.yaml:19:59: rule \"silent\": character 6: found this in mg/m3, flow in m, expected both in one unit; they cannot be compared [UNIT_MISMATCH]",
    ]),
    ("site.yaml", "site: park", "site: -park", &[
        "site.yaml:1:7: site: site: found \"-park\", expected 1 to 64 of A-Z a-z 0-9 - _ . with a letter or digit first [NAME_INVALID]",
    ]),
    ("site.yaml", "site: park\n", "", &[
        "site.yaml:1:1: site: found nothing, expected the key site [KEY_MISSING]",
    ]),
    ("site.yaml", "title: {en: A park, zh: 园区}", "title: {zh: 园区}", &[
        "site.yaml:2:8: site: title: found nothing, expected the key en [KEY_MISSING]",
    ]),
    ("site.yaml", "title: {en: A park, zh: 园区}", "title: ''", &[
        "site.yaml:2:8: site: title: found \"\", expected a text of 1 to 2000 characters [TEXT_LENGTH]",
    ]),
    ("site.yaml", "{en: A park, zh", "{en: A park, really, zh", &[
        "site.yaml:2:21: site: title: found \"really\", expected en or zh; a comma in a text inside {} needs quotes around the text [KEY_UNKNOWN]",
    ]),
    ("site.yaml", "{max_ahead: 5s}", "{max_ahed: 5s}", &[
        "site.yaml:3:8: site: time: found \"max_ahed\", expected max_ahead, late_after, max_age or backlog_settle; did you mean \"max_ahead\"? [KEY_UNKNOWN]",
    ]),
    ("site.yaml", "{max_ahead: 5s}", "{max_ahead: 5 s}", &[
        "site.yaml:3:19: site: time: max_ahead: found \"5 s\", expected a duration such as 500ms, 30s, 5m, 12h, 366d or 1m30s [DURATION_INVALID]",
    ]),
    ("site.yaml", "{max_ahead: 5s}", "{max_ahead: 0s}", &[
        "site.yaml:3:19: site: time: max_ahead: found \"0s\", expected at least 1ms [DURATION_RANGE]",
    ]),
    ("site.yaml", "{max_ahead: 5s}", "{max_age: 30s}", &[
        "site.yaml:3:17: site: time: max_age: found 30s, expected at least late_after, 1m [DURATION_RANGE]",
    ]),
    ("site.yaml", "two_person_from: red", "two_person_from: redd", &[
        "site.yaml:4:39: site: shelving: two_person_from: found \"redd\", expected blue, yellow, orange or red; did you mean \"red\"? [WORD_UNKNOWN]",
    ]),
    ("site.yaml", "parent: farm", "parent: fram", &[
        "site.yaml:7:24: area 2: parent: found \"fram\", expected the id of a known area; did you mean \"farm\"? [AREA_UNKNOWN]",
    ]),
    ("site.yaml", "- {id: farm}", "- {id: farm, parent: bund}", &[
        "site.yaml:6:10: area: parent: found \"farm\" under itself, expected areas that end at one without a parent [AREA_CYCLE]",
    ]),
    ("site.yaml", "{id: gw-2}", "{id: gw-1}", &[
        "site.yaml:10:10: edge node: id: found \"gw-1\", expected an id of its own: it is taken at site.yaml:9 [NAME_TWICE]",
        "tags.csv:5:33: edge_node: found \"gw-2\", expected the id of a known edge node; did you mean \"gw-1\"? [EDGE_NODE_UNKNOWN]",
    ]),
    ("site.yaml", "  - {id: gw-2}", "  - {id: gw-2}\n  - {id: alarms}", &[
        "site.yaml:11:10: edge node: id: found \"alarms\", expected another id: in topics this word stands for a site's alarms [NAME_RESERVED]",
    ]),
    ("site.yaml", "{id: gw-2}", "{title: x}", &[
        "site.yaml:10:5: edge node 2: found nothing, expected the key id [KEY_MISSING]",
    ]),
    ("site.yaml", "edge_node: gw-1", "edge_node: gw1", &[
        "site.yaml:12:27: device 1: edge_node: found \"gw1\", expected the id of a known edge node; did you mean \"gw-1\"? [EDGE_NODE_UNKNOWN]",
    ]),
    ("site.yaml", "areas:\n  - {id: farm}\n  - {id: bund, parent: farm}", "areas: farm", &[
        "site.yaml:5:8: site: areas: found \"farm\", expected a list [VALUE_TYPE]",
    ]),
    ("site.yaml", "areas:", "areas: [", &[
        "site.yaml:6:3: yaml: found \"-\" is only valid inside a block, expected plain YAML [YAML_SYNTAX]",
    ]),
    ("site.yaml", "site: park", "site: park\nsite: park", &[
        "site.yaml:2:1: yaml: found duplicate mapping key `site` is not allowed here, expected plain YAML [YAML_SYNTAX]",
    ]),
    ("site.yaml", "devices:", "sources: [{topic: up}]\ndevices:", &[
        "site.yaml:11:11: source 1: found none of them, expected one of mapping, sparkplug or hj212 [KEY_CONFLICT]",
    ]),
    ("site.yaml", "devices:", "sources: [{mapping: a, hj212: b}]\ndevices:", &[
        "site.yaml:11:11: source 1: found mapping and hj212, expected one of mapping, sparkplug or hj212 [KEY_CONFLICT]",
    ]),
    ("site.yaml", "devices:", "sources: [{mapping: a, edge_node: gw1}]\ndevices:", &[
        "site.yaml:11:35: source: edge_node: found \"gw1\", expected the id of a known edge node; did you mean \"gw-1\"? [EDGE_NODE_UNKNOWN]",
    ]),
    ("site.yaml", "devices:", "sources: [{hj212: MN1}]\ndevices:", &[
        "site.yaml:11:11: source 1: found nothing, expected the key edge_node [KEY_MISSING]",
    ]),
    ("site.yaml", "devices:", "sources: [{sparkplug: g, topic: up}]\ndevices:", &[
        "site.yaml:11:33: source 1: topic: found \"up\", expected nothing: Sparkplug's topics tell group and edge node [KEY_CONFLICT]",
    ]),
    ("site.yaml", "devices:", "sources: [{sparkplug: g, edge_nodes: {n1: gw9}}]\ndevices:", &[
        "site.yaml:11:43: source: edge_node: found \"gw9\", expected the id of a known edge node [EDGE_NODE_UNKNOWN]",
    ]),
    ("site.yaml", "devices:", "sources: [{mapping: a, edge_nodes: {x: gw-1}}]\ndevices:", &[
        "site.yaml:11:36: source 1: edge_nodes: found keys and values, expected edge_node, for one; edge_nodes goes with sparkplug [KEY_CONFLICT]",
    ]),
    ("site.yaml", "devices:", "sources: [{mapping: a, topic: davy/v1/x}]\ndevices:", &[
        "site.yaml:11:31: source 1: topic: found \"davy/v1/x\", expected a topic that is not Davy's own (davy/...) nor the broker's ($...) [NAME_RESERVED]",
    ]),
    ("site.yaml", "devices:", "sources: [{maping: a}]\ndevices:", &[
        "site.yaml:11:11: source 1: found none of them, expected one of mapping, sparkplug or hj212 [KEY_CONFLICT]",
        "site.yaml:11:12: source 1: found \"maping\", expected mapping, sparkplug, hj212, topic, edge_node or edge_nodes; did you mean \"mapping\"? [KEY_UNKNOWN]",
    ]),
    ("tags.csv", "tag,quantity,unit", "tag,quantity,units", &[
        "tags.csv:1:14: header: found \"units\", expected tag, title, title_zh, quantity, unit, low, high, interval, silence_limit, reporting, area, edge_node, sent_as, device, equipment, role, latitude, longitude, elevation, x, y, molar_mass, lel or hazard_source; did you mean \"unit\"? [COLUMN_UNKNOWN]",
    ]),
    ("tags.csv", "tag,quantity,unit", "tag,unit,unit", &[
        "tags.csv:1:10: header: found \"unit\", expected each column once [COLUMN_TWICE]",
    ]),
    ("tags.csv", "tag,quantity,unit", "title,quantity,unit", &[
        "tags.csv:1:1: header: found nothing, expected the column tag [COLUMN_MISSING]",
    ]),
    ("tags.csv", "AT-2/h2s,gas.h2s,mg/m3", "AT-2/h2s,gas.h2s,ppmm", &[
        "tags.csv:3:18: unit: found \"ppmm\", expected a unit such as ppm, mg/m3, %LEL, %vol, kPa, m, degC, m/s; did you mean \"ppm\"? [UNIT_UNKNOWN]",
    ]),
    ("tags.csv", "AT-2/h2s,gas.h2s,mg/m3", "AT-2/h2s,gas.h2s,kPa", &[
        "tags.csv:3:18: unit: found \"kPa\", expected a unit of gas.h2s, such as ppm [UNIT_MISMATCH]",
    ]),
    ("tags.csv", "AT-2/h2s,gas.h2s", "AT-2/h2s,gas.H2S", &[
        "tags.csv:3:10: quantity: found \"gas.H2S\", expected a quantity such as gas.h2s, level, pressure, temperature, flow, speed, state.pump; did you mean \"gas.h2s\"? [QUANTITY_UNKNOWN]",
    ]),
    ("tags.csv", "AT-2/h2s,", ",", &[
        "tags.csv:3:1: tag: found nothing, expected a tag [CELL_MISSING]",
    ]),
    ("tags.csv", "AT-2/h2s,", "AT-2/#,", &[
        "tags.csv:3:1: tag: found \"AT-2/#\", expected 1 to 128 bytes without control characters, + or # [NAME_INVALID]",
    ]),
    ("tags.csv", "AT-2/h2s", "AT-1/h2s", &[
        "tags.csv:3:1: tag: found \"AT-1/h2s\", expected a name of its own: it is taken at tags.csv:2 [NAME_TWICE]",
    ]),
    ("tags.csv", "0,150,1s", "150,0,1s", &[
        "tags.csv:3:28: high: found \"0\", expected a top above the bottom, 150 [RANGE_INVALID]",
    ]),
    ("tags.csv", "0,150,1s", "150,150,1s", &[
        "tags.csv:3:28: high: found \"150\", expected a top above the bottom, 150 [RANGE_INVALID]",
    ]),
    ("tags.csv", "0,150,1s", ",150,1s", &[
        "tags.csv:3:24: low: found nothing, expected a number, as high is given [RANGE_INVALID]",
    ]),
    ("tags.csv", "0,150,1s", "low,150,1s", &[
        "tags.csv:3:24: low: found \"low\", expected a number [NUMBER_INVALID]",
    ]),
    ("tags.csv", "0,150,1s", "0,150,1", &[
        "tags.csv:3:30: interval: found \"1\", expected a duration such as 500ms, 30s, 5m, 12h, 366d or 1m30s [DURATION_INVALID]",
    ]),
    ("tags.csv", "1s,bund,gw-1", "1s,bunt,gw-1", &[
        "tags.csv:2:31: area: found \"bunt\", expected the id of a known area; did you mean \"bund\"? [AREA_UNKNOWN]",
    ]),
    ("tags.csv", "1s,bund,gw-1", "1s,bund,gw-3", &[
        "tags.csv:2:36: edge_node: found \"gw-3\", expected the id of a known edge node; did you mean \"gw-1\"? [EDGE_NODE_UNKNOWN]",
    ]),
    ("tags.csv", "1s,bund,gw-1", "1s,bund,gw-2", &[
        "tags.csv:2:36: edge_node: found \"gw-2\", expected gw-1, the edge node of the device [DEVICE_ELSEWHERE]",
    ]),
    ("tags.csv", "gw-1,AT-1,P-1", "gw-1,AT-9x,P-1", &[
        "tags.csv:2:41: device: found \"AT-9x\", expected the id of a known device [DEVICE_UNKNOWN]",
    ]),
    ("tags.csv", "gw-1,AT-1,P-1", "gw-1,AT-1,P-1,x", &[
        "tags.csv:2:50: row: found 11 cells, expected 10, as in the header; a comma inside a text needs quotes around the cell [ROW_LENGTH]",
    ]),
    ("tags.csv", "gw-1,AT-1,P-1", "gw-1,\"AT-1,P-1", &[
        "tags.csv:2:41: csv: found a quote that never closes, expected a closing quote; inside a quoted cell, write \"\" for a quote [CSV_SYNTAX]",
        "tags.csv:6:1: row: found 9 cells, expected 10, as in the header; a comma inside a text needs quotes around the cell [ROW_LENGTH]",
    ]),
    ("tags.csv", "equipment\n", "reporting\n", &[
        "rules/a.yaml:11:29: rule \"level\": applies_to: equipment: found \"TK-1\", expected the id of a known equipment; there is no equipment at all [EQUIPMENT_UNKNOWN]",
        "tags.csv:2:46: reporting: found \"P-1\", expected periodic or by_exception [WORD_UNKNOWN]",
        "tags.csv:3:44: reporting: found \"P-1\", expected periodic or by_exception [WORD_UNKNOWN]",
        "tags.csv:4:46: reporting: found \"P-2\", expected periodic or by_exception [WORD_UNKNOWN]",
        "tags.csv:5:39: reporting: found \"TK-1\", expected periodic or by_exception [WORD_UNKNOWN]",
    ]),
    ("tags.csv", ",equipment\nAT-1/h2s,gas.h2s,ppm,0,100,1s,bund,gw-1,AT-1,P-1", ",latitude\nAT-1/h2s,gas.h2s,ppm,0,100,1s,bund,gw-1,AT-1,91", &[
        "rules/a.yaml:11:29: rule \"level\": applies_to: equipment: found \"TK-1\", expected the id of a known equipment; there is no equipment at all [EQUIPMENT_UNKNOWN]",
        "tags.csv:2:46: latitude: found \"91\", expected degrees north, -90 to 90 [NUMBER_RANGE]",
        "tags.csv:2:46: latitude: found \"91\", expected latitude and longitude, or x and y, and elevation only with them [LOCATION_INVALID]",
        "tags.csv:3:44: latitude: found \"P-1\", expected a number [NUMBER_INVALID]",
        "tags.csv:3:44: latitude: found \"P-1\", expected latitude and longitude, or x and y, and elevation only with them [LOCATION_INVALID]",
        "tags.csv:4:46: latitude: found \"P-2\", expected a number [NUMBER_INVALID]",
        "tags.csv:4:46: latitude: found \"P-2\", expected latitude and longitude, or x and y, and elevation only with them [LOCATION_INVALID]",
        "tags.csv:5:39: latitude: found \"TK-1\", expected a number [NUMBER_INVALID]",
        "tags.csv:5:39: latitude: found \"TK-1\", expected latitude and longitude, or x and y, and elevation only with them [LOCATION_INVALID]",
    ]),
    ("tags.csv", ",equipment", ",lel", &[
        "rules/a.yaml:11:29: rule \"level\": applies_to: equipment: found \"TK-1\", expected the id of a known equipment; there is no equipment at all [EQUIPMENT_UNKNOWN]",
        "tags.csv:2:46: lel: found \"P-1\", expected a number [NUMBER_INVALID]",
        "tags.csv:3:44: lel: found \"P-1\", expected a number [NUMBER_INVALID]",
        "tags.csv:4:46: lel: found \"P-2\", expected a number [NUMBER_INVALID]",
        "tags.csv:5:39: lel: found \"TK-1\", expected a number [NUMBER_INVALID]",
        "tags.csv:5:39: lel: found \"TK-1\", expected nothing: level is no gas [UNIT_MISMATCH]",
    ]),
    ("rules/a.yaml", "rules:", "rule:", &[
        "rules/a.yaml:1:1: rules: found \"rule\", expected rules; did you mean \"rules\"? [KEY_UNKNOWN]",
        "rules/a.yaml:1:1: rules: found nothing, expected the key rules [KEY_MISSING]",
    ]),
    ("rules/a.yaml", "- id: h2s", "- id: davy-h2s", &[
        "rules/a.yaml:2:9: rule \"davy-h2s\": id: found \"davy-h2s\", expected an id that does not begin with davy- [NAME_RESERVED]",
    ]),
    ("rules/a.yaml", "- id: level", "- id: h2s", &[
        "rules/a.yaml:10:9: rule \"h2s\": id: found \"h2s\", expected an id of its own: it is taken at rules/a.yaml:2 [NAME_TWICE]",
    ]),
    ("rules/a.yaml", "- id: h2s", "- id: h 2 s", &[
        "rules/a.yaml:2:9: rule \"h 2 s\": id: found \"h 2 s\", expected 1 to 64 of A-Z a-z 0-9 - _ . with a letter or digit first [NAME_INVALID]",
    ]),
    ("rules/a.yaml", "{quantity: gas.h2s}", "{}", &[
        "rules/a.yaml:4:17: rule \"h2s\": applies_to: found nothing, expected at least one key; for every tag, write tag: \"*\" [KEY_MISSING]",
    ]),
    ("rules/a.yaml", "{quantity: gas.h2s}", "{quantity: gas}", &[
        "rules/a.yaml:4:28: rule \"h2s\": applies_to: quantity: found \"gas\", expected a quantity such as gas.h2s, or its beginning such as gas.* [QUANTITY_UNKNOWN]",
    ]),
    ("rules/a.yaml", "{quantity: gas.h2s}", "{area: [farm, bnud]}", &[
        "rules/a.yaml:4:31: rule \"h2s\": applies_to: area: found \"bnud\", expected the id of a known area; did you mean \"bund\"? [AREA_UNKNOWN]",
        "rules/a.yaml:6:47: rule \"h2s\", level \"L1\", tag \"TK-1/level\": found \"7.05 ppm\", expected a unit that converts to m [UNIT_MISMATCH]",
        "rules/a.yaml:7:44: rule \"h2s\", level \"L2\", tag \"TK-1/level\": found \"14.1 ppm\", expected a unit that converts to m [UNIT_MISMATCH]",
    ]),
    ("rules/a.yaml", "{equipment: TK-1}", "{equipment: TK-2}", &[
        "rules/a.yaml:11:29: rule \"level\": applies_to: equipment: found \"TK-2\", expected the id of a known equipment; did you mean \"TK-1\"? [EQUIPMENT_UNKNOWN]",
    ]),
    ("rules/a.yaml", "{equipment: TK-1}", "{tag: TK-1/levle}", &[
        "rules/a.yaml:11:23: rule \"level\": applies_to: tag: found \"TK-1/levle\", expected the id of a known tag; did you mean \"TK-1/level\"? [TAG_UNKNOWN]",
    ]),
    ("rules/a.yaml", "{equipment: TK-1}", "{device: AT-1, edge_node: gw-9}", &[
        "rules/a.yaml:11:43: rule \"level\": applies_to: edge_node: found \"gw-9\", expected the id of a known edge node; did you mean \"gw-1\"? [EDGE_NODE_UNKNOWN]",
    ]),
    ("rules/a.yaml", "7.05 ppm", "7.05 ppmm", &[
        "rules/a.yaml:6:47: rule \"h2s\", level 1: at_or_above: found \"ppmm\", expected a unit such as ppm, mg/m3, %LEL, %vol, kPa, m, degC, m/s; did you mean \"ppm\"? [UNIT_UNKNOWN]",
    ]),
    ("rules/a.yaml", "7.05 ppm", "seven ppm", &[
        "rules/a.yaml:6:47: rule \"h2s\", level 1: at_or_above: found \"seven ppm\", expected a number and a unit, such as 7.05 ppm [NUMBER_INVALID]",
    ]),
    ("rules/a.yaml", "7.05 ppm", "7.05 kPa", &[
        "rules/a.yaml:6:47: rule \"h2s\", level \"L1\", tag \"AT-1/h2s\": found \"7.05 kPa\", expected a unit that converts to ppm [UNIT_MISMATCH]",
    ]),
    ("rules/a.yaml", "7.05 ppm", "15 ppm", &[
        "rules/a.yaml:7:44: rule \"h2s\", level \"L2\": found \"≥ 14.1 ppm\", expected a set point at or above that of the lesser level \"L1\", ≥ 15 ppm; compared in ppm, the unit of AT-1/h2s [LEVEL_ORDER]",
    ]),
    ("rules/a.yaml", "clear_below: 6.5 ppm", "clear_below: 8 ppm", &[
        "rules/a.yaml:6:70: rule \"h2s\", level \"L1\", tag \"AT-1/h2s\": found \"8 ppm\", expected a clear point below the set point, 7.05 ppm [CLEAR_POINT]",
    ]),
    ("rules/a.yaml", "clear_below: 6.5 ppm", "clear_at_or_below: 7.05 ppm", &[
        "rules/a.yaml:6:76: rule \"h2s\", level \"L1\", tag \"AT-1/h2s\": found \"7.05 ppm\", expected a clear point below the set point, 7.05 ppm [CLEAR_POINT]",
    ]),
    ("rules/a.yaml", "clear_below: 6.5 ppm", "clear_above: 6.5 ppm", &[
        "rules/a.yaml:6:70: rule \"h2s\", level 1: found clear_above, expected clear_below or clear_at_or_below: the level rises into alarm [CLEAR_POINT]",
    ]),
    ("rules/a.yaml", "clear_below: 6.5 ppm", "clear_below: 6.5 ppm, deadband: 1 ppm", &[
        "rules/a.yaml:6:9: rule \"h2s\", level 1: found clear_below and deadband, expected at most one of clear_below, clear_at_or_below, clear_above, clear_at_or_above or deadband [KEY_CONFLICT]",
    ]),
    ("rules/a.yaml", "at_or_above: 7.05 ppm, ", "", &[
        "rules/a.yaml:6:9: rule \"h2s\", level 1: found none, expected exactly one of above, at_or_above, below or at_or_below [KEY_MISSING]",
    ]),
    ("rules/a.yaml", "at_or_above: 7.05 ppm, ", "at_or_above: 7.05 ppm, above: 7 ppm, ", &[
        "rules/a.yaml:6:9: rule \"h2s\", level 1: found above and at_or_above, expected exactly one of above, at_or_above, below or at_or_below [KEY_CONFLICT]",
    ]),
    ("rules/a.yaml", "deadband: 1 ppm", "deadband: -1 ppm", &[
        "rules/a.yaml:7:64: rule \"h2s\", level 2: deadband: found \"-1 ppm\", expected a width of at least 0 [NUMBER_RANGE]",
    ]),
    ("rules/a.yaml", "tier: orange, at", "teir: orange, at", &[
        "rules/a.yaml:6:9: rule \"h2s\", level 1: found nothing, expected the key tier [KEY_MISSING]",
        "rules/a.yaml:6:20: rule \"h2s\", level 1: found \"teir\", expected name, tier, above, at_or_above, below, at_or_below, clear_below, clear_at_or_below, clear_above, clear_at_or_above, deadband, on_delay, off_delay, latch, re_alarm or basis; did you mean \"tier\"? [KEY_UNKNOWN]",
    ]),
    ("rules/a.yaml", "tier: orange, at", "tier: amber, at", &[
        "rules/a.yaml:6:26: rule \"h2s\", level 1: tier: found \"amber\", expected blue, yellow, orange or red [WORD_UNKNOWN]",
    ]),
    ("rules/a.yaml", "name: L2", "name: L1", &[
        "rules/a.yaml:7:9: rule \"h2s\": level name: found \"L1\", expected a name of its own in the rule [NAME_TWICE]",
    ]),
    ("rules/a.yaml", "latch: true", "latch: yes", &[
        "rules/a.yaml:7:78: rule \"h2s\", level 2: latch: found \"yes\", expected true or false [WORD_UNKNOWN]",
    ]),
    ("rules/a.yaml", "latch: true", "re_alarm: 0s", &[
        "rules/a.yaml:7:81: rule \"h2s\", level 2: re_alarm: found \"0s\", expected at least 1ms [DURATION_RANGE]",
    ]),
    ("rules/a.yaml", "below: 0.6 m, deadband: 20 cm", "below: 0.6 m, clear_below: 0.7 m", &[
        "rules/a.yaml:14:61: rule \"level\", level 1: found clear_below, expected clear_above or clear_at_or_above: the level falls into alarm [CLEAR_POINT]",
    ]),
    ("rules/a.yaml", "above: 10.8 m", "above: 1e400 m", &[
        "rules/a.yaml:15:38: rule \"level\", level 2: above: found \"1e400 m\", expected a number and a unit, such as 7.05 ppm [NUMBER_INVALID]",
    ]),
    ("rules/a.yaml", "confidence: verified", "confidence: sure", &[
        "rules/a.yaml:8:67: rule \"h2s\": basis: confidence: found \"sure\", expected verified, known, uncertain, derived or engineering [WORD_UNKNOWN]",
    ]),
    ("rules/a.yaml", "clause: 5.5.2, ", "", &[
        "rules/a.yaml:8:12: rule \"h2s\": basis: found nothing, expected the key clause [KEY_MISSING]",
    ]),
    ("rules/a.yaml", "{action: Leave crosswind, time_to_respond: 3m}", "{action: Leave crosswind}", &[
        "rules/a.yaml:9:15: rule \"h2s\": response: found nothing, expected the key time_to_respond [KEY_MISSING]",
    ]),
    ("rules/a.yaml", "{action: Leave crosswind, time_to_respond: 3m}", "Leave", &[
        "rules/a.yaml:9:15: rule \"h2s\": response: found \"Leave\", expected keys and values [VALUE_TYPE]",
    ]),
    ("rules/a.yaml", "tag: AT-3/mix, at_or_above: 1", "tag: AT-3/mx, at_or_above: 1", &[
        "rules/a.yaml:12:29: rule \"level\": suppressed_while: tag: found \"AT-3/mx\", expected the id of a known tag; did you mean \"AT-3/mix\"? [TAG_UNKNOWN]",
    ]),
    ("rules/a.yaml", "at_or_above: 1}", "at_or_above: 1 mg/m3}", &[
        "rules/a.yaml:12:52: rule \"level\": suppressed_while, tag \"AT-3/mix\": found \"1 mg/m3\", expected ppm, or the molar_mass of the gas in tags.csv [SUBSTANCE_UNKNOWN]",
    ]),
    ("rules/a.yaml", "at_or_above: 1}", "at_or_above: 1 %LEL}", &[
        "rules/a.yaml:12:52: rule \"level\": suppressed_while, tag \"AT-3/mix\": found \"1 %LEL\", expected ppm, or the lel of the gas in tags.csv [SUBSTANCE_UNKNOWN]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "flatlin: {over: 1m}", &[
        "rules/a.yaml:17:5: rule \"silent\": found none, expected exactly one of limit, stale, rate_of_change, window, flatline, deviation, spike, time_to_limit, cusum, ewma, quality, vote, count, interlock, corroborate, balance, hazard or expression [KEY_MISSING]",
        "rules/a.yaml:19:5: rule \"silent\": found \"flatlin\", expected id, title, applies_to, alarm, basis, response, suppressed_while, tunes, limit, stale, rate_of_change, window, flatline, deviation, spike, time_to_limit, cusum, ewma, quality, vote, count, interlock, corroborate, balance, hazard or expression; did you mean \"flatline\"? [KEY_UNKNOWN]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "stale: {after: 0 intervals, tier: yellow}", &[
        "rules/a.yaml:19:20: rule \"silent\": stale: after: found \"0 intervals\", expected a whole number of intervals, 1 to 100000 [DURATION_INVALID]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "stale: {tier: yellow, near_limit: {within: 2, tier: red}}", &[
        "rules/a.yaml:19:48: rule \"silent\": stale: near_limit: within: found \"2\", expected a number, 0 to 1 [NUMBER_RANGE]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "stale: {tier: yellow, near_limit: {within: 0.2}}", &[
        "rules/a.yaml:19:39: rule \"silent\": stale: near_limit: found nothing, expected the key tier [KEY_MISSING]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "stale: {tier: yellow, near_limit: {tier: yellow}}", &[
        "rules/a.yaml:19:46: rule \"silent\": stale: near_limit: tier: found \"yellow\", expected a tier graver than yellow, that of any silence [LEVEL_ORDER]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "stale: {after: soon, tier: yellow}", &[
        "rules/a.yaml:19:20: rule \"silent\": stale: after: found \"soon\", expected so many intervals, such as 3 intervals, or a duration, such as 90s [DURATION_INVALID]",
    ]),
    ("rules/a.yaml", "stale: {after: 3 intervals, tier: yellow}", "stale: {tier: yellow}\n    limit: []", &[
        "rules/a.yaml:17:5: rule \"silent\": found limit and stale, expected exactly one of limit, stale, rate_of_change, window, flatline, deviation, spike, time_to_limit, cusum, ewma, quality, vote, count, interlock, corroborate, balance, hazard or expression [KEY_CONFLICT]",
    ]),
    ("rules/a.yaml", "      - {name: LL, tier: orange, below: 0.6 m, deadband: 20 cm}\n      - {name: HH, tier: red, above: 10.8 m, off_delay: 10s}", "      []", &[
        "rules/a.yaml:14:7: rule \"level\": limit: found 0 levels, expected a list of 1 to 32 levels [VALUE_TYPE]",
    ]),
    ("rules/a.yaml", "{tag: \"*\"}", "{tag: \"AT-*\"}", &[
        "tags.csv:5:1: tag \"TK-1/level\": found no stale rule that covers it, expected one, or its silence is noticed by nobody [TAG_WITHOUT_STALE_RULE]",
    ]),
    ("rules/a.yaml", "{equipment: TK-1}", "{quantity: pressure}", &[
        "rules/a.yaml:11:17: rule \"level\": applies_to: found no tag that meets it, expected at least one [RULE_WITHOUT_TAGS]",
    ]),
    ("rules/a.yaml", "off_delay: 30s", "on_delay: 500ms", &[
        "rules/a.yaml:6:9: rule \"h2s\", level \"L1\", tag \"AT-1/h2s\" and 1 more: found a delay shorter than the interval, expected 0s, or at least 1s [DELAY_BELOW_INTERVAL]",
    ]),
    ("rules/a.yaml", "above: 10.8 m", "above: 12.5 m", &[
        "rules/a.yaml:15:9: rule \"level\", level \"HH\", tag \"TK-1/level\": found \"12.5 m\", expected a set point from 0 to 12 m [SET_POINT_OUTSIDE_RANGE]",
    ]),
    ("rules/a.yaml", "deadband: 1 ppm", "deadband: 8 ppm", &[
        "rules/a.yaml:7:9: rule \"h2s\", level \"L2\", tag \"AT-1/h2s\" and 1 more: found clear at 6.1 ppm, expected not past the set point of \"L1\", 7.05 ppm [DEADBAND_PAST_NEXT]",
    ]),
];

#[test]
fn every_mistake_is_told_with_its_place_what_was_found_and_what_was_expected() {
    let mut wrong = Vec::new();
    for (path, from, to, want) in CASES {
        let told = told(bent(path, from, to));
        if told != *want {
            wrong.push(format!("({path:?}, {from:?}, {to:?}, &{told:#?}),"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), CASES.len(), wrong.join("\n"));
}

#[test]
fn the_site_that_is_bent_is_good_itself() {
    assert_eq!(told(bent("", "", "")), [""; 0]);
}

#[test]
fn all_errors_of_all_files_are_told_at_once_in_the_order_of_the_files() {
    let mut files = bent("site.yaml", "parent: farm", "parent: fram");
    files[1].text = files[1].text.replace("level,level,m,", "level,level,kg,").replace("150,1s", "150,soon");
    files[2].text =
        files[2].text.replace("tier: red, above", "tier: rde, above").replace("Leave crosswind", "''");
    files.push(BundleFile { path: "rules/b.yml".to_owned(), text: String::new() });
    let told = told(files);
    let places: Vec<&str> = told.iter().map(|line| line.split(": ").next().expect("a place")).collect();
    assert_eq!(
        places,
        [
            "rules/a.yaml:9:24",
            "rules/a.yaml:15:26",
            "rules/b.yml:1:1",
            "site.yaml:7:24",
            "tags.csv:3:30",
            "tags.csv:5:18"
        ],
        "{told:#?}"
    );
}

#[test]
fn files_that_are_missing_or_doubled_are_told() {
    let mut files = bent("", "", "");
    files.retain(|file| file.path == "rules/a.yaml");
    files.push(files[0].clone());
    let told = told(files);
    for want in [
        "rules/a.yaml:1:1: file: found \"rules/a.yaml\", expected each path once [FILE_TWICE]",
        "site.yaml:1:1: file: found nothing, expected a file site.yaml [FILE_MISSING]",
        "tags.csv:1:1: file: found nothing, expected a file tags.csv [FILE_MISSING]",
    ] {
        assert!(told.iter().any(|line| line == want), "{want} is not in {told:#?}");
    }
}

#[test]
fn a_flood_of_errors_is_cut_to_what_can_be_read() {
    let mut files = bent("", "", "");
    files[1].text.push_str(&"X,unheard_of,,,,,,,,\n".repeat(5000));
    let told = told(files);
    assert_eq!(told.len(), 1001);
    assert!(told[1000].contains("found 8999 more, expected at most 1000"), "{}", told[1000]);
}

/// Codes of what is wrong with a file's keys or shapes, which an editor can tell while it is typed.
const SHAPE: [&str; 9] = [
    "KEY_UNKNOWN",
    "KEY_MISSING",
    "KEY_CONFLICT",
    "VALUE_TYPE",
    "WORD_UNKNOWN",
    "TEXT_LENGTH",
    "DURATION_INVALID",
    "NAME_INVALID",
    "UNIT_UNKNOWN",
];

#[test]
fn what_is_refused_for_its_keys_or_its_shape_is_refused_by_the_schema_too() {
    let validator = |schema| jsonschema::validator_for(&schema).expect("a schema");
    let (rules, site) = (validator(schema::rules()), validator(schema::site()));
    let (mut seen, mut wrong) = (0, Vec::new());
    for (path, from, to, told) in CASES {
        let code = |line: &&str| line.rsplit('[').next().unwrap_or_default().trim_end_matches(']').to_owned();
        // What `like` says of a tier stands beside it.
        let of_several = |line: &&str| line.contains("a second desk") || line.contains("then_every alone");
        let own = told.iter().filter(|line| line.starts_with(path) && !of_several(line));
        if *path == "tags.csv" || !own.clone().any(|line| SHAPE.contains(&code(line).as_str())) {
            continue;
        }
        seen += 1;
        let file =
            bent(path, from, to).into_iter().find(|file| file.path == *path).expect("it is one of them");
        // What YAML itself refuses, an editor tells without a schema.
        let Some(value) = editor::parse(&file.text) else { continue };
        let schema = if *path == "site.yaml" { &site } else { &rules };
        if schema.is_valid(&value) {
            wrong.push(format!("{from:?} → {to:?}: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "let through by the schema:\n{}", wrong.join("\n"));
    assert!(seen > 35, "only {seen} cases are about keys and shapes");
}

//! The figures that packs must have, kept apart from the packs: limits of GBZ 2.1-2019 and IDLH as tables print them.

use super::site::Choice;

/// Rule, molar mass in g/mol, and MAC, PC-TWA, PC-STEL, IDLH of the standard's table in mg/m3, IDLH of NIOSH in ppm.
#[rustfmt::skip]
const GASES: &[(&str, f64, [Option<f64>; 5])] = &[
    ("h2s", 34.08, [Some(10.0), None, None, Some(430.0), Some(100.0)]),
    ("co", 28.01, [None, Some(20.0), Some(30.0), Some(1700.0), Some(1200.0)]),
    ("nh3", 17.03, [None, Some(20.0), Some(30.0), Some(360.0), Some(300.0)]),
    ("cl2", 70.91, [Some(1.0), None, None, Some(88.0), Some(10.0)]),
    ("so2", 64.06, [None, Some(5.0), Some(10.0), Some(270.0), Some(100.0)]),
    ("no2", 46.01, [None, Some(5.0), Some(10.0), Some(96.0), Some(20.0)]),
    ("hcn", 27.03, [Some(1.0), None, None, Some(56.0), Some(50.0)]),
    ("hf", 20.01, [Some(2.0), None, None, Some(25.0), Some(30.0)]),
    ("hcl", 36.46, [Some(7.5), None, None, Some(150.0), Some(50.0)]),
    ("cocl2", 98.92, [Some(0.5), None, None, Some(8.0), Some(2.0)]),
    ("benzene", 78.11, [None, Some(6.0), Some(10.0), Some(9800.0), Some(500.0)]),
    ("toluene", 92.14, [None, Some(50.0), Some(100.0), Some(7700.0), Some(500.0)]),
    ("xylene", 106.17, [None, Some(50.0), Some(100.0), Some(4400.0), Some(900.0)]),
    ("methanol", 32.04, [None, Some(25.0), Some(50.0), Some(33000.0), Some(6000.0)]),
    ("vinyl-chloride", 62.5, [None, Some(10.0), None, None, None]),
    ("ethylene-oxide", 44.05, [None, Some(2.0), None, Some(1500.0), Some(800.0)]),
    ("formaldehyde", 30.03, [Some(0.5), None, None, Some(37.0), Some(20.0)]),
    ("chloromethane", 50.49, [None, Some(60.0), Some(120.0), None, Some(2000.0)]),
    ("no", 30.01, [None, Some(5.0), Some(10.0), Some(120.0), Some(100.0)]),
    ("br2", 159.81, [Some(0.3), None, None, Some(66.0), None]),
    ("o3", 48.0, [Some(0.3), None, None, Some(20.0), None]),
    ("acrylonitrile", 53.06, [None, Some(1.0), Some(2.0), Some(1100.0), None]),
    ("phenol", 94.11, [None, Some(10.0), None, Some(950.0), None]),
    ("h2o2", 34.01, [None, Some(1.5), None, Some(100.0), None]),
    ("co2", 44.01, [None, Some(9000.0), Some(18000.0), Some(92000.0), None]),
];

/// Litres of a mole of air at 20 degC and 101.325 kPa: mg/m3 = ppm x g/mol / this.
const MOLAR_VOLUME_L: f64 = 8.314_462_618 * 293.15 / 101.325;

/// Rule, level and set point, in the unit of the site's tag.
pub(crate) type Figure = (String, &'static str, f64);

/// All that a site with a tag of every quantity is to have, under what it chooses.
pub(crate) fn of(choice: &Choice) -> Vec<Figure> {
    let mut all = Vec::new();
    match choice.pack {
        "coal-aq1029" => coal(&mut all),
        "gbzt223" => gbzt223(choice, &mut all),
        // Tags in ppm and %LEL.
        "noncoal-aq2031" => all.extend(one("noncoal-aq2031", &[("co", "L1", 24.0), ("no2", "L1", 2.5)])),
        "utility-tunnel" => {
            all.extend(one("utility-tunnel", &[("methane", "ALARM", 20.0), ("methane", "SHUT", 25.0)]));
        }
        // Tags in %vol, %LEL, kPa, NTU and pH.
        "city-gas" => all.extend(one("city-gas", CITY_GAS)),
        "dust-ammonia-workshop" => {
            all.extend(one("dust-ammonia-workshop", &[("ammonia", "L1", 20.0), ("ammonia", "L2", 40.0)]));
        }
        "lifeline-basic" => all.extend(one("lifeline-basic", LIFELINE)),
        // All of it is calculated, and told in stories.
        "mhi-gb18218" => {}
        "tailings-gb39496" => tailings(choice, &mut all),
        // In % of the volume. What its other rules calculate is told in stories.
        "tank" => all.extend(one("tank", &[("lpg-level", "H", 85.0), ("lpg-level", "HH", 90.0)])),
        "gb50493" => gb50493(choice, &mut all),
        other => panic!("no table for {other}"),
    }
    all
}

fn one(pack: &str, figures: &[(&str, &'static str, f64)]) -> Vec<Figure> {
    figures.iter().map(|(rule, level, set_point)| (format!("{pack}.{rule}"), *level, *set_point)).collect()
}

fn pair(rule: &str, (l1, l2): (f64, f64), all: &mut Vec<Figure>) {
    let id = format!("gb50493.{rule}");
    all.extend([(id.clone(), "L1", l1), (id, "L2", l2)]);
}

fn gb50493(choice: &Choice, all: &mut Vec<Figure>) {
    let list = choice.list.as_deref();
    pair("open-path", (1.0, 2.0), all);
    if list == Some("combustible") {
        // Five gases that are toxic too: on each of them.
        return pair("combustible-of-toxic", (25.0, 50.0), all);
    }
    pair("combustible", (25.0, 50.0), all);
    all.push(("gb50493.oxygen-low".to_owned(), "L", 19.5));
    all.push(("gb50493.oxygen-high".to_owned(), "H", 23.5));
    for (rule, molar_mass, [mac, twa, stel, table, niosh]) in GASES {
        if list == Some("range-insufficient") {
            let idlh = match choice.of("idlh_basis") {
                Some("gb-table") => *table,
                _ => niosh.map(|ppm| ppm * molar_mass / MOLAR_VOLUME_L),
            };
            if let Some(idlh) = idlh {
                pair(&format!("{rule}-idlh"), (0.05 * idlh, 0.10 * idlh), all);
            }
            continue;
        }
        let instead = if choice.of("oel_basis") == Some("mac-stel") { stel.or(*twa) } else { *twa };
        let limit = match (*rule, choice.of("altitude")) {
            ("co", Some("2000m-3000m")) => Some(20.0),
            ("co", Some("above-3000m")) => Some(15.0),
            _ => mac.or(instead),
        };
        let limit = limit.expect("every gas has a limit");
        pair(rule, (limit, 2.0 * limit), all);
    }
}

/// Rule, role, alarm, and power cut with re-energise.
pub(crate) type MethanePlace = (&'static str, &'static str, f64, Option<(f64, f64)>);

/// Rule, and alarm, power cut and re-energise in %CH4, after the table of AQ 1029; alarm alone where nothing is cut.
#[rustfmt::skip]
pub(crate) const METHANE: &[MethanePlace] = &[
    ("return-corner", "coal.t0", 1.0, Some((1.5, 1.0))),
    ("face", "coal.t1", 1.0, Some((1.5, 1.0))),
    ("face-return", "coal.t2", 1.0, Some((1.0, 1.0))),
    ("face-intake", "coal.t3", 0.5, Some((0.5, 0.5))),
    ("series-face", "coal.t4", 0.5, Some((0.5, 0.5))),
    ("mixed-return", "coal.t8", 1.0, Some((1.0, 1.0))),
    ("return-mid", "coal.return-mid", 1.0, Some((1.0, 1.0))),
    ("machine", "coal.machine", 1.0, Some((1.5, 1.0))),
    ("heading-face", "coal.heading-t1", 1.0, Some((1.5, 1.0))),
    ("heading-return", "coal.heading-t2", 1.0, Some((1.0, 1.0))),
    ("series-heading", "coal.heading-t3", 0.5, Some((0.5, 0.5))),
    ("trolley", "coal.trolley", 0.5, Some((0.5, 0.5))),
    ("district-return", "coal.district-return", 1.0, Some((1.0, 1.0))),
    ("total-return", "coal.total-return", 0.70, None),
    ("bunker", "coal.bunker", 1.5, Some((1.5, 1.5))),
    ("pump-room", "coal.pump-room", 0.5, None),
];

fn coal(all: &mut Vec<Figure>) {
    for (rule, _, alarm, cut) in METHANE {
        let id = format!("coal-aq1029.{rule}");
        match cut {
            // One figure for both: people hear of the cut alone.
            Some((cut, _)) if cut == alarm => all.push((id, "CUT", *cut)),
            Some((cut, _)) => all.extend([(id.clone(), "ALARM", *alarm), (id, "CUT", *cut)]),
            None => all.push((id, "ALARM", *alarm)),
        }
    }
    all.push(("coal-aq1029.local-fan".to_owned(), "FAN", 1.5));
}

/// Half of MAC or PC-STEL, the whole of it, and twice that. What has neither is off.
fn gbzt223(choice: &Choice, all: &mut Vec<Figure>) {
    if choice.list.is_some() {
        return;
    }
    for (rule, _, [mac, _, stel, ..]) in GASES {
        let Some(limit) = mac.or(*stel) else { continue };
        let id = format!("gbzt223.{rule}");
        all.extend([
            (id.clone(), "PRE", limit / 2.0),
            (id.clone(), "ALARM", limit),
            (id, "HIGH", 2.0 * limit),
        ]);
    }
}

const CITY_GAS: &[(&str, &str, f64)] = &[
    ("well-oxygen", "L", 19.5),
    ("well-gas", "H", 20.0),
    ("adjacent-space", "III", 1.0),
    ("adjacent-space", "II", 2.5),
    ("adjacent-space", "I", 5.0),
    ("gas-pressure", "L", 1.5),
    ("gas-pressure", "H", 3.0),
    ("indoor", "H", 20.0),
];

const LIFELINE: &[(&str, &str, f64)] = &[("turbidity", "H", 1.0), ("ph", "L", 6.5), ("ph", "H", 8.5)];

/// Grade, freeboard of an upstream dam, and beach of an upstream and of a downstream dam, in m (GB 50863).
const PONDS: &[(&str, f64, f64, f64)] = &[
    ("1", 1.5, 150.0, 100.0),
    ("2", 1.0, 100.0, 70.0),
    ("3", 0.7, 70.0, 50.0),
    ("4", 0.5, 50.0, 35.0),
    ("5", 0.4, 40.0, 25.0),
];

/// Stacked height, and the least depth of the phreatic line at its upper end, in m.
const PHREATIC: &[(&str, f64)] =
    &[("up-to-30m", 2.0), ("up-to-60m", 4.0), ("up-to-100m", 6.0), ("up-to-150m", 8.0), ("above-150m", 10.0)];

fn tailings(choice: &Choice, all: &mut Vec<Figure>) {
    let grade = |(grade, ..): &&(&str, f64, f64, f64)| choice.of("grade") == Some(*grade);
    let (_, freeboard, upstream, downstream) = PONDS.iter().find(grade).expect("it is in the table");
    let height = |(height, _): &&(&str, f64)| choice.of("stacked_height") == Some(*height);
    let (_, depth) = PHREATIC.iter().find(height).expect("it is in the table");
    let figures = [("phreatic", "ORANGE", 1.1 * depth), ("phreatic", "MIN", *depth), ("rain", "STORM", 50.0)];
    all.extend(one("tailings-gb39496", &figures));
    if choice.of("dam") == Some("upstream") {
        all.extend(one("tailings-gb39496", &[("beach", "MIN", *upstream), ("freeboard", "MIN", *freeboard)]));
    } else {
        all.extend(one("tailings-gb39496", &[("beach", "MIN", *downstream)]));
    }
}

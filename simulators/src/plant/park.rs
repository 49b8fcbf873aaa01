//! The chemical park: a sour pump leaks, a chlorine cylinder weeps, tanks are filled and emptied, a lorry spills.

use super::episode::{Episode, Kind};
use super::process::{diurnal, transferred};
use super::{Moment, Point, Send};

/// A pump seal lets go: seen at once at the pump, later and thinner at the sump beside it.
const H2S_RELEASE: Episode = Episode {
    name: "h2s-release",
    kind: Kind::Process,
    about: &["AT-0412/h2s", "AT-0413/h2s"],
    start_s: 6,
    end_s: 26,
};
/// A cylinder valve weeps, too little for level 1.
const CHLORINE_WEEP: Episode =
    Episode { name: "chlorine-weep", kind: Kind::Process, about: &["AT-0501/cl2"], start_s: 22, end_s: 44 };
/// A transfer into TK-101 is stopped too late.
const TK_101_FILL: Episode = Episode {
    name: "tk-101-overfill",
    kind: Kind::Process,
    about: &["TK-101/level", "TK-101/pressure"],
    start_s: 60,
    end_s: 110,
};
/// TK-101 is pumped back to where it stood.
const TK_101_DRAIN: Episode = Episode {
    name: "tk-101-drain",
    kind: Kind::Process,
    about: &["TK-101/level", "TK-101/pressure"],
    start_s: 125,
    end_s: 175,
};
/// TK-102 is emptied below its low level.
const TK_102_DRAIN: Episode = Episode {
    name: "tk-102-drain",
    kind: Kind::Process,
    about: &["TK-102/level", "TK-102/pressure"],
    start_s: 70,
    end_s: 130,
};
/// TK-102 is filled again.
const TK_102_FILL: Episode = Episode {
    name: "tk-102-fill",
    kind: Kind::Process,
    about: &["TK-102/level", "TK-102/pressure"],
    start_s: 150,
    end_s: 210,
};
/// A technician holds span gas to the chlorine detector: far beyond level 2, and no alarm.
const CALIBRATION: Episode = Episode {
    name: "cl2-calibration",
    kind: Kind::Calibration(1.0),
    about: &["AT-0502/cl2"],
    start_s: 135,
    end_s: 165,
};
/// A loading arm is not drained: methanol vapour beyond what the detector can measure.
const LOADING_SPILL: Episode = Episode {
    name: "loading-spill",
    kind: Kind::Process,
    about: &["AT-0302/lel", "AT-0301/lel"],
    start_s: 170,
    end_s: 195,
};
/// The tank farm's gateway loses its supply.
const GATEWAY_LOST: Episode =
    Episode { name: "gw-2-lost", kind: Kind::Cut, about: &["gw-2"], start_s: 225, end_s: 255 };

pub(super) const SCRIPT: &[Episode] = &[
    H2S_RELEASE,
    CHLORINE_WEEP,
    TK_101_FILL,
    TK_101_DRAIN,
    TK_102_DRAIN,
    TK_102_FILL,
    CALIBRATION,
    LOADING_SPILL,
    GATEWAY_LOST,
];

/// How fast the transfers move the levels: 0.25 m3/s on 12 m2, and half of it on the wider TK-102.
const TK_101_METRES_PER_S: f64 = 0.021;
const TK_102_METRES_PER_S: f64 = 0.02;
/// What a metre per second of level does to the vapour space before the breather valve has followed, in kPa.
const KPA_PER_METRE_PER_S: f64 = 20.0;

pub(super) const POINTS: &[Point] = &[
    detector("AT-0412/h2s", "ppm", 1, 100.0, 0.08, 2, |m| {
        0.4 + 19.0 * H2S_RELEASE.effect(m.cycle_s, 0.0, 4.0, 6.0)
    }),
    detector("AT-0413/h2s", "ppm", 1, 100.0, 0.08, 2, |m| {
        0.3 + 8.8 * H2S_RELEASE.effect(m.cycle_s, 5.0, 5.0, 8.0)
    }),
    detector("AT-0501/cl2", "ppm", 1, 10.0, 0.004, 3, |m| {
        0.02 + 0.24 * CHLORINE_WEEP.effect(m.cycle_s, 0.0, 4.0, 5.0)
    }),
    detector("AT-0502/cl2", "ppm", 1, 10.0, 0.004, 3, |_| 0.02),
    detector("AT-0601/nh3", "ppm", 2, 100.0, 0.4, 1, |m| 4.0 + diurnal(m.plant_s, 2.0)),
    detector("AT-0301/lel", "%LEL", 1, 100.0, 0.15, 1, |m| {
        1.0 + 15.0 * LOADING_SPILL.effect(m.cycle_s, 6.0, 5.0, 6.0)
    }),
    detector("AT-0302/lel", "%LEL", 1, 100.0, 0.15, 1, |m| {
        1.2 + 125.0 * LOADING_SPILL.effect(m.cycle_s, 0.0, 5.0, 6.0)
    }),
    tank("TK-101/level", "m", 2, (0.0, 12.0), 0.006, 3, |m| {
        9.55 + transferred(m.cycle_s, TK_101_FILL.span_s(0.0), TK_101_METRES_PER_S)
            - transferred(m.cycle_s, TK_101_DRAIN.span_s(0.0), TK_101_METRES_PER_S)
    }),
    tank("TK-101/pressure", "kPa", 2, (-1.0, 3.0), 0.01, 3, |m| {
        breathing(m, TK_101_FILL, TK_101_DRAIN, TK_101_METRES_PER_S)
    }),
    tank("TK-101/temperature", "degC", 5, (-20.0, 80.0), 0.05, 2, |m| 22.4 + diurnal(m.plant_s, 4.0)),
    Point {
        send: Send::OnChange { check_s: 1, delta: 1.0, at_least_s: 0 },
        ..tank("TK-101/maintenance", "", 1, (0.0, 1.0), 0.0, 0, |_| 0.0)
    },
    tank("TK-102/level", "m", 2, (0.0, 9.0), 0.006, 3, |m| {
        2.0 - transferred(m.cycle_s, TK_102_DRAIN.span_s(0.0), TK_102_METRES_PER_S)
            + transferred(m.cycle_s, TK_102_FILL.span_s(0.0), TK_102_METRES_PER_S)
    }),
    tank("TK-102/pressure", "kPa", 2, (-1.0, 3.0), 0.01, 3, |m| {
        breathing(m, TK_102_FILL, TK_102_DRAIN, TK_102_METRES_PER_S)
    }),
    tank("TK-102/temperature", "degC", 5, (-20.0, 80.0), 0.05, 2, |m| 21.7 + diurnal(m.plant_s, 4.0)),
    detector("WS-01/wind_speed", "m/s", 5, 60.0, 0.5, 1, |m| 3.2 + diurnal(m.plant_s, 1.5)),
    detector("WS-01/wind_direction", "deg", 5, 360.0, 6.0, 0, |m| 135.0 + diurnal(m.plant_s, 40.0)),
];

/// Vapour space pressure: the nitrogen blanket, a little more while filling and less while emptying.
fn breathing(m: Moment, fill: Episode, drain: Episode, metres_per_s: f64) -> f64 {
    let breath = metres_per_s * KPA_PER_METRE_PER_S;
    0.5 + breath * (fill.effect(m.cycle_s, 0.0, 5.0, 5.0) - drain.effect(m.cycle_s, 0.0, 5.0, 5.0))
}

const fn detector(
    tag: &'static str,
    unit: &'static str,
    every_s: u64,
    high: f64,
    noise: f64,
    digits: i32,
    process: fn(Moment) -> f64,
) -> Point {
    let send = Send::Every(every_s);
    Point { tag, unit, edge_node: "gw-1", send, range: (0.0, high), noise, digits, process }
}

const fn tank(
    tag: &'static str,
    unit: &'static str,
    every_s: u64,
    range: (f64, f64),
    noise: f64,
    digits: i32,
    process: fn(Moment) -> f64,
) -> Point {
    Point { tag, unit, edge_node: "gw-2", send: Send::Every(every_s), range, noise, digits, process }
}

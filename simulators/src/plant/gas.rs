//! The gas network: a digger hits the line, a gland leaks into a chamber, methane creeps into a manhole, a valve is closed.

use super::episode::{Episode, Kind};
use super::process::diurnal;
use super::{Moment, Point, Send};

/// A dig-in near chamber 2: pressure falls most there, and the flow into the stretch rises.
const DIG_IN: Episode = Episode {
    name: "dig-in",
    kind: Kind::Process,
    about: &["VC-01/pressure", "VC-02/pressure", "VC-03/pressure", "VC-01/flow"],
    start_s: 10,
    end_s: 55,
};
/// What went into the soil comes up in the manhole beside it.
const MANHOLE: Episode = Episode {
    name: "manhole-methane",
    kind: Kind::Process,
    about: &["MH-102/ch4", "MH-103/ch4"],
    start_s: 60,
    end_s: 150,
};
/// The gland of the line valve leaks into chamber 2.
const GLAND_LEAK: Episode =
    Episode { name: "gland-leak", kind: Kind::Process, about: &["VC-02/ch4"], start_s: 90, end_s: 125 };
/// A crew closes the line valve for a short test.
const VALVE_SHUT: Episode =
    Episode { name: "valve-shut", kind: Kind::Process, about: &["VC-02/valve"], start_s: 180, end_s: 205 };
/// A transmitter freezes.
const STUCK: Episode = Episode {
    name: "pressure-stuck",
    kind: Kind::Stuck,
    about: &["VC-03/pressure"],
    start_s: 215,
    end_s: 270,
};

pub(super) const SCRIPT: &[Episode] = &[DIG_IN, MANHOLE, GLAND_LEAK, VALVE_SHUT, STUCK];

pub(super) const POINTS: &[Point] = &[
    line("VC-01/pressure", "MPa", (0.0, 0.6), 0.0008, 4, |m| pressure(m, 0.330, 0.065)),
    line("VC-02/pressure", "MPa", (0.0, 0.6), 0.0008, 4, |m| pressure(m, 0.322, 0.140)),
    line("VC-03/pressure", "MPa", (0.0, 0.6), 0.0008, 4, |m| pressure(m, 0.316, 0.096)),
    line("VC-01/flow", "m3/h", (0.0, 6000.0), 12.0, 0, |m| {
        2150.0 + diurnal(m.plant_s, 400.0) + 2750.0 * DIG_IN.effect(m.cycle_s, 0.0, 4.0, 6.0)
    }),
    Point {
        send: Send::OnChange { check_s: 1, delta: 1.0, at_least_s: 0 },
        noise: 0.0,
        ..line("VC-02/valve", "", (0.0, 1.0), 0.0, 0, |m| f64::from(u8::from(!VALVE_SHUT.acts(m.cycle_s))))
    },
    Point {
        send: Send::Every(5),
        ..line("VC-02/ch4", "%LEL", (0.0, 100.0), 0.2, 1, |m| {
            1.5 + 27.0 * GLAND_LEAK.effect(m.cycle_s, 0.0, 8.0, 8.0)
        })
    },
    manhole("MH-101/ch4", |m| 0.12 + diurnal(m.plant_s, 0.15)),
    manhole("MH-102/ch4", |m| 0.08 + 3.2 * MANHOLE.effect(m.cycle_s, 0.0, 30.0, 15.0)),
    manhole("MH-103/ch4", |m| 0.05 + 0.8 * MANHOLE.effect(m.cycle_s, 25.0, 30.0, 15.0)),
];

/// Line pressure: the day's demand draws it down a little, the break a lot.
fn pressure(m: Moment, normal: f64, drop: f64) -> f64 {
    normal - diurnal(m.plant_s, 0.012) - drop * DIG_IN.effect(m.cycle_s, 0.0, 4.0, 6.0)
}

const fn line(
    tag: &'static str,
    unit: &'static str,
    range: (f64, f64),
    noise: f64,
    digits: i32,
    process: fn(Moment) -> f64,
) -> Point {
    Point { tag, unit, edge_node: "rtu-line", send: Send::Every(2), range, noise, digits, process }
}

/// A battery sensor: it looks every 5 s, speaks when something has moved, and once a minute all the same.
const fn manhole(tag: &'static str, process: fn(Moment) -> f64) -> Point {
    let send = Send::OnChange { check_s: 5, delta: 0.1, at_least_s: 60 };
    Point {
        tag,
        unit: "%vol",
        edge_node: "nb-gateway",
        send,
        range: (0.0, 10.0),
        noise: 0.005,
        digits: 2,
        process,
    }
}

//! The mine district: the air slows down and the face fills with gas until the feeder is cut; a heading fan trips.

use super::episode::{Episode, Kind};
use super::process::diurnal;
use super::{Moment, Point, Send};

/// Somebody leaves an air door open: the face gets a fifth of its air.
const AIR_LOST: Episode = Episode {
    name: "air-lost",
    kind: Kind::Process,
    about: &["1201/wind", "1201/T0/ch4", "1201/T1/ch4", "1201/T2/ch4", "12/return/ch4"],
    start_s: 4,
    end_s: 44,
};
/// The interlock cuts the feeder while the corner stands at 1.5 % or more, and it stays off until it is below 1.0 %.
const FEEDER_CUT: Episode =
    Episode { name: "feeder-cut", kind: Kind::Process, about: &["1201/feeder"], start_s: 28, end_s: 72 };
/// Fumes after shot-firing.
const FUMES: Episode =
    Episode { name: "shot-firing-fumes", kind: Kind::Process, about: &["1201/co"], start_s: 100, end_s: 130 };
/// The local fan of the heading trips.
const FAN_TRIP: Episode = Episode {
    name: "fan-trip",
    kind: Kind::Process,
    about: &["1203/fan", "1203/T1/ch4", "1203/T2/ch4"],
    start_s: 150,
    end_s: 180,
};
/// The district return's sensor is held to its test gas.
const CALIBRATION: Episode = Episode {
    name: "return-calibration",
    kind: Kind::Calibration(2.0),
    about: &["12/return/ch4"],
    start_s: 205,
    end_s: 230,
};
/// The thermometer's converter hangs.
const STUCK: Episode = Episode {
    name: "temperature-stuck",
    kind: Kind::Stuck,
    about: &["1201/temperature"],
    start_s: 120,
    end_s: 200,
};

pub(super) const SCRIPT: &[Episode] = &[AIR_LOST, FEEDER_CUT, FUMES, FAN_TRIP, CALIBRATION, STUCK];

/// Air speed in the face return, in m/s: as it should be, and with the door open.
const AIR_NORMAL: f64 = 1.6;
const AIR_LOST_TO: f64 = 0.35;

pub(super) const POINTS: &[Point] = &[
    methane("1201/T0/ch4", "sub-12a", 1, |m| face(m, 0.38, 2.0)),
    methane("1201/T1/ch4", "sub-12a", 1, |m| face(m, 0.33, 0.0)),
    methane("1201/T2/ch4", "sub-12a", 1, |m| face(m, 0.28, 5.0)),
    Point {
        noise: 0.25,
        digits: 1,
        range: (0.0, 500.0),
        unit: "ppm",
        ..methane("1201/co", "sub-12a", 2, |m| 4.0 + 12.0 * FUMES.effect(m.cycle_s, 0.0, 5.0, 6.0))
    },
    Point {
        noise: 0.015,
        digits: 2,
        range: (0.1, 15.0),
        unit: "m/s",
        ..methane("1201/wind", "sub-12a", 2, air)
    },
    Point {
        noise: 0.05,
        digits: 1,
        range: (0.0, 60.0),
        unit: "degC",
        ..methane("1201/temperature", "sub-12a", 5, |m| 23.5 + diurnal(m.plant_s, 0.8))
    },
    contact("1201/feeder", "sub-12a", |m| off_while(FEEDER_CUT, m)),
    methane("1203/T1/ch4", "sub-12b", 1, |m| 0.30 + 1.1 * FAN_TRIP.effect(m.cycle_s, 2.0, 14.0, 8.0)),
    methane("1203/T2/ch4", "sub-12b", 1, |m| 0.24 + 0.7 * FAN_TRIP.effect(m.cycle_s, 8.0, 14.0, 8.0)),
    contact("1203/fan", "sub-12b", |m| off_while(FAN_TRIP, m)),
    methane("12/return/ch4", "sub-12b", 2, |m| 0.28 + 0.35 * AIR_LOST.effect(m.cycle_s, 12.0, 12.0, 12.0)),
];

/// Air speed in the face return.
fn air(m: Moment) -> f64 {
    AIR_NORMAL - (AIR_NORMAL - AIR_LOST_TO) * AIR_LOST.effect(m.cycle_s, 0.0, 4.0, 4.0)
}

/// Methane at the face: the seam gives off the same, in whatever air there was a little earlier. The gas follows the air
/// through a first-order mixing volume, `delay_s` further down the airway.
fn face(m: Moment, normal: f64, delay_s: f64) -> f64 {
    let undiluted = normal * (AIR_NORMAL / AIR_LOST_TO - 1.0);
    normal + undiluted * AIR_LOST.effect(m.cycle_s, delay_s, 12.0, 9.0)
}

fn off_while(episode: Episode, m: Moment) -> f64 {
    f64::from(u8::from(!episode.acts(m.cycle_s)))
}

const fn methane(
    tag: &'static str,
    edge_node: &'static str,
    every_s: u64,
    process: fn(Moment) -> f64,
) -> Point {
    let send = Send::Every(every_s);
    Point { tag, unit: "%vol", edge_node, send, range: (0.0, 4.0), noise: 0.008, digits: 2, process }
}

const fn contact(tag: &'static str, edge_node: &'static str, process: fn(Moment) -> f64) -> Point {
    let send = Send::OnChange { check_s: 1, delta: 1.0, at_least_s: 0 };
    Point { tag, unit: "", edge_node, send, range: (0.0, 1.0), noise: 0.0, digits: 0, process }
}
